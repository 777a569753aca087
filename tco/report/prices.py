"""The price book as documents and as rows: what it holds, one name's history, what an import changes, what is old."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tco.catalog.book import Row
from tco.catalog.meters import METERS
from tco.catalog.renewal import Change, Renewal
from tco.catalog.writing import figure
from tco.report.document import Column, Document, Table, Text
from tco.report.numbers import counted

SHORT = 18  # letters of a source in a list; `show` has all of it
NAMES_TOLD = 4  # models named beside a remark that concerns many
LIST_COLUMNS = (
    Column("Name", numeric=False, is_name=True), Column("Meter", numeric=False), Column("Price"),
    Column("Unit", numeric=False), Column("Date"), Column("Days"),
)  # fmt: skip
SHOW_COLUMNS = (
    Column("Meter", numeric=False), Column("From"), Column("Date"), Column("Price"), Column("Unit", numeric=False),
    Column("Holds", numeric=False), Column("Note"),
)  # fmt: skip
CHANGE_COLUMNS = (
    Column("What", numeric=False), Column("Name", numeric=False), Column("Meter", numeric=False), Column("Book"),
    Column("Package"), Column("Change"),
)  # fmt: skip
OLD_COLUMNS = (
    Column("Name", numeric=False), Column("Meter", numeric=False), Column("Date"), Column("Days"),
    Column("Source", numeric=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Old:
    """A price that is older than wished.

    Attributes:
        name: catalog name, or the place in a scenario of a price written there.
        meter: what is priced; empty for a block of prices.
        source_date: ISO date on which it was valid.
        age_days: days since then.
        source: who published it.
    """

    name: str
    meter: str
    source_date: str
    age_days: int
    source: str


def price_json(row: Row, today: date) -> dict[str, Any]:
    """Return a row as plain figures, for JSON and CSV."""
    return {
        "name": row.name, "meter": row.meter, "from": row.start, "value": row.value, "unit": row.unit,
        "kind": row.kind, "segment": row.segment, "source": row.source, "source_date": row.source_date,
        "age_days": row.age_days(today), "note": row.note, "listed_as": row.listed_as,
    }  # fmt: skip


def list_document(rows: Sequence[Row], today: date) -> Document:
    """Write prices for people, one line each, a table a kind: names are whole, to be copied into a scenario."""
    names = len({row.name for row in rows})
    cells: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        cells.setdefault(row.kind, []).append(
            (row.name, _meter(row), _price(row.value), _unit(row.unit), row.source_date, f"{row.age_days(today):,}")
        )
    tables = tuple(Table(f"Prices: {kind}", LIST_COLUMNS, tuple(of_kind)) for kind, of_kind in cells.items())
    subtitle = f"{counted(len(rows), 'price')} of {counted(names, 'name')}, as of {today}"
    told = Text("Where a price is from: tco prices show NAME, or --format csv.", "note")
    return Document("Price book", subtitle, (*tables, told))


def show_document(rows: Sequence[Row], current: Iterable[Row], today: date) -> Document:
    """Write everything that the book has of one name: the history of each meter, sources and notes."""
    holds = set(current)
    origins = list(dict.fromkeys((row.source, row.note) for row in rows))
    cells = tuple(
        (
            row.meter, f"{row.start:,g}" if row.start else "", row.source_date, figure(row.value), _unit(row.unit),
            "now" if row in holds else "before", str(1 + origins.index((row.source, row.note))),
        )
        for row in rows
    )  # fmt: skip
    notes = tuple(
        Text(f"{number}: {source}{'; ' + note if note else ''}", "note")
        for number, (source, note) in enumerate(origins, 1)
    )
    meters = dict.fromkeys(row.meter for row in rows)
    words = tuple(Text(f"{meter}: {METERS[meter].what}", "note") for meter in meters)
    facts = [*{row.segment for row in rows if row.segment}, *_listed_as(rows)]
    newest = max(row.source_date for row in rows)
    age = (today - date.fromisoformat(newest)).days
    subtitle = "; ".join([f"{counted(len(rows), 'row')}, the newest {counted(age, 'day')} old", *facts])
    return Document(rows[0].name, subtitle, (Table("History", SHOW_COLUMNS, cells), *words, *notes))


def renewal_document(found: Renewal, book: str) -> Document:
    """Write what an import changes, and what the package knows that a book cannot hold."""
    cells = tuple(_change_cells(change) for change in found.changes)
    lead = ", ".join(
        [
            *(f"{number:,} {what}" for what, number in _counts(found.changes).items()),
            f"{found.unchanged:,} unchanged",
        ]
    )
    table = (Table("Changes", CHANGE_COLUMNS, cells),) if cells else ()
    notes = tuple(Text(f"{_several(names)}: {text}", "note") for text, names in found.remarks.items())
    return Document(f"genai-prices {found.version} against {book}", lead, (*table, *notes))


def renewal_json(found: Renewal) -> dict[str, Any]:
    """Return what an import changes as plain figures."""
    return {
        "genai_prices": found.version,
        "changes": [change_json(change) for change in found.changes],
        "unchanged": found.unchanged,
        "remarks": [{"text": text, "names": names} for text, names in found.remarks.items()],
    }


def change_json(change: Change) -> dict[str, Any]:
    """Return one change as plain figures."""
    return {
        "what": change.what, "name": change.name, "meter": change.meter, "book": change.was, "package": change.now,
    }  # fmt: skip


def check_document(old: Sequence[Old], checked: int, what: str, limit_days: int, today: date) -> Document:
    """Write which prices are older than a limit, the oldest first."""
    together: dict[tuple[str, ...], list[str]] = {}
    for each in old:
        cells_but_meter = (each.name, each.source_date, f"{each.age_days:,}", _short(each.source))
        together.setdefault(cells_but_meter, []).append(each.meter)
    cells = tuple((name, _several(list(dict.fromkeys(meters))), *rest) for (name, *rest), meters in together.items())
    subtitle = f"{counted(checked, 'price')} of {what}, as of {today}"
    verdict = f"{counted(len(old), 'price')} older than {counted(limit_days, 'day')}."
    table = (Table("Old prices", OLD_COLUMNS, cells),) if cells else ()
    return Document("Price check", subtitle, (*table, Text(verdict, "lead")))


def _meter(row: Row) -> str:
    return f"{row.meter} from {row.start:,g}" if row.start else row.meter


def _unit(unit: str) -> str:
    """Write a unit for a narrow column.

    >>> _unit("usd_per_gpu_hour"), _unit("kw")
    ('USD/gpu_hour', 'kw')
    """
    return unit.replace("usd_per_", "USD/")


def _price(value: float) -> str:
    """Write a price without the dust of binary fractions; the files have every digit.

    >>> _price(0.0017280000000000002)
    '0.001728'
    """
    return figure(float(f"{value:.12g}"))


def _short(source: str) -> str:
    """Cut a source to its first word, and an address to its host.

    >>> _short("genai-prices 0.2.3 (MIT); https://fireworks.ai/pricing"), _short("techbytes.app/posts/serverless")
    ('genai-prices', 'techbytes.app')
    """
    word = (source.removeprefix("https://").split() or [source])[0].rstrip(",;")
    host, _, _ = word.partition("/")
    first = host if "." in host else word
    return first if len(first) <= SHORT else f"{first[: SHORT - 1]}…"


def _listed_as(rows: Sequence[Row]) -> list[str]:
    return [f"listed as {name}" for name in dict.fromkeys(row.listed_as for row in rows) if name]


def _counts(changes: Sequence[Change]) -> dict[str, int]:
    kinds = dict.fromkeys(change.what for change in changes)
    return {what: sum(change.what == what for change in changes) for what in kinds}


def _change_cells(change: Change) -> tuple[str, ...]:
    amounts = [None if amount is None else figure(amount) for amount in (change.was, change.now)]
    share = ""
    if change.was and change.now is not None and change.now != change.was:
        share = f"{change.now / change.was - 1:+.1%}"
    return (change.what, change.name, change.meter or "all", amounts[0] or "-", amounts[1] or "-", share)


def _several(names: Sequence[str]) -> str:
    more = len(names) - NAMES_TOLD
    return ", ".join(names[:NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")
