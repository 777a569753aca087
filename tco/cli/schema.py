"""`tco schema`: the JSON Schema of a scenario."""

from __future__ import annotations

import typer

HELP = """Print the JSON Schema of scenarios, for editors that complete and check YAML as you type.

\b
Examples:
  tco schema > scenario.schema.json
"""


def schema() -> None:
    """Print the schema."""
    from tco.scenario.schema import scenario_schema  # pydantic is not needed for --help

    typer.echo(scenario_schema(), nl=False)
