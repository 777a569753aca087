"""Choosing: rows of a book by family, text and meter; and whether a book kept all that it had."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tco.catalog.book import Book, Row
from tco.catalog.meters import METERS
from tco.catalog.reading import overwritten
from tco.errors import BookError, Fault, UsageError, suggestion


def chosen(rows: Iterable[Row], kind: str | None, match: str | None, meter: str | None) -> list[Row]:
    """Take the rows of a family, with a text in name or segment, of a meter; None takes all.

    Raises:
        UsageError: when there is no such meter, or no row is left.
    """
    if meter is not None and meter not in METERS:
        raise UsageError(
            f"'{meter}' is not a meter\n    hint: {suggestion(meter, METERS) or 'known: ' + ', '.join(METERS)}"
        )
    text = (match or "").lower()
    found = [
        row
        for row in rows
        if kind in (None, row.kind) and meter in (None, row.meter) and (text in row.name or text in row.segment)
    ]
    if not found:
        asked = {"kind": kind, "text": match, "meter": meter}
        told = ", ".join(f"{what} '{value}'" for what, value in asked.items() if value is not None)
        raise UsageError(f"the book has no price of {told or 'anything'}")
    return found


def require_kept(earlier: Book, later: Book, earlier_file: Path, later_file: Path | None) -> None:
    """Hold an earlier copy of a book against it.

    Raises:
        BookError: with every row of the copy that was changed or taken out.
    """
    lost = overwritten(earlier, later)
    if lost:
        where = str(later_file or "the shipped book")
        message = f"is not in {where} as it is here; rows are appended, none is changed"
        raise BookError(str(earlier_file), [Fault(row.line, 1, f"{row.name}, {row.meter}", message) for row in lost])
