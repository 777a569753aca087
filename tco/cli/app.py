"""The application: every command by name. A command's own imports wait until it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from tco.cli import check, compare, explain, fit, prices, schema, simulate, sweep, validate

HELP = """Plan what serving language models costs, whether it meets the SLO, and when building beats buying.

\b
Examples:
  tco check scenarios/support-copilot.yaml
  tco compare scenarios/support-copilot.yaml
  tco compare scenarios/support-copilot.yaml --out out/
  tco simulate scenarios/support-copilot.yaml --saturate
  tco explain scenarios/support-copilot.yaml --option routed
  tco explain scenarios/support-copilot.yaml total
  tco sweep scenarios/support-copilot.yaml --vary options.routed.router.shares.small=0:1:0.1
  tco schema > scenario.schema.json
  tco fit quality scores.csv
  tco prices list --kind gpu
  tco validate queueing
  tco validate serving
"""

app = typer.Typer(
    help=HELP,
    rich_markup_mode=None,  # rich help takes three times as long to start: docs/decisions/0002
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(value: bool) -> None:  # typer's callback signature
    if value:
        from tco import __version__

        typer.echo(f"tco {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version_flag: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Hold the options that belong to no command."""


for command in (check, compare, explain, schema, simulate, sweep):
    app.command(help=command.HELP)(getattr(command, command.__name__.rpartition(".")[2]))
app.add_typer(fit.app, name="fit")
app.add_typer(prices.app, name="prices")
app.add_typer(validate.app, name="validate")
