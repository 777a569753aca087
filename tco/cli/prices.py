"""`tco prices`: the price book listed, shown, renewed from genai-prices, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tco.cli.console import Format, print_document

if TYPE_CHECKING:
    from tco.catalog.book import Book, Row
    from tco.catalog.renewal import Renewal
    from tco.report.document import Document

HELP = """Look into the price book, renew it, check it.

\b
Examples:
  tco prices list --kind gpu --match h100
  tco prices show mistral/mistral-large-4
  tco prices import --dry-run
  tco prices check --max-age-days 90 scenarios/*.yaml
"""
LIST_HELP = """List the newest prices.

\b
Examples:
  tco prices list --kind api --meter cache_write
  tco prices list --match spot --format csv > spot.csv
  tco prices list --book contracts.csv
"""
SHOW_HELP = """Show everything that the book has of one name: each meter's history, sources, notes.

\b
Examples:
  tco prices show openai/gpt-4o
  tco prices show aws/internet-egress
"""
IMPORT_HELP = """Append what the installed genai-prices says otherwise than the book; nothing is fetched.

The book follows the models that it has from genai-prices, and those named by --models. Rows get today's date; none is
changed. What a book cannot hold (searches, sound, prices by the hour, announced prices) is said below the table.

\b
Examples:
  pip install -U genai-prices && tco prices import --dry-run
  tco prices import --book prices.csv --models 'openai/gpt-6*' --models 'anthropic/*'
"""
CHECK_HELP = """Check books for faults and for prices that are old; with scenarios, only the prices that they use.

\b
Examples:
  tco prices check
  tco prices check --max-age-days 90 scenarios/support-copilot.yaml
  git show main:prices.csv > old.csv && tco prices check --book prices.csv --before old.csv
"""

BookFile = Annotated[Path | None, typer.Option("--book", help="CSV of prices; the shipped book when left out.")]
Form = Annotated[Format, typer.Option("--format", help="How to print.")]


class Kind(StrEnum):
    """Families of prices."""

    API = "api"
    GPU = "gpu"
    HARDWARE = "hardware"
    STORE = "store"
    NETWORK = "network"
    OPERATIONS = "operations"
    PEOPLE = "people"


app = typer.Typer(help=HELP, rich_markup_mode=None, no_args_is_help=True, add_completion=False)


@app.command("list", help=LIST_HELP)
def list_prices(
    kind: Annotated[Kind | None, typer.Option(help="Family of prices.")] = None,
    match: Annotated[str | None, typer.Option(help="Text in the name or the segment.")] = None,
    meter: Annotated[str | None, typer.Option(help="What is priced, such as input or gpu_hour.")] = None,
    book: BookFile = None,
    form: Form = Format.TABLE,
) -> None:
    """Choose, print."""
    from tco.catalog.choosing import chosen
    from tco.report.prices import list_document

    rows = chosen(_read(book).current(), None if kind is None else kind.value, match, meter)
    _print(form, list_document(rows, _today()), _plain(rows))


@app.command("show", help=SHOW_HELP)
def show(
    name: Annotated[str, typer.Argument(help="Name in the book.", show_default=False)],
    book: BookFile = None,
    form: Form = Format.TABLE,
) -> None:
    """Find, print."""
    from tco.report.prices import show_document

    prices = _read(book)
    rows = prices.rows_of(name)
    _print(form, show_document(rows, prices.current(), _today()), _plain(rows))


@app.command("import", help=IMPORT_HELP)
def import_prices(
    book: Annotated[
        Path | None, typer.Option("--book", help="CSV to append to; the shipped one when left out.")
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option(help="More models to follow, as provider/model with * and ?; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the changes, write nothing.")] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="Append unchanged prices too, with today's date.")] = False,
    form: Form = Format.TABLE,
) -> None:
    """Compare, print, append."""
    from tco.catalog.renewal import renewal
    from tco.report.prices import change_json, renewal_document, renewal_json

    path = book or _shipped_file()
    found = renewal(_book_or_none(path), models or (), _today(), confirm)
    if not dry_run:  # before it is printed: a reader who has seen enough closes the pipe
        _append(path, found)
    document = renewal_document(found, path.name)
    _print(form, document, [change_json(change) for change in found.changes], renewal_json(found))


@app.command("check", help=CHECK_HELP)
def check(
    scenarios: Annotated[list[Path] | None, typer.Argument(help="Scenario files.", show_default=False)] = None,
    max_age_days: Annotated[int, typer.Option(min=0, help="Age up to which a price is fine.")] = 180,
    book: BookFile = None,
    before: Annotated[Path | None, typer.Option(help="Earlier copy of the book; every row of it must stand.")] = None,
    form: Form = Format.TABLE,
) -> None:
    """Read, look at ages, print; a faulty book is an error, an old price is not."""
    from dataclasses import asdict

    from tco.catalog.choosing import require_kept
    from tco.report.prices import check_document

    prices = _read(book)
    if before is not None:
        require_kept(_read(before), prices, before, book)
    dated = _dated(prices, scenarios or ())
    old = sorted((each for each in dated if each.age_days > max_age_days), key=lambda each: -each.age_days)
    what = "the book" if not scenarios else ", ".join(path.name for path in scenarios)
    _print(form, check_document(old, len(dated), what, max_age_days, _today()), [asdict(each) for each in old])
    if old:
        typer.echo(f"warning: {len(old):,} of {len(dated):,} prices are older than {max_age_days:,} days", err=True)


def _today() -> date:
    return datetime.now(tz=UTC).date()


def _read(path: Path | None) -> Book:
    from tco.catalog.prices import shipped_book
    from tco.catalog.reading import read_book

    return shipped_book(_today()) if path is None else read_book(path, _today())


def _shipped_file() -> Path:
    from tco.catalog.prices import shipped_file

    return shipped_file("api")


def _book_or_none(path: Path) -> Book:
    """Read a book to append to; one that is not there yet, or holds nothing, begins."""
    from tco.catalog.book import Book
    from tco.catalog.reading import read_book

    return Book(()) if not path.exists() or (path.is_file() and not path.stat().st_size) else read_book(path, _today())


def _append(path: Path, found: Renewal) -> None:
    from tco.catalog.reading import parse_book
    from tco.catalog.writing import appended
    from tco.errors import UsageError
    from tco.report.files import write_file
    from tco.report.numbers import counted

    if not found.rows:
        typer.echo(f"no row appended to {path}", err=True)
        return
    try:
        with path.open(encoding="utf-8", newline="") as file:  # line ends as they are
            text = file.read()
    except FileNotFoundError:
        text = ""
    text = appended(text, found.rows)
    parse_book(text.removeprefix("\ufeff"), str(path), _today())  # nothing is written that could not be read again
    try:
        write_file(path, text)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}\n    hint: name a book of your own with --book FILE"
        ) from error
    typer.echo(f"{counted(len(found.rows), 'row')} appended to {path}", err=True)


def _dated(prices: Book, scenarios: Sequence[Path]) -> list[Any]:
    """List what is to be looked at with its age: the whole book, or what scenarios use."""
    from tco.report.prices import Old
    from tco.scenario.loader import load_scenario
    from tco.scenario.priced import stated_prices, texts_of

    today = _today()
    loaded = {path: load_scenario(path).scenario for path in scenarios}
    used = set().union(*(texts_of(scenario) for scenario in loaded.values()))
    rows = [row for row in prices.current() if not scenarios or row.name in used]
    found = [Old(row.name, row.meter, row.source_date, row.age_days(today), row.source) for row in rows]
    for path, scenario in loaded.items():
        for stated in stated_prices(scenario):
            age = (today - stated.source_date).days
            place = f"{path.name}: {stated.place}"
            found.append(Old(place, "", stated.source_date.isoformat(), age, stated.source))
    return found


def _plain(rows: Sequence[Row]) -> list[dict[str, Any]]:
    from tco.report.prices import price_json

    return [price_json(row, _today()) for row in rows]


def _print(form: Format, document: Document, rows: list[dict[str, Any]], whole: Any = None) -> None:
    from tco.report.formats.csv import csv_text
    from tco.report.formats.json import json_text
    from tco.report.formats.markdown import markdown

    if form is Format.JSON:
        typer.echo(json_text(rows if whole is None else whole), nl=False)
    elif form is Format.CSV:
        typer.echo(csv_text(rows), nl=False)
    elif form is Format.MD:
        typer.echo(markdown(document), nl=False)
    else:
        print_document(document)
