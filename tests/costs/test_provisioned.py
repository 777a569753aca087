"""Provisioned throughput by hand: how many units, for how long, at what price, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.finance.lock_in import lock_in
from tco.pipeline import Evaluation, evaluate
from tco.scenario import Scenario
from tco.scenario.provisioned import Provisioned
from tests.costs.bills import both_parts, by_month
from tests.laws.build import DATED, api, chat, fixed, rate_traffic, scene, static

HOURLY = {"unit_usd_per_unit_hour": 2.0, **DATED}
MONTHLY = {"unit_usd_per_unit_month": 260.0, **DATED}
# 1 000 prompt and 250 answer tokens, an answer token counting 4: 2 000 counted tokens, 120 000 a minute at 1 req/s.
CALL = chat(input_tokens=fixed(1000), output_tokens=fixed(250))


def units(price: dict[str, Any] = HOURLY, **changes: Any) -> dict[str, Any]:
    """Units of 3 000 tokens a minute: 40 of them for 1 request a second."""
    return {"unit_tokens_per_minute": 3000.0, "answer_weight_ratio": 4.0, "price": price, **changes}


def scenario(block: dict[str, Any], months: int = 1, tier: dict[str, Any] | None = None, **traffic: Any) -> Scenario:
    """An option that sends 1 request a second to a tier with such units."""
    bought = {**api(), "price": None, "provisioned": block, **(tier or {})}
    setting: dict[str, Any] = {"count": 300, "classes": {"call": CALL}, "horizon_months": months}
    return scene({"bought": bought}, {"it": static(bought=1.0)}, **setting, traffic=rate_traffic(1.0, **traffic))


def bill(evaluation: Evaluation) -> dict[int, float]:
    """Units by month, USD."""
    return by_month(evaluation, "serving:units")


def test_units_of_the_busiest_hour_by_hand():
    """120 000 / 3 000 = 40 units x 730 h x $2; nothing is paid by the token."""
    found = evaluate(scenario(units()))

    assert {0: 58_400.0} == bill(found)
    assert {"serving:units"} == set(found.ledger["account"])


def test_a_week_with_a_peak_is_bought_for_the_peak():
    """One hour of the week at 169 / 85 = 1.988 of the mean: 79.5 units, 80 whole ones."""
    week = [2.0, *[1.0] * 167]
    peak = 2.0 / (169 / 168)

    assert {0: 80 * 730 * 2.0} == bill(evaluate(scenario(units(), hour_of_week=week)))
    assert pytest.approx(79.53, abs=0.01) == 40 * peak


@pytest.mark.parametrize(
    ("terms", "bought"),
    [
        ({"least_units": 50}, 50),
        ({"step_units": 15}, 45),
        ({"least_units": 50, "step_units": 15}, 60),
        ({"headroom_fraction": 0.01}, 41),
        ({"headroom_fraction": 0.25}, 50),
        ({"units": 200}, 200),
    ],
)
def test_what_is_sold(terms, bought):
    """40 units, rounded up to what the vendor sells, with headroom, or as stated."""
    assert {0: bought * 1460.0} == bill(evaluate(scenario(units(**terms))))


def test_cached_prompt_tokens_count_less():
    """Half of 1 000 cached and not counted: 500 + 4 x 250 = 1 500, 30 units; at half a token 35."""
    free, half = (
        evaluate(scenario(units(cached_weight_ratio=weight), tier={"cached_input_share": 0.5})) for weight in (0.0, 0.5)
    )

    assert {0: 30 * 1460.0} == bill(free)
    assert {0: 35 * 1460.0} == bill(half)


def test_units_without_a_term_follow_the_load_both_ways():
    """40 units, 20 in the second month, 10 in the third."""
    found = evaluate(scenario(units(), months=3, growth_fraction_per_month=-0.5))

    assert {0: 40 * 1460.0, 1: 20 * 1460.0, 2: 10 * 1460.0} == bill(found)


def test_growth_commits_units_of_its_own():
    """40, 44, 48.4, 53.24 units needed: 40 are signed, then 4, 5 and 5, each for 3 months, beyond the plan as well.

    Month 4 (counted from 1) is the first without the first 40: 53.24 needs 54, 14 are bound, 40 are signed anew.
    """
    found = evaluate(scenario(units(MONTHLY, term_months=3), months=4, growth_fraction_per_month=0.1))

    assert {0: 40 * 260.0, 1: 44 * 260.0, 2: 49 * 260.0, 3: 54 * 260.0, 4: 50 * 260.0, 5: 45 * 260.0} == bill(found)
    assert [0, 1, 2, 3] == sorted(set(found.ledger["month"]))
    # After month 1 (counted from 0): 40 for one month more, 4 for two.
    assert pytest.approx((40 + 2 * 4) * 260.0) == lock_in(both_parts(found), found.tail.iloc[:0], "it", 1).owed_usd


def test_committed_units_keep_their_price():
    """List prices fall by half each year; who signs for two years pays the first month's."""
    path = {"paths": [{"account": "serving:units", "change_fraction_per_year": -0.5, "source": "made up"}]}
    bound, free = (
        evaluate(scenario(units(MONTHLY, **terms), months=13).model_copy(update={"prices": priced(path)}))
        for terms in ({"term_months": 24}, {})
    )

    assert 40 * 260.0 == bill(bound)[12]
    assert pytest.approx(20 * 260.0) == bill(free)[12]


def priced(terms: dict[str, Any]) -> Any:
    """Terms of prices as a block."""
    return type(scenario(units()).prices).model_validate(terms)


def test_stated_units_refuse_what_exceeds_them():
    """20 units for 40 units' load: half of it comes back with a 429, and a fallback by the token takes that."""
    small = {**api(), "price": None, "provisioned": units(units=20)}
    option = {
        **static(small=1.0), "fallback": {"kind": "chain", "tiers_in_order": ["tokens"], "reasons": ["rejected"]},
    }  # fmt: skip
    found = evaluate(
        scene({"small": small, "tokens": api()}, {"it": option}, count=6000, classes={"call": CALL},
              traffic=rate_traffic(1.0))
    )  # fmt: skip
    spilt = found.plans["it"].window(0).tiers["tokens"].visits_per_request

    assert pytest.approx(0.5, abs=0.03) == spilt
    assert pytest.approx(20 * 1460.0 + spilt * 2_628_000 * 0.002, rel=1e-6) == found.ledger["cost_usd"].sum()


def test_without_a_fallback_too_few_units_are_told():
    """1 request a second against 0.5 that pass."""
    found = evaluate(scenario(units(units=20)))

    assert "exceed the limit of 0.5 req/s" in str(found.plans["it"])


@pytest.mark.parametrize(
    ("tier", "said"),
    [
        ({"provisioned": None}, "neither is given"),
        ({"price": {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, **DATED}}, "both are given"),
        ({"limits": {"tokens_per_minute": 9e9}, "provisioned": units(units=9)}, "follows from provisioned.units 9"),
        ({"batch": {"turnaround_p50_s": 60.0, "turnaround_p95_s": 90.0}}, "batch requests take no provisioned units"),
        ({"cache_write_share": 0.1}, "cache_write_share is a price's"),
    ],
)
def test_tiers_that_do_not_fit(tier, said):
    """Paid twice, not at all, or limited twice."""
    with pytest.raises(ValidationError, match=said):
        scenario(units(), tier=tier)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"units": 7, "least_units": 15, "step_units": 5}, "allowed: 15"),
        ({"units": 16, "least_units": 15, "step_units": 5}, "allowed: 20"),
        ({"units": 16, "headroom_fraction": 0.1}, "it belongs to units that follow"),
        ({"price": {**HOURLY, **MONTHLY}}, "both are given"),
        ({"price": DATED}, "neither is given"),
    ],
)
def test_blocks_that_do_not_fit(terms, said):
    """What is not sold, or has no price, or two."""
    with pytest.raises(ValidationError, match=said):
        Provisioned.model_validate({**units(), **terms})


def test_a_request_larger_than_the_units_is_refused():
    """One unit passes 300 tokens a minute; a request counts 2 000."""
    with pytest.raises(ValidationError, match="it would never pass"):
        scenario(units(unit_tokens_per_minute=300.0, units=1))


def test_who_stands_in_may_not_stay_bound():
    """Units for a year, and a build of three months."""
    bought = {**api(), "price": None, "provisioned": units(MONTHLY, term_months=12)}
    own = {"router": {"kind": "static", "shares": {"other": 1.0}}, "meanwhile": "it",
           "people": {"build_engineer_weeks": 4, "build_months": 3}}  # fmt: skip

    with pytest.raises(ValidationError, match="units of tier 'bought' are committed for 12 months"):
        scene({"bought": bought, "other": api()}, {"it": static(bought=1.0), "own": own}, horizon_months=12)
