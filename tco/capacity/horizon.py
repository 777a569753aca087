"""Horizon: every request of every month, in stretches that fit into memory, reduced to one window a month.

A month has 730 hours, and the next one begins where it ended in the week. It is cut into stretches of whole hours with
at most `STRETCH_REQUESTS` requests each; a stretch is drawn once for all options, simulated, and reduced to sums and
histograms before the next. So memory does not grow with the volume, and any number of processes gives the same figures:
stretches are merged in their order. Each begins with some requests that only fill the fleet up and are not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from tco.capacity.histogram import Histogram
from tco.capacity.seen import Seen, add
from tco.capacity.sizing import FleetPlan
from tco.capacity.window import Latency, Window, summarise
from tco.demand.forecast import Month, week_profile
from tco.demand.workload import draw_workload
from tco.processes import Crew
from tco.scenario import Scenario
from tco.sim.result import SimulationResult
from tco.sim.run import ASKED_FOR, AUTO_FROM_REQUESTS, long_run_engine, simulate
from tco.units import HOURS_PER_MONTH, HOURS_PER_WEEK, SECONDS_PER_HOUR

STRETCH_REQUESTS = 40_000  # some tens of MB of a process
LEAD_SHARE = 0.02  # of a stretch, that fills the fleets up beforehand
MISSED_SHARE = 0.05  # of an hour's requests beyond the SLO that make it a lost one: its p95 is above the limit
JUDGED_REQUESTS = 10_000  # of busiest hours that a p95 is judged by: it is then known to 2 % where times are log-normal
LEAST_JUDGED_REQUESTS = 1_000  # of busiest hours in the whole plan; with fewer, windows say more about them
MINUTES_PER_HOUR = 60
WHY_COMPILED = f"plans of {AUTO_FROM_REQUESTS:,} requests or more"
FIRST_REPLICATION = 1_000_000  # stretches have chances of their own, far from those of replications

WORTH_A_PROCESS = 3_000_000  # requests, of all options; it starts in the second in which as many are simulated
READY_REQUESTS = 20  # that a process simulates to load what it needs
READY_REPLICAS = 2  # in each fleet then: enough for one of two pools

Done = Callable[[int, int], None]  # stretches done, stretches in all
Fleets = dict[str, dict[str, int]]  # by option, replicas of each fleet tier
SeenByOption = dict[str, Seen]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a month.

    Attributes:
        number: of all pieces of the plan.
        month: 0 is the first.
        from_hour: hour of the week at which it begins.
        hours: how long it lasts.
        requests: how many come.
    """

    number: int
    month: int
    from_hour: int
    hours: int
    requests: int


@dataclass(frozen=True, slots=True)
class MonthSeen:
    """Every request of an option in one month.

    Attributes:
        month: 0 is the first.
        requests: how many were simulated.
        e2e_p95_s: of all, end to end; None where nobody waits. Percentiles are within 0.5 %.
        ttft_p95_s: the same to the first token.
        peak_e2e_p95_s: of those in the busiest hour of the week.
        peak_ttft_p95_s: the same to the first token.
        lost_minutes: minutes of the hours in which more than a twentieth got no answer, or none within the latency SLO.
    """

    month: int
    requests: int
    e2e_p95_s: float | None
    ttft_p95_s: float | None
    peak_e2e_p95_s: float | None
    peak_ttft_p95_s: float | None
    lost_minutes: int

    @classmethod
    def of(cls, month: int, seen: Seen | None) -> MonthSeen:
        """Read the figures of a month; None where no request came."""
        if seen is None:
            return cls(month, 0, None, None, None, None, 0)
        return cls(
            month=month,
            requests=seen.window.requests,
            e2e_p95_s=seen.e2e.percentile_s(95),
            ttft_p95_s=seen.ttft.percentile_s(95),
            peak_e2e_p95_s=seen.peak_e2e.percentile_s(95),
            peak_ttft_p95_s=seen.peak_ttft.percentile_s(95),
            lost_minutes=seen.lost_hours * MINUTES_PER_HOUR,
        )


def total_requests(months: tuple[Month, ...]) -> int:
    """Count the requests of the plan."""
    return sum(round(month.requests) for month in months)


def stretches(scenario: Scenario, months: tuple[Month, ...]) -> list[Stretch]:
    """Cut the plan into stretches of whole hours; those of a month have its requests in all, rounded.

    Args:
        scenario: for the shape of the week.
        months: the demand.
    """
    week = np.array(week_profile(scenario.traffic))
    found: list[Stretch] = []
    for month in months:
        begins = int(HOURS_PER_MONTH) * month.index
        rates = week[(begins + np.arange(int(HOURS_PER_MONTH))) % HOURS_PER_WEEK]
        until = np.concatenate([[0.0], np.cumsum(rates)]) / rates.sum() * round(month.requests)
        pieces = max(ceil(month.requests / STRETCH_REQUESTS), 1)
        edges = np.unique(np.searchsorted(until, np.linspace(0, until[-1], pieces + 1) - 1e-6))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            count = round(until[high]) - round(until[low])
            if count:
                at = (begins + low) % HOURS_PER_WEEK
                found.append(Stretch(len(found), month.index, at, high - low, int(count)))
    return found


def crew_for(scenario: Scenario, months: tuple[Month, ...], jobs: int) -> Crew[SeenByOption]:
    """Return the processes for a plan; further ones load what they need, or compile it, while its fleets are sized.

    Args:
        scenario: the scenario.
        months: the demand.
        jobs: processes, if there is enough to do for all of them.
    """
    requests = total_requests(months)
    jobs = min(jobs, len(stretches(scenario, months)), 1 + requests * len(scenario.options) // WORTH_A_PROCESS)
    crew = Crew(see, max(jobs - 1, 0))
    fleets = {
        option: {
            name: max(getattr(tier, "min_replicas", READY_REPLICAS), READY_REPLICAS)
            for name, tier in scenario.tiers_of(option).items()
            if tier.owns_fleet
        }
        for option in scenario.options
    }
    crew.prepare(_on_engine(scenario, requests), Stretch(0, 0, 0, 1, READY_REQUESTS), fleets)
    return crew


def _on_engine(scenario: Scenario, requests: int) -> Scenario:
    """Return the scenario with the engine that so many requests are worth."""
    engine = long_run_engine(scenario, requests)
    return scenario.model_copy(update={"simulation": scenario.simulation.model_copy(update={"engine": engine})})


def simulate_horizon(
    scenario: Scenario,
    plans: dict[str, FleetPlan],
    months: tuple[Month, ...],
    crew: Crew[SeenByOption] | None = None,
    done: Done = lambda _done, _all: None,
) -> tuple[dict[str, FleetPlan], dict[str, tuple[MonthSeen, ...]]]:
    """Simulate every request of every option with the fleets that were sized.

    Args:
        scenario: the scenario; its arrivals are drawn, not replayed.
        plans: fleets by option and month.
        months: the demand.
        crew: the processes, of `crew_for`; None for this one alone.
        done: told after every stretch.

    Returns:
        Plans whose windows are the months themselves, judged by their busiest hours, and what was seen of each.
    """
    chosen = _on_engine(scenario, total_requests(months))
    is_worth_it = chosen.simulation.engine != scenario.simulation.engine
    pieces = stretches(scenario, months)
    fleets = {option: [plan.replicas[month] for month in range(len(plan.replicas))] for option, plan in plans.items()}
    tasks = [(chosen, piece, {option: each[piece.month] for option, each in fleets.items()}) for piece in pieces]
    merged: dict[str, list[list[Seen]]] = {option: [[] for _ in months] for option in plans}
    each_seen = (crew or Crew(see)).each(tasks)
    for number, (piece, seen) in enumerate(zip(pieces, each_seen, strict=True), start=1):
        for option, what in seen.items():
            of_month = merged[option][piece.month]
            of_month[:] = [add(of_month[0], what) if of_month else what]
        done(number, len(pieces))
    found = {option: [seen[0] if seen else None for seen in each] for option, each in merged.items()}
    return (
        {
            option: _plan(plan, found[option], months, WHY_COMPILED if is_worth_it else "")
            for option, plan in plans.items()
        },
        {option: tuple(MonthSeen.of(index, seen) for index, seen in enumerate(found[option])) for option in plans},
    )


def see(scenario: Scenario, piece: Stretch, replicas: Fleets) -> SeenByOption:
    """Draw a stretch once and simulate it in every option.

    Args:
        scenario: the scenario.
        piece: the stretch.
        replicas: by option, replicas of each fleet tier.
    """
    lead = ceil(piece.requests * LEAD_SHARE)
    count = piece.requests + lead
    workload = draw_workload(
        scenario, None, FIRST_REPLICATION + piece.number, from_hour=piece.from_hour, count=count, hours=piece.hours
    )
    workload = replace(workload, measured=np.arange(count) >= lead)
    rate_rps = piece.requests / (piece.hours * SECONDS_PER_HOUR)
    return {
        option: _seen(scenario, piece, simulate(scenario, option, workload, rate_rps, fleet))
        for option, fleet in replicas.items()
    }


def _seen(scenario: Scenario, piece: Stretch, result: SimulationResult) -> Seen:
    judged, workload = result.judged, result.workload
    counted = int(workload.measured.sum())
    e2e, ttft = Histogram.places(result.e2e_s()), Histogram.places(result.ttft_s())
    hours = (result.arrived_s[judged] / SECONDS_PER_HOUR + workload.start_hour).astype(np.int64)
    week = week_profile(scenario.traffic)
    at_peak = hours % HOURS_PER_WEEK == week.index(max(week))
    hours_seen, lost = _hours(scenario, result, piece.hours)
    window = replace(summarise(scenario, result, timed=False), requests=counted)
    return Seen(
        window, Histogram.at(e2e), Histogram.at(ttft), Histogram.at(e2e[at_peak]), Histogram.at(ttft[at_peak]),
        hours_seen, lost,
    )  # fmt: skip


def _hours(scenario: Scenario, result: SimulationResult, hours: int) -> tuple[int, int]:
    """Count the hours in which anybody who waits came, and those in which more than a twentieth waited in vain.

    A stretch has so many hours; whoever is drawn to come after them counts in the last.
    """
    within = result.within(scenario.slo.e2e_p95_s, scenario.slo.ttft_p95_s)
    waiting = result.workload.interactive & result.workload.measured
    hour = np.minimum((result.arrived_s[waiting] / SECONDS_PER_HOUR).astype(np.int64), hours - 1)
    if not len(hour):
        return 0, 0
    came = np.bincount(hour)
    if within is None:
        return int((came > 0).sum()), 0
    late = np.bincount(hour, weights=~within[waiting])
    return int((came > 0).sum()), int((late > MISSED_SHARE * came).sum())


def _busiest(seen: list[Seen | None], month: int, field: str) -> Histogram:
    """Merge the busiest hours of a month with those of its neighbours, until there are enough to judge it by.

    A p95 of some dozen requests is mostly luck, and the worst of 36 of them is bad luck.
    """
    hours = [Histogram.at(np.zeros(0, np.int64)) if each is None else getattr(each, field) for each in seen]
    low = high = month
    found: Histogram = hours[month]
    while found.total < JUDGED_REQUESTS and (low > 0 or high < len(seen) - 1):
        wider = max(low - 1, 0), min(high + 1, len(seen) - 1)
        for other in {*wider} - set(range(low, high + 1)):
            found = found + hours[other]
        low, high = wider
    return found


def _plan(plan: FleetPlan, seen: list[Seen | None], months: tuple[Month, ...], why_compiled: str) -> FleetPlan:
    """Put the months in the place of the windows that stand for them."""
    windows = tuple(_whole(plan.window(month.index), seen, month, why_compiled) for month in months)
    return replace(plan, windows=windows, window_of=tuple(range(len(windows))), hours_of=(), whole_months=True)


def _whole(stood_in: Window, seen: list[Seen | None], month: Month, why_compiled: str) -> Window:
    """Return a month with the percentiles of its busiest hours, by windows where all of the plan's are too few."""
    this = seen[month.index]
    if this is None:  # nobody came; what is asked of it by the request is of no request
        return stood_in
    e2e, ttft = (_busiest(seen, month.index, field) for field in ("peak_e2e", "peak_ttft"))
    window = replace(
        this.window,
        rate_rps=month.peak_rps,
        engine_why=this.window.engine_why.replace(ASKED_FOR, why_compiled or ASKED_FOR),
        e2e=stood_in.e2e,
        ttft=stood_in.ttft,
        e2e_p95=stood_in.e2e_p95,
    )
    if e2e.total < LEAST_JUDGED_REQUESTS:
        return window
    percentiles = [Latency(*(times.percentile_s(percent) for percent in (50, 95, 99))) for times in (e2e, ttft)]
    return replace(window, e2e=percentiles[0], ttft=percentiles[1], e2e_p95=None)
