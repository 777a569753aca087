"""Which prices a scenario uses: names of the book, and blocks of its own."""

from __future__ import annotations

from datetime import date

from tco.scenario.priced import StatedPrice, stated_prices, texts_of
from tests.laws.build import DATED, api, scene, static


def test_names_and_blocks_are_found_however_deep():
    """A tier's price by name, another's stated in the scenario, and the engineer's."""
    tiers = {"named": api(price="openai/gpt-4o"), "stated": api()}
    scenario = scene(tiers, {"it": static(named=0.5, stated=0.5)})

    assert "openai/gpt-4o" in texts_of(scenario)
    assert "openai/gpt-4o-mini" not in texts_of(scenario)
    day = date.fromisoformat(str(DATED["source_date"]))
    assert [
        StatedPrice("tiers.stated.price", DATED["source"], day),
        StatedPrice("people.engineer", DATED["source"], day),
    ] == sorted(stated_prices(scenario), key=lambda each: each.place, reverse=True)
