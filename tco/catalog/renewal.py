"""Renewal: what the installed genai-prices says otherwise than a book, and the rows that bring the book up to date.

A book follows the models that it has from genai-prices; a price from elsewhere, such as a contract, is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from tco.catalog import genai
from tco.catalog.book import Book, Row
from tco.catalog.meters import METERS
from tco.errors import UsageError, suggestion


@dataclass(frozen=True, slots=True)
class Change:
    """One price that is not as the book has it.

    Attributes:
        what: `new`, `changed`, `confirmed`, `gone`, or `held back` where the book already has a row of today.
        name: whose price.
        meter: what of it; empty for all.
        was: amount in the book, USD; None where it has none.
        now: amount in the package, USD; None where it has none.
    """

    what: str
    name: str
    meter: str
    was: float | None = None
    now: float | None = None


@dataclass
class Renewal:
    """What an import would do.

    Attributes:
        version: of the package.
        changes: price by price.
        rows: to be appended.
        unchanged: prices that are as in the book, and get no row.
        remarks: what the book cannot hold, and of whom.
    """

    version: str
    changes: list[Change] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    unchanged: int = 0
    remarks: dict[str, list[str]] = field(default_factory=dict)

    def remark(self, name: str, text: str) -> None:
        """Note what concerns a model; what concerns several alike is kept once."""
        self.remarks.setdefault(text, []).append(name)


def renewal(book: Book, patterns: Sequence[str], today: date, confirm: bool = False) -> Renewal:
    """Compare a book with the package.

    Args:
        book: what is known.
        patterns: models to follow besides those of the book, such as `openai/gpt-5*`.
        today: date of new rows; prices that begin later are only remarked upon.
        confirm: whether unchanged prices get a row too, which renews their date.

    Raises:
        UsageError: when a pattern matches no model, or no model is to be followed at all.
    """
    found = Renewal(genai.version())
    followed = {**dict(_followed(book, found)), **_added(book, patterns)}
    if not followed and not found.remarks:
        raise UsageError(
            "the book follows no model of genai-prices\n    hint: name some with --models, such as 'openai/gpt-5*'"
        )
    for name, (provider, model) in followed.items():
        listing = genai.listing(provider, model, today)
        if listing is None:
            found.changes.append(Change("gone", name, ""))
            found.remark(name, f"genai-prices {found.version} does not list it; what the book has stays")
        else:
            _compare(found, book, name, listing, today, confirm)
    return found


def _followed(book: Book, found: Renewal) -> Iterator[tuple[str, tuple[str, str]]]:
    for name in book.names():
        rows = [book.history(name, meter)[-1] for meter in book.meters_of(name) if METERS[meter].kind == "api"]
        if not rows:
            continue
        newest = max(rows, key=lambda row: row.source_date)
        if newest.source.startswith(genai.SOURCE):
            provider, _, model = name.partition("/")
            yield name, (provider, newest.listed_as or model)
        else:
            found.remark(name, f"left alone: its newest price is from {newest.source}")


def _added(book: Book, patterns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Name the models that patterns match and the book does not follow yet."""
    names: dict[str, tuple[str, str]] = {}
    taken = set(book.names())
    known = {(name.partition("/")[0], listed_as or name.partition("/")[2]) for name, listed_as in _listed_as(book)}
    for pattern, keys in genai.listed(patterns).items():
        if not keys:
            hint = suggestion(pattern.lower(), genai.all_names()) or "patterns are as in 'openai/gpt-5*'"
            raise UsageError(f"genai-prices {genai.version()} lists no model '{pattern}'\n    hint: {hint}")
        for key in sorted(set(keys) - known, key=lambda key: ("/" in key[1], key)):  # who has a short name keeps it
            name = _new_name(taken, *key)
            names[name] = key
            taken.add(name)
            known.add(key)
    return names


def _listed_as(book: Book) -> set[tuple[str, str]]:
    return {(row.name, row.listed_as) for row in book.rows if row.kind == "api"}


def _new_name(taken: set[str], provider: str, model: str) -> str:
    """Name a model after the last part of what the package calls it, or the whole where that is taken."""
    short = f"{provider}/{_plain(model.rpartition('/')[2])}"
    return f"{provider}/{_plain(model)}" if short in taken else short


def _plain(model: str) -> str:
    return "-".join(model.lower().split())


def _compare(found: Renewal, book: Book, name: str, listing: genai.Listing, today: date, confirm: bool) -> None:
    for text in listing.remarks:
        found.remark(name, text)
    if listing.deprecated:
        found.remark(name, "deprecated by its provider")
    if not listing.prices:
        return
    for meter in (meter for meter in METERS if meter in listing.prices):
        history = book.history(name, meter)
        before = history[-1] if history else None
        change = _change(name, meter, before, listing.prices[meter], today, confirm)
        if change is None:
            found.unchanged += 1
            continue
        found.changes.append(change)
        if change.what != "held back":
            found.rows.append(_row(name, meter, listing, today))
    for meter in sorted(book.meters_of(name) - listing.prices.keys()):
        if METERS[meter].kind == "api":
            found.changes.append(Change("gone", name, meter, book.history(name, meter)[-1].value))


def _change(name: str, meter: str, before: Row | None, now: float, today: date, confirm: bool) -> Change | None:
    if before is None:
        return Change("new", name, meter, None, now)
    is_new_day = before.source_date < today.isoformat()
    if before.value != now:
        return Change("changed" if is_new_day else "held back", name, meter, before.value, now)
    return Change("confirmed", name, meter, before.value, now) if confirm and is_new_day else None


def _row(name: str, meter: str, listing: genai.Listing, today: date) -> Row:
    same = name == f"{listing.provider}/{listing.model}"
    return Row(
        name, meter, listing.prices[meter], METERS[meter].unit, listing.source, today.isoformat(),
        listed_as="" if same else listing.model,
    )  # fmt: skip
