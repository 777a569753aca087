"""`tco validate`: the simulator against theory and measurements, and published claims against the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli import validate_claims, validate_queueing
from tco.cli.console import Format, print_document, progress_bar
from tco.errors import UsageError

if TYPE_CHECKING:
    from tco.validation.serving import ServingValidation

HELP = """Hold the simulator against theory and measurements, and published claims against the model.

\b
Examples:
  tco validate queueing
  tco validate serving
  tco validate serving --fit measured.csv --predict other.csv --format json
  tco validate claims --quick
"""
SERVING_HELP = """Fit step times to measured runs, predict others by simulating their closed loops, print the errors.

Rows have the columns gpu, n_gpus, model, backend, backend_version, precision, input_len, output_len, concurrency, tp,
dp_attention, ep, ttft_ms, tpot_ms (and may have id, mode, origin). Without --predict, every other concurrency of each
set-up is held out and predicted. Errors in JSON and CSV are fractions; CSV has one line a row.

\b
Examples:
  tco validate serving
  tco validate serving --fit measured.csv
  tco validate serving --fit measured.csv --predict other.csv --format json | jq .overall
  tco validate serving --format csv > rows.csv
"""
DATA = Path("../shared/data/perf/aiconfigurator_ttft_tpot.csv")
MOST_WARNINGS = 5

app = typer.Typer(help=HELP, rich_markup_mode=None, no_args_is_help=True, add_completion=False)


app.command("claims", help=validate_claims.HELP)(validate_claims.claims)
app.command("queueing", help=validate_queueing.HELP)(validate_queueing.queueing)


@app.command("serving", help=SERVING_HELP)
def serving(
    fit: Annotated[Path | None, typer.Option(help="CSV of measured runs to fit; --data when left out.")] = None,
    predict: Annotated[
        Path | None, typer.Option(help="CSV of measured runs to predict; a part of the fitted file when left out.")
    ] = None,
    data: Annotated[Path, typer.Option(help="CSV that stands in for --fit.")] = DATA,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; every core when left out.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the errors.")] = Format.TABLE,
) -> None:
    """Fit, predict, print; warnings go to stderr."""
    found = _run(fit, predict, data, jobs)
    _warn(found)
    _print(form, found)


def _run(fit: Path | None, predict: Path | None, data: Path, jobs: int | None) -> ServingValidation:
    from tco.calibration.measured import read_measurements
    from tco.validation.parallel import workers
    from tco.validation.serving import validate_serving

    if fit is None and not data.is_file():
        raise UsageError(
            f"{data}: no such file, and no --fit was given\n"
            "    hint: name measured runs with --fit FILE; `tco validate serving --help` lists the columns"
        )
    fitted = read_measurements(fit or data)
    predicted = None if predict is None else read_measurements(predict)
    with progress_bar() as bar:
        task = bar.add_task("fitting", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=what)

        with workers(jobs, show) as work:
            return validate_serving(fitted, predicted, work)


def _warn(found: ServingValidation) -> None:
    from tco.report.validation import range_warnings

    warnings = range_warnings(found.predictions)
    for warning in warnings[:MOST_WARNINGS]:
        typer.echo(f"warning: {warning}", err=True)
    if len(warnings) > MOST_WARNINGS:
        typer.echo(f"warning: and {len(warnings) - MOST_WARNINGS} more GPUs and models; --format csv has all", err=True)


def _print(form: Format, found: ServingValidation) -> None:
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown
    from tco.report.validation import serving_document
    from tco.validation.serving import prediction_rows, validation_json

    if form is Format.JSON:
        typer.echo(json_text(validation_json(found)), nl=False)
    elif form is Format.CSV:
        typer.echo(csv_text(prediction_rows(found)), nl=False)
    elif form is Format.MD:
        typer.echo(markdown(serving_document(found)), nl=False)
    else:
        print_document(serving_document(found))
