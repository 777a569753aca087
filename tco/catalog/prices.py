"""Prices: the shipped book, one file a family in `data/prices/`, looked up by name."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from tco.catalog.book import Book, Price, joined
from tco.catalog.meters import KINDS
from tco.catalog.reading import faults_of_history, parse_book
from tco.errors import BookError, CatalogError


@lru_cache
def shipped_book(today: date | None = None) -> Book:
    """Read the shipped book.

    Args:
        today: a date after it is a fault; None to accept any.

    Raises:
        BookError: when a file is at fault.
    """
    folder = files("tco.catalog") / "data" / "prices"
    book = joined(
        parse_book((folder / f"{kind}.csv").read_text(encoding="utf-8"), f"{kind}.csv", today) for kind in KINDS
    )
    faults = faults_of_history(book.rows)
    if faults:
        raise BookError("shipped price book", faults)
    return book


def names() -> tuple[str, ...]:
    """List every name that the book has a price for."""
    return shipped_book().names()


def shipped_file(kind: str) -> Path:
    """Path of the file that holds a family."""
    return Path(str(files("tco.catalog") / "data" / "prices" / f"{kind}.csv"))


def price_names(meter: str) -> tuple[str, ...]:
    """List the names whose book holds a price for a meter, such as `gpu_hour`."""
    return shipped_book().names(meter)


def price(name: str, meter: str, on: date | None = None) -> Price:
    """Look up one unit price.

    Args:
        name: catalog name.
        meter: what of it is counted.
        on: day on which the price is to hold; the newest when left out.

    Raises:
        CatalogError: when the catalog holds no such price, the nearest name is given; or when it has steps.

    >>> price("aws/h100-sxm/on-demand", "gpu_hour").unit
    'usd_per_gpu_hour'
    >>> price("mistral/mistral-large-4", "output", date(2026, 10, 25)).value
    4.18
    """
    rows = shipped_book().newest(name, meter, on)
    if len(rows) > 1:
        steps = ", ".join(f"{row.start:,g}" for row in rows)
        raise CatalogError(f"'{name}' has no single price for '{meter}': it changes from {steps} on")
    return rows[0].price()


def price_steps(name: str, meter: str, on: date | None = None) -> tuple[tuple[float, Price], ...]:
    """Look up a price that changes with quantity: from how much on, and the price there.

    A price without steps has one, from 0. Which quantity counts, and whether a step holds for what lies above it or for
    all, is a matter of the meter: egress is charged step by step, the residual value is that of the step.

    Raises:
        CatalogError: when the catalog holds no such price; the nearest name is given.

    >>> [(start, step.value) for start, step in price_steps("aws/internet-egress", "egress")][:2]
    [(0.0, 0.0), (100.0, 0.09)]
    """
    return tuple((row.start, row.price()) for row in shipped_book().newest(name, meter, on))


def meters_of(name: str) -> frozenset[str]:
    """List what a name has prices for; nothing for an unknown name.

    >>> "output" in meters_of("openai/gpt-4o"), meters_of("nobody/nothing")
    (True, frozenset())
    """
    return shipped_book().meters_of(name)
