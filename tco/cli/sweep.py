"""x."""

HELP = "x"


def sweep() -> None: ...
