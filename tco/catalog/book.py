"""Book: rows of dated prices, and the one that holds on a day.

Several rows may stand under one name and meter: later ones are newer. Rows of one date belong together: a price in
steps has one row for each step, the quantity from which it holds in `start`, and a newer date replaces all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from tco.catalog.meters import METERS
from tco.errors import CatalogError, suggestion

NEAREST = 3  # names offered for one that is unknown


@dataclass(frozen=True, slots=True)
class Price:
    """One unit price with its provenance.

    Attributes:
        value: amount in USD per unit.
        unit: what one unit is, such as `usd_per_mtok`.
        source: who published it.
        source_date: ISO date on which it was valid; "inline" prices may carry the scenario's own date.
        name: catalog name, or "inline" for a price written in the scenario.
        note: how it differs from what the source says, such as a negotiated discount; empty where it does not.
        is_contracted: whether a contract fixes it, so that no drift of the market moves it.
    """

    value: float
    unit: str
    source: str
    source_date: str
    name: str
    note: str = ""
    is_contracted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a book.

    Attributes:
        name: what is priced, such as `openai/gpt-4o` or `aws/h100-sxm/spot`.
        meter: what of it is counted, such as `input`.
        value: amount in USD per unit, or a figure that belongs to a price.
        unit: what one unit is.
        source: who published it.
        source_date: ISO date on which it was valid.
        note: what a reader should know.
        start: quantity from which the price holds; the column is called `from`.
        segment: kind of provider.
        listed_as: what the source calls it where the name is another.
        file: file that it stands in.
        line: its line, counted from 1.
    """

    name: str
    meter: str
    value: float
    unit: str
    source: str
    source_date: str
    note: str = ""
    start: float = 0.0
    segment: str = ""
    listed_as: str = ""
    file: str = ""
    line: int = 0

    @property
    def kind(self) -> str:
        """Family of prices that it is of."""
        return METERS[self.meter].kind

    def price(self) -> Price:
        """Return the price without what concerns the book only."""
        return Price(self.value, self.unit, self.source, self.source_date, self.name)

    def age_days(self, today: date) -> int:
        """Count the days since its source was valid.

        >>> Row("a/b", "input", 1.0, "usd_per_mtok", "page", "2026-11-20").age_days(date(2026, 11, 27))
        7
        """
        return (today - date.fromisoformat(self.source_date)).days


@dataclass(frozen=True)
class Book:
    """Rows in the order of their files, and by name and meter."""

    rows: tuple[Row, ...]
    _by_name: dict[str, dict[str, list[Row]]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            self._by_name.setdefault(row.name, {}).setdefault(row.meter, []).append(row)

    def names(self, meter: str | None = None) -> tuple[str, ...]:
        """List the names that have a price for a meter, or for any."""
        return tuple(name for name, meters in self._by_name.items() if meter is None or meter in meters)

    def meters_of(self, name: str) -> frozenset[str]:
        """List what a name has prices for; nothing for an unknown name."""
        return frozenset(self._by_name.get(name, ()))

    def rows_of(self, name: str) -> tuple[Row, ...]:
        """List every row of a name, meter by meter, the oldest first.

        Raises:
            CatalogError: when the book does not hold it; names that are near or contain it are given.
        """
        if name not in self._by_name:
            inside = [known for known in self._by_name if name.lower() in known]
            near = (inside or get_close_matches(name.lower(), self._by_name, n=NEAREST, cutoff=0.6))[:NEAREST]
            hint = f"\n    hint: did you mean {' or '.join(repr(known) for known in near)}?" if near else ""
            raise CatalogError(f"'{name}' is not in the price book{hint}")
        return tuple(row for rows in self._by_name[name].values() for row in rows)

    def history(self, name: str, meter: str) -> tuple[Row, ...]:
        """List every row under a name and meter, the oldest first."""
        return tuple(self._by_name.get(name, {}).get(meter, ()))

    def newest(self, name: str, meter: str, on: date | None = None) -> tuple[Row, ...]:
        """Return the rows of the newest date, or of the newest that is not after `on`, by rising `start`.

        Raises:
            CatalogError: when the book holds none; the nearest name, or the first date, is given.
        """
        rows = self.history(name, meter)
        if not rows:
            hint = suggestion(name, self.names(meter))
            raise CatalogError(f"'{name}' has no price for '{meter}' in the catalog{'; ' + hint if hint else ''}")
        known = [row for row in rows if on is None or row.source_date <= on.isoformat()]
        if not known:
            raise CatalogError(
                f"'{name}' has no price for '{meter}' on {on}; the first in the catalog is of {rows[0].source_date}"
            )
        return tuple(row for row in known if row.source_date == known[-1].source_date)

    def current(self) -> tuple[Row, ...]:
        """List the newest rows of every name and meter, in the order of the book."""
        return tuple(
            row for name, meters in self._by_name.items() for meter in meters for row in self.newest(name, meter)
        )


def joined(books: Iterable[Book]) -> Book:
    """Put books one behind the other."""
    return Book(tuple(row for book in books for row in book.rows))
