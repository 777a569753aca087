"""`tco validate claims`: published claims against the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tco.cli.console import Format, print_document, progress_bar
from tco.errors import UsageError

if TYPE_CHECKING:
    from tco.validation.claims import Finding

HELP = """Play published claims as scenarios, and say which follow, which hold under a condition and which do not.

Claims are those of the brief, C1 to C16. Each has a scenario; what the model gives is read from evaluations of it and
of variations. Slow ones simulate a GPU at rising load or search a volume; --quick leaves them out.

\b
Examples:
  tco validate claims C2 C11
  tco validate claims --quick
  tco validate claims --out docs/claims.md
  tco validate claims --format json | jq '.claims[] | {claim, verdict}'
"""
SCENARIOS = Path("scenarios/claims")


def claims(
    names: Annotated[list[str] | None, typer.Argument(help="Claims, such as C5; all when left out.")] = None,
    scenarios: Annotated[Path, typer.Option(help="Folder of the claims' scenarios.")] = SCENARIOS,
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the slow ones.")] = False,
    out: Annotated[Path | None, typer.Option(help="Markdown file to write as well.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the findings.")] = Format.TABLE,
) -> None:
    """Judge, print, write."""
    if not scenarios.is_dir():
        raise UsageError(
            f"{scenarios}: no such folder\n"
            "    hint: run it where the project's scenarios are, or name their folder with --scenarios"
        )
    if out is not None and not out.parent.is_dir():
        raise UsageError(f"--out: {out.parent} is not a folder")
    found = _judge(names or [], scenarios, quick)
    if out is not None:
        _write(out, found)
    _print(form, found)


def _judge(names: list[str], scenarios: Path, quick: bool) -> tuple[Finding, ...]:
    from tco.validation.claims import chosen_claims, judge_claims

    chosen = {name: claim for name, claim in chosen_claims(names).items() if not (quick and claim.slow)}
    with progress_bar() as bar:
        task = bar.add_task("judging", total=len(chosen))

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=what)

        return judge_claims(chosen, scenarios, show)


def _write(out: Path, found: tuple[Finding, ...]) -> None:
    from tco.report.claims import claims_document
    from tco.report.files import write_file
    from tco.report.formats.markdown import markdown

    try:
        write_file(out, markdown(claims_document(found)))
    except OSError as error:
        raise UsageError(f"--out: {out} cannot be written: {error.strerror}") from error
    typer.echo(f"wrote {out}", err=True)


def _print(form: Format, found: tuple[Finding, ...]) -> None:
    from tco.report.claims import claims_document
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown
    from tco.validation.claims import finding_json

    if form is Format.JSON:
        value = {"schema_version": 1, "claims": [finding_json(each) for each in found]}
        typer.echo(json_text(value), nl=False)
    elif form is Format.CSV:
        rows = [{"claim": each.claim, "verdict": each.verdict, "why": each.why} for each in found]
        typer.echo(csv_text(rows), nl=False)
    elif form is Format.MD:
        typer.echo(markdown(claims_document(found)), nl=False)
    else:
        print_document(claims_document(found))
