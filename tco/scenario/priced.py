"""Priced: the names of the price book that a scenario uses, and the prices that it states itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tco.scenario import Scenario


@dataclass(frozen=True, slots=True)
class StatedPrice:
    """A block of prices written in a scenario.

    Attributes:
        place: its keys, joined by dots.
        source: where its figures come from.
        source_date: day on which they were valid.
    """

    place: str
    source: str
    source_date: date


def texts_of(scenario: Scenario) -> set[str]:
    """Collect every text of a scenario, the names of prices among them."""
    return {leaf for _, leaf in _leaves(scenario.model_dump()) if isinstance(leaf, str)}


def stated_prices(scenario: Scenario) -> list[StatedPrice]:
    """List the blocks that state amounts in USD with a source and a date."""
    return [
        StatedPrice(place, node["source"], node["source_date"])
        for place, node in _leaves(scenario.model_dump())
        if isinstance(node, dict) and isinstance(node.get("source_date"), date) and any("_usd" in key for key in node)
    ]


def _leaves(node: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Walk down a dumped scenario; mappings are leaves too."""
    yield place, node
    if isinstance(node, dict):
        for key, each in node.items():
            yield from _leaves(each, f"{place}.{key}" if place else str(key))
    elif isinstance(node, list | tuple):
        for number, each in enumerate(node):
            yield from _leaves(each, f"{place}[{number}]")
