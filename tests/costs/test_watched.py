"""Telemetry, evaluations and human review by hand, of 150 000 requests a month."""

from __future__ import annotations

from typing import Any

import pytest

from tests.costs.bills import amounts, by_month, evaluated, traffic
from tests.laws.build import DATED
from tests.scenario.texts import faults_in, plant

FEES = {
    "telemetry_usd_per_1k_requests": 0.2, "ingest_usd_per_gb": 0.5, "platform_usd_per_month": 99.0, **DATED,
}  # fmt: skip
ACCOUNT = "platform:observability"


def watching(**changes: Any) -> dict[str, Any]:
    """An option that records 20 000 bytes of each request."""
    return {"observability": {"price": FEES, "bytes_per_request": 20_000.0, **changes}}


def evals(price: Any, **changes: Any) -> dict[str, Any]:
    """An option that records nothing and judges 4 x 500 samples a month."""
    free = {key: 0.0 if key in FEES and key not in DATED else value for key, value in FEES.items()}
    runs = {"runs_per_month": 4.0, "run_samples": 500, "price": price, **changes}
    return {"observability": {"price": free, "bytes_per_request": 0.0, "evals": runs}}


# ---------------------------------------------------------------- telemetry


def test_telemetry_by_hand():
    """150 thousand at $0.20, 3 GB at $0.50, the fee."""
    assert {"requests recorded": 30.0, "telemetry ingested": 1.5, "telemetry fee": 99.0} == amounts(
        evaluated(watching())
    )


def test_a_recorded_share_halves_what_is_recorded():
    """The fee stays."""
    assert {"requests recorded": 15.0, "telemetry ingested": 0.75, "telemetry fee": 99.0} == amounts(
        evaluated(watching(recorded_share=0.5))
    )


def test_records_are_kept_for_some_months():
    """3 GB a month at $0.10: those of one month, of two, of three, and never of more."""
    price = {**FEES, "retention_usd_per_gb_month": 0.1}
    evaluation = evaluated(watching(price=price, kept_months=3), 5)
    found = [amounts(evaluation, month)["telemetry kept"] for month in range(5)]

    assert [0.3, 0.6, 0.9, 0.9, 0.9] == found


def test_almost_no_traffic_leaves_the_fee():
    """One request."""
    assert 99.0 == pytest.approx(evaluated(watching(), traffic=traffic(1.0)).ledger["cost_usd"].sum(), abs=0.01)


def test_evaluations_by_the_sample():
    """2 000 at $0.05, however many requests there are."""
    price = {"sample_usd_per_sample": 0.05, **DATED}

    for requests in (1.0, 150_000.0):
        assert {"evaluation samples": 100.0} == amounts(evaluated(evals(price), traffic=traffic(requests)))


def test_evaluations_by_the_token():
    """2 000 x 1 500 tokens at $2 a million and 2 000 x 100 at $8; gpt-4o's are $2.50 and $10."""
    tokens = {"judge_input_tokens": 1500, "judge_output_tokens": 100}
    price = {"input_usd_per_mtok": 2.0, "output_usd_per_mtok": 8.0, **DATED}

    assert {"evaluation input tokens": 6.0, "evaluation output tokens": 1.6} == amounts(
        evaluated(evals(price, **tokens))
    )
    assert {"evaluation input tokens": 7.5, "evaluation output tokens": 2.0} == amounts(
        evaluated(evals("openai/gpt-4o", **tokens))
    )


def test_a_catalog_name_charges_what_it_has_prices_for():
    """Datadog's logs: 3 GB at $0.10 and 1.5 million events at $2.55; no plan, no seat."""
    evaluation = evaluated(watching(price="datadog/logs-on-demand", events_per_request=10.0))

    assert {"telemetry ingested": 0.3, "telemetry events": 3.825} == amounts(evaluation)
    assert {"datadog/logs-on-demand"} == set(evaluation.ledger[evaluation.ledger["account"] == ACCOUNT]["price_name"])


def test_steps_of_a_catalog_price_stay_steps():
    """Grafana's logs: of 60 GB 50 are free and 10 cost $0.45; five seats at $8."""
    evaluation = evaluated(watching(price="grafana/cloud-logs", bytes_per_request=400_000.0, seats=5))

    assert {"telemetry ingested from 50": 4.5, "telemetry seats": 40.0} == amounts(evaluation)


def test_steps_of_events_are_counted_in_events():
    """Langfuse: of 1.5 million 100 000 are free, 900 000 cost $80 a million, the rest $70; the plan is $29."""
    evaluation = evaluated(watching(price="langfuse/core", events_per_request=10.0))

    assert {
        "telemetry events from 100,000": 72.0, "telemetry events from 1,000,000": 35.0, "telemetry plan": 29.0,
    } == amounts(evaluation)  # fmt: skip


# ---------------------------------------------------------------- review


def test_review_by_the_sample():
    """1 % of 150 000 at $0.40."""
    review = {"sampled_share": 0.01, "price": {"sample_usd_per_sample": 0.4, **DATED}}
    evaluation = evaluated({"review": review})

    assert {"answers reviewed": 600.0} == amounts(evaluation, account="quality:review")
    assert ["volume"] == evaluation.ledger[evaluation.ledger["account"] == "quality:review"]["driver"].tolist()


def test_review_by_the_reviewers_hour():
    """1 500 answers of 4 minutes are 100 hours at $30."""
    review = {"sampled_share": 0.01, "price": {"reviewer_usd_per_hour": 30.0, **DATED}, "review_minutes": 4.0}

    assert {"answers reviewed, hours": 3000.0} == amounts(evaluated({"review": review}))


def test_review_by_a_catalog_name():
    """1 500 answers at $1.90."""
    review = {"sampled_share": 0.01, "price": "vendor/reasoning-judgement"}

    assert {"answers reviewed": 2850.0} == amounts(evaluated({"review": review}))


def test_review_has_a_cap():
    """1 % are 1 500, then 3 000 of which 2 000 are looked at; then requests no longer move it."""
    review = {"sampled_share": 0.01, "price": {"sample_usd_per_sample": 1.0, **DATED}, "most_samples": 2000}
    evaluation = evaluated({"review": review}, 2, traffic=traffic(150_000.0, growth=1.0))

    assert {0: 1500.0, 1: 2000.0} == by_month(evaluation, "quality:review")
    assert ["volume", "fixed"] == evaluation.ledger[evaluation.ledger["account"] == "quality:review"]["driver"].tolist()


# ---------------------------------------------------------------- faults

PEOPLE = "    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}\n"
PROVEN = "source: our quote, source_date: 2026-10-01"
SERVICE = f"telemetry_usd_per_1k_requests: 0.2, ingest_usd_per_gb: 0.5, platform_usd_per_month: 9, {PROVEN}"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (f"review: {{sampled_share: 0, price: {{sample_usd_per_sample: 1, {PROVEN}}}}}", "0; allowed: above 0"),
        (f"review: {{sampled_share: 0.1, price: {{reviewer_usd_per_hour: 30, {PROVEN}}}}}",
         "review_minutes is missing; needed because the price is per hour"),
        (f"review: {{sampled_share: 0.1, review_minutes: 3, price: {{sample_usd_per_sample: 1, {PROVEN}}}}}",
         "review_minutes 3 is given, and the price is per sample"),
        ("review: {sampled_share: 0.1, price: nobody/nothing}", "'nobody/nothing' is not a price of a judged sample"),
        ("observability: {bytes_per_request: 1, price: nobody/nothing}", "'nobody/nothing' is not a telemetry service"),
        ("observability: {bytes_per_request: 1, price: datadog/logs-annual}", "events_per_request is missing; needed"),
        ("observability: {bytes_per_request: 1, price: dynatrace/logs, seats: 3}", "seats 3 is given, and the service"),
        (f"observability: {{bytes_per_request: 1, kept_months: 3, price: {{{SERVICE}}}}}",
         "kept_months is 3, and the price of keeping a GB is not known"),
        (f"observability: {{bytes_per_request: 1, price: {{{SERVICE}, retention_usd_per_gb_month: 0.1}}}}",
         "retention_usd_per_gb_month is given without kept_months"),
        (f"observability: {{bytes_per_request: 1, price: {{{SERVICE}}}, evals: {{runs_per_month: 1, run_samples: 5, "
         "price: openai/gpt-4o}}", "judge_input_tokens is missing; needed because the price is per token"),
        (f"observability: {{bytes_per_request: 1, price: {{{SERVICE}}}, evals: {{runs_per_month: 1, run_samples: 5, "
         f"judge_input_tokens: 5, price: {{sample_usd_per_sample: 1, {PROVEN}}}}}}}",
         "judge_input_tokens 5 is given, and the price is per sample"),
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_refused(tmp_path, block, words):
    """Place, found, allowed."""
    (fault,) = faults_in(tmp_path, plant(PEOPLE, f"{PEOPLE}    {block}\n").text)

    assert words in fault.message
    assert fault.key.startswith(f"options.buy.{block.split(':')[0]}")
