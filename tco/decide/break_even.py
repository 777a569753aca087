"""Break-even: how much traffic, which price, how busy a fleet makes building cost as much as buying.

Volume is searched on the real step functions: every point is the whole evaluation, fleets sized anew, in whole GPUs and
servers. What follows from prices alone needs no simulation: costs are linear in the prices of one account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log

import pandas as pd

from tco.arrivals.trace_rows import TraceRows
from tco.costs.ledger import price_meters
from tco.finance.totals import family, monthly_usd, through
from tco.pipeline import Evaluation, evaluate
from tco.scenario import Scenario

GRID = 2.0  # neighbouring points of the search differ by this factor; crossings closer together may be missed
REACH = 64.0  # volumes are searched from 1/64 to 64 times those of the plan,
MOST_RPS = 60.0  # but not where the busiest hour is both above this and above four times that of the plan
MOST_PEAKS = 4.0
TOLERANCE = 0.01  # a crossing is located to 1 % of the volume
LOAD_DOUBLINGS = 20  # a load is searched up to a million times the plan's,
LOAD_TOLERANCE = 1e-4  # and located to a hundredth of a per cent
AROUND = 4  # points looked at between two of the grid where the options cross, for crossings of single replicas

Progress = Callable[[int, float], None]  # points evaluated, volume of the last


@dataclass(frozen=True, slots=True)
class Point:
    """Two options at one volume: cost over the horizon, USD."""

    requests_per_month: float
    build_usd: float
    buy_usd: float

    @property
    def build_is_cheaper(self) -> bool:
        """Whether building costs no more."""
        return self.build_usd <= self.buy_usd


@dataclass(frozen=True, slots=True)
class Span:
    """Volumes at which building costs no more than buying, requests in the first month.

    Attributes:
        low: from here on; None where it does so at the lowest volume searched.
        high: up to here; None where it does so at the highest volume searched.
    """

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class VolumeSearch:
    """What a search found.

    Attributes:
        build: name of the option that is built.
        buy: name of the option that is bought.
        spans: where building costs no more, in rising order; several where single replicas tip it to and fro.
        lowest: lowest volume searched, requests in the first month.
        highest: highest volume searched.
        points: everything evaluated, by volume.
    """

    build: str
    buy: str
    spans: tuple[Span, ...]
    lowest: float
    highest: float
    points: tuple[Point, ...]


def break_even_volume(evaluation: Evaluation, build: str, buy: str, progress: Progress | None = None) -> VolumeSearch:
    """Search the volumes at which building costs as much as buying, on the real step functions.

    Args:
        evaluation: the scenario, and its busiest hour.
        build: an option.
        buy: the option to hold it against.
        progress: told of every volume evaluated.
    """
    scenario = evaluation.scenario
    now, peak_rps = scenario.traffic.requests_per_month, max(month.peak_rps for month in evaluation.months)
    most = max(MOST_RPS / peak_rps, MOST_PEAKS)
    reach = int(log(REACH, GRID))
    factors = [GRID**step for step in range(-reach, reach + 1) if GRID**step <= most]
    known: dict[float, Point] = {}

    def at(volume: float) -> Point:
        if volume not in known:
            known[volume] = _point(scenario, evaluation.trace, build, buy, volume)
            if progress is not None:
                progress(len(known), volume)
        return known[volume]

    spans = search([now * factor for factor in factors], at)
    points = tuple(known[volume] for volume in sorted(known))
    return VolumeSearch(build, buy, spans, now * factors[0], now * factors[-1], points)


def search(volumes: list[float], at: Callable[[float], Point]) -> tuple[Span, ...]:
    """Find where building costs no more: on the grid, then finer wherever neighbours differ, then by halving.

    Args:
        volumes: the grid, rising.
        at: evaluates one volume.
    """
    grid = _refined(volumes, at)
    edges = [_crossing(low, high, at) for low, high in pairwise(grid) if _differ(at(low), at(high))]
    inside = at(grid[0]).build_is_cheaper
    bounds: list[float | None] = [None] if inside else []
    bounds += edges
    bounds += [None] if len(bounds) % 2 else []
    return tuple(Span(low, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True))


def _refined(volumes: list[float], at: Callable[[float], Point]) -> list[float]:
    """Look closer between points that differ, and beside them as long as that shows more: replicas come one by one."""
    found = {place: [low, high] for place, (low, high) in enumerate(pairwise(volumes))}
    todo = [place for place, (low, high) in found.items() if _differ(at(low), at(high))]
    closer: set[int] = set()
    while todo:
        place = todo.pop()
        if place in closer or place not in found:
            continue
        closer.add(place)
        low, high = found[place]
        found[place] = [low * (high / low) ** (step / (AROUND + 1)) for step in range(AROUND + 1)] + [high]
        if any(_differ(at(one), at(other)) for one, other in pairwise(found[place])):
            todo += [place - 1, place + 1]
    return sorted({volume for part in found.values() for volume in part})


def _differ(one: Point, other: Point) -> bool:
    return one.build_is_cheaper != other.build_is_cheaper


def _crossing(low: float, high: float, at: Callable[[float], Point]) -> float:
    """Halve, by ratio, until the crossing is known to the tolerance; return the side on which building is cheaper."""
    while high / low > 1.0 + TOLERANCE:
        middle = exp((log(low) + log(high)) / 2)
        low, high = (middle, high) if not _differ(at(middle), at(low)) else (low, middle)
    return high if at(high).build_is_cheaper else low


def _point(scenario: Scenario, trace: TraceRows | None, build: str, buy: str, volume: float) -> Point:
    traffic = scenario.traffic.model_copy(update={"requests_per_month": volume})
    found = evaluate(scenario.only((build, buy)).model_copy(update={"traffic": traffic}), trace)
    totals = {name: float(path.sum()) for name, path in monthly_usd(found.ledger, found.scenario).items()}
    return Point(volume, totals[build], totals[buy])


@dataclass(frozen=True, slots=True)
class PriceBreakEven:
    """The change of one account's prices at which two options cost the same.

    Attributes:
        account: first two parts of the account.
        factor: what all its prices would have to be multiplied by; None where no price at or above 0 does it.
        build_usd: what the building option pays there over the horizon.
        buy_usd: the same of the bought one.
    """

    account: str
    factor: float | None
    build_usd: float
    buy_usd: float


def break_even_prices(ledger: pd.DataFrame, build: str, buy: str) -> tuple[PriceBreakEven, ...]:
    """Solve for each account how its prices would have to change, for both options alike, the largest amount first.

    Costs are linear in the prices of one account, minimum fees included, as long as all of them move together.
    """
    lines = through(ledger)
    table = lines.groupby([lines["account"].map(family), lines["option"]])["cost_usd"].sum()
    accounts = sorted({account for account, option in table.index if option in (build, buy)})
    total = {name: float(lines.loc[lines["option"] == name, "cost_usd"].sum()) for name in (build, buy)}
    found = []
    for account in accounts:
        part = {name: float(table.get((account, name), 0.0)) for name in (build, buy)}
        rest = (total[build] - part[build]) - (total[buy] - part[buy])
        slope = part[buy] - part[build]
        factor = rest / slope if slope and rest / slope >= 0 else None
        found.append(PriceBreakEven(account, factor, part[build], part[buy]))
    return tuple(sorted(found, key=lambda each: -max(each.build_usd, each.buy_usd)))


def break_even_load(evaluation: Evaluation, build: str, buy: str) -> float | None:
    """Return how many times the traffic the same fleet and staff would have to carry, to cost as much as buying.

    What moves with every request grows with the traffic, priced anew with its steps, minimums and commitments; the rest
    stays: the factor says how much busier the present fleet would have to be, not whether it can. None where buying
    stays cheaper however busy it is, and where it is dearer already.
    """
    scenario = evaluation.scenario.only((build, buy))
    meters = [meter for meter in evaluation.meters if meter.option in (build, buy)]

    def builds(times: float) -> bool:
        busier = [
            replace(meter, quantity=meter.quantity * times) if meter.driver == "volume" else meter for meter in meters
        ]
        totals = monthly_usd(price_meters(scenario, busier), scenario)
        return float(totals[build].sum()) <= float(totals[buy].sum())

    if builds(1.0):
        return None
    return _first_true(builds)


def _first_true(holds: Callable[[float], bool]) -> float | None:
    """Find by doubling and halving the factor above 1 from which something holds; None where it does not in reach.

    >>> _first_true(lambda times: times >= 3.0)
    3.0
    >>> _first_true(lambda times: False) is None
    True
    """
    high = next((GRID**step for step in range(1, LOAD_DOUBLINGS + 1) if holds(GRID**step)), None)
    if high is None:
        return None
    low = high / GRID
    while high / low > 1.0 + LOAD_TOLERANCE:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
