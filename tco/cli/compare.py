"""`tco compare`: the main job. Options side by side, break-even, recommendation, charts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli.arguments import Engine, EveryRequest, Jobs, option_of, simulating
from tco.cli.console import Format, folder, print_document, progress_bar
from tco.cli.evaluating import evaluate_with_progress
from tco.errors import InfeasibleError

if TYPE_CHECKING:
    from tco.decide.compare import Comparison
    from tco.pipeline import Evaluation
    from tco.report.verdict import Explanation
    from tco.scenario.loader import LoadedScenario

HELP = """Compare the options of a scenario: three-year cost, latency against the SLO, break-even, recommendation.

\b
Examples:
  tco compare scenarios/support-copilot.yaml
  tco compare scenarios/support-copilot.yaml --out out/
  tco compare scenarios/support-copilot.yaml --explain
  tco compare scenarios/support-copilot.yaml --every-request
  tco compare scenarios/document-analysis.yaml --windows
  tco compare scenarios/support-copilot.yaml --trace my_requests.csv
  tco compare scenarios/support-copilot.yaml --format json | jq .recommended
"""


def compare(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Folder for ledger, comparison and charts.", parser=folder, metavar="DIRECTORY")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="CSV trace that replaces the scenario's arrivals and token lengths.")
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Add costs by token and year, break-even from every side, lock-in, rules of thumb."
        ),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(help="Option that building is held against; the cheapest bought or rented one when left out."),
    ] = None,
    every_request: EveryRequest = None,
    engine: Engine = None,
    jobs: Jobs = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the comparison.")] = Format.TABLE,
) -> None:
    """Evaluate, compare, print, and write files when asked to."""
    from tco.decide.compare import compare as side_by_side  # pandas is not needed for --help
    from tco.report.files import require_folder
    from tco.scenario.loader import load_scenario

    if out is not None:
        require_folder(out)
    loaded = simulating(load_scenario(scenario, trace), engine, every_request)
    if against is not None:
        against = option_of(against, loaded.scenario, "--against")
    evaluation = evaluate_with_progress(loaded.scenario, loaded.trace, jobs=jobs)
    comparison = side_by_side(evaluation, against)
    if out is not None:
        _write(out, loaded, evaluation, comparison)
    _print(form, evaluation, comparison, _explained(evaluation, comparison) if explain else None)
    if comparison.chosen is None:
        typer.echo("no option keeps the SLO", err=True)
        raise typer.Exit(InfeasibleError.exit_code)


def _write(out: Path, loaded: LoadedScenario, evaluation: Evaluation, comparison: Comparison) -> None:
    from tco.report.bundle import comparison_files
    from tco.report.files import write_files

    written = write_files(out, comparison_files(evaluation, comparison, loaded.lines()))
    typer.echo(f"wrote {', '.join(path.name for path in written)} to {out}", err=True)


def _explained(evaluation: Evaluation, comparison: Comparison) -> Explanation:
    """Search break-even volumes, with progress, and hold the rules of thumb against the numbers."""
    from tco.decide.advice import advice
    from tco.decide.verdict import build_verdicts, locks
    from tco.report.money import Money
    from tco.report.verdict import Explanation

    with progress_bar() as bar:
        task = bar.add_task("searching break-even volumes", total=None)

        def show(points: int, volume: float) -> None:
            bar.update(task, completed=points, description=f"break-even: {points} volumes, {volume:,.0f} requests")

        money = Money.of(evaluation.scenario)
        leaving = {option.name: locks(evaluation, option.name) for option in comparison.options}
        verdicts = build_verdicts(evaluation, comparison, show)
        return Explanation(verdicts, advice(evaluation, comparison), money, leaving)


def _print(form: Format, evaluation: Evaluation, comparison: Comparison, explained: Explanation | None) -> None:
    from tco.report.comparison import comparison_document, comparison_json, flat_row
    from tco.report.finance import finance_tables
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown

    if form is Format.JSON:
        more = {} if explained is None else {"explanation": explained.json()}
        typer.echo(json_text({**comparison_json(evaluation, comparison), **more}), nl=False)
        return
    if form is Format.CSV:
        typer.echo(csv_text(flat_row(evaluation, option) for option in comparison.options), nl=False)
        return
    further = () if explained is None else (*finance_tables(evaluation, comparison), *explained.sections())
    document = comparison_document(evaluation, comparison, further)
    if form is Format.MD:
        typer.echo(markdown(document), nl=False)
    else:
        print_document(document)
