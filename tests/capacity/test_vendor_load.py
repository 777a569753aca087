"""Vendor load: overload is said in words, from averages, even where a window's burst hides it."""

from __future__ import annotations

from typing import Any

import pytest

from tco.decide.compare import compare
from tco.pipeline import Evaluation, evaluate
from tco.report.comparison import comparison_document
from tco.report.formats.markdown import markdown
from tests.laws.build import api, chat, fixed, rate_traffic, scene, static

CLASSES = {"chat": {"share": 1.0, "input_tokens": fixed(500), "output_tokens": fixed(100)}}
HOURS = {"turnaround_p50_s": 3600.0, "turnaround_p95_s": 7200.0, "discount_share": 0.5}


def loaded(rate_rps: float, classes: dict[str, Any] = CLASSES, **changes: Any) -> Evaluation:
    """Evaluate one vendor at a rate."""
    traffic = rate_traffic(rate_rps)
    return evaluate(scene({"bought": api(**changes)}, {"it": static(bought=1.0)}, classes=classes, traffic=traffic))


def overloads(evaluation: Evaluation) -> tuple[str, ...]:
    """What the option's plan says."""
    return tuple(each.words for each in evaluation.plans["it"].overloads)


def test_tokens_per_minute_by_hand():
    """588 000 tokens a minute at 600 a request are 16.33 req/s: 17 are too many, 16 are not."""
    limits = {"tokens_per_minute": 588_000.0}

    assert (
        "arrivals of 17 req/s exceed the limit of 16.33 req/s of tier bought "
        "(tokens_per_minute 588000 at 600 counted tokens a request)",
    ) == overloads(loaded(17.0, limits=limits))
    assert () == overloads(loaded(16.0, limits=limits))


def test_requests_per_minute_and_concurrency_by_hand():
    """588 requests a minute are 9.8 req/s; ten at once that take about 1.4 s each are about 7 req/s."""
    (by_requests,) = overloads(loaded(12.1, limits={"requests_per_minute": 588.0}))
    (by_slots,) = overloads(loaded(12.1, max_concurrency=10))

    assert by_requests.startswith("arrivals of 12.1 req/s exceed the limit of 9.8 req/s of tier bought")
    assert "max_concurrency 10 at 1." in by_slots


def test_a_burst_does_not_hide_the_overload():
    """An hour's burst lets a whole window pass; the SLO is missed all the same, and the report says why."""
    evaluation = loaded(12.0, limits={"requests_per_minute": 588.0, "burst_requests": 40_000.0})
    comparison = compare(evaluation)

    assert {} == evaluation.plans["it"].windows[0].unanswered
    assert not comparison["it"].slo_kept
    text = markdown(comparison_document(evaluation, comparison))
    assert "it is overloaded: arrivals of 12 req/s exceed the limit of 9.8 req/s of tier bought" in text
    assert "missed: overload" in text


def test_batch_requests_do_not_count():
    """With half of the requests at the batch endpoint 12 req/s are 6 within a limit of 9.8."""
    classes = {"person": {**CLASSES["chat"], "share": 0.5}, "nightly": {**chat(0.5, "async")}}

    assert () == overloads(loaded(12.0, classes, limits={"requests_per_minute": 588.0}, batch=HOURS))
    assert 1 == len(overloads(loaded(12.0, classes, limits={"requests_per_minute": 588.0})))


def test_every_month_has_its_own_refusals():
    """With growth, a limit that does not bind in the first month bills fewer requests than come in the last."""
    traffic = {**rate_traffic(4.0), "growth_fraction_per_month": 0.5}
    scenario = scene(
        {"bought": api(limits={"requests_per_minute": 400.0})}, {"it": static(bought=1.0)},
        traffic=traffic, horizon_months=4,
    )  # fmt: skip
    evaluation = evaluate(scenario)
    lost = [sum(evaluation.plans["it"].window(month).unanswered.values()) for month in range(4)]

    assert 0.0 == lost[0]
    assert lost == sorted(lost)
    assert 0.4 < lost[3]
    assert 4 == len(evaluation.plans["it"].windows)


def test_refusals_and_outages_are_noted():
    """The report says how often the vendor refused, and how little a window knows of outages."""
    evaluation = loaded(
        5.0, limits={"requests_per_minute": 240.0, "burst_requests": 10.0}, retry={"max_retries": 1},
        outages={"mtbf_hours": 700.0, "mttr_hours": 1.0},
    )  # fmt: skip
    text = markdown(comparison_document(evaluation, compare(evaluation)))

    assert "bought answers 429" in text
    assert "bought is down 0.14% of the time, 1 h each time" in text


@pytest.mark.parametrize("rate_rps", [0.5, 5.0])
def test_an_ample_limit_is_not_noted(rate_rps):
    """Nothing is said where nothing was refused."""
    evaluation = loaded(rate_rps, limits={"requests_per_minute": 6000.0})

    assert "429" not in markdown(comparison_document(evaluation, compare(evaluation)))
