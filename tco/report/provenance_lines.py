"""Lines of the ledger for people: a product, its origin, and the months of one line with equal ones folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from tco.decide.provenance import Line
from tco.demand.forecast import month_label
from tco.report.document import Column, Table
from tco.report.numbers import quantity, usd_cents, usd_exact

INDENT = "  "
INLINE = "inline"  # name of a price that the scenario states itself
_FIGURES = re.compile(r"[\d][\d.,e+-]*")
_AS_OF = re.compile(r", as of [\d-]+")


def product(line: Line, amount: Decimal) -> str:
    """Write quantity x unit price = amount, with digits enough to follow it."""
    much = quantity(line.quantity, line.unit_price_usd)
    return f"{much} {line.unit} x {usd_exact(line.unit_price_usd)} = {usd_cents(amount)}"


def price_origin(line: Line, file: str) -> str:
    """Name the price, how it differs from what its source says, the key that names it, and the place of that key."""
    place = f"{file}:{line.scenario_line}" if line.scenario_line is not None else f"a default of {file}"
    note = f" [{line.price_note}]" if line.price_note else ""
    if line.priced_month != line.month:
        note += f", as of {month_label(line.period, line.priced_month - line.month)}"
    return f"{_price_name(line)}{note}, by {line.scenario_key} ({place})"


def sources_table(lines: Sequence[Line]) -> Table:
    """Say once for each price who published it and when it was valid."""
    columns = (Column("Price", numeric=False), Column("Source", numeric=False), Column("Valid on"))
    rows = dict.fromkeys(
        (line.scenario_key if line.price_name == INLINE else line.price_name, line.source, line.source_date)
        for line in lines
    )
    return Table("", columns, tuple(rows))


def _price_name(line: Line) -> str:
    return "stated in the scenario" if line.price_name == INLINE else line.price_name


def months_table(option: str, lines: Sequence[Line], cents: Callable[[Sequence[Line]], Decimal]) -> Table:
    """List a line's months; those that follow each other with equal quantity and price are one row."""
    unit = lines[0].unit
    columns = (Column(option, numeric=False), *map(Column, (f"{unit} a month", "Unit price", "Amount")))
    runs = _runs(lines)
    rows = [
        (_span(run), quantity(run[0].quantity, run[0].unit_price_usd), usd_exact(run[0].unit_price_usd),
         usd_cents(cents(run)))
        for run in runs
    ]  # fmt: skip
    if len(runs) == 1:
        return Table("", columns, tuple(rows))
    return Table("", columns, (*rows, ("sum", "", "", usd_cents(cents(lines)))), len(rows))


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    """Cut lines into runs of months that follow each other and are alike; several may run beside each other."""
    runs: list[list[Line]] = []
    for line in lines:
        alike = (line.quantity, line.unit_price_usd, line.month - 1)
        run = next((run for run in runs if alike == (run[-1].quantity, run[-1].unit_price_usd, run[-1].month)), None)
        if run is None:
            runs.append([line])
        else:
            run.append(line)
    return runs


def _span(lines: Sequence[Line]) -> str:
    """Name the first and the last month, and how many there are."""
    if len(lines) == 1:
        return lines[0].period
    return f"{lines[0].period} to {lines[-1].period} ({len(lines)})"


def origins_table(lines: Sequence[Line], file: str) -> Table:
    """Say where quantities and prices come from; what differs in its figures only is told first and last."""
    rows = [*_told("quantity", lines, lambda line: line.basis)]
    rows += _told("price", lines, lambda line: price_origin(line, file))
    return Table("", (Column("Comes from", numeric=False), Column("", numeric=False)), tuple(rows))


def _told(what: str, lines: Sequence[Line], say: Callable[[Line], str]) -> Iterator[tuple[str, str]]:
    """Say each way once, and where its figures change the first and the last of it; name months where there are two."""
    ways: dict[str, list[Line]] = {}
    for line in lines:
        ways.setdefault(_FIGURES.sub("#", _AS_OF.sub("", say(line))), []).append(line)
    told = [end for way in ways.values() for end in (way[:1] if say(way[0]) == say(way[-1]) else [way[0], way[-1]])]
    for line in told:
        yield what if len(told) == 1 else f"{what}, {line.period}", say(line)
