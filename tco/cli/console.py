"""Console: where output goes. Results on stdout, progress and notes on stderr; colour only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from tco.report.document import Document


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


def folder(text: str) -> Path:
    """Read the folder of `--out`; an unset variable of a script must not come to mean the current folder.

    >>> folder("out").name
    'out'
    """
    if not text.strip():
        raise typer.BadParameter(f"'{text}'; allowed: the path of a folder, '.' for the current one")
    return Path(text)


def results() -> Console:
    """Return the console for results: 100 columns wide where nobody watches, as wide as the terminal otherwise."""
    from rich.console import Console

    from tco.report.formats.terminal import WIDTH

    if sys.stdout.isatty():
        return Console(highlight=False, soft_wrap=False)
    return Console(highlight=False, width=WIDTH, color_system=None)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a progress bar on stderr while the block runs; nothing where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def print_document(document: Document) -> None:
    """Print a document on stdout."""
    from tco.report.formats.terminal import print_document as print_on

    print_on(document, results())
