"""Command line: read arguments, call the library, print. One file a command.

`main` answers `--version` before anything is imported, and turns errors that `tco` raises on purpose into a message
and an exit code: 0 fine, 1 internal error, 2 wrong scenario or arguments, 3 no feasible plan.
"""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130  # 128 + SIGINT, what shells expect


def main() -> None:
    """Run `tco`; the entry point of the console script."""
    if sys.argv[1:] == ["--version"]:
        from tco import __version__  # the only import that --version pays for

        sys.stdout.write(f"tco {__version__}\n")
        return
    sys.exit(run())


def run() -> int:
    """Run the command in `sys.argv`; return the exit code."""
    from tco.cli.app import app  # keeps --version instant
    from tco.errors import TcoError

    try:
        app()
    except TcoError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except SystemExit as stop:  # typer turns an interrupt and a broken pipe into one, too
        if isinstance(stop.__context__, BrokenPipeError):  # the reader of a pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left unwritten has nowhere to go
            return 0
        if stop.code == INTERRUPTED:
            sys.stderr.write("\ninterrupted; no file was left half-written\n")
        return stop.code if isinstance(stop.code, int) else 0
    except Exception as error:  # the last line of defence: a person gets a sentence
        if os.environ.get("TCO_DEBUG"):
            raise
        sys.stderr.write(
            f"internal error: {type(error).__name__}: {error}\n"
            "    hint: this is a defect in tco; run again with TCO_DEBUG=1 and report the traceback\n"
        )
        return 1
    return 0
