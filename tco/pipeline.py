"""Pipeline: the whole computation on one screen. From a scenario to physical meters to a ledger.

`evaluate` reads no file, prints nothing and looks at no clock: the same scenario gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from tco.arrivals.trace_rows import TraceRows
from tco.capacity.coverage import Coverage, coverage_of
from tco.capacity.horizon import Done, MonthSeen, SeenByOption, crew_for, simulate_horizon
from tco.capacity.meanwhile import with_stand_ins
from tco.capacity.meters import read_meters
from tco.capacity.sizing import FleetPlan, plan_fleet
from tco.costs.ledger import price_meters
from tco.demand.forecast import Month, forecast
from tco.demand.workload import draw_workload
from tco.domain import Meter
from tco.errors import UsageError
from tco.processes import Crew
from tco.scenario import Scenario
from tco.scenario.loader import LoadedScenario

Progress = Callable[[str, int, int, int], None]  # option name, its position, number of options, windows so far


@dataclass(frozen=True)
class EveryRequest:
    """Every request of the plan.

    Attributes:
        seen: by option, what was seen of each month.
        by_windows: the evaluation in which windows stand for the months; its fleets are the ones that were simulated.
    """

    seen: dict[str, tuple[MonthSeen, ...]]
    by_windows: Evaluation


@dataclass(frozen=True)
class Evaluation:
    """Everything that a report shows derives from this.

    Attributes:
        scenario: what was asked.
        months: the demand.
        plans: fleets and simulated windows, by option.
        meters: every physical quantity, which the ledger prices; some lie beyond the horizon.
        ledger: every dollar of the horizon, as quantity x unit price.
        tail: lines of the same form after the horizon: what is still owed and still to be written off.
        trace: the trace that was replayed, if any.
        every: what was seen of every request, and what windows had said; None where windows stand for the months.
        coverage: which of the two was chosen, and why; None where nobody chose.
    """

    scenario: Scenario
    months: tuple[Month, ...]
    plans: dict[str, FleetPlan]
    meters: tuple[Meter, ...]
    ledger: pd.DataFrame
    tail: pd.DataFrame
    trace: TraceRows | None = None
    every: EveryRequest | None = None
    coverage: Coverage | None = None

    def of(self, option: str) -> Evaluation:
        """Return what concerns one option, without those that were evaluated because they run until it is built."""
        own = {"options": {option: self.scenario.options[option]}}
        ledger, tail = (part[part["option"] == option].reset_index(drop=True) for part in (self.ledger, self.tail))
        return replace(
            self,
            scenario=self.scenario.model_copy(update=own),
            plans={option: self.plans[option]},
            meters=tuple(meter for meter in self.meters if meter.option == option),
            ledger=ledger,
            tail=tail,
        )


def evaluate(
    scenario: Scenario | LoadedScenario, trace: TraceRows | None = None, progress: Progress | None = None
) -> Evaluation:
    """Simulate, size and price every option of a scenario.

    Args:
        scenario: a scenario, or a loaded one with its trace.
        trace: rows of the trace, when the arrivals replay one and the scenario was not loaded from a file.
        progress: told of every simulated window.

    Returns:
        Plans and ledger.

    Raises:
        CatalogError: when a price is not known.
        UsageError: when the arrivals replay a trace that was not given.
        SimulationError: when a law of the simulation does not hold; a defect.
    """
    if isinstance(scenario, LoadedScenario):
        trace = scenario.trace
        scenario = scenario.scenario
    months = forecast(scenario)
    workload = draw_workload(scenario, trace)
    plans: dict[str, FleetPlan] = {}
    used: dict[str, list[Meter]] = {}
    for position, option in enumerate(scenario.options):
        count = _Counter(progress, option, position, len(scenario.options))
        plans[option] = plan_fleet(scenario, option, workload, months, count)
        used[option] = read_meters(scenario, plans[option], months)
    return _priced(scenario, months, plans, used, trace)


def evaluate_months(
    scenario: Scenario | LoadedScenario,
    trace: TraceRows | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    done: Done = lambda _done, _all: None,
    coverage: Coverage | None = None,
) -> Evaluation:
    """Evaluate a scenario, with every request of its months where `simulation.coverage` says so.

    Args:
        scenario: a scenario, or a loaded one with its trace.
        trace: rows of the trace, when the arrivals replay one and the scenario was not loaded from a file.
        progress: told of every simulated window.
        jobs: processes for every request; the result is the same on any number.
        done: told of every stretch of requests simulated.
        coverage: what was chosen for a scenario of which this is a part; None: it is chosen here.

    Raises:
        CatalogError: when a price is not known.
        UsageError: when the arrivals replay a trace that was not given, or every request is asked for with one.
        SimulationError: when a law of the simulation does not hold; a defect.
    """
    if isinstance(scenario, LoadedScenario):
        trace = scenario.trace
        scenario = scenario.scenario
    months = forecast(scenario)
    if coverage is None:
        coverage = coverage_of(scenario, months, replays=trace is not None)
    if not coverage.every:
        return replace(evaluate(scenario, trace, progress), coverage=coverage)
    if trace is not None:
        raise _no_whole_trace()
    with crew_for(scenario, months, jobs) as crew:
        evaluation = with_every_request(evaluate(scenario, None, progress), crew, done)
    return replace(evaluation, coverage=coverage)


def _no_whole_trace() -> UsageError:
    return UsageError(
        "--every-request: the arrivals replay a trace, which does not last as long as the plan; leave out the one or "
        "the other"
    )


def with_every_request(
    evaluation: Evaluation, crew: Crew[SeenByOption] | None = None, done: Done = lambda _done, _all: None
) -> Evaluation:
    """Simulate every request of the plan with the fleets of an evaluation, and price what they use.

    Args:
        evaluation: fleets, sized for the busiest hours.
        crew: the processes, of `crew_for`; None for this one alone. The result is the same on any number.
        done: told of every stretch simulated.

    Returns:
        The evaluation whose months are those requests, with the given one beside it.

    Raises:
        UsageError: when the arrivals replay a trace, which is not as long as the plan.
    """
    scenario, months = evaluation.scenario, evaluation.months
    if evaluation.trace is not None:
        raise _no_whole_trace()
    plans, seen = simulate_horizon(scenario, evaluation.plans, months, crew, done)
    used = {option: read_meters(scenario, plan, months) for option, plan in plans.items()}
    found = _priced(scenario, months, plans, used, None)
    return replace(found, every=EveryRequest(seen, evaluation))


def _priced(
    scenario: Scenario,
    months: tuple[Month, ...],
    plans: dict[str, FleetPlan],
    used: dict[str, list[Meter]],
    trace: TraceRows | None,
) -> Evaluation:
    meters = with_stand_ins(scenario, used)
    lines = price_meters(scenario, meters)
    within = lines["month"] < scenario.horizon_months
    ledger, tail = (lines[part].reset_index(drop=True) for part in (within, ~within))
    return Evaluation(scenario, months, plans, tuple(meters), ledger, tail, trace)


class _Counter:
    """Counts windows and passes the count on."""

    def __init__(self, progress: Progress | None, option: str, position: int, options: int) -> None:
        self.progress, self.option, self.position, self.options = progress, option, position, options
        self.windows = 0

    def __call__(self) -> None:
        self.windows += 1
        if self.progress is not None:
            self.progress(self.option, self.position, self.options, self.windows)
