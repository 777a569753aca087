"""Terminal: a document through rich. Numbers are never cut: a terminal that is too narrow gets one block a row."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text as RichText

from tco.report.document import Document, Table, Text

WIDTH = 100  # what a report is laid out for when nobody says otherwise
_MIN_NAME = 12  # a text column may wrap down to this many characters
EMPTY = ("", "-")  # cells that say only that there is nothing; a block leaves them out
_STYLES = {"lead": "bold", "body": "", "note": "dim"}


def print_document(document: Document, console: Console) -> None:
    """Print a document; colour follows the console."""
    console.print(RichText(document.title, style="bold"))
    console.print(RichText(document.subtitle, style="dim"))
    was_note = False
    for section in document.sections:
        is_note = isinstance(section, Text) and section.role == "note"
        if not (is_note and was_note):
            console.print()
        was_note = is_note
        if isinstance(section, Table):
            _print_table(section, console)
        else:
            _print_text(section, console)


def _print_text(section: Text, console: Console) -> None:
    console.print(RichText(section.text, style=_STYLES[section.role]))


def _print_table(table: Table, console: Console) -> None:
    if _least_width(table) > console.width:
        _print_blocks(table, console)
        return
    rich = RichTable(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold", title_justify="left")
    for column in table.columns:
        rich.add_column(
            RichText(column.heading),
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric or column.is_name,
            overflow="fold",
        )
    for number, row in enumerate(table.rows):
        style = "green bold" if number == table.emphasis else ""
        rich.add_row(*(RichText(cell) for cell in row), style=style)
    console.print(rich)


def _least_width(table: Table) -> int:
    """Width below which a number or a heading would be cut."""
    width = 0
    for position, column in enumerate(table.columns):
        cells = [column.heading, *(row[position] for row in table.rows)]
        longest = max(cell_len(cell) for cell in cells)
        width += 2 + (longest if column.numeric or column.is_name else min(longest, _MIN_NAME))
    return width


def _print_blocks(table: Table, console: Console) -> None:
    """Print one block a row under the first column's heading, which says what the blocks are about."""
    console.print(RichText(f"{table.columns[0].heading}:", style="bold"))
    for number, row in enumerate(table.rows):
        style = "green bold" if number == table.emphasis else "bold"
        console.print(Padding(RichText(row[0], style=style, overflow="fold"), (0, 0, 0, 1)))
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            if cell not in EMPTY:
                console.print(Padding(RichText(f"{column.heading}: {cell}"), (0, 0, 0, 3)))
