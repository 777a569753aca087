"""Evaluating: the whole computation with a progress bar, for every command that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tco.cli.console import progress_bar

if TYPE_CHECKING:
    from tco.arrivals.trace_rows import TraceRows
    from tco.pipeline import Evaluation
    from tco.scenario import Scenario

SLOWLY = "SimPy simulates, some forty times as slow"


def evaluate_with_progress(
    scenario: Scenario, trace: TraceRows | None, whole: Scenario | None = None, jobs: int | None = None
) -> Evaluation:
    """Evaluate a scenario; bars on stderr tell how far it is, and how long the rest takes.

    Args:
        scenario: the scenario, or a part of it.
        trace: rows of its trace.
        whole: the scenario that it is a part of, whose volume decides whether every request is simulated.
        jobs: processes for every request; None for every core.
    """
    from tco.capacity.coverage import coverage_of  # pandas is not needed for --help
    from tco.capacity.horizon import total_requests
    from tco.capacity.replicate import available_cores
    from tco.demand.forecast import forecast
    from tco.pipeline import evaluate_months

    months = forecast(scenario)
    coverage = coverage_of(whole or scenario, months, replays=trace is not None)
    if coverage.missing is None:
        tell_compilation(scenario, total_requests(months) if coverage.every else scenario.simulation.window_requests)
    else:
        typer.echo(f"{coverage.missing}: {SLOWLY}", err=True)
    with progress_bar() as bar:
        task = bar.add_task("simulating", total=len(scenario.options))
        every = bar.add_task("simulating every request", total=None, visible=False)

        def show(option: str, position: int, options: int, windows: int) -> None:
            bar.update(task, completed=position, total=options, description=f"simulating {option}, window {windows}")

        def show_every(done: int, stretches: int) -> None:
            bar.update(task, visible=False)
            bar.update(every, completed=done, total=stretches, visible=True)

        return evaluate_months(scenario, trace, show, jobs or available_cores(), show_every, coverage)


def tell_compilation(scenario: Scenario, requests: int) -> None:
    """Say on stderr what the compiled engine must do first, where runs of so many requests would use it."""
    from tco.sim.machine_code import wait
    from tco.sim.run import AUTO_FROM_REQUESTS, unavailable

    engine = scenario.simulation.engine
    if engine == "compiled" or (engine == "auto" and requests >= AUTO_FROM_REQUESTS):
        missing = unavailable()
        told = wait(scenario) if missing is None else f"{missing}: {SLOWLY}"
        if told is not None:
            typer.echo(told, err=True)
