"""`tco explain`: how requests flow through an option, and where a figure comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli.arguments import Engine, EveryRequest, Jobs, month_of, option_of, simulating
from tco.cli.console import Format, folder, print_document
from tco.cli.evaluating import evaluate_with_progress

if TYPE_CHECKING:
    from tco.scenario import Scenario
    from tco.scenario.loader import LoadedScenario

HELP = """Explain an option: the path of its requests, with shares, times and costs, as a tree and as a chart.

With a TARGET, explain a figure instead: its lines, and of each line the quantity, the price with its source and date,
and the line of the scenario. A target is `total`, an account, a line of the ledger, or a key of the scenario.

\b
Examples:
  tco explain scenarios/support-copilot.yaml --option routed
  tco explain scenarios/support-copilot.yaml --option hybrid --out out/
  tco explain scenarios/support-copilot.yaml total
  tco explain scenarios/support-copilot.yaml serving:gpu --option hybrid
  tco explain scenarios/support-copilot.yaml "frontier input tokens" --month 2027-03
  tco explain scenarios/support-copilot.yaml people.engineer
"""


def explain(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", show_default=False)],
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="What to explain: total, an account, a line, or a key of the scenario.",
            show_default=False,
        ),
    ] = None,
    option: Annotated[
        str | None,
        typer.Option(help="Option to explain; left out with a TARGET: all, else where the scenario has one only."),
    ] = None,
    month: Annotated[
        str | None, typer.Option(help="With a TARGET: only this month, 1 for the first, or YYYY-MM.")
    ] = None,
    cash: Annotated[
        bool, typer.Option("--cash", help="With a TARGET: count amounts when paid, not over the months they serve.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Without a TARGET: folder for chart and rows.", parser=folder, metavar="DIRECTORY"),
    ] = None,
    every_request: EveryRequest = None,
    engine: Engine = None,
    jobs: Jobs = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.TABLE,
) -> None:
    """Follow the requests of an option, or the ledger lines behind a figure, and print them."""
    from tco.errors import UsageError
    from tco.report.files import require_folder
    from tco.scenario.loader import load_scenario

    if target is None and (month is not None or cash):
        given = "--cash" if month is None else "--month"
        raise UsageError(f"{given}: only with a TARGET, such as total, serving:api or people.engineer")
    if target is None and every_request is not None:
        raise UsageError("--every-request, --windows: only with a TARGET; the paths are those of one window")
    if target is None and jobs is not None:
        raise UsageError("--jobs: only with a TARGET; the paths are those of one window, which one process simulates")
    if target is not None and out is not None:
        raise UsageError("--out: only without a TARGET; --format csv prints the lines behind a figure")
    if out is not None:
        require_folder(out)
    loaded = simulating(load_scenario(scenario), engine, every_request)
    if target is None:
        _flow(loaded, _chosen(option, loaded.scenario), out, form)
    else:
        at = None if month is None else month_of(month, loaded.scenario)
        _provenance(loaded, target, option, at, cash, jobs, form)


def _flow(loaded: LoadedScenario, name: str, out: Path | None, form: Format) -> None:
    """Follow the requests of an option, print the tree, and write the chart when asked to."""
    from tco.decide.flow import trace_flow  # pandas is not needed for --help
    from tco.pipeline import evaluate
    from tco.report.charts.flow import flow_chart
    from tco.report.files import write_files
    from tco.report.flow import flow_document, flow_json, flow_rows
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown

    evaluation = evaluate(loaded.scenario.only((name,)), loaded.trace)
    flow = trace_flow(evaluation, name)
    if out is not None:
        chart = {f"flow.{kind}": content for kind, content in flow_chart(flow, loaded.scenario).items()}
        written = write_files(out, {"flow.csv": csv_text(flow_rows(flow)), **chart})
        typer.echo(f"wrote {', '.join(path.name for path in written)} to {out}", err=True)
    document = flow_document(flow, loaded.scenario)
    if form is Format.TABLE:
        print_document(document)
        return
    text = {
        Format.JSON: lambda: json_text(flow_json(flow)),
        Format.CSV: lambda: csv_text(flow_rows(flow)),
        Format.MD: lambda: markdown(document),
    }[form]()
    typer.echo(text, nl=False)


def _provenance(
    loaded: LoadedScenario,
    target: str,
    option: str | None,
    month: int | None,
    cash: bool,
    jobs: int | None,
    form: Format,
) -> None:
    """Evaluate, find the lines behind the figure, and print them."""
    from tco.decide.provenance import explain as find
    from tco.report.document import Text
    from tco.report.engine_notes import engine_notes
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown
    from tco.report.money import Money
    from tco.report.provenance import provenance_document
    from tco.report.provenance_rows import provenance_csv, provenance_json

    scenario = loaded.scenario
    name = None if option is None else option_of(option, scenario)
    asked = scenario if name is None else scenario.only((name,))
    evaluation = evaluate_with_progress(asked, loaded.trace, whole=scenario, jobs=jobs)
    evaluation = evaluation if name is None else evaluation.of(name)
    found = find(loaded, evaluation, target, month=month, lens="cash" if cash else "accrual")
    document = provenance_document(found, loaded, evaluation.ledger)
    notes = (Text(note, "note") for note in engine_notes(evaluation))
    document = replace(document, sections=(*document.sections, *notes))
    if form is Format.TABLE:
        print_document(document)
        return
    text = {
        Format.JSON: lambda: json_text(provenance_json(found, loaded)),
        Format.CSV: lambda: provenance_csv(found, evaluation.ledger, Money.of(loaded.scenario)),
        Format.MD: lambda: markdown(document),
    }[form]()
    typer.echo(text, nl=False)
    if form is Format.CSV and not found.chosen:
        typer.echo(f"'{found.target.name}' has no lines, so there are no rows", err=True)


def _chosen(option: str | None, scenario: Scenario) -> str:
    from tco.errors import UsageError

    known = tuple(scenario.options)
    if option is not None:
        return option_of(option, scenario)
    if len(known) > 1:
        raise UsageError(f"--option: missing; the scenario has {len(known)} options: {', '.join(known)}")
    return known[0]
