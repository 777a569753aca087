"""`tco simulate`: latency, utilisation and queues at one load, one row a request, and the highest rate carried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli.arguments import Engine, month_of, simulating
from tco.cli.console import Format, folder, print_document, progress_bar
from tco.cli.evaluating import tell_compilation
from tco.errors import InfeasibleError, UsageError
from tco.units import HOURS_PER_WEEK

if TYPE_CHECKING:
    from tco.capacity.experiment import Experiment, Question
    from tco.capacity.replicate import Runner, Stop, Stretch
    from tco.scenario.loader import LoadedScenario
    from tco.sim.result import SimulationResult

DEFAULT_PRECISION = 0.05
HIGHEST_RPS = 1e7  # above the busiest published services by orders of magnitude; a slip of the pen otherwise
MOST_REPLICAS = 4096  # as in the scenario
MOST_REPLICATIONS = 10_000
MOST_HOURS = 4 * HOURS_PER_WEEK
DEFAULT_MAX_REQUESTS = 1_000_000  # an option; half a minute on one core
HELP = """Simulate options at the busiest hour of a month, or through hours of its week: latency with intervals,
utilisation, queues, goodput.

\b
Examples:
  tco simulate scenarios/support-copilot.yaml
  tco simulate scenarios/support-copilot.yaml --option hybrid --month 36 --precision 0.02
  tco simulate scenarios/support-copilot.yaml --option hybrid --rate 20 --replicas small-gpu=2
  tco simulate scenarios/support-copilot.yaml --option routed --requests requests.csv
  tco simulate scenarios/support-copilot.yaml --saturate --out out/
  tco simulate scenarios/async-reports.yaml --option night --hours 48 --from-hour 0
"""


Options = Annotated[list[str] | None, typer.Option(help="Option to simulate; may be repeated; all when left out.")]
Rate = Annotated[float | None, typer.Option(help="Requests per second instead of the month's busiest hour.")]
Replicas = Annotated[
    list[str] | None, typer.Option(help="TIER=N, replicas of a fleet instead of what sizing gives; repeatable.")
]
Hours = Annotated[
    int | None,
    typer.Option(min=1, max=MOST_HOURS, help="Follow the week's profile for so many hours; one run of them."),
]
FromHour = Annotated[
    int | None,
    typer.Option(
        min=0, max=HOURS_PER_WEEK - 1, help="Hour of the week at which --hours begins, Monday 00:00 when left out."
    ),
]
Requests = Annotated[
    Path | None, typer.Option(help="CSV or Parquet file (by suffix) of one row a request, first replication.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for summary and charts; looks for the highest rate too.", parser=folder, metavar="DIRECTORY"
    ),
]
Precision = Annotated[
    float | None,
    typer.Option(help="Replicate until the p95's half-width is this fraction of it; 0.05 when left out."),
]
Replications = Annotated[
    int | None, typer.Option(min=1, help="Replications: exactly so many; at most, where --precision is given.")
]
MaxRequests = Annotated[int, typer.Option(min=1, help="Most requests simulated for an option's figures.")]
Saturate = Annotated[
    bool, typer.Option("--saturate", help="Find the highest rate that keeps the SLO, and what binds there.")
]
Trace = Annotated[Path | None, typer.Option(help="CSV trace that replaces the scenario's arrivals and token lengths.")]


def simulate(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", show_default=False)],
    option: Options = None,
    month: Annotated[str, typer.Option(help="Month of the plan, 1 for the first, or YYYY-MM.")] = "1",
    rate: Rate = None,
    replicas: Replicas = None,
    hours: Hours = None,
    from_hour: FromHour = None,
    requests: Requests = None,
    out: Out = None,
    precision: Precision = None,
    replications: Replications = None,
    max_requests: MaxRequests = DEFAULT_MAX_REQUESTS,
    saturate: Saturate = False,
    trace: Trace = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; every core when left out.")] = None,
    engine: Engine = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the figures.")] = Format.TABLE,
) -> None:
    """Simulate, print, and write files when asked to."""
    from tco.capacity.experiment import Question  # NumPy is not needed for --help
    from tco.report.files import require_folder
    from tco.report.requests import check_name
    from tco.scenario.loader import load_scenario

    loaded = simulating(load_scenario(scenario, trace), engine)
    exactly = 1 if hours and precision is None and replications is None else replications
    question = Question(
        options=tuple(dict.fromkeys(option or ())),
        month=month_of(month, loaded.scenario),
        rate_rps=_rate(rate),
        replicas=dict(_replicas(text) for text in replicas or ()),
        stop=_stop(precision, exactly, max_requests),
        saturates=saturate or (out is not None and hours is None),
        stretch=_stretch(hours, from_hour),
    )
    if requests is not None:
        check_name(requests)
    if out is not None:
        require_folder(out)
    found = _run(loaded, question, jobs, requests, out)
    _print(form, found)
    if all(entry.overloaded for entry in found.figures):
        raise typer.Exit(InfeasibleError.exit_code)


def _run(
    loaded: LoadedScenario, question: Question, jobs: int | None, requests: Path | None, out: Path | None
) -> Experiment:
    """Simulate and write the files, telling how far it is."""
    from tco.capacity.experiment import run_experiment
    from tco.capacity.replicate import Runner, available_cores

    tell_compilation(loaded.scenario, loaded.scenario.simulation.window_requests)
    with Runner(loaded.scenario, loaded.trace, jobs or available_cores()) as runner, progress_bar() as bar:
        task = bar.add_task("sizing", total=None)
        found = run_experiment(runner, question, lambda doing: bar.update(task, description=doing))
        _write(runner, found, requests, out, lambda doing: bar.update(task, description=doing))
    return found


def _rate(rate: float | None) -> float | None:
    if rate is not None and not 0 < rate <= HIGHEST_RPS:
        raise UsageError(f"--rate: {rate:g}; allowed: above 0, at most {HIGHEST_RPS:,.0f} requests per second")
    return rate


def _replicas(text: str) -> tuple[str, int]:
    tier, _, count = text.rpartition("=")
    if not tier or not count.isdigit() or not 1 <= int(count) <= MOST_REPLICAS:
        raise UsageError(f"--replicas: '{text}'; allowed: TIER=N, N from 1 to {MOST_REPLICAS:,}")
    return tier, int(count)


def _stretch(hours: int | None, from_hour: int | None) -> Stretch | None:
    from tco.capacity.replicate import Stretch

    if hours is None and from_hour is not None:
        raise UsageError(
            f"--from-hour {from_hour} without --hours; give both, such as --from-hour {from_hour} --hours 24"
        )
    return None if hours is None else Stretch(from_hour or 0, hours)


def _stop(precision: float | None, replications: int | None, max_requests: int) -> Stop:
    from tco.capacity.replicate import Stop

    if precision is not None and not 0 < precision < 1:
        raise UsageError(f"--precision: {precision:g}; allowed: a fraction between 0 and 1, such as 0.05")
    if precision is None and replications is None:
        precision = DEFAULT_PRECISION
    return Stop(precision, replications or MOST_REPLICATIONS, max_requests)


def _write(
    runner: Runner, found: Experiment, requests: Path | None, out: Path | None, progress: Callable[[str], None]
) -> None:
    """Write what was asked for; the first replication is run again, option by option, so that one is held at a time."""

    def results() -> Iterator[SimulationResult]:
        for entry in found.figures:
            progress(f"writing {entry.option}")
            yield runner.run(found.load(entry.option))

    if requests is not None:
        from tco.report.requests import all_rows, write_requests

        count = write_requests(requests, all_rows(found.scenario, results()))
        typer.echo(f"wrote {count:,} rows to {requests}", err=True)
    if out is not None:
        from tco.report.files import write_files
        from tco.report.simulation_files import simulation_files

        written = write_files(out, simulation_files(found, results()))
        typer.echo(f"wrote {', '.join(path.name for path in written)} to {out}", err=True)


def _print(form: Format, found: Experiment) -> None:
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown
    from tco.report.simulation import simulation_document
    from tco.report.simulation_rows import flat_row, simulation_json

    if form is Format.JSON:
        typer.echo(json_text(simulation_json(found)), nl=False)
    elif form is Format.CSV:
        typer.echo(csv_text(flat_row(entry) for entry in found.figures), nl=False)
    elif form is Format.MD:
        typer.echo(markdown(simulation_document(found)), nl=False)
    else:
        print_document(simulation_document(found))
