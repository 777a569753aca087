"""Command line: read arguments, call the library, print. One file a command.

`run` answers `--version` before anything is imported, and turns errors that `tco` raises on purpose, interrupts and
output that cannot be written into a sentence and an exit code: 0 fine, 1 internal error or no output, 2 wrong scenario
or arguments, 3 no feasible plan, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys

INTERRUPTED = 130  # 128 + SIGINT, what shells expect
# What the system says when a stream takes no more; an error about a file names that file, one about a stream none.
_UNWRITABLE = {errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC}


def main() -> None:
    """Run `tco`; the entry point of the console script."""
    sys.exit(run())


def run() -> int:
    """Run the command in `sys.argv`; return the exit code."""
    if sys.stderr is None:  # closed by the caller: `2>&-`
        from pathlib import Path  # not at the top: --version does without it

        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  # as long as the process, like the stream it stands for
    if sys.stdout is None:  # `>&-`
        return _said("the output cannot be written: stdout is closed", 1)
    try:
        code = _dispatch()
        sys.stdout.flush()  # what cannot be written must be said now, not while Python shuts down
    except BrokenPipeError:  # the reader of a pipe has seen enough
        _discard_output()
        return 0
    except KeyboardInterrupt:
        return _said("\ninterrupted; no file was left half-written", INTERRUPTED)
    except Exception as error:  # the last line of defence: a person gets a sentence
        return _failed(error)
    return code


def _dispatch() -> int:
    if sys.argv[1:] == ["--version"]:
        from tco import __version__  # the only import that --version pays for

        sys.stdout.write(f"tco {__version__}\n")
        return 0
    from tco.cli.app import app  # here, inside `run`, so that an interrupt while it loads is answered too

    try:
        app()
    except SystemExit as stop:  # typer turns an interrupt and a broken pipe into one, too
        if isinstance(stop.__context__, BrokenPipeError):
            raise stop.__context__ from None
        if stop.code == INTERRUPTED:
            raise KeyboardInterrupt from None
        return stop.code if isinstance(stop.code, int) else 0
    return 0


def _failed(error: Exception) -> int:
    from concurrent.futures.process import BrokenProcessPool  # not at the top: most commands end well

    from tco.errors import TcoError

    if isinstance(error, BrokenProcessPool):
        return _said(
            "another process ended before its time, as when memory runs out\n    hint: --jobs 1 starts none", 1
        )
    if isinstance(error, TcoError):
        return _said(str(error), error.exit_code)
    if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE:
        _discard_output()
        return _said(f"the output cannot be written: {error.strerror}", 1)
    if os.environ.get("TCO_DEBUG"):
        raise error
    return _said(
        f"internal error: {type(error).__name__}: {error}\n"
        "    hint: this is a defect in tco; run again with TCO_DEBUG=1 and report the traceback",
        1,
    )


def _said(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left unwritten has nowhere to go
