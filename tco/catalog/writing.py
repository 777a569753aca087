"""Writing: rows appended to the text of a book; what was there stays, letter by letter."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

from tco.catalog.book import Row
from tco.catalog.reading import COLUMNS
from tco.errors import UsageError


def appended(text: str, rows: Sequence[Row]) -> str:
    r"""Return the text of a book with rows at its end, under the columns that it has.

    Args:
        text: the book so far; empty for one that begins.
        rows: new ones.

    Raises:
        UsageError: when a row says something for which the book has no column.

    >>> print(appended("name,meter,value,unit,source,source_date\n", [
    ...     Row("a/b", "input", 0.1, "usd_per_mtok", "a page", "2026-01-01")]), end="")
    name,meter,value,unit,source,source_date
    a/b,input,0.1,usd_per_mtok,a page,2026-01-01
    """
    text = text or ",".join(COLUMNS) + "\n"
    end = "\r\n" if "\r\n" in text else "\n"
    columns = next(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator=end)
    for row in rows:
        cells = _cells(row)
        lost = [name for name in cells if cells[name] and name not in columns]
        if lost:
            raise UsageError(
                f"the book has no column '{lost[0]}', which {row.name} needs for '{cells[lost[0]]}'\n"
                f"    hint: add ,{lost[0]} to the end of its first line; lines without it stay as they are"
            )
        writer.writerow([cells.get(name, "") for name in columns])
    return (text if text.endswith("\n") else text + end) + lines.getvalue()


def _cells(row: Row) -> dict[str, str]:
    numbers = {"value": figure(row.value), "from": figure(row.start) if row.start else ""}
    return {name: numbers[name] if name in numbers else getattr(row, name) for name in COLUMNS}


def figure(value: float) -> str:
    """Write a figure with every digit and no exponent.

    >>> figure(0.1), figure(272000.0), figure(2.3e-06)
    ('0.1', '272000', '0.0000023')
    """
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
