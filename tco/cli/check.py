"""`tco check`: every fault of a scenario at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.errors import ScenarioError
from tco.report.numbers import counted

HELP = """Check scenarios: every fault at once, each with file, line, what was found and what is allowed.

\b
Examples:
  tco check scenarios/support-copilot.yaml
  tco check scenarios/*.yaml
"""


def check(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenario files.", show_default=False)],
) -> None:
    """Load every scenario and report."""
    from tco.scenario.loader import load_scenario  # pydantic is not needed for --help

    wrong = []
    for path in scenarios:
        try:
            scenario = load_scenario(path).scenario
        except ScenarioError as error:
            wrong.append(error)
            typer.echo(str(error), err=True)
        else:
            typer.echo(f"{path}: fine: {scenario.name}, {counted(len(scenario.options), 'option')}")
    if wrong:
        faults = sum(len(error.faults) for error in wrong)
        typer.echo(f"{counted(faults, 'fault')} in {len(wrong)} of {counted(len(scenarios), 'file')}", err=True)
        raise typer.Exit(code=2)
