"""Claims that are judged in no time: each against numbers worked by hand, and each able to come out otherwise."""

from __future__ import annotations

from functools import cache

import pytest

from tco.decide.advice import (
    c05_escalation,
    c06_routing,
    c07_hybrid,
    c11_vector_prices,
    c12_ann_cache,
    c13_engineer_time,
)
from tco.scenario.loader import load_scenario
from tco.validation.claims import Claim, Finding, Play, known_claims
from tco.validation.claims.c05_escalation import most_ratio, times_cheaper
from tco.validation.claims.c06_payback import loaded_usd
from tests.claims.judging import CLAIMS, judged


@cache
def play(number: str) -> Play:
    """A claim's scenario."""
    return Play(load_scenario(CLAIMS / known_claims()[number].file).scenario)


def otherwise(number: str, **usd_per_request: float) -> Finding:
    """A claim judged at other prices."""
    claim: Claim = known_claims()[number]()
    return claim.judge(play(number).with_prices(usd_per_request))


def close(expected: float, within: float = 1e-6) -> object:
    """Say how near is near enough: prices of the scenarios have ten digits."""
    return pytest.approx(expected, rel=within)


def test_c1_ten_thousand_users():
    """10 000 x 0.5 x 30 = 150 000 calls, times $0.10 = $15 000."""
    found = judged("C1")

    assert 150_000 == found.figures["requests"]
    assert close(15_000.0) == found.figures["month_usd"]
    assert "follows" == found.verdict
    assert "does not follow" == otherwise("C1", model=0.2).verdict


def test_c2_saving_is_not_cost():
    """30 % of $15 000 is $4 500 a month, $54 000 a year; $126 000 less than $180 000, 70 %."""
    found = judged("C2")

    assert close(4_500.0) == found.figures["month_usd"]
    assert close(54_000.0) == found.figures["year_usd"]
    assert close(126_000.0) == found.figures["saved_usd"]
    assert close(0.70) == found.figures["saved_share"]
    assert "does not follow" == found.verdict


def test_c2_would_follow_at_four_sevenths_of_the_price():
    """0.7 x 4/7 + 0.3 = 0.7: the year costs $126 000 and 30 % are saved."""
    assert close(4 / 7) == judged("C2").figures["price_ratio"]
    assert close(126_000.0) == judged("C2").figures["third_option_usd"]
    assert "follows" == otherwise("C2", free=0.1 * 4 / 7).verdict


def test_c3_exactly():
    """0.6 x 0.0005 + 0.4 x 0.02 = 0.0083; 1 - 0.0083 / 0.02 = 58.5 %; x 150 000 = $1 245."""
    found = judged("C3")

    assert close(0.0083) == found.figures["each_usd"]
    assert close(0.585) == found.figures["saved_share"]
    assert close(1_245.0) == found.figures["month_usd"]
    assert "follows" == found.verdict
    assert "does not follow" == otherwise("C3", small=0.002).verdict  # 0.0092: 54 %


def test_c4_margin():
    """(300 - 3 000) / 300 = -9; with the split (300 - 1 245) / 300 = -3.15."""
    found = judged("C4")

    assert close(-9.0) == found.figures["margin_share"]
    assert close(-3.15) == found.figures["split_margin_share"]
    assert "follows" == found.verdict
    assert "does not follow" == otherwise("C4", large=0.002).verdict  # -0


@pytest.mark.parametrize(
    ("ratio", "escalated", "times"), [(0.10, 0.15, 4.0), (0.05, 0.20, 4.0), (1 / 60, 0.15, 6.0), (0.0, 0.25, 4.0)]
)
def test_c5_by_hand(ratio, escalated, times):
    """Everybody pays r, a share e the whole: 1 / (0.10 + 0.15) = 4, 1 / (1/60 + 0.15) = 6."""
    assert close(times) == times_cheaper(ratio, escalated)
    assert pytest.approx(ratio, abs=1e-12) == most_ratio(times, escalated)


def test_c5_the_simulation_keeps_the_formula():
    """At four pairs of price and share, and at the scenario's ratio of 0.01: 6.25, 4.76, 3.85."""
    figures = judged("C5").figures

    assert figures["formula_off_share"] < 0.002
    assert close(6.25, 0.02) == figures["times_at_15_ratio"]
    assert close(4.762, 0.02) == figures["times_at_20_ratio"]
    assert close(3.846, 0.02) == figures["times_at_25_ratio"]
    assert most_ratio(c05_escalation.HIGH, 0.17) < 0


def test_c5_a_shorter_second_prompt_reaches_four_at_a_quarter():
    """Half of the prompt in the second call is a good quarter of its cost: 1 / (0.01 + 0.25 x 0.73) = 5.2."""
    assert judged("C5").figures["times_at_25_ratio"] < 4 < 5 < judged("C5").figures["shorter_at_25_ratio"] < 5.6


def test_c6_by_hand():
    """3 weeks paid back in 3 months by $1 000: 3 x 1 000 x 52 / 3 = $52 000 a year; 14 months at $240 000."""
    found = judged("C6")

    assert close(52_000.0) == found.figures["middle_usd_per_year"]
    assert close(3 * 2_000.0 * 52 / 2) == found.figures["best_net_usd_per_year"]
    assert close(3 * 2_500.0 * 52 / 2) == found.figures["best_gross_usd_per_year"]
    assert "does not follow" == found.verdict
    assert 14 == play("C6").numbers().comparison["routed"].break_even_month + 1


def test_c6_holds_at_that_cost():
    """At $52 000 the plan breaks even within the third month, at $54 000 after it: three weeks are $3 115."""
    key = "people.engineer.loaded_year_usd_per_year"
    within, after = (
        play("C6").numbers({key: usd}).comparison["routed"].break_even_month for usd in (51_999.0, 54_000.0)
    )

    assert (2, 3) == (within, after)
    assert close(51_999.0) == loaded_usd(3.0, 1000.0, 3.0) - 1
    assert 3.0 == c06_routing.PAYS_BACK_MONTHS


def test_c6_at_its_best_end():
    """$2 500 less $500 of GPU pay back 2 weeks at $156 000 a year, $6 000, in 3 months; at $160 000 in the fourth."""
    best = {
        "people.engineer.loaded_year_usd_per_year": 155_999.0,
        "options.routed.people.build_engineer_weeks": 2.0,
        "tiers.small-gpu.price.gpu_hour_usd_per_gpu_hour": 500 / 730,
    }
    there = Play(play("C6").changed(best)).with_prices({"frontier": 2_500 / 70_000})
    dearer = {"people.engineer.loaded_year_usd_per_year": 160_000.0}

    assert 2 == there.numbers().comparison["routed"].break_even_month
    assert 3 == there.numbers(dearer).comparison["routed"].break_even_month


def test_c7_on_models_and_with_people():
    """1 / (0.7 x 0.01 + 0.22 x 0.1 + 0.08) = 9.17; with people less than 1, and 3 where models are dear enough."""
    figures = judged("C7").figures

    assert close(1 / 0.109, 0.02) == figures["on_models_ratio"]
    assert figures["in_all_ratio"] < 1
    assert close(c07_hybrid.LOW, 1e-3) == figures["checked_ratio"]
    assert figures["ttft_p95_s"] > 0.5


def test_c7_model_spend_by_hand():
    """0.3 engineers and 4 weeks against 0.05 and 1 week, at $241 429: (3 x 235 857 - 40 856) / (1 - 3 / 9.2)."""
    year = 241_429.0
    hybrid, one = year * (0.3 * 3 + 4 / 52), year * (0.05 * 3 + 1 / 52)
    needed = (3 * hybrid - one) / (1 - 3 / judged("C7").figures["on_models_ratio"])

    assert close(needed / 36, 1e-4) == judged("C7").figures["needed_usd_per_month"]


def test_c9_order_holds_and_lines_move():
    """A managed API at 50 k and a hybrid at 50 M whatever the price; at 5 M own GPUs do not pay at any of them."""
    found = judged("C9")

    assert close(7 / 12) == found.figures["agreeing_cells_ratio"]
    assert all("api at 50 k" in told and "hybrid at 50 M" in told for told in found.gives[:3])
    assert "allows own;" in found.gives[3]


def test_c10_two_gpus_a_month():
    """2 x 730 h x $3.9492 is $5 765.83, x $6.88 is $10 044.80."""
    figures = judged("C10").figures

    assert close(5_765.832) == figures["two_at_platform_usd_per_month"]
    assert close(10_044.80) == figures["two_at_large-cloud_usd_per_month"]
    assert 1.0 == figures["inside_platforms_share"]
    assert figures["inside_large_clouds_share"] <= 0.5
    assert 730 * 2 * 2.69 == pytest.approx(figures["two_at_marketplace_usd_per_month"])


def test_c11_arithmetic():
    """150 x $0.03 = $4.50 and 150 x $0.20 = $30.00, not $45 and $900."""
    found = judged("C11")

    assert close(4.50) == found.figures["low_usd_per_month"]
    assert close(30.0) == found.figures["high_usd_per_month"]
    assert close(50.0) == found.figures["listed_usd_per_month"]
    assert "does not follow" == found.verdict


def test_c11_would_follow_at_the_prices_that_its_bill_implies():
    """$45 / 150 = $0.30 and $900 / 150 = $6."""
    key = "options.{}.retrieval.price.query_usd_per_1k_queries".format
    dearer = play("C11").changed({key("low-price"): 0.30, key("high-price"): 6.0})

    assert "follows" == known_claims()["C11"]().judge(Play(dearer)).verdict
    assert (45.0, 900.0) == (c11_vector_prices.CLAIMED_LOW_USD, c11_vector_prices.CLAIMED_HIGH_USD)


def test_c12_crossover_by_hand():
    """$40.88 of memory and 1/40 of $241 429 / 12 = $502.98 over 0.6 x $0.0002: 4.53 M; $9.06 at 100 k."""
    fixed = 2 * 20.44 + 241_429 / 12 / 40
    found = judged("C12")

    assert close(fixed, 1e-5) == found.figures["fixed_usd_per_month"]
    assert close(fixed / (0.6 * 0.0002) / 100_000, 1e-5) == found.figures["crossover_ratio"]
    assert close(1000 * fixed / 0.6 / c12_ann_cache.ABOVE, 1e-5) == found.figures["price_usd_per_1k_queries"]
    assert abs(found.figures["off_share"]) < 1e-6
    assert "does not follow" == found.verdict


def test_c12_would_follow_at_nine_dollars():
    """At $9.07 per thousand queries the crossover is below 100 000."""
    key = "options.{}.retrieval.price.query_usd_per_1k_queries".format
    dearer = play("C12").changed({key("database"): 9.07, key("cached"): 9.07})

    assert "follows" == known_claims()["C12"]().judge(Play(dearer)).verdict


def test_c13_half_an_engineer():
    """$100 000 less 0.5 x $280 000 = -$40 000 a year; 100 / 280 = 0.357 of an engineer is the most."""
    figures = judged("C13").figures

    assert pytest.approx(0.0, abs=0.01) == figures["left_at_200k_usd_per_year"]
    assert close(-40_000.0) == figures["left_at_280k_usd_per_year"]
    assert close(0.357143, 1e-5) == figures["most_at_280k_fte"]
    assert close(200_000.0) == c13_engineer_time.SAVING_USD / c13_engineer_time.ENGINEERS


def test_c15_duplicates_and_near_duplicates():
    """One miss in about 400 and 400 look-ups; near-duplicates pay most of the calls again; threshold against faults."""
    figures = judged("C15").figures

    assert 1.0 < figures["duplicates_calls_ratio"] < 1.5
    assert figures["near_duplicates_calls_ratio"] > 200
    assert figures["saved_at_90_share"] < 0.3 < figures["saved_at_85_share"] < 0.4 < figures["saved_at_80_share"]
    assert figures["wrong_at_95_share"] < figures["wrong_at_85_share"] < figures["wrong_at_80_share"]


def test_c16_growth_by_hand():
    """3^(1/12) = 1.0959; the drift alone makes 1.4 and 1.9; 3 / 1.9 = 1.58 times the traffic is left to explain."""
    found = judged("C16")

    assert close(3.0, 1e-3) == found.figures["traffic_3x_ratio"]
    assert close(8.0, 1e-3) == found.figures["traffic_8x_ratio"]
    assert close(1.4, 1e-6) == found.figures["drift_40_ratio"]
    assert close(1.9, 1e-6) == found.figures["drift_90_ratio"]
    assert "1.6 to 2.1 times the traffic" in found.gives[2]
