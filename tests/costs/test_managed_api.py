"""Managed API's bill, by hand: batch, cached and very long prompts at their own prices; what failed costs nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tco.costs.request_tokens import token_costs
from tco.domain import Meter
from tco.errors import CatalogError
from tco.pipeline import Evaluation, evaluate
from tests.costs.test_ledger import CHAT, line, lines
from tests.laws.build import DATED, api, fixed, flat_api, scene, static

LENGTHS = {"input_tokens": fixed(1000), "output_tokens": fixed(200)}
CLASSES = {
    "person": {"share": 0.75, **LENGTHS},
    "nightly": {"share": 0.25, "latency_class": "async", **LENGTHS},
}
HOURS = {"turnaround_p50_s": 3600.0, "turnaround_p95_s": 7200.0}


def bill(tier: dict[str, Any], **changes: Any) -> Evaluation:
    """Evaluate one vendor on 150 000 requests of 1 000 tokens in and 200 out, a quarter of them async."""
    return evaluate(
        scene({"bought": tier}, {"it": static(bought=1.0)}, **{"classes": CLASSES, "count": 400, **changes})
    )


def usd(evaluation: Evaluation) -> dict[str, float]:
    """Amount by item."""
    return dict(zip(evaluation.ledger["item"], evaluation.ledger["cost_usd"], strict=True))


def test_a_batch_discount_by_hand():
    """112.5 Mtok in at $1 and 22.5 out at $4; by batch at half, 37.5 in at $0.50 and 7.5 out at $2."""
    amounts = usd(bill(api(1.0, 4.0, batch={**HOURS, "discount_share": 0.5})))

    assert {
        "bought input tokens": 112.50, "bought output tokens": 90.00,
        "bought batch input tokens": 18.75, "bought batch output tokens": 15.00,
    } == pytest.approx(amounts)  # fmt: skip


def test_batch_prices_of_their_own_by_hand():
    """37.5 Mtok at $0.40 and 7.5 at $1, with the batch price's own source and key."""
    price = {
        "input_usd_per_mtok": 0.4,
        "output_usd_per_mtok": 1.0,
        "source": "batch contract",
        "source_date": "2026-01-31",
    }
    evaluation = bill(api(1.0, 4.0, batch={**HOURS, "price": price}))

    batch_line = line(evaluation, "bought batch input tokens")
    assert 15.00 == pytest.approx(batch_line["cost_usd"])
    assert 7.50 == pytest.approx(line(evaluation, "bought batch output tokens")["cost_usd"])
    assert ("batch contract", "tiers.bought.batch.price") == (batch_line["source"], batch_line["scenario_key"])


def test_the_catalogs_batch_price_is_used_where_nothing_else_is_said():
    """OpenAI's gpt-4o costs half by batch in the catalog: $1.25 and $5 a million."""
    amounts = usd(bill(api(price="openai/gpt-4o", batch=HOURS)))

    assert 37.5 * 1.25 == pytest.approx(amounts["bought batch input tokens"])
    assert 7.5 * 5.00 == pytest.approx(amounts["bought batch output tokens"])
    assert 112.5 * 2.50 == pytest.approx(amounts["bought input tokens"])


@pytest.mark.parametrize(("batch", "input_usd", "output_usd"), [({}, 3.0, 11.25), ({"discount_share": 0.4}, 3.6, 13.5)])
def test_long_prompts_pay_their_own_prices_in_a_batch(batch, input_usd, output_usd):
    """Claude Sonnet 4.5 above 200 000 tokens: $3 and $11.25 by batch, or $6 and $22.50 less 40 %; below, $1.50."""
    lengths = {"input_tokens": fixed(250_000), "output_tokens": fixed(200)}
    short = {"share": 0.25, "latency_class": "async", **LENGTHS}
    classes = {"long": {**short, "share": 0.75, **lengths}, "short": short}
    evaluation = bill(api(price="anthropic/claude-sonnet-4-5", batch={**HOURS, **batch}), classes=classes)
    amounts = usd(evaluation)

    assert 112_500 * 0.25 * input_usd == pytest.approx(amounts["bought batch input tokens of long prompts"])
    assert 112_500 * 0.0002 * output_usd == pytest.approx(amounts["bought batch output tokens of long prompts"])
    assert 37.5 * input_usd / 2 == pytest.approx(amounts["bought batch input tokens"])
    cost = token_costs(evaluation.scenario, ("bought",))["bought"]
    assert 0.25 * input_usd + 0.0002 * output_usd == pytest.approx(cost.of(250_000, 200, is_async=True))


def test_batch_requests_at_a_price_per_request():
    """112 500 at $0.002 and 37 500 at $0.001."""
    amounts = usd(bill(flat_api(0.002, batch={**HOURS, "discount_share": 0.5})))

    assert {"bought requests": 225.00, "bought batch requests": 37.50} == pytest.approx(amounts)


def test_cached_input_by_hand():
    """Of 150 Mtok in, 40 % at $0.10 and the rest at $1: $6 and $90."""
    price = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, "cached_input_usd_per_mtok": 0.1, **DATED}
    amounts = usd(bill(api(price=price, cached_input_share=0.4), classes=CHAT))

    assert {
        "bought input tokens": 90.00, "bought cached input tokens": 6.00, "bought output tokens": 120.00,
    } == pytest.approx(amounts)  # fmt: skip


def test_cache_writes_by_hand():
    """Of 150 Mtok in, 40 % are read at $0.10, 20 % written at $1.25, the rest is $1: $6, $37.50 and $60."""
    price = {
        "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, "cached_input_usd_per_mtok": 0.1,
        "cache_write_usd_per_mtok": 1.25, **DATED,
    }  # fmt: skip
    amounts = usd(bill(api(price=price, cached_input_share=0.4, cache_write_share=0.2), classes=CHAT))

    assert {
        "bought input tokens": 60.00, "bought cached input tokens": 6.00,
        "bought input tokens written into the cache": 37.50, "bought output tokens": 120.00,
    } == pytest.approx(amounts)  # fmt: skip


def test_cache_writes_in_the_ledger_and_of_a_request_agree():
    """Every request has 1 000 tokens in and 200 out: 150 000 times the one is the other."""
    price = {
        "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, "cached_input_usd_per_mtok": 0.1,
        "cache_write_usd_per_mtok": 1.25, **DATED,
    }  # fmt: skip
    evaluation = bill(api(price=price, cached_input_share=0.4, cache_write_share=0.2), classes=CHAT)
    cost = token_costs(evaluation.scenario, ("bought",))["bought"]

    assert 150_000 * cost.of(1000, 200, 400) == pytest.approx(evaluation.ledger["cost_usd"].sum())


def test_long_prompts_pay_the_catalogs_higher_price_for_the_whole_request():
    """Claude Haiku 5.5 asks $0.50 and $2.50 a million for prompts above 100 000 tokens."""
    long = {"share": 0.5, "input_tokens": fixed(100_001), "output_tokens": fixed(200)}
    short = {"share": 0.5, "input_tokens": fixed(100_000), "output_tokens": fixed(200)}
    evaluation = bill(api(price="anthropic/claude-haiku-5-5"), classes={"long": long, "short": short})

    assert 75_000 * 0.100001 * 0.5 == pytest.approx(line(evaluation, "bought input tokens of long prompts")["cost_usd"])
    assert 75_000 * 0.0002 * 2.5 == pytest.approx(line(evaluation, "bought output tokens of long prompts")["cost_usd"])
    assert 7500.0 == pytest.approx(line(evaluation, "bought input tokens")["quantity"])


def test_what_gets_no_answer_is_not_billed():
    """Half of the requests come too many at once and are refused, a quarter of the rest fails: 3/8 are paid."""
    traffic = {"requests_per_month": 150_000.0, "arrivals": {"kind": "gamma", "interarrival_cv": 0.06}}
    rate_per_minute = 150_000 / 730 / 60
    refusing = api(limits={"requests_per_minute": rate_per_minute / 2, "burst_requests": 2.0})
    failing = api(error_share=0.25)
    both = api(limits={"requests_per_minute": rate_per_minute / 2, "burst_requests": 2.0}, error_share=0.25)

    for tier, paid in ((refusing, 0.5), (failing, 0.75), (both, 0.375)):
        evaluation = bill(tier, classes=CHAT, traffic=traffic, count=1000)
        (window,) = evaluation.plans["it"].windows
        lost = sum(window.unanswered.values())
        assert 1 - paid == pytest.approx(lost, abs=0.03)
        assert 150.0 * (1 - lost) == pytest.approx(line(evaluation, "bought input tokens")["quantity"], rel=1e-9)


def test_the_parts_add_up_to_what_was_read():
    """Interactive, cached and batch tokens together are all the tokens, on every line's own basis."""
    price = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, "cached_input_usd_per_mtok": 0.1, **DATED}
    evaluation = bill(api(price=price, cached_input_share=0.3, batch={**HOURS, "discount_share": 0.5}))

    ledger = evaluation.ledger
    assert 150.0 == pytest.approx(ledger[ledger["item"].str.contains("input")]["quantity"].sum())
    assert 30.0 == pytest.approx(ledger[ledger["item"].str.contains("output")]["quantity"].sum())
    assert "charged apart" in line(evaluation, "bought input tokens")["basis"]


def test_an_unknown_price_for_cached_input_stops_the_ledger():
    """Changed behind the checks, a share of cached input without a price is an error, not free."""
    scenario = scene({"bought": api()}, {"it": static(bought=1.0)})
    tier = scenario.tiers["bought"].model_copy(update={"cached_input_share": 0.5})
    planted = scenario.model_copy(update={"tiers": {"bought": tier}})
    meters = [("tiers.bought", item, 1.0, "Mtok") for item in ("input_tokens", "output_tokens")]

    with pytest.raises(CatalogError, match="cached_input"):
        lines(planted, *meters)


def test_counts_of_the_station_reach_the_meters():
    """Refused tries and retries are read every month, unpriced."""
    from tco.capacity.meters import read_meters

    scenario = scene(
        {"bought": api(limits={"requests_per_minute": 2.0}, retry={"max_retries": 1})}, {"it": static(bought=1.0)}
    )
    evaluation = evaluate(scenario)
    readings: dict[str, Meter] = {
        meter.item: meter for meter in read_meters(scenario, evaluation.plans["it"], evaluation.months)
    }

    assert "tries" == readings["rejected_429_tries"].unit
    assert "retries" == readings["retries"].unit
    assert 0 < readings["retries"].quantity < readings["rejected_429_tries"].quantity
