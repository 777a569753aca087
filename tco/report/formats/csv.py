"""CSV: plain rows for spreadsheets; text that a spreadsheet would run as a formula is defused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Iterable[str] = ()) -> str:
    """Write rows with equal keys as CSV; None becomes an empty cell, numbers keep every digit.

    Args:
        rows: the rows; their keys are the head.
        columns: the head where there are no rows.

    >>> print(csv_text([{"a": 0.1, "b": None, "c": "=1+1"}]), end="")
    a,b,c
    0.1,,'=1+1
    """
    table = list(rows)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if head := table[0] if table else list(columns):
        writer.writerow(head)
    for row in table:
        writer.writerow([csv_cell(value) for value in row.values()])
    return stream.getvalue()


def csv_cell(value: Any) -> Any:
    """Return a value as a cell that a spreadsheet reads as what it is; None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
