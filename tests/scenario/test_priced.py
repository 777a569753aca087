"""Which prices a scenario uses: names of the book, and blocks of its own."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from tco.scenario.price_terms import Negotiated
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


def test_a_contract_may_concern_a_price_with_steps():
    """Its unit is that of the meter; looking the price itself up would ask which step is meant."""
    contract = {"name": "aws/internet-egress", "source": "contract", "source_date": "2026-11-01"}

    assert {"egress_usd_per_gb": 0.05} == Negotiated(**contract, figures={"egress_usd_per_gb": 0.05}).figures
    with pytest.raises(ValidationError, match="allowed: egress_usd_per_gb; did you mean 'egress_usd_per_gb'"):
        Negotiated(**contract, figures={"egress_usd_per_tb": 50.0})
