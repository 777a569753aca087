"""Corners that random scenarios of wider shapes have found: both engines agree there as well."""

from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest

from tco.demand.workload import draw_workload
from tco.errors import SimulationError
from tco.sim import compiled
from tco.sim.compiled import comings, vendor
from tco.sim.engine import simulate as simulate_simpy
from tests.laws.build import api, cache, chat, edge, fixed, gpu, micro_batch, scene, serverless
from tests.sim.compiled.test_same_answers import GOOD, MANY, ONLY, RULES, both, differences

ESCALATED = {"kind": "escalation", "first": "own", "then": "next", "escalated_share": 0.5}
SPLIT = {"disaggregation": {"prefill_share": 0.5, "transfer_s_per_context_token": 1e-4}, "min_replicas": 2}


@pytest.mark.parametrize("reservation", ["whole", "as_needed"])
def test_an_answer_of_one_token_ends_with_its_prompt(reservation):
    """In a fleet of two pools it never goes to the second; it once joined there with nothing left to do."""
    one = {"chat": chat(input_tokens=fixed(50), output_tokens=fixed(1))}
    fleet = gpu(**SPLIT, kv_reservation=reservation, prefix_cached_share=0.5)
    slow, quick = both(scene({"own": fleet}, {"it": ONLY}, classes=one, slo={}, count=300), 10.0, {"own": 2})

    assert [] == differences(slow, quick)
    assert (quick.first_token_s == quick.finished_s).all()
    assert quick.books["own"].counts["prefix_cached_tokens"] == 300 * 25


def test_rules_read_no_tokens_of_a_further_call():
    """What a call reads is what its tier says."""
    scenario = scene({"own": api(), "next": RULES}, {"it": {"router": ESCALATED, "people": {}}}, classes=MANY, slo={})
    slow, quick = both(scenario, 5.0, {})

    assert [] == differences(slow, quick)
    assert {0} == {visit.input_tokens for visits in quick.further.values() for visit in visits}


@pytest.mark.parametrize("then", [gpu(), api(), serverless()])
def test_everybody_goes_on_in_another_order(then):
    """Those who come to the second tier are all of them, but not by their numbers."""
    router = {"kind": "escalation", "first": "own", "then": "next", "escalated_share": 1.0}
    scenario = scene({"own": gpu(), "next": then}, {"it": {"router": router, "people": {}}}, classes=MANY, slo={})
    slow, quick = both(scenario, 5.0, {"own": 2, "next": 2})

    assert [] == differences(slow, quick)
    assert {("own", "next")} == set(quick.tried)


def test_times_up_and_down_suffice_after_everybody_has_left(monkeypatch):
    """A fleet goes on breaking while a slow tier of the same option is at work; few times are drawn at first."""
    monkeypatch.setattr(comings, "FIRST_TIMES", 2)
    fleet = gpu(failures={"mtbf_hours": 0.02, "mttr_hours": 0.01})
    batch = {"turnaround_p50_s": 3600.0, "turnaround_p95_s": 7200.0, "discount_share": 0.5}
    scenario = scene({"own": fleet, "next": api(batch=batch)}, {"it": {"router": ESCALATED, "people": {}}},
                     classes=MANY, slo={}, count=200)  # fmt: skip

    assert [] == differences(*both(scenario, 5.0, {"own": 3}))


def test_switches_and_tries_suffice_however_few_are_drawn_at_first(monkeypatch):
    """A vendor that is down every few seconds, and a client that tries again eight times."""
    monkeypatch.setattr(vendor, "FIRST_SWITCHES", 1)
    flaky = api(
        outages={"mtbf_hours": 0.002, "mttr_hours": 0.001}, error_share=0.2,
        retry={"max_retries": 8, "base_s": 0.1, "cap_s": 2.0}, limits={"requests_per_minute": 200.0},
    )  # fmt: skip
    slow, quick = both(scene({"own": flaky}, {"it": ONLY}, classes=MANY, slo={}, count=500), 3.0, {})

    assert [] == differences(slow, quick)
    assert quick.retries.max() > 3


@pytest.mark.parametrize("tier", [gpu(), api(max_concurrency=1), serverless(), RULES])
def test_one_at_a_time_and_nobody(tier):
    """A tier that requests visit one by one, and one that all pass by because a cache answers."""
    plain = scene({"own": tier}, {"it": ONLY}, classes=MANY, slo={}, count=200)
    assert [] == differences(*both(plain, 0.001, {"own": 1}))

    whole = scene({"own": tier}, {"it": {**ONLY, "cache": cache(1.0)}}, classes=MANY, slo={}, count=200)
    slow, quick = both(whole, 5.0, {"own": 1})
    assert [] == differences(slow, quick)
    assert np.isnan(quick.started_s).all()


@pytest.mark.parametrize(
    "tier",
    [gpu(), gpu(failures={"mtbf_hours": 0.02, "mttr_hours": 0.01}), gpu(**SPLIT), api(max_concurrency=1), serverless(),
     edge(), micro_batch(), RULES],
)  # fmt: skip
def test_a_run_leaves_nothing_behind(tier):
    """No circles of large arrays, which are freed late: a plan of a thousand stretches would fill the memory."""
    scenario = scene({"own": tier}, {"it": ONLY}, classes=MANY, slo={}, count=300)
    workload = draw_workload(scenario)
    compiled.simulate(scenario, "it", workload, 5.0, {"own": 3})
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        compiled.simulate(scenario, "it", workload, 5.0, {"own": 3})
        gc.collect()
        left = [type(each).__name__ for each in gc.garbage if type(each).__module__.startswith("tco.sim.compiled")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()

    assert [] == left


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_arrivals_on_a_grid_keep_their_order(share):
    """Several requests a second, all at its beginning; those that a limit refuses fall back between the others."""
    tiers = {"own": api(limits={"requests_per_minute": 8.0}), "next": api(max_concurrency=1)}
    option = {"router": {"kind": "static", "shares": {"own": share, "next": 1 - share}}, "people": {},
              "fallback": {"kind": "chain", "tiers_in_order": ["next"]}}  # fmt: skip
    scenario = scene(tiers, {"it": option}, classes=MANY, slo={}, count=300)
    workload = draw_workload(scenario)
    gridded = replace(workload, unit_arrivals=np.floor(workload.unit_arrivals / 3.0) * 3.0)
    slow = simulate_simpy(scenario, "it", gridded, 3.0)

    assert [] == differences(slow, compiled.simulate(scenario, "it", gridded, 3.0))
    assert len(slow.further) > 20


@pytest.mark.parametrize(
    "fleet",
    [gpu(server={"first_token_overhead_steps": 1.0}),
     gpu(async_window={"from_hour": 0, "to_hour": 12, "deadline_hours": 24})],
)  # fmt: skip
def test_a_batch_enters_a_tier_at_once(fleet):
    """Calls that leave micro-batches together come together, to the kernel and to a station that plays a tier."""
    tiers = {"own": micro_batch(window_s=0.5), "next": fleet}
    option = {"router": {**ESCALATED, "escalated_share": 1.0}, "people": {}}

    assert [] == differences(*both(scene(tiers, {"it": option}, classes=MANY, slo={}, count=300), 20.0, {"next": 1}))


def test_hits_settle_soon_where_some_requests_are_not_looked_up(monkeypatch):
    """How long answers take is known of those that were looked up only; with a guess of nothing it took 40 rounds."""
    monkeypatch.setattr(compiled, "MOST_ROUNDS", 15)
    policy = {"kind": "exact", "popularity": {"questions": 200, "exponent": 0.9, "source": "made up"},
              "filled_for_days": 0.0, "ttl_s": 30.0}  # fmt: skip
    classes = {"person": chat(0.95), "job": chat(0.05, "async", cacheable=False)}
    option = {**ONLY, "cache": cache(0.1, policy=policy)}
    slow, quick = both(scene({"own": gpu()}, {"it": option}, classes=classes, slo={}, count=20_000), 2.0, {"own": 2})

    assert [] == differences(slow, quick)


def test_a_cascade_judges_nobody_behind_a_threshold_of_nothing():
    """The quality of tiers that are never asked need not be stated."""
    router = {"kind": "cascade", "tiers_in_order": ["own", "mid", "big"], "confidence_thresholds": [0.0, 0.5],
              "auc_fraction": 0.8}  # fmt: skip
    tiers = {"own": api(quality=GOOD), "mid": api(), "big": api()}
    slow, quick = both(scene(tiers, {"it": {"router": router, "people": {}}}, classes=MANY, slo={}), 5.0, {})

    assert [] == differences(slow, quick)
    assert {("own",)} == set(quick.tried)


def test_two_pools_of_one_replica_are_refused():
    """A guard: the kernel would read behind its arrays."""
    scenario = scene({"own": gpu(**SPLIT)}, {"it": ONLY}, classes=MANY, slo={}, count=200)

    with pytest.raises(SimulationError, match="no two pools"):
        compiled.simulate(scenario, "it", draw_workload(scenario), 1.0, {"own": 1})
