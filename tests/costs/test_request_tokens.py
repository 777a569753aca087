"""What a request's own tokens cost, at tiers of every kind that charges by the token."""

from __future__ import annotations

import pytest

from tco.costs.request_tokens import token_costs
from tests.laws.build import DATED, api, flat_api, gpu, scene, serverless, static

PRICE = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, **DATED}


def test_every_tier_that_charges_by_the_token_has_a_cost():
    """1 000 and 100 tokens at $1 and $4 a million: $0.0014, from an API or a platform; a GPU is paid by the hour."""
    platform = serverless(token_price=PRICE)
    del platform["gpu_price"]
    tiers = {"api": api(), "platform": platform, "flat": flat_api(0.02), "timed": serverless(), "own": gpu()}
    costs = token_costs(scene(tiers, {"it": static(**dict.fromkeys(tiers, 0.2))}), tuple(tiers))
    found = {tier: None if cost is None else cost.of(1000, 100) for tier, cost in costs.items()}

    assert {"api": 0.0014, "platform": 0.0014, "flat": 0.02, "timed": None, "own": None} == pytest.approx(found)
