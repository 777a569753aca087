"""DeepSeek-V3/R1 inference system overview (2025-03-01): nodes, cost and worth of a day."""

from __future__ import annotations

from functools import cache

import pytest

from tco.finance.totals import monthly_usd
from tests.studies.cash import played

NAME = "deepseek-2025-inference"
DAYS = 730 / 24  # of a month
NODES = 228  # as sized; published are 226.75
COST_USD, WORTH_USD, MARGIN = 87_072.0, 562_027.0, 5.45  # of a day, as published


@cache
def day_usd() -> dict[str, float]:
    """What a day of each option costs, with the published nodes."""
    found = played(NAME, tiers__node__min_replicas=NODES, tiers__node__max_replicas=NODES)
    return {name: float(path[0]) / DAYS for name, path in monthly_usd(found.ledger, found.scenario).items()}


def test_nodes_by_hand():
    """228 x 8 x 24 h x $2 = $87 552; the study's 226.75 make $87 072, 0.55 % less."""
    assert pytest.approx(87_552.0, rel=1e-9) == day_usd()["nodes"]
    assert pytest.approx(COST_USD, rel=0.006) == day_usd()["nodes"]


def test_worth_at_list_prices():
    """342e9 x 0.14 + 266e9 x 0.55 + 168e9 x 2.19 = $562 100; the study prints whole billions of tokens."""
    assert pytest.approx(562_100.0, rel=1e-3) == day_usd()["at-list-prices"]
    assert pytest.approx(WORTH_USD, rel=1e-3) == day_usd()["at-list-prices"]


def test_margin_over_cost():
    """(562 115 - 87 552) / 87 552 = 542 %; with the study's nodes 545 %. Over what it is worth, 84.4 %."""
    cost, worth = day_usd()["nodes"], day_usd()["at-list-prices"]

    assert pytest.approx(5.42, abs=0.005) == (worth - cost) / cost
    assert pytest.approx(MARGIN, abs=0.01) == (worth - COST_USD) / COST_USD
    assert pytest.approx(0.844, abs=0.001) == (worth - cost) / worth


@pytest.mark.slow
def test_the_fleet_is_what_the_study_has():
    """4 383 / 73 700 + 1 211 / 14 800 = 0.1413 node-seconds a request, times 1 605.6 a second = 226.9 nodes.

    One more than whole ones of these, because a place is taken while its prompt is processed and writes nothing.
    """
    (replicas,) = played(NAME).plans["nodes"].replicas

    assert {"node": NODES} == replicas
    assert pytest.approx(226.9, rel=0.001) == 1605.65 * (4383 / 73_700 + 1211 / 14_800)


@pytest.mark.slow
def test_a_slower_node_takes_more_of_them():
    """The agreement can fail: 131 of the nodes write answers; at a tenth less each, 15 more are needed."""
    slower = played(NAME, tiers__node__server__answer_tokens_per_s=0.9 * 14_800)
    (replicas,) = slower.plans["nodes"].replicas

    assert 241 <= replicas["node"] <= 245
