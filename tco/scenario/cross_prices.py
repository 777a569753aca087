"""Price terms that cannot be meant: rates of prices that nobody pays, months outside of the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from tco import catalog
from tco.fields import MONTH_PATTERN
from tco.scenario.raw import blocks, dig, inner, number

MOST_TIMES = 1000.0  # a price path beyond this is a slip of the pen
FIRST_MONTH, LAST_MONTH = "2000-01", "2099-12"  # of any plan
Found = tuple[str, tuple[Any, ...], str]


def price_term_faults(data: Any) -> Iterator[Found]:
    """Fault terms that change nothing or everything.

    Args:
        data: the scenario, raw or valid.
    """
    yield from _unused_names(data)
    yield from _months_outside(data)
    yield from _held_already(data)
    yield from _overlaps(data)
    yield from _twice(data)
    yield from _steep_paths(data)


def _entries(data: Any, key: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for place, entry in inner(dig(data, "prices", key)):
        yield ("prices", key, place), entry


def _unused_names(data: Any) -> Iterator[Found]:
    used = {text for key, block in inner(data) if key != "prices" for text in _texts(block)}
    for key in ("negotiated", "announced"):
        for path, entry in _entries(data, key):
            name = dig(entry, "name")
            if name in catalog.names() and name not in used:
                text = f"no other block of the scenario names '{name}', so this changes nothing; allowed: one in use"
                yield "cross", (*path, "name"), text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for _, each in inner(value):
        yield from _texts(each)


def _months_outside(data: Any) -> Iterator[Found]:
    start, months = dig(data, "start"), number(data, 1, 120, "horizon_months") or 36.0
    if not _is_month(start):
        return
    year, month = int(start[:4]), int(start[5:])
    final = year * 12 + month - 1 + int(months) - 1
    last = f"{final // 12:04d}-{final % 12 + 1:02d}"
    for key in ("negotiated", "announced"):
        for path, entry in _entries(data, key):
            begins, ends = dig(entry, "from_month"), dig(entry, "until_month")
            if _is_month(begins) and begins > last:
                yield "cross", (*path, "from_month"), f"{begins} is after the plan's last month, {last}"
            if _is_month(ends) and ends < start:
                yield "cross", (*path, "until_month"), f"{ends} is before the plan's first month, {start}"
    for name, tier in blocks(data, "tiers").items():
        for place, block in inner(dig(tier, "purchase", "reserved")):
            signed = dig(block, "from_month")
            if _is_month(signed) and not start <= signed <= last:
                where = ("tiers", name, "purchase", "reserved", place, "from_month")
                yield "cross", where, f"{signed} is outside of the plan; allowed: {start} to {last}"


def _held_already(data: Any) -> Iterator[Found]:
    """Fault changes from before the plan that its list prices, read later, hold already."""
    start = dig(data, "start")
    for path, entry in _entries(data, "announced"):
        begins, name = dig(entry, "from_month"), dig(entry, "name")
        if not (_is_month(start) and _is_month(begins) and begins < start):
            continue
        where = (*path, "from_month")
        if name is None:
            yield "cross", where, f"{begins} is before the plan's first month; allowed for an account: {start} or later"
        elif name in catalog.names() and begins <= (read := _newest_day(name))[:7]:
            text = f"{begins} is before {read}, when the list price was read, which so holds the change already"
            yield "cross", where, f"{text}; allowed: a later month"


def _overlaps(data: Any) -> Iterator[Found]:
    """Fault a rate that begins or ends within the span of an earlier one of the same name."""
    entries = [entry for entry in _entries(data, "negotiated") if all(map(_is_month, _months(entry[1])))]
    for (_, one), (path, other) in combinations(entries, 2):
        (begins, ends), (later_begins, later_ends) = _months(one), _months(other)
        if dig(one, "name") == dig(other, "name") and begins <= later_ends and later_begins <= ends:
            where = (*path, "from_month") if dig(other, "from_month") is not None else path
            yield (
                "cross",
                where,
                f"two rates for '{dig(other, 'name')}' overlap: {_span(one)} and {_span(other)}; allowed: one a month",
            )


def _months(entry: Any) -> tuple[Any, Any]:
    """Return the first and the last month of a rate, those of any plan where they are left out."""
    begins, ends = dig(entry, "from_month"), dig(entry, "until_month")
    return FIRST_MONTH if begins is None else begins, LAST_MONTH if ends is None else ends


def _span(entry: Any) -> str:
    return f"{dig(entry, 'from_month') or 'the first month'} to {dig(entry, 'until_month') or 'the last'}"


def _twice(data: Any) -> Iterator[Found]:
    """Fault a second path of an account, and a second change of a price in one month."""
    for key, fields in (("announced", ("name", "account", "from_month")), ("paths", ("account",))):
        seen: set[tuple[str, ...]] = set()
        for path, entry in _entries(data, key):
            values = [dig(entry, field) for field in fields]
            found = tuple(value for value in values if isinstance(value, str))
            if found in seen:
                what = (
                    f"a second path for '{found[0]}'"
                    if key == "paths"
                    else f"a second change of '{found[0]}' from {found[-1]}"
                )
                yield "cross", (*path, fields[-1]), f"{what}; allowed: one"
            if len(found) == max(len(fields) - 1, 1):
                seen.add(found)


def _newest_day(name: str) -> str:
    return max(catalog.price(name, meter).source_date for meter in catalog.meters_of(name))


def _is_month(value: Any) -> bool:
    return isinstance(value, str) and re.match(MONTH_PATTERN, value) is not None


def _steep_paths(data: Any) -> Iterator[Found]:
    years = ((number(data, 1, 120, "horizon_months") or 36.0) - 1) / 12
    for path, entry in _entries(data, "paths"):
        change = number(entry, -0.9, 2.0, "change_fraction_per_year")
        if change is not None and (times := (1.0 + change) ** years) > MOST_TIMES:
            text = f"{change:g} a year makes prices {times:,.3g} times as high; allowed: at most {MOST_TIMES:g} times"
            yield "cross", (*path, "change_fraction_per_year"), text
