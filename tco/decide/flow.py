"""Flow: the paths that requests take through an option, with the share, the time and the cost of every step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import fsum, isnan

from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.finance.tier_costs import tier_of
from tco.finance.totals import through
from tco.pipeline import Evaluation
from tco.sim.result import SimulationResult
from tco.sim.run import simulate

START = "requests"
ENDS = {
    Outcome.COMPLETED: "answered", Outcome.CACHED: "answered from cache", Outcome.REJECTED: "rejected",
    Outcome.FAILED: "failed", Outcome.TIMED_OUT: "timed out",
}  # fmt: skip
BY_FALLBACK = "answered by fallback"


@dataclass
class Branch:
    """One step of a path, with the steps that follow.

    Attributes:
        name: station, tier, or how the request ended.
        is_end: whether the path ends here.
        requests: simulated requests that came this way.
        spent_s: time that they spent at the station, summed, seconds.
        branches: steps that follow, by name, in the order first seen.
    """

    name: str
    is_end: bool = False
    requests: int = 0
    spent_s: float = 0.0
    branches: dict[str, Branch] = field(default_factory=dict)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Branch]]:
        """Yield this step and all that follow, with their depth; the busiest first."""
        yield depth, self
        for branch in sorted(self.branches.values(), key=lambda each: -each.requests):
            yield from branch.walk(depth + 1)


@dataclass(frozen=True)
class Flow:
    """An option in the busiest hour of the first month.

    Attributes:
        option: name of the option.
        rate_rps: arrival rate, requests per second.
        root: where all requests come from.
        cost_usd_per_visit: cost of a visit to each station over the horizon, USD; people and what belongs to no
            station are left out.
        other_usd_per_request: that rest, per request.
        engine: which engine simulated the requests, and why that one.
    """

    option: str
    rate_rps: float
    root: Branch
    cost_usd_per_visit: dict[str, float]
    other_usd_per_request: float
    engine: tuple[str, str] = ("", "")

    def share(self, branch: Branch) -> float:
        """Return the share of all requests that came this way."""
        return branch.requests / self.root.requests

    def cost_usd_per_request(self, branch: Branch) -> float | None:
        """Return what the step costs, spread over all requests; None at ends and where nothing is paid."""
        each = None if branch.is_end else self.cost_usd_per_visit.get(branch.name)
        return None if each is None else each * self.share(branch)


def trace_flow(evaluation: Evaluation, option: str) -> Flow:
    """Follow every request of the first month's busiest hour through an option.

    Args:
        evaluation: plans and ledger; the option is simulated once more with the first month's fleet.
        option: name of the option.
    """
    month = evaluation.months[0]
    workload = draw_workload(evaluation.scenario, evaluation.trace)
    replicas = evaluation.plans[option].replicas[0]
    result = simulate(evaluation.scenario, option, workload, month.peak_rps, replicas)
    root = Branch(START)
    for request in range(len(result)):
        _add(root, _path(result, request), _end(result, request))
    costs, other = _costs(evaluation, option, root)
    return Flow(option, month.peak_rps, root, costs, other, (result.engine, result.engine_why))


def _path(result: SimulationResult, request: int) -> Iterator[tuple[str, float]]:
    """Yield the stations of a request and the time at each, seconds."""
    now_s = float(result.arrived_s[request])
    for stage, stamps in result.reached_s.items():
        if not isnan(reached_s := float(stamps[request])):
            yield stage, reached_s - now_s
            now_s = reached_s
    further_s = [visit.entered_s for visit in result.further.get(request, ())]
    entered = [now_s, *further_s]
    left = [*further_s, float(result.finished_s[request])]
    for tier, entered_s, left_s in zip(result.tried[request], entered, left, strict=False):
        yield tier, left_s - entered_s


def _end(result: SimulationResult, request: int) -> str:
    return BY_FALLBACK if result.degraded[request] else ENDS[Outcome(int(result.outcome[request]))]


def _add(root: Branch, path: Iterator[tuple[str, float]], end: str) -> None:
    root.requests += 1
    at = root
    for name, spent_s in path:
        at = at.branches.setdefault(name, Branch(name))
        at.requests += 1
        at.spent_s += spent_s
    last = at.branches.setdefault(end, Branch(end, is_end=True))
    last.requests += 1


def _costs(evaluation: Evaluation, option: str, root: Branch) -> tuple[dict[str, float], float]:
    """Divide what each station costs over the horizon by the visits to it; return the rest per request too."""
    ledger = through(evaluation.ledger[evaluation.ledger["option"] == option])
    requests, tiers = fsum(month.requests for month in evaluation.months), evaluation.scenario.tiers_of(option)
    visits: dict[str, int] = {}
    for _, branch in root.walk():
        if not branch.is_end:
            visits[branch.name] = visits.get(branch.name, 0) + branch.requests
    spent: dict[str, float] = {}
    for key, cost_usd in zip(ledger["scenario_key"], ledger["cost_usd"], strict=True):
        name = tier_of(key, tiers) or _station(key, option)
        name = name if name in visits else ""
        spent[name] = spent.get(name, 0.0) + cost_usd
    other = spent.pop("", 0.0) / requests
    return {name: usd / (requests * visits[name] / root.requests) for name, usd in spent.items()}, other


def _station(scenario_key: str, option: str) -> str:
    """Name the station before the tiers that a price belongs to, by the scenario key of the price.

    >>> [_station(key, "it") for key in ("options.it.cache.embedding", "people.engineer")]
    ['cache', '']
    """
    start = f"options.{option}."
    return scenario_key.removeprefix(start).split(".")[0] if scenario_key.startswith(start) else ""
