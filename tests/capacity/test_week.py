"""Bills of options whose answers depend on the load: the mean over the hours of the week, by hand."""

from __future__ import annotations

import pytest

from tco.capacity.week import week_rates, weights_of
from tco.demand.forecast import forecast, week_profile
from tco.pipeline import Evaluation, evaluate
from tests.laws.build import HOURS, api, chat, fixed, gpu, rate_traffic, scene, server, static

HALF_DAYS = [1.5] * 84 + [0.5] * 84
CALL = chat(input_tokens=fixed(900), output_tokens=fixed(100))
CHAIN = {"fallback": {"kind": "chain", "tiers_in_order": ["rest"], "reasons": ["rejected"]}}


def limited(week: list[float], months: int = 1, per_minute: float = 60.0, growth: float = 0.0) -> Evaluation:
    """1 request a second on average to an API that lets so many a minute through; the rest goes elsewhere."""
    tiers = {"first": api(limits={"requests_per_minute": per_minute, "burst_requests": 10}), "rest": api()}
    traffic = rate_traffic(1.0, hour_of_week=week, growth_fraction_per_month=growth) | {
        "arrivals": {"kind": "constant"}
    }
    changes = {"classes": {"call": CALL}, "traffic": traffic, "count": 2000, "horizon_months": months}
    return evaluate(scene(tiers, {"it": {**static(first=1.0), **CHAIN}}, **changes))


def spilt_share(found: Evaluation, month: int = 0) -> float:
    """Requests at the second tier over the month's."""
    meters = [each for each in found.meters if each.subject == "tiers.rest" and each.item == "requests"]
    return meters[month].quantity / found.months[month].requests


def test_only_the_busy_hours_spill():
    """At 1.5 a second a third is refused by 1 a second, at 0.5 none; 0.75 of the requests come at 1.5: 0.25 of all.

    The busiest hour's share times the volume would be a third.
    """
    found = limited(HALF_DAYS)
    busiest = found.plans["it"].window(0).tiers["rest"].visits_per_request

    assert pytest.approx(1 / 3, abs=0.02) == busiest
    assert pytest.approx(0.25, abs=0.015) == spilt_share(found)


def test_every_request_is_paid_once():
    """Whatever is refused by the first is answered by the second: 1 000 tokens each, all of them in the bill."""
    found = limited(HALF_DAYS)
    tokens = sum(each.quantity for each in found.meters if each.item in ("input_tokens", "output_tokens"))

    assert pytest.approx(HOURS * 1000 / 1e6, rel=1e-9) == tokens


def test_a_flat_week_is_as_before():
    """One load: 1 a second at a limit of 0.5 a second."""
    found = limited([1.0] * 168, per_minute=30.0)

    assert () == found.plans["it"].hours_of
    assert pytest.approx(0.5, abs=0.01) == spilt_share(found)


def test_each_month_has_its_own_hours():
    """Twice as many in the second month: 3 a second, of which 2/3 are refused, and 1 a second, of which few are."""
    found = limited(HALF_DAYS, months=2, growth=1.0)

    assert spilt_share(found, 0) < spilt_share(found, 1)
    assert pytest.approx(0.75 * 2 / 3, abs=0.06) == spilt_share(found, 1)


def test_nothing_depends_on_the_load_and_nothing_more_is_simulated():
    """Plain tiers: one window stands for all."""
    found = evaluate(scene({"a": api()}, {"it": static(a=1.0)}, traffic=rate_traffic(1.0, hour_of_week=HALF_DAYS)))

    assert () == found.plans["it"].hours_of
    assert 1 == found.plans["it"].window(0).loads


def test_a_fleet_that_is_full_spills_in_busy_hours_only():
    """One replica, one at a time, 0.5 s each: full at 2 a second. At 3 a second a third spills, at 1 next to none.

    With places for four in front of it. 0.75 of the requests come at 3 a second: about 0.25 of all.
    """
    one = server(max_sequences=1, alpha_s=0.005, beta_s_per_prefill_token=1e-9, gamma_s_per_sequence=0.0,
                 delta_s_per_context_token=0.0)  # fmt: skip
    tiers = {"own": gpu(server=one, max_replicas=1), "rest": api()}
    router = {"kind": "spill_over", "first": "own", "then": "rest", "full_at_requests": 5}
    traffic = rate_traffic(2.0, hour_of_week=HALF_DAYS)
    call = chat(input_tokens=fixed(1), output_tokens=fixed(100))
    found = evaluate(
        scene(tiers, {"it": {"router": router, "people": {}}}, classes={"call": call}, traffic=traffic, count=3000)
    )
    busiest = found.plans["it"].window(0).tiers["rest"].visits_per_request

    assert pytest.approx(1 / 3, abs=0.04) == busiest
    assert pytest.approx(0.27, abs=0.04) == spilt_share(found)


def test_the_mean_is_of_simulated_loads():
    """Weights sum to 1, and their mean rate is that of the requests: 0.75 x 1.5 + 0.25 x 0.5 = 1.25."""
    found = limited(HALF_DAYS)
    (month,), week = forecast(found.scenario), week_profile(found.scenario.traffic)
    rates = week_rates([month], week)
    weights = weights_of(rates, month.mean_rps, week)

    assert [window.rate_rps for window in found.plans["it"].hours_of[0]] == list(rates)
    assert pytest.approx(1.0) == sum(weights)
    assert pytest.approx(1.25) == sum(weight * rate for weight, rate in zip(weights, rates, strict=True))


def test_the_ledger_says_so():
    """The basis tells at how many loads of the week the count was seen."""
    found = limited(HALF_DAYS)

    assert found.ledger["basis"].str.contains("at 6 loads of the week").all()
