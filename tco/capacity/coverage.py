"""Coverage: whether every request of a plan is simulated, or windows stand for its months."""

from __future__ import annotations

from dataclasses import dataclass

from tco.capacity.horizon import stretches, total_requests
from tco.demand.forecast import Month
from tco.policies.caching.remembering import RememberingCache
from tco.scenario import Scenario
from tco.sim.run import AUTO_FROM_REQUESTS, SIMPY, SIMPY_WORK, unavailable, work_per_request

# How far windows were from every request in the shipped plans, at the median and at most: benchmarks/windows.py.
COST_APART, P95_APART = (0.000017, 0.202), (0.016, 0.164)
MOST_APART = "one that pays a model for one request in 400"  # the option with the cost that windows miss most
QUESTION_WORK = 0.3  # of a request's, for each question that a cache may hold, in each stretch: 30 to 270 ns
MOST_WORK = 30_000_000  # requests of all options on the compiled engine: some ten seconds of one core


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is simulated of the months.

    Attributes:
        every: whether every request is.
        why: in words.
        missing: why nothing can be compiled here, where that was looked at and is so.
    """

    every: bool
    why: str
    missing: str | None = None


def coverage_of(scenario: Scenario, months: tuple[Month, ...], *, replays: bool) -> Coverage:
    """Choose, from what the scenario says and from its volume.

    Args:
        scenario: the scenario, with all its options.
        months: the demand.
        replays: whether the arrivals replay a trace, which does not last as long as the plan.
    """
    asked = scenario.simulation.coverage
    if asked != "auto":
        return Coverage(asked == "every_request", "asked for")
    if replays:
        return Coverage(every=False, why="the arrivals replay a trace, which does not last as long as the plan")
    requests = total_requests(months)
    options = len(scenario.options)
    whole = f"{options} x {requests:,} requests" if options > 1 else f"{requests:,} requests"
    if requests * options > MOST_WORK:
        return Coverage(every=False, why=f"{whole} are more than {MOST_WORK:,}, some ten seconds of work")
    compiles = scenario.simulation.engine != SIMPY and requests >= AUTO_FROM_REQUESTS
    missing = unavailable() if compiles else None
    runs = len(stretches(scenario, months))
    each = [work_per_request(scenario, option, requests) for option in scenario.options]
    filling = runs * sum(_filling_work(scenario, option) for option in scenario.options)
    if requests * sum(each) + filling > MOST_WORK:
        slow = missing or _slow(each, filling=requests * sum(each) <= MOST_WORK)
        return Coverage(every=False, why=f"{whole} take longer than some ten seconds, as {slow}", missing=missing)
    return Coverage(every=True, why=f"{whole} take no longer than some ten seconds", missing=missing)


def _slow(each: list[float], *, filling: bool) -> str:
    """Say what takes long, by the work of a request in each option, or because the filling of caches does."""
    if filling:
        return "a cache of many questions is filled"
    return "not all of it is compiled" if max(each) >= SIMPY_WORK else "a cache that remembers is played several times"


def _filling_work(scenario: Scenario, option: str) -> float:
    """Say how long it takes to fill an option's cache as one that has run for long, in requests of compiled code."""
    cache = scenario.options[option].cache
    if cache is None or not isinstance(cache.policy, RememberingCache):
        return 0.0
    return cache.policy.popularity.questions * QUESTION_WORK
