"""Advice: each rule against plans worked by hand, one that agrees and one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from tco.decide.advice import Advice, advice
from tco.decide.compare import compare
from tco.pipeline import evaluate
from tests.laws.build import DATED, api, escalation, fixed, flat_api, gpu, retrieval, scene, static

CHAT = {"chat": {"share": 1.0, "input_tokens": fixed(1000), "output_tokens": fixed(200)}}


def judge(rule: str, tiers: dict[str, Any], options: dict[str, Any], **changes: Any) -> Advice:
    """One rule's word on a plan of a year at 150 000 requests a month."""
    plain: dict[str, Any] = {"classes": CHAT, "slo": {"e2e_p95_s": 60.0}, "count": 1000, "horizon_months": 12}
    found = evaluate(scene(tiers, options, **{**plain, **changes}))
    return next(each for each in advice(found, compare(found)) if each.rule == rule)


def traffic(requests: float) -> dict[str, Any]:
    """So many requests a month."""
    return {"requests_per_month": requests, "arrivals": {"kind": "poisson"}}


def staffed(option: dict[str, Any], fte: float, weeks: float = 0.0) -> dict[str, Any]:
    """An option with engineers."""
    return {**option, "people": {"run_engineer_fte": fte, "build_engineer_weeks": weeks}}


def test_every_rule_of_the_brief_is_there():
    """C5 to C13, in order."""
    found = evaluate(scene({"it": flat_api(0.01)}, {"it": static(it=1.0)}, classes=CHAT, slo={}, count=200))

    assert [f"C{number}" for number in range(5, 14)] == [each.rule for each in advice(found, compare(found))]


@pytest.mark.parametrize(("cheap_usd", "agrees", "times"), [(0.0001, True, "4.8 x"), (0.004, False, "2.5 x")])
def test_escalation(cheap_usd, agrees, times):
    """A fifth escalated: 1 / (0.005 + 0.2) = 4.9 or, at 0.2 of the dear one's cost, 1 / 0.4 = 2.5."""
    tiers = {"cheap": flat_api(cheap_usd), "dear": flat_api(0.02)}
    found = judge("C5", tiers, {"it": escalation(0.2, "cheap", "dear"), "one": static(dear=1.0)})

    assert agrees is found.agrees
    assert times in found.numbers or "4.9 x" in found.numbers


def test_a_split_is_no_escalation():
    """Half here, half there is not judged."""
    tiers = {"cheap": flat_api(0.001), "dear": flat_api(0.02)}
    found = judge("C5", tiers, {"it": static(cheap=0.5, dear=0.5)})

    assert found.agrees is None
    assert "no option asks a second tier" in found.why


@pytest.mark.parametrize(("fte", "agrees"), [(0.0, True), (0.5, False)])
def test_routing_pays_back(fte, agrees):
    """80 % moved from $0.02 to nothing saves $2 400 a month; four weeks cost $20 000; half an engineer costs $10 833.

    Without the engineer $20 000 / $2 400 is 8.3 months: more than 3; two days are paid back in one.
    """
    tiers = {"cheap": flat_api(0.0), "dear": flat_api(0.02)}
    split = staffed(static(cheap=0.8, dear=0.2), fte, 0.4)
    found = judge("C6", tiers, {"one": static(dear=1.0), "split": split})

    assert agrees is found.agrees


@pytest.mark.parametrize(("cheap_usd", "agrees"), [(0.001, True), (0.015, False)])
def test_hybrid_against_one_model(cheap_usd, agrees):
    """70 / 20 / 10 at $0.001, $0.004 and $0.02 is $0.0035, 5.7 x less than $0.02; at $0.015 it is 1.5 x less."""
    tiers = {"cheap": flat_api(cheap_usd), "mid": flat_api(0.004), "dear": flat_api(0.02)}
    options = {"one": static(dear=1.0), "three": static(cheap=0.7, mid=0.2, dear=0.1)}

    assert agrees is judge("C7", tiers, options).agrees


@pytest.mark.parametrize(
    ("usd_per_request", "fte", "agrees"),
    [(0.01, 1.0, True), (0.5, 1.0, True), (0.5, 20.0, False), (0.2, 0.0, False)],
)
def test_self_hosting(usd_per_request, fte, agrees):
    """$1 500 a month: buy, rightly; $75 000: build, rightly, unless 20 engineers run it; $30 000: buy, wrongly."""
    tiers = {"own": gpu(2.0), "bought": flat_api(usd_per_request)}
    options = {"build": staffed(static(own=1.0), fte), "buy": static(bought=1.0)}

    assert agrees is judge("C8", tiers, options).agrees


def test_default_by_volume():
    """150 000 requests on an API agree; 3 million on an API alone do not; sensitive ones on own GPUs do."""
    tiers = {"own": gpu(2.0), "bought": flat_api(0.0001)}
    options = {"build": static(own=1.0), "buy": static(bought=1.0)}
    private = {"chat": {**CHAT["chat"], "sensitive": True}}

    assert judge("C9", tiers, options).agrees is True
    assert judge("C9", tiers, options, traffic=traffic(3e6)).agrees is False
    assert judge("C9", {"own": gpu(2.0)}, {"build": static(own=1.0)}, classes=private).agrees is True


@pytest.mark.parametrize(("usd_per_hour", "replicas", "agrees"), [(4.0, 2, True), (4.0, 1, False), (9.0, 1, False)])
def test_gpu_prices(usd_per_hour, replicas, agrees):
    """Two GPUs at $4 are $5 840 a month; one is $2 920, below the baseline; $9 is above the range."""
    tiers = {"own": gpu(usd_per_hour, min_replicas=replicas)}

    assert agrees is judge("C10", tiers, {"it": static(own=1.0)}).agrees


def test_vector_prices():
    """150 thousand queries at $0.10 are $15 and $3 of storage: $0.12 a thousand; a minimum of $90 makes it $0.60."""
    for minimum, agrees in ((0.0, True), (90.0, False)):
        price = {
            "query_usd_per_1k_queries": 0.1, "storage_usd_per_gb_month": 0.3, "minimum_usd_per_month": minimum, **DATED
        }  # fmt: skip
        option = {**static(bought=1.0), "retrieval": retrieval(price=price)}

        assert agrees is judge("C11", {"bought": flat_api(0.001)}, {"it": option}).agrees


def test_the_price_told_is_that_of_the_option_that_queries_most():
    """Where another option queries less, at another price."""
    price = {"storage_usd_per_gb_month": 0.0, "minimum_usd_per_month": 0.0, **DATED}
    options = {
        name: {
            **static(bought=1.0),
            "retrieval": retrieval(price={"query_usd_per_1k_queries": usd, **price}, queries_per_request=queries),
        }
        for name, usd, queries in (("dear", 0.5, 1), ("often", 0.1, 3))
    }
    found = judge("C11", {"bought": flat_api(0.001)}, options)

    assert "often: 450 k queries a month at $0.1 per 1 k, $0.1 with storage" in found.numbers


def test_ann_cache():
    """A cache that saves half of $0.10 a thousand and costs $30 pays from 600 000, so not at 150 000."""
    price = {"query_usd_per_1k_queries": 0.1, "storage_usd_per_gb_month": 0.0, "minimum_usd_per_month": 0.0, **DATED}
    index = {
        "answered_share": 0.5, "latency": {"p50_s": 0.001, "p95_s": 0.002}, "memory_gb": 3.0,
        "price": {"memory_usd_per_gb_month": 10.0, **DATED}, "operations_engineer_fte": 0.0,
    }  # fmt: skip
    option = {**static(bought=1.0), "retrieval": {**retrieval(price=price), "ann_cache": index}}
    at_150_000, at_900_000 = (
        judge("C12", {"bought": flat_api(0.001)}, {"it": option}, traffic=traffic(volume)) for volume in (15e4, 9e5)
    )

    assert "from 600,000 retrievals a month" in at_150_000.numbers
    assert (False, True) == (at_150_000.agrees, at_900_000.agrees)


def test_engineer_time():
    """At $260 000 a year half an engineer is $130 000; a saving of $100 000 is worth 0.38 of one, not 0.5."""
    tiers = {"own": gpu(2.0), "bought": flat_api((100_000 + 17_520) / 12 / 150_000)}
    for fte, agrees in ((0.3, True), (0.45, False), (0.6, True)):
        options = {"build": staffed(static(own=1.0), fte), "buy": static(bought=1.0)}

        assert agrees is judge("C13", tiers, options).agrees


def test_rules_without_a_case_say_so():
    """Nothing to build, to search or to cache."""
    for rule in ("C5", "C6", "C7", "C8", "C10", "C11", "C12", "C13"):
        found = judge(rule, {"bought": api()}, {"it": static(bought=1.0)}, horizon_months=1)

        assert found.agrees is None
        assert found.why
