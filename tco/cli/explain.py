"""`tco explain`: how requests flow through an option."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli.console import Format, folder, print_document

HELP = """Explain an option: the path of its requests, with shares, times and costs, as a tree and as a chart.

\b
Examples:
  tco explain scenarios/support-copilot.yaml --option routed
  tco explain scenarios/support-copilot.yaml --option hybrid --out out/
  tco explain scenarios/support-copilot.yaml --option routed --format json
"""


def explain(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", show_default=False)],
    option: Annotated[
        str | None, typer.Option(help="Option to explain; left out where the scenario has one only.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the chart and the rows.", parser=folder, metavar="DIRECTORY")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the tree.")] = Format.TABLE,
) -> None:
    """Evaluate the option, follow its requests, print the tree, and write the chart when asked to."""
    from tco.decide.flow import trace_flow  # pandas is not needed for --help
    from tco.pipeline import evaluate
    from tco.report.charts.flow import flow_chart
    from tco.report.files import require_folder, write_files
    from tco.report.flow import flow_document, flow_json, flow_rows
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown
    from tco.scenario.loader import load_scenario

    if out is not None:
        require_folder(out)
    loaded = load_scenario(scenario)
    name = _chosen(option, tuple(loaded.scenario.options))
    alone = {"options": {name: loaded.scenario.options[name]}}
    evaluation = evaluate(loaded.scenario.model_copy(update=alone), loaded.trace)
    flow = trace_flow(evaluation, name)
    if out is not None:
        chart = {f"flow.{kind}": content for kind, content in flow_chart(flow, loaded.scenario.name).items()}
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


def _chosen(option: str | None, known: tuple[str, ...]) -> str:
    from tco.errors import UsageError, suggestion

    names = ", ".join(known)
    if option is None:
        if len(known) > 1:
            raise UsageError(f"--option: missing; the scenario has {len(known)} options: {names}")
        return known[0]
    if option not in known:
        hint = suggestion(option, known)
        told = f"--option: '{option}' is not an option of the scenario; defined: {names}"
        raise UsageError(f"{told}\n    hint: {hint}" if hint else told)
    return option
