"""Experiment: one load put on the options of a scenario, measured until the percentiles are known well enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from tco.arrivals.trace_rows import TraceRows
from tco.capacity.figures import OptionFigures, read_figures
from tco.capacity.replicate import Load, Replicated, Runner, Stop, Stretch, replicate
from tco.capacity.sample import take_sample
from tco.capacity.saturate import Saturation, saturate
from tco.capacity.sizing import plan_fleet
from tco.capacity.tier_load import tier_loads
from tco.demand.forecast import Month, forecast, peak_to_mean, week_profile
from tco.demand.workload import lasting_requests, mean_rate
from tco.errors import UsageError, suggestion
from tco.scenario import MIN_SIMULATED_REQUESTS as LEAST_REQUESTS
from tco.scenario import Scenario
from tco.units import SECONDS_PER_HOUR

Progress = Callable[[str], None]  # what is being done
MOST_REQUESTS = 2_000_000  # in a stretch of the week; a run of one takes a minute and 2 GB


@dataclass(frozen=True, slots=True)
class Question:
    """What to measure.

    Attributes:
        options: names of the options; empty for all.
        month: 0 is the first month; its busiest hour gives the rate, and sizing the fleet.
        rate_rps: another rate, requests per second; None for the month's.
        replicas: replicas of fleet tiers; those not named get what sizing gives.
        stop: how precise, and how much work at most.
        saturates: whether to look for the highest rate as well.
        stretch: hours of the week to simulate along its profile; None for the busiest hour alone.
    """

    options: tuple[str, ...]
    month: int
    rate_rps: float | None
    replicas: dict[str, int]
    stop: Stop
    saturates: bool
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """What came out.

    Attributes:
        scenario: the scenario.
        trace: the trace that was replayed, if any.
        question: what was asked.
        month: the month that was looked at, with the rate that was used as its peak.
        figures: one an option.
        missed: by option, limits that no allowed fleet size reaches.
        saturations: one an option, when asked for.
    """

    scenario: Scenario
    trace: TraceRows | None
    question: Question
    month: Month
    figures: tuple[OptionFigures, ...]
    missed: dict[str, tuple[str, ...]]
    saturations: tuple[Saturation, ...]

    def load(self, option: str) -> Load:
        """Return the load of an option, to run a replication of it again."""
        figures = next(entry for entry in self.figures if entry.option == option)
        return _load(self.scenario, option, self.month, figures.replicas, self.question.stretch)


def run_experiment(runner: Runner, question: Question, progress: Progress = lambda _: None) -> Experiment:
    """Put a load on every option asked for.

    Args:
        runner: runs the replications.
        question: what to measure.
        progress: told what is being done.

    Raises:
        UsageError: for an option, month or tier that the scenario does not have.
    """
    scenario = runner.scenario
    names = question.options or tuple(scenario.options)
    _check(scenario, names, question)
    month = forecast(scenario)[question.month]
    if question.rate_rps is not None:
        month = replace(month, peak_rps=question.rate_rps)
    _check_stretch(runner, month, question)
    figures, saturations, missed = [], [], {}
    for name in names:
        progress(f"sizing {name}")
        replicas, missed[name] = _fleet(runner, name, month, question.replicas)
        load = _load(scenario, name, month, replicas, question.stretch)
        found = _measure(runner, load, question.stop, progress)
        figures.append(found)
        if question.saturates:
            saturations.append(_saturate(runner, found, progress))
    return Experiment(scenario, runner.trace, question, month, tuple(figures), missed, tuple(saturations))


def _check(scenario: Scenario, names: tuple[str, ...], question: Question) -> None:
    for name in names:
        if name not in scenario.options:
            raise UsageError(_unknown("--option", name, "an option", tuple(scenario.options)))
    if not 0 <= question.month < scenario.horizon_months:
        raise UsageError(f"--month {question.month + 1} is outside the plan; allowed: 1 to {scenario.horizon_months}")
    fleets = [tier for name in names for tier, config in scenario.tiers_of(name).items() if config.owns_fleet]
    for tier in question.replicas:
        if tier not in fleets:
            raise UsageError(
                _unknown("--replicas", tier, "a fleet tier of the chosen options", tuple(dict.fromkeys(fleets)))
            )


def _check_stretch(runner: Runner, month: Month, question: Question) -> None:
    stretch = question.stretch
    if stretch is None:
        return
    if runner.trace is not None:
        raise UsageError(
            "--hours follows the weekly profile, but the arrivals replay a trace; leave out one of the two"
        )
    if question.saturates:
        raise UsageError(
            f"--hours {stretch.hours} with --saturate, which looks for a constant rate; allowed: one of them"
        )
    requests = stretch_rps(runner.scenario, month, stretch) * stretch.hours * SECONDS_PER_HOUR
    if not LEAST_REQUESTS <= requests <= MOST_REQUESTS:
        raise UsageError(
            f"--hours {stretch.hours} brings {requests:,.0f} requests at this rate; allowed: {LEAST_REQUESTS} to "
            f"{MOST_REQUESTS:,}; choose other hours or another --rate"
        )


def _unknown(flag: str, name: str, what: str, known: tuple[str, ...]) -> str:
    near = suggestion(name, known)
    hint = f"\n    hint: {near}" if near else ""
    return f"{flag}: '{name}' is not {what}; known: {', '.join(known) or 'none'}{hint}"


def _load(scenario: Scenario, option: str, month: Month, replicas: dict[str, int], stretch: Stretch | None) -> Load:
    if stretch is None:
        return Load(option, month.peak_rps, replicas, lasting_requests(scenario, month.peak_rps))
    rate_rps = stretch_rps(scenario, month, stretch)
    return Load(option, rate_rps, replicas, ceil(rate_rps * stretch.hours * SECONDS_PER_HOUR), stretch)


def stretch_rps(scenario: Scenario, month: Month, stretch: Stretch) -> float:
    """Return the mean rate of some hours of the week, whose busiest hour is the month's, requests per second."""
    mean_rps = month.peak_rps / peak_to_mean(scenario.traffic)
    return mean_rps * mean_rate(week_profile(scenario.traffic), stretch.from_hour, stretch.hours)


def _fleet(runner: Runner, option: str, month: Month, given: dict[str, int]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Size the option's fleets for the month, unless all of them are given."""
    fleets = [tier for tier, config in runner.scenario.tiers_of(option).items() if config.owns_fleet]
    chosen = {tier: count for tier, count in given.items() if tier in fleets}
    if len(chosen) == len(fleets):
        return chosen, ()
    workload = runner.workload(0, lasting_requests(runner.scenario, month.peak_rps))
    plan = plan_fleet(runner.scenario, option, workload, (replace(month, index=0),))
    return {**plan.replicas[0], **chosen}, plan.missed


def _measure(runner: Runner, load: Load, stop: Stop, progress: Progress) -> OptionFigures:
    progress(f"simulating {load.option}")
    result = runner.run(load)
    loads = tier_loads(runner.scenario, result)
    first = take_sample(result, runner.scenario.slo, 0)
    # More of an overload would only be a longer queue; a replication of a trace would replay the same rows.
    if runner.trace is not None or any(entry.overloaded for entry in loads):
        return read_figures(load, Replicated((first,), None), loads)
    del result

    def count(done: int) -> None:
        progress(f"simulating {load.option}, replication {done}")

    found = replicate(first, lambda numbers: runner.samples(load, numbers, count), stop)
    return read_figures(load, found, loads)


def _saturate(runner: Runner, found: OptionFigures, progress: Progress) -> Saturation:
    count = 0

    def tried() -> None:
        nonlocal count
        count += 1
        progress(f"saturating {found.option}, rate {count}")

    progress(f"saturating {found.option}")
    return saturate(runner, found.option, found.rate_rps, found.replicas, tried)
