"""Dates that cannot be: a price of the day after tomorrow is no price."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from tco.fields import MONTH_PATTERN
from tco.scenario.raw import dig, inner

KEY = "source_date"


def distant_prices(data: Any) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Fault every source that is dated more than a year after the plan's first month.

    A contract may be dated ahead of today, and a plan may start later; a year beyond its start is a slip of the pen.
    """
    start = dig(data, "start")
    if not isinstance(start, str) or re.match(MONTH_PATTERN, start) is None:
        return
    year, month = int(start[:4]) + 1, int(start[5:])
    for path, found in _dates(data, ()):
        if (found.year, found.month) > (year, month):
            text = f"{found} is more than a year after the start, {start}; allowed: up to {year}-{month:02d}"
            yield "cross", path, text


def _dates(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], date]]:
    for key, each in inner(value):
        found = _date(each) if key == KEY else None
        if found is not None:
            yield (*path, key), found
        else:
            yield from _dates(each, (*path, key))


def _date(value: Any) -> date | None:
    """Read a date as the models do.

    >>> _date("2026-01-31"), _date("soon") is None
    (datetime.date(2026, 1, 31), True)
    """
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, date) else None
    except ValueError:
        return None
