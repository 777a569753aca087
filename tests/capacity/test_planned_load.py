"""Fleets by a stated utilisation, and the cost of a million tokens if they were full, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tco.finance.tier_costs import TierCost, tier_costs
from tco.pipeline import Evaluation, evaluate
from tests.laws.build import api, chat, fixed, gpu, rate_traffic, scene, static

# Half a second of a replica for each request, one after the other: 2 requests a second.
ONE_BY_ONE = {
    "max_sequences": 1, "alpha_s": 0.005, "beta_s_per_prefill_token": 1e-9, "gamma_s_per_sequence": 0.0,
    "delta_s_per_context_token": 0.0,
}  # fmt: skip
CALL = chat(input_tokens=fixed(1), output_tokens=fixed(100))


def fleet(
    rate_rps: float, slo: dict[str, Any] | None = None, week: list[float] | None = None, **tier: Any
) -> Evaluation:
    """A fleet at so many requests a second, at $3.6 a GPU-hour."""
    traffic = rate_traffic(rate_rps) | ({} if week is None else {"hour_of_week": week})
    changes = {"slo": slo or {}, "classes": {"call": CALL}, "traffic": traffic, "count": 1500}
    return evaluate(scene({"own": gpu(3.6, server=ONE_BY_ONE, **tier)}, {"it": static(own=1.0)}, **changes))


def replicas(found: Evaluation) -> int:
    """Replicas of the only month."""
    return found.plans["it"].replicas[0]["own"]


def cost(found: Evaluation) -> TierCost:
    """The fleet's cost by the token."""
    (found_cost,) = tier_costs(found.scenario, found.ledger, found.meters, found.plans["it"], found.months)
    return found_cost


@pytest.mark.parametrize(("share", "needed"), [(1.0, 4), (0.9, 4), (0.7, 5), (0.5, 7), (0.11, 31)])
def test_replicas_by_utilisation(share, needed):
    """6.8 requests a second keep 3.4 replicas full: at 70 % 4.86, at 11 % 30.9."""
    assert needed == replicas(fleet(6.8, planned_load_share=share))


def test_the_share_is_that_of_the_busiest_hour():
    """3.4 requests a second on average, 6.8 in every other hour and none between: 4.86 replicas."""
    week = [2.0, 0.0] * 84

    assert 5 == replicas(fleet(3.4, week=week, planned_load_share=0.7))


def test_without_it_latencies_are_made_short():
    """4 carry the load; nothing is asked of latency, and more replicas still shorten it."""
    assert replicas(fleet(6.8)) > 4


def test_an_slo_can_need_more():
    """At 100 % 4 replicas carry it, and people wait long; 0.6 s leave 0.1 s to wait."""
    assert replicas(fleet(6.8, slo={"e2e_p95_s": 0.6}, planned_load_share=1.0)) > 4


def test_too_few_allowed_are_told_by_what_carries_the_load():
    """3 of 3.4 are too few whatever was planned; 4 of the 7 planned are not."""
    short, planned = (fleet(6.8, planned_load_share=0.5, max_replicas=most).plans["it"] for most in (3, 4))

    assert pytest.approx(3.4 / 3, rel=0.01) == short.load_shares["own"]
    assert {} == planned.load_shares


def test_cost_at_full_load_by_hand():
    """$3.6 an hour over 2 x 100 x 3 600 answer tokens are $5 a million at any load; 6.8 of 10 a second are 68 %."""
    found = cost(fleet(6.8, planned_load_share=0.7))

    assert pytest.approx(0.68, rel=0.01) == found.load_share
    assert pytest.approx(5.0, rel=0.01) == found.full_usd_per_output_mtok
    assert pytest.approx(5.0 / 0.68, rel=1e-6) == found.usd_per_output_mtok


def test_half_of_the_week_idle_halves_the_load():
    """5 replicas carry 10 a second; 3.4 on average are 34 %."""
    assert pytest.approx(0.34, rel=0.01) == cost(fleet(3.4, week=[2.0, 0.0] * 84, planned_load_share=0.7)).load_share


def test_reserved_hours_that_stand_idle_count():
    """5 replicas needed and 10 GPUs reserved: half the load."""
    dated = {"source": "made up", "source_date": "2026-11-23"}
    block = {"gpus": 10, "price": {"gpu_hour_usd_per_gpu_hour": 2.0, **dated}, "term_months": 12}
    mixed = fleet(6.8, planned_load_share=0.7, purchase={"kind": "mix", "reserved": [block]})

    assert pytest.approx(0.34, rel=0.01) == cost(mixed).load_share


def test_what_is_not_known_is_not_told():
    """An API has no load of its own; a fleet that caches prefixes carries more than its bare replicas would."""
    bought = evaluate(scene({"own": api()}, {"it": static(own=1.0)}, classes={"call": CALL}))

    assert None is cost(bought).load_share
    assert None is cost(fleet(6.8, prefix_cached_share=0.5)).load_share
    assert None is cost(bought).full_usd_per_output_mtok
