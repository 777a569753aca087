"""`tco validate queueing`: simulated queues against closed forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli.console import Format, print_document, progress_bar

if TYPE_CHECKING:
    from tco.validation.cases import Case
    from tco.validation.queueing import QueueingValidation

HELP = """Simulate queues that have closed-form answers, and hold the figures against them.

Each case is played by the stations and the engine that scenarios use, in independent runs; the interval is that of the
runs. A case whose model no scenario can play is listed with the reason. Exit code 1 when a figure disagrees.

\b
Examples:
  tco validate queueing
  tco validate queueing --cases mine.yaml
  tco validate queueing --format json | jq '.cases[] | select(.passed | not)'
"""
LEAST_RUNS = 6  # two of each law of service times, where there are three


def queueing(
    cases: Annotated[Path | None, typer.Option(help="YAML file of cases; the shipped ones when left out.")] = None,
    runs: Annotated[
        int | None, typer.Option(min=LEAST_RUNS, max=1000, help="Independent runs of each case; 24 when left out.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random number.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; every core when left out.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the comparison.")] = Format.TABLE,
) -> None:
    """Simulate, compare, print."""
    from tco.validation.cases import read_cases

    found = _run(read_cases(cases), runs, seed, jobs)
    _print(form, found)
    if not found.passed:
        raise typer.Exit(1)


def _run(cases: list[Case], runs: int | None, seed: int, jobs: int | None) -> QueueingValidation:
    from tco.validation.parallel import workers
    from tco.validation.queueing import validate_queueing
    from tco.validation.queues import RUNS

    with progress_bar() as bar:
        task = bar.add_task("simulating queues", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=what)

        with workers(jobs, show) as work:
            return validate_queueing(cases, work, runs or RUNS, seed)


def _print(form: Format, found: QueueingValidation) -> None:
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown
    from tco.report.queueing import queueing_document
    from tco.validation.queueing import comparison_rows, validation_json

    if form is Format.JSON:
        typer.echo(json_text(validation_json(found)), nl=False)
    elif form is Format.CSV:
        typer.echo(csv_text(comparison_rows(found)), nl=False)
        for each in found.not_run:
            what = each.id if each.metric is None else f"{each.id} {each.metric}"
            typer.echo(f"not run: {what}: {each.reason}", err=True)
    elif form is Format.MD:
        typer.echo(markdown(queueing_document(found)), nl=False)
    else:
        print_document(queueing_document(found))
