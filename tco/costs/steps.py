"""Steps: a month's quantity cut at the edges of a price that changes with it; each part pays its own step's price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf

from tco.catalog import Price
from tco.domain import Meter


def by_step(meter: Meter, steps: Sequence[tuple[float, Price]]) -> Iterator[tuple[float, Meter, Price]]:
    """Yield where each step begins, the part of a meter that falls into it, and its price.

    Args:
        meter: the month's quantity.
        steps: where each begins, in the meter's unit, and its price; the first at 0.

    >>> gb = Meter("it", 0, "options.it.placement", "egress", 250.0, "GB", "by hand")
    >>> prices = [(0.0, Price(0.0, "usd_per_gb", "", "", "")), (100.0, Price(0.09, "usd_per_gb", "", "", ""))]
    >>> [(start, part.quantity, price.value) for start, part, price in by_step(gb, prices)]
    [(0.0, 100.0, 0.0), (100.0, 150.0, 0.09)]
    """
    if len(steps) == 1:
        yield 0.0, meter, steps[0][1]
        return
    edges = [*(start for start, _ in steps), inf]
    for (_, price), (low, high) in zip(steps, pairwise(edges), strict=True):
        within = min(meter.quantity, high) - low
        if within <= 0:
            return
        basis = f"{meter.basis}; of it from {low:,.12g} {meter.unit} on"
        yield low, replace(meter, quantity=within, basis=basis), price
