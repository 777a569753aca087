"""`tco sweep`: vary one or two keys, mark the Pareto front of three-year cost against p95."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli.console import Format, folder, print_document, progress_bar
from tco.cli.evaluating import tell_compilation
from tco.errors import UsageError

if TYPE_CHECKING:
    from tco.decide.sweep import Sweep
    from tco.decide.vary import Axis
    from tco.scenario import Scenario
    from tco.scenario.loader import LoadedScenario

MAX_AXES = 2  # more axes make neither a chart nor a table that a person can read
HELP = """Vary one or two keys of a scenario and mark the Pareto front of cost against p95.

Linked shares renormalise: varying one share leaves the others in proportion. Every core is used.

\b
Examples:
  tco sweep scenarios/support-copilot.yaml --vary options.routed.router.shares.small=0:1:0.1
  tco sweep scenarios/support-copilot.yaml --vary traffic.requests_per_month=1e5,1e6,1e7 --out out/
  tco sweep my.yaml --vary options.a.router.shares.x=0:1:0.25 --vary options.a.router.shares.y=0:1:0.25
"""


def sweep(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", show_default=False)],
    vary: Annotated[
        list[str], typer.Option(help="PATH=from:to:step or PATH=a,b,c; once or twice.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for sweep.csv and the chart.", parser=folder, metavar="DIRECTORY")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="CSV trace that replaces the scenario's arrivals and token lengths.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; every core when left out.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the sweep.")] = Format.TABLE,
) -> None:
    """Evaluate every point, print, and write files when asked to."""
    from tco.decide.sweep import plain  # pandas is not needed for --help
    from tco.decide.vary import parse_axis
    from tco.report.files import require_folder
    from tco.scenario.loader import load_scenario

    if out is not None:
        require_folder(out)
    loaded = load_scenario(scenario, trace)
    if len(vary) > MAX_AXES:
        raise UsageError(f"--vary is given {len(vary)} times; allowed: at most {MAX_AXES}")
    values = plain(loaded.scenario)
    found = _run(loaded, [parse_axis(text, values) for text in vary], jobs)
    if out is not None:
        _write(out, found, loaded.scenario)
    _print(form, found, loaded.scenario)


def _run(loaded: LoadedScenario, axes: list[Axis], jobs: int | None) -> Sweep:
    from tco.decide.sweep import run_sweep

    tell_compilation(loaded.scenario, loaded.scenario.simulation.window_requests)
    with progress_bar() as bar:
        task = bar.add_task("evaluating", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=f"evaluated {done} of {total} points")

        return run_sweep(loaded, axes, jobs, show)


def _write(out: Path, found: Sweep, scenario: Scenario) -> None:
    from tco.report.files import write_files
    from tco.report.sweep import sweep_files

    written = write_files(out, sweep_files(found, scenario))
    typer.echo(f"wrote {', '.join(path.name for path in written)} to {out}", err=True)


def _print(form: Format, found: Sweep, scenario: Scenario) -> None:
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown
    from tco.report.sweep import sweep_document

    if form is Format.JSON:
        typer.echo(json_text({"schema_version": 1, "rows": found.rows, "skipped_points": found.skipped}), nl=False)
    elif form is Format.CSV:
        typer.echo(csv_text(found.rows), nl=False)
    elif form is Format.MD:
        typer.echo(markdown(sweep_document(found, scenario)), nl=False)
    else:
        print_document(sweep_document(found, scenario))
