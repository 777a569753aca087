"""Caches in a run: nothing is lost, hits follow the policy, false hits are bad answers, tokens are priced as billed."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tco.costs.request_tokens import token_costs
from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.pipeline import evaluate
from tco.report.requests import COLUMNS, request_rows
from tco.scenario.options import SemanticCache
from tco.sim.engine import simulate
from tests.laws.build import DATED, api, cache, chat, gpu, scene, static
from tests.scenario.texts import faults_in, plant

ASKED = {"questions": 2000, "exponent": 0.9, "unique_share": 0.2, "same_words_share": 0.5, "source": "made up"}
GOOD = {"kind": "fixed", "success_share": 1.0}


def kept(kind="exact", **policy):
    """A cache that remembers."""
    return cache(0.0, policy={"kind": kind, "popularity": ASKED, "ttl_s": 3600.0, **policy})


def run(block, rate_rps=2.0, tier=None, **changes):
    """One option behind a cache."""
    tiers = {"vendor": tier or api()}
    scenario = scene(tiers, {"it": {**static(vendor=1.0), "cache": block}}, count=2_000, **changes)
    return scenario, simulate(scenario, "it", draw_workload(scenario), rate_rps)


def test_nothing_is_lost_behind_a_cache():
    """Cached and completed make all; the vendor gets what the cache does not answer, and the books say so."""
    _, result = run(kept("semantic", threshold=0.8))
    cached, completed = ((result.outcome == what).sum() for what in (Outcome.CACHED, Outcome.COMPLETED))

    assert 2_000 == cached + completed == result.books["cache"].arrived
    assert completed == result.books["vendor"].arrived
    assert 0 < result.false_hit.sum() < cached
    assert set(np.flatnonzero(result.false_hit)) <= set(np.flatnonzero(result.outcome == Outcome.CACHED))


def test_more_traffic_hits_more():
    """The hit share of a window follows from its load."""
    shares = [(run(kept(), rate)[1].outcome == Outcome.CACHED).mean() for rate in (0.02, 0.2, 2.0)]

    assert shares == sorted(shares)
    assert shares[2] > shares[0] + 0.05


def test_a_cache_goes_into_the_busiest_hour_as_the_week_has_filled_it():
    """The same window after a week whose mean is half as high hits less than after an even one."""
    week = [1.5] * 84 + [0.5] * 84
    traffic = {"requests_per_month": 150_000.0, "arrivals": {"kind": "poisson"}}
    even, uneven = (run(kept(), traffic={**traffic, **more})[1] for more in ({}, {"hour_of_week": week}))

    assert (uneven.outcome == Outcome.CACHED).sum() < (even.outcome == Outcome.CACHED).sum()


def test_every_month_has_the_hits_of_its_traffic():
    """Traffic that grows tenfold within the plan: the vendor is asked by a smaller share in the last month."""
    growing = {"requests_per_month": 50_000.0, "growth_fraction_per_month": 0.3, "arrivals": {"kind": "poisson"}}
    tiers, option = {"vendor": api()}, {**static(vendor=1.0), "cache": kept()}
    plan = evaluate(scene(tiers, {"it": option}, horizon_months=10, traffic=growing)).plans["it"]

    assert plan.window(9).cached_share > plan.window(0).cached_share + 0.03


def test_two_calls_under_way_do_not_share_an_answer():
    """An answer is there once the model has given it: a model that takes longer hits less, from an empty cache."""
    block = kept(filled_for_days=0.0)
    slow = api(
        latency={"ttft_p50_s": 100.0, "ttft_p95_s": 101.0, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"}
    )
    quick_hits, slow_hits = (run(block, tier=tier)[1].outcome == Outcome.CACHED for tier in (None, slow))

    assert slow_hits.sum() < quick_hits.sum()


def test_entries_give_the_size():
    """A million entries of 6 kB are 6 GB, metered every month."""
    block = {**kept(capacity_entries=1_000_000), "entry_bytes": 6_000.0}
    del block["storage_gb"]
    scenario, _ = run(block)
    ledger = evaluate(scenario).ledger

    assert 6.0 == ledger[ledger["item"].str.contains("storage")]["quantity"].iloc[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"storage_gb": 2.0, "entry_bytes": 10.0}, "storage_gb 2 and entry_bytes 10 are both given"),
        ({"storage_gb": None, "entry_bytes": None}, "neither storage_gb nor entry_bytes is given"),
        ({"storage_gb": None, "entry_bytes": 10.0}, "keeps no stated number of entries"),
    ],
)
def test_a_size_that_does_not_follow_is_refused(changes, message):
    """Both, neither, or entries without a number."""
    with pytest.raises(ValidationError, match=message):
        SemanticCache.model_validate({**kept(), **changes})


POLICY = "policy: {kind: fixed, hit_share: 0.2}"
ZIPF = "popularity: {questions: 10, exponent: 1, source: made up}"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (f"{{kind: exact, {ZIPF}, capacity_entries: §0}}", "at least 1"),
        (f"{{kind: semantic, {ZIPF}, threshold: §1.2}}", "at most 1"),
        (f"{{kind: exact, {ZIPF}, ttl_s: §0}}", "above 0"),
        ("{kind: exact, popularity: {questions: §0, exponent: 1, source: made up}}", "at least 1"),
        ("{kind: exact, popularity: {questions: 10, exponent: §-1, source: made up}}", "at least 0"),
        (
            "{kind: exact, popularity: {questions: 10, exponent: 1, replaced_share_per_day: §1, source: made up}}",
            "below 1",
        ),
        (f"§{{kind: exact, {ZIPF}, ttl_from: use}}", "nothing expires"),
        (f"{{kind: §exakt, {ZIPF}}}", "exact"),
    ],
)
def test_bad_caches_are_refused_by_name_and_line(tmp_path, policy, message):
    """Each with what is allowed."""
    planted = plant(POLICY, f"policy: {policy}")
    faults = faults_in(tmp_path, planted.text)

    assert 1 == len(faults)
    assert planted.line == faults[0].line
    assert message in str(faults[0])


@pytest.mark.parametrize("policy", [f"{{kind: exact, {ZIPF[:-1]}, replaced_share_per_day: 0.5}}}}"])
def test_drift_without_expiry_is_fine(tmp_path, policy):
    """Drift bounds the hits, so nothing has to expire."""
    assert [] == faults_in(tmp_path, plant(POLICY, f"policy: §{policy}").text)


def rows_of(scenario, result):
    """Telemetry as dictionaries."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in request_rows(scenario, result)]


def test_tokens_of_a_prompt_cache_are_told_and_priced():
    """Four in ten prompt tokens at a tenth of the price; the sum is the ledger's, but for whole tokens."""
    price = {"input_usd_per_mtok": 2.0, "output_usd_per_mtok": 8.0, "cached_input_usd_per_mtok": 0.2, **DATED}
    scenario = scene({"vendor": api(price=price, cached_input_share=0.4)}, {"it": static(vendor=1.0)}, count=500)
    result = simulate(scenario, "it", draw_workload(scenario), 2.0)
    rows = rows_of(scenario, result)
    first = rows[0]
    fresh = first["input_tokens"] - first["cached_input_tokens"]
    ledger = evaluate(scenario).ledger
    billed = ledger[ledger["account"] == "serving:api"]["cost_usd"].sum() / 150_000

    assert int(first["input_tokens"] * 0.4) == first["cached_input_tokens"]
    assert (fresh * 2 + first["cached_input_tokens"] * 0.2 + first["output_tokens"] * 8) / 1e6 == pytest.approx(
        first["token_cost_usd"]
    )
    assert billed == pytest.approx(np.mean([row["token_cost_usd"] for row in rows]), rel=0.02)


def test_tokens_of_a_prefix_cache_are_told():
    """Half of each prompt, whole tokens, and as many as the station counted."""
    scenario = scene({"own": gpu(prefix_cached_share=0.5)}, {"it": static(own=1.0)}, count=300)
    result = simulate(scenario, "it", draw_workload(scenario), 1.0)
    told = sum(row["cached_input_tokens"] for row in rows_of(scenario, result))

    assert result.books["own"].counts["prefix_cached_tokens"] == told > 0


def test_batch_requests_are_priced_as_batch():
    """Half price for those who wait, nothing of it from a prompt cache."""
    price = {"input_usd_per_mtok": 2.0, "output_usd_per_mtok": 8.0, "cached_input_usd_per_mtok": 0.2, **DATED}
    batch = {"turnaround_p50_s": 60.0, "turnaround_p95_s": 120.0, "discount_share": 0.5}
    tiers = {"vendor": api(price=price, cached_input_share=0.4, batch=batch)}
    classes = {"report": chat(latency_class="async")}
    scenario = scene(tiers, {"it": static(vendor=1.0)}, count=200, classes=classes)
    row = rows_of(scenario, simulate(scenario, "it", draw_workload(scenario), 1.0))[0]

    assert 0 == row["cached_input_tokens"]
    assert (row["input_tokens"] * 1 + row["output_tokens"] * 4) / 1e6 == pytest.approx(row["token_cost_usd"])


def test_long_prompts_are_priced_as_long():
    """Above the catalog's threshold both prices are those of long prompts."""
    tiers = {"vendor": api(price="openai/gpt-6-astra")}
    scenario = scene(tiers, {"it": static(vendor=1.0)}, count=200)
    cost = token_costs(scenario, ("vendor",))["vendor"]
    above = int(cost.long_tokens) + 1

    assert cost.long.of(above, 10) == cost.of(above, 10) > cost.usual.of(above, 10)
    assert cost.usual.of(above - 1, 10) == cost.of(above - 1, 10)
