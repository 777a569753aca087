"""`python -m tco`: the same as the console script."""

from tco.cli import main

if __name__ == "__main__":
    main()
