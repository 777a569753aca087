"""The comparison and its recommendation say what the numbers say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tco.decide.compare import compare
from tco.pipeline import evaluate
from tco.report.recommendation import recommendation
from tco.scenario import Scenario
from tco.scenario.loader import load_scenario
from tests.laws.build import api, cache, rate_traffic, scene, static

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def claims():
    """The published claims C3 and C4 as a scenario."""
    return load_scenario(SCENARIOS / "document-analysis.yaml").scenario


def with_slo(scenario: Scenario, **limits: float) -> Scenario:
    """Return the scenario with other limits."""
    return scenario.model_copy(update={"slo": scenario.slo.model_copy(update=limits)})


def test_the_published_split_comes_to_1245_dollars_a_month(claims):
    """Brief C3: 150 000 requests, 60 % at $0.0005 and 40 % at $0.02, are $1,245 a month and $0.0083 each."""
    option = compare(evaluate(claims))["split-60-40"]

    assert 1_245.00 == pytest.approx(option.monthly_usd[0], rel=1e-12)
    assert 0.0083 == pytest.approx(option.cost_usd_per_request, rel=1e-12)


def test_the_published_seat_loses_nine_times_its_price(claims):
    """Brief C4: a $300 seat with $3,000 of inference has a gross margin of -900 %."""
    option = compare(evaluate(claims))["one-model"]

    assert -9.0 == pytest.approx(option.gross_margin, rel=1e-12)


def test_the_recommended_option_keeps_the_slo_at_the_lowest_present_value(claims):
    """No option that keeps the SLO is cheaper in present value."""
    comparison = compare(evaluate(claims))

    keeping = {option.name: option.npv_usd for option in comparison.options if option.slo_kept}
    assert comparison.chosen == min(keeping, key=keeping.get)


def test_nothing_is_recommended_when_nothing_keeps_the_slo(claims):
    """A limit that no option reaches is said, with the limit and what is reached."""
    strict = with_slo(claims, ttft_p95_s=0.001)
    comparison = compare(evaluate(strict))

    assert comparison.chosen is None
    assert "No option keeps the SLO" in recommendation(comparison, strict)
    assert "limit 0.001 s" in recommendation(comparison, strict)


def test_the_recommendation_is_two_sentences(claims):
    """Two full stops at the end of words, and the numbers in between."""
    text = recommendation(compare(evaluate(claims)), claims)

    assert 2 == text.count(". ") + text.endswith(".")
    assert "$44,820" in text


def test_the_baseline_is_cheapest_to_start_and_has_no_break_even():
    """Break-even is measured against the option with the lowest first month."""
    comparison = compare(evaluate(load_scenario(SCENARIOS / "support-copilot.yaml")))

    baseline = comparison[comparison.baseline]
    assert baseline.monthly_usd[0] == min(option.monthly_usd[0] for option in comparison.options)
    assert baseline.break_even_month is None
    assert comparison["routed"].break_even_month == 10


def test_a_good_answer_costs_what_all_months_good_answers_cost():
    """A cache that fills as traffic grows answers more, and worse: each month counts with its own share."""
    popularity = {"questions": 500, "exponent": 1.0, "source": "made up"}
    policy = {"kind": "semantic", "popularity": popularity, "threshold": 0.7, "ttl_s": 3600.0}
    option = {**static(api=1.0), "cache": {**cache(0.0), "policy": policy}}
    good = {"kind": "fixed", "success_share": 0.9, "source": "made up"}
    traffic = {**rate_traffic(0.05), "growth_fraction_per_month": 1.0}
    model = scene({"api": api(quality=good)}, {"it": option}, count=1000, horizon_months=6, traffic=traffic)
    evaluation = evaluate(model)
    monthly = [evaluation.plans["it"].window(month).success_share for month in range(6)]
    volumes = [month.requests for month in evaluation.months]
    expected = sum(share * volume for share, volume in zip(monthly, volumes, strict=True))
    found = compare(evaluation)["it"]

    assert max(monthly) - min(monthly) > 0.01
    assert expected / sum(volumes) == pytest.approx(found.success_share, rel=1e-12)
    assert found.total_usd / expected == pytest.approx(found.cost_usd_per_success, rel=1e-12)
