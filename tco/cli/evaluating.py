"""Evaluating: the whole computation with a progress bar, for every command that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tco.cli.console import progress_bar

if TYPE_CHECKING:
    from tco.arrivals.trace_rows import TraceRows
    from tco.pipeline import Evaluation
    from tco.scenario import Scenario


def evaluate_with_progress(scenario: Scenario, trace: TraceRows | None) -> Evaluation:
    """Evaluate a scenario; a bar on stderr tells how far it is."""
    from tco.pipeline import evaluate  # pandas is not needed for --help

    tell_compilation(scenario, scenario.simulation.window_requests)
    with progress_bar() as bar:
        task = bar.add_task("simulating", total=len(scenario.options))

        def show(option: str, position: int, options: int, windows: int) -> None:
            bar.update(task, completed=position, total=options, description=f"simulating {option}, window {windows}")

        return evaluate(scenario, trace, show)


def every_request_with_progress(evaluation: Evaluation, jobs: int | None) -> Evaluation:
    """Simulate every request of the plan; a bar on stderr tells how far it is, and how long the rest takes."""
    from tco.capacity.horizon import total_requests
    from tco.capacity.replicate import available_cores
    from tco.pipeline import with_every_request

    tell_compilation(evaluation.scenario, total_requests(evaluation.months))
    with progress_bar() as bar:
        task = bar.add_task("simulating every request", total=None)

        def show(done: int, stretches: int) -> None:
            bar.update(task, completed=done, total=stretches)

        return with_every_request(evaluation, jobs or available_cores(), show)


def tell_compilation(scenario: Scenario, requests: int) -> None:
    """Say on stderr what the compiled engine must do first, where runs of so many requests would use it."""
    from tco.sim.machine_code import wait
    from tco.sim.run import AUTO_FROM_REQUESTS

    engine = scenario.simulation.engine
    if engine == "compiled" or (engine == "auto" and requests >= AUTO_FROM_REQUESTS):
        told = wait()
        if told is not None:
            typer.echo(told, err=True)
