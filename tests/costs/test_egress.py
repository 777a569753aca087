"""Egress at the catalog's steps, by hand: 300 GB a month."""

from __future__ import annotations

from typing import Any

from tco.catalog import Price
from tco.costs.steps import by_step
from tco.domain import Meter
from tco.pipeline import evaluate
from tests.costs.bills import amounts
from tests.laws.build import DATED, fixed, flat_api, scene, static
from tests.scenario.test_guide import BASE, written
from tests.scenario.texts import faults_in

REGIONS = {"user_shares": {"eu": 1.0}, "home_round_trip_s": 0.02, "source": "made up"}
CHAT = {"chat": {"share": 1.0, "input_tokens": fixed(1000), "output_tokens": fixed(200)}}


def left(price: Any, **changes: Any) -> dict[str, float]:
    """What 150 000 answers of 200 tokens, 10 000 bytes each, cost on their way."""
    egress = {"bytes_per_token": 10_000.0, "price": price}
    option = {**static(bought=1.0), "placement": {"tiers": {"bought": ["eu"]}, "egress": egress}}
    setting = {"classes": CHAT, "regions": REGIONS, "count": 200, **changes}
    return amounts(evaluate(scene({"bought": flat_api(0.0)}, {"it": option}, **setting)), account="network:egress")


def test_a_catalog_name_brings_its_steps():
    """AWS: 100 GB are free, 200 cost $0.09."""
    assert {"egress from 100 GB": 18.0} == left("aws/internet-egress")


def test_a_month_that_ends_at_an_edge_has_no_line_beyond_it():
    """Just 100 GB: one step, nothing of the next."""
    meter = Meter("it", 0, "options.it.placement", "egress", 100.0, "GB", "by hand")
    steps = [(start, Price(usd, "usd_per_gb", "", "", "")) for start, usd in ((0.0, 0.0), (100.0, 0.09))]

    assert [(0.0, 100.0)] == [(start, part.quantity) for start, part, _ in by_step(meter, steps)]


def test_a_negotiated_rate_takes_off_every_step():
    """A tenth."""
    rate = {"name": "aws/internet-egress", "discount_share": 0.1, **DATED}

    assert {"egress from 100 GB": 16.2} == left("aws/internet-egress", prices={"negotiated": [rate]})


def test_a_catalog_name_and_its_figures_agree():
    """Written out."""
    steps = [{"from_gb": 0.0, "egress_usd_per_gb": 0.0}, {"from_gb": 100.0, "egress_usd_per_gb": 0.09}]

    assert left("aws/internet-egress") == left({"steps": steps, **DATED})


def test_a_wrong_name_is_answered_with_the_nearest(tmp_path):
    """Place, found, allowed, next."""
    egress = {"bytes_per_token": 1, "price": "aws/internet-egres"}
    option = {
        "router": {"kind": "static", "shares": dict.fromkeys(BASE["tiers"], 0.25)}, "people": {},
        "placement": {"tiers": {tier: ["eu"] for tier in BASE["tiers"]}, "egress": egress},
    }  # fmt: skip
    (fault,) = faults_in(tmp_path, written({**BASE, "regions": REGIONS, "options": {"buy": option}}))

    assert "options.buy.placement.egress.price" == fault.key
    assert fault.message.startswith("'aws/internet-egres' is not a price of egress of the catalog; known: aws/")
    assert "did you mean 'aws/internet-egress'?" == fault.hint
