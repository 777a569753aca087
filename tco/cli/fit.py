"""`tco fit`: figures of a scenario from measurements."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli.console import print_document

if TYPE_CHECKING:
    from tco.quality.fit import QualityFit

HELP = """Fit figures of a scenario to measurements.

\b
Examples:
  tco fit quality scores.csv
  tco fit quality scores.csv --weak small --strong large --format yaml --out quality.yaml
"""
QUALITY_HELP = """Fit how well models answer, from their scores on the same queries.

Columns: score__MODEL for each model, or MODEL_correct, or one line a query and model with query_id,model,score. Scores
are from 0 to 1. A column domain, task or dataset says what kind of query it is; kinds are ranked by how well they are
answered, which gives the complexity.

\b
Examples:
  tco fit quality scores.csv
  tco fit quality scores.csv --weak weak_correct --strong strong_correct --exclude high_school_mathematics
  tco fit quality scores.csv --curve table --format yaml --out quality.yaml
"""


class FitFormat(StrEnum):
    """How the fit is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class Curve(StrEnum):
    """Shape of the curves."""

    LOGISTIC = "logistic"
    TABLE = "table"


app = typer.Typer(help=HELP, rich_markup_mode=None, no_args_is_help=True, add_completion=False)


@app.callback()
def _root() -> None:  # with one command alone, typer would swallow its name
    """Fit figures of a scenario to measurements."""


@app.command("quality", help=QUALITY_HELP)
def quality(
    file: Annotated[Path, typer.Argument(help="CSV of scores.", show_default=False)],
    weak: Annotated[str | None, typer.Option(help="Weaker model; the worst when left out.")] = None,
    strong: Annotated[str | None, typer.Option(help="Stronger model; the best when left out.")] = None,
    group: Annotated[str | None, typer.Option(help="Column with the kind of query.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Kind of query to leave out; may be repeated.")] = None,
    curve: Annotated[Curve, typer.Option(help="Shape of the curves.")] = Curve.LOGISTIC,
    form: Annotated[FitFormat, typer.Option("--format", help="How to print the fit.")] = FitFormat.TABLE,
    out: Annotated[Path | None, typer.Option(help="File for the YAML.", show_default=False)] = None,
) -> None:
    """Fit, print; warnings go to stderr."""
    from tco.errors import UsageError
    from tco.quality.fit import fit_quality
    from tco.quality.scores import read_scores
    from tco.report.files import write_file
    from tco.report.quality import quality_text

    named = [name for name in (weak, strong) if name]
    scores = read_scores(file, named if len(named) == 2 else (), group, exclude or ())
    weak, strong = (None if name is None else scores.model(name) for name in (weak, strong))
    found = fit_quality(scores, weak, strong, curve.value)
    for warning in found.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if out is not None:
        try:
            write_file(out, quality_text(found))
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}") from error
        typer.echo(f"wrote {out}", err=True)
    _print(form, found, file)


def _print(form: FitFormat, found: QualityFit, file: Path) -> None:
    from tco.report.formats.json import json_text
    from tco.report.quality import quality_document, quality_json, quality_text

    if form is FitFormat.JSON:
        typer.echo(json_text(quality_json(found)), nl=False)
    elif form is FitFormat.YAML:
        typer.echo(quality_text(found), nl=False)
    else:
        print_document(quality_document(found, file.name))
