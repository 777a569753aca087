"""The licence of the compiled engine: on random scenarios both engines give every request the same stamps."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.scenario import Scenario
from tco.sim import compiled
from tco.sim.checks import check_books
from tco.sim.engine import simulate as simulate_simpy
from tco.sim.result import SimulationResult
from tests.laws.build import DATED, api, cache, chat, flat_api, gpu, retrieval, scene, spread

LISTS = ("tried", "cached_tokens", "unanswered_tries")
STAMPS = (
    "outcome", "served_by", "started_s", "first_token_s", "finished_s", "arrived_s", "degraded", "good", "false_hit",
    "retries", "first_unanswered",
)  # fmt: skip
COUNTS = ("arrived", "completed", "rejected", "failed", "timed_out", "input_tokens", "output_tokens")
TIGHT = 1e-9


def differences(one: SimulationResult, other: SimulationResult) -> list[str]:
    """Name what two runs do not agree on."""
    found = [name for name in STAMPS if not _alike(getattr(one, name), getattr(other, name))]
    found += [
        name for name in ("tried", "cached_tokens", "unanswered_tries") if getattr(one, name) != getattr(other, name)
    ]
    found += [name for name, stamps in one.reached_s.items() if not _alike(stamps, other.reached_s[name])]
    found += [] if list(one.books) == list(other.books) else ["books"]
    for name, books in one.books.items():
        theirs = other.books[name]
        found += [f"{name}.{count}" for count in COUNTS if getattr(books, count) != getattr(theirs, count)]
        found += [] if books.counts == pytest.approx(theirs.counts, rel=1e-9) else [f"{name}.counts"]
        found += [] if _alike(books.presence_s, theirs.presence_s) else [f"{name}.presence_s"]
        found += [] if _alike(books.busy_share or 0.0, theirs.busy_share or 0.0) else [f"{name}.busy_share"]
    return found + ([] if _further(one) == _further(other) else ["further"])


def _further(result: SimulationResult) -> dict[int, list[tuple[Any, ...]]]:
    """Further visits, times to a nanosecond."""
    return {
        request: [tuple(None if each is None else round(each, 9) for each in visit) for visit in visits]
        for request, visits in result.further.items()
    }


def _alike(one: Any, other: Any) -> bool:
    return bool(np.allclose(np.asarray(one, float), np.asarray(other, float), rtol=1e-12, atol=TIGHT, equal_nan=True))


def both(scenario: Scenario, rate_rps: float, replicas: dict[str, int]) -> tuple[SimulationResult, SimulationResult]:
    """Run option `it` on both engines; the compiled one must know it."""
    workload = draw_workload(scenario)
    assert compiled.reason_against(scenario, "it") is None
    quick = compiled.simulate(scenario, "it", workload, rate_rps, replicas)
    check_books(quick)
    return simulate_simpy(scenario, "it", workload, rate_rps, replicas), quick


DRAFTS = {"draft_tokens": 2, "acceptance_share": 0.6, "draft_step_fraction": 0.1}
DISPATCH = [{"kind": kind} for kind in ("least_loaded", "round_robin", "shortest_of_two")]
ONLY: dict[str, Any] = {"router": {"kind": "static", "shares": {"own": 1.0}}, "people": {}}
AT_NIGHT: dict[str, Any] = {"router": {"kind": "static", "shares": {"night": 1.0}}, "people": {}}
SPILL = {"kind": "spill_over", "first": "own", "then": "mid", "full_at_requests": 3}
NIGHT = {"from_hour": 22, "to_hour": 6, "deadline_hours": 24}
POPULAR = {"questions": 100, "exponent": 1.0, "same_words_share": 0.5, "source": "made up"}
RULES = {"kind": "rules", "latency": {"p50_s": 0.01, "p95_s": 0.02}, "price": {"request_usd_per_request": 0.0, **DATED}}
servers = st.builds(
    lambda sequences, budget, kv, delta, steps: {
        "max_sequences": sequences, "step_budget_tokens": max(budget, 6 * sequences), "kv_capacity_tokens": kv,
        "delta_s_per_context_token": delta,
        **({"fixed_s_by_tokens": [[64, 0.02], [400, 0.05]]} if steps else {}),
    },
    st.integers(1, 12), st.integers(16, 700), st.integers(900, 6000), st.sampled_from([0.0, 1e-7, 2e-6]), st.booleans(),
)  # fmt: skip
fleets = st.builds(
    lambda server, changes, speculation, overhead: gpu(
        server={**server, **({"first_token_overhead_s": 0.05} if overhead else {})}, **changes,
        **({"speculation": DRAFTS} if speculation else {}),
    ),
    servers,
    st.fixed_dictionaries(
        {"interactive_first": st.booleans(), "kv_reservation": st.sampled_from(["whole", "as_needed"])},
        optional={
            "dispatch": st.sampled_from(DISPATCH),
            "max_queue_requests": st.integers(0, 6),
            "queue_timeout_s": st.floats(0.2, 20.0),
            "prefix_cached_share": st.sampled_from([0.25, 0.9]),
        },
    ),
    st.booleans(), st.booleans(),
)  # fmt: skip
MANY = {"person": chat(0.7), "job": chat(0.3, "async")}
GOOD = {"kind": "logistic", "half_complexity": 0.6, "steepness_per_complexity": 5.0, "source": "made up"}
DECIDER = {"p50_s": 0.02, "p95_s": 0.05, "decision_usd_per_request": 0.0, **DATED}
ROUTERS: dict[str, dict[str, Any]] = {
    "split": {"kind": "static", "shares": {"own": 0.5, "mid": 0.3, "big": 0.2}},
    "by class": {"kind": "static", "shares": {"own": 1.0}, "by_class": {"job": {"mid": 1.0}}},
    "escalation": {
        "kind": "escalation", "first": "own", "then": "big", "escalated_share": 0.3, "further_prompt_share": 0.5,
    },
    "cascade": {
        "kind": "cascade", "tiers_in_order": ["own", "mid", "big"], "confidence_thresholds": [0.6, 0.7],
        "auc_fraction": 0.8,
    },
    "classifier": {
        "kind": "classifier", "tiers_in_order": ["own", "mid", "big"], "level_complexities": [0.4, 0.8],
        "accuracy_fraction": 0.85, "decider": DECIDER,
    },
}  # fmt: skip


def graph(
    router: str, fleet: dict[str, Any], *, front: bool, chain: bool, policy: dict[str, Any] | None = None
) -> Scenario:
    """A fleet and two APIs behind a router, with or without a cache and retrieval, with or without a fallback."""
    tiers = {
        "own": {**fleet, "quality": GOOD}, "mid": api(quality=GOOD), "big": {**flat_api(0.01), "quality": GOOD},
        "rules": RULES,
    }  # fmt: skip
    option: dict[str, Any] = {"router": ROUTERS[router], "people": {}}
    if front:
        policies = {} if policy is None else {"policy": policy}
        option |= {"cache": cache(0.2, **policies), "retrieval": retrieval(request_share=0.6)}
    if chain:
        option["fallback"] = {"kind": "chain", "tiers_in_order": ["mid", "big", "rules"]}
    return scene(tiers, {"it": option}, classes=MANY, slo={}, count=300)


@given(fleets, st.integers(1, 4), st.floats(0.5, 30.0))
@settings(max_examples=120, deadline=None)
def test_fleets_agree_request_by_request(fleet, replicas, rate_rps):
    """Budget, memory, preemption, priority, time-outs, queue limits, speculation, prefix cache, dispatch."""
    scenario = scene({"own": fleet}, {"it": ONLY},
                     classes=MANY, slo={}, count=300)  # fmt: skip

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas}))


@given(fleets, st.sampled_from([0.5, 3.0, 20.0]), st.integers(1, 4), st.floats(0.5, 30.0))
@settings(max_examples=120, deadline=None)
def test_newcomers_that_wait_for_steps_agree_request_by_request(fleet, steps, replicas, rate_rps):
    """Who comes later may join sooner, and gives up so long after it has joined."""
    server = {**fleet["server"], "first_token_overhead_steps": steps}
    scenario = scene({"own": {**fleet, "server": server}}, {"it": ONLY}, classes=MANY, slo={}, count=300)

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas}))


@given(st.sampled_from(sorted(ROUTERS)), fleets, st.integers(1, 3), st.floats(0.5, 20.0), st.booleans(), st.booleans())
@settings(max_examples=80, deadline=None)
@example("cascade", gpu(max_queue_requests=0), 1, 20.0, True, True)
def test_graphs_agree_request_by_request(router, fleet, replicas, rate_rps, front, chain):
    """Routers that ask on, deciders, a cache, retrieval, and a fallback of those who are turned away."""
    scenario = graph(router, fleet, front=front, chain=chain)
    try:
        runs = both(scenario, rate_rps, {"own": replicas})
    except compiled.NotFeedForwardError:
        assert chain  # a fallback may lead back to a tier that was served before
        return

    assert [] == differences(*runs)


vendors = st.fixed_dictionaries(
    {},
    optional={
        "limits": st.sampled_from(
            [
                {"requests_per_minute": 120.0, "burst_requests": 5.0},
                {"tokens_per_minute": 60_000.0, "counted_tokens": "input"},
                {"requests_per_minute": 300.0, "tokens_per_minute": 2e5, "burst_tokens": 9000.0},
            ]
        ),
        "max_concurrency": st.integers(1, 8),
        "retry": st.sampled_from([{}, {"max_retries": 4, "jitter_share": 1.0}, {"honour_retry_after": False}]),
        "timeout_s": st.floats(1.0, 20.0),
        "error_share": st.floats(0.0, 0.4),
        "outages": st.sampled_from([{"mtbf_hours": 0.02, "mttr_hours": 0.01}]),
        "batch": st.sampled_from([{"turnaround_p50_s": 100.0, "turnaround_p95_s": 900.0, "discount_share": 0.5}]),
    },
)


@given(vendors, st.floats(0.5, 30.0), st.integers(0, 5), st.booleans())
@settings(max_examples=100, deadline=None)
def test_vendors_agree_request_by_request(terms, rate_rps, waiting, chain):
    """Buckets, slots, a line with an end, time-outs, errors, outages, retries, the batch endpoint, and a fallback."""
    queue = {"max_queue_requests": waiting} if "max_concurrency" in terms else {}
    tiers = {"own": api(**terms, **queue), "mid": api()}
    option = {**ONLY, **({"fallback": {"kind": "chain", "tiers_in_order": ["mid"]}} if chain else {})}
    scenario = scene(tiers, {"it": option}, classes=MANY, slo={}, count=300)

    assert [] == differences(*both(scenario, rate_rps, {}))


@given(st.integers(1, 400), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.5, 30.0))
@settings(max_examples=40, deadline=None)
def test_units_of_throughput_agree_request_by_request(units, cached_share, weight, rate_rps):
    """Stated units refuse alike, whatever cached prompt tokens and answers count as."""
    price = {"unit_usd_per_unit_hour": 1.0, **DATED}
    block = {
        "unit_tokens_per_minute": 3000.0, "answer_weight_ratio": 4.0, "cached_weight_ratio": weight,
        "units": units + 20, "price": price,
    }  # fmt: skip
    own = {**api(), "price": None, "provisioned": block, "cached_input_share": cached_share}
    scenario = scene({"own": own}, {"it": ONLY}, classes=MANY, slo={}, count=300)

    assert [] == differences(*both(scenario, rate_rps, {}))


def test_units_of_throughput_do_refuse():
    """The agreement is about something: 21 units let through less than 30 requests a second bring."""
    block = {"unit_tokens_per_minute": 3000.0, "units": 21, "price": {"unit_usd_per_unit_hour": 1.0, **DATED}}
    own = {**api(), "price": None, "provisioned": block}
    scenario = scene({"own": own}, {"it": ONLY}, classes=MANY, slo={}, count=2000)

    for run in both(scenario, 30.0, {}):
        assert not run.answered.all()


BATCHES = {
    "kind": "micro_batch", "batch_fixed_s": 0.05, "batch_s_per_request": 0.01, "source": "made up",
    "price": {"gpu_hour_usd_per_gpu_hour": 2.0, **DATED},
}  # fmt: skip
others = st.one_of(
    st.fixed_dictionaries(
        {"max_batch": st.integers(1, 8), "window_s": st.sampled_from([0.0, 0.2])},
        optional={
            "max_queue_requests": st.integers(8, 20), "queue_timeout_s": st.floats(0.3, 5.0),
            "batch_time": st.just("exponential"),
        },
    ).map(lambda changes: {**BATCHES, **changes}),
    st.fixed_dictionaries({"devices": st.integers(1, 30), "requests_at_once": st.integers(1, 3)}).map(
        lambda changes: {
            "kind": "edge", "price": {"device_hour_usd_per_device_hour": 0.01, **DATED},
            "speed": {"prefill_tokens_per_s": 900.0, "decode_tokens_per_s": 60.0, "source": "made up"}, **changes,
        }
    ),
    st.builds(
        lambda fleet, share: {
            **{key: value for key, value in fleet.items() if key != "min_replicas"}, "min_replicas": 2,
            "disaggregation": {"prefill_share": share, "transfer_s_per_context_token": 1e-4},
        },
        fleets, st.sampled_from([0.3, 0.6]),
    ),
)  # fmt: skip


@given(others, st.integers(2, 5), st.floats(0.5, 20.0))
@settings(max_examples=100, deadline=None)
def test_other_tiers_agree_request_by_request(tier, replicas, rate_rps):
    """Micro-batches, devices, pools for prompts and for answers, each with a vendor for half of its answers."""
    router = {"kind": "escalation", "first": "own", "then": "mid", "escalated_share": 0.5}
    tiers = {"own": tier, "mid": api(max_concurrency=3)}
    scenario = scene(tiers, {"it": {"router": router, "people": {}}}, classes=MANY, slo={}, count=300)

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas}))


changes = st.fixed_dictionaries(
    {},
    optional={
        "failures": st.sampled_from([{"mtbf_hours": each, "mttr_hours": 0.002} for each in (0.01, 0.001)]),
        "scaling": st.sampled_from(
            [
                {"kind": "target", "target_utilisation": 0.4, "startup_s": 7.0, "interval_s": 5.0},
                {"kind": "target", "target_utilisation": 0.9, "interval_s": 1.0},
                {"kind": "schedule", "fleet_shares": [0.5, 1.0] * 84, "startup_s": 30.0, "interval_s": 30.0},
            ]
        ),
        "spare_replicas": st.integers(0, 2),
    },
)


@given(fleets, changes, st.integers(1, 5), st.floats(0.5, 20.0), st.booleans())
@settings(max_examples=100, deadline=None)
def test_fleets_that_change_agree_request_by_request(fleet, change, replicas, rate_rps, asks_on):
    """Replicas that break, are repaired, are switched off and on, while others take over what they lose."""
    tier = {**fleet, **change}
    if "failures" not in change:
        tier.pop("spare_replicas", None)
    router = {"kind": "escalation", "first": "own", "then": "mid", "escalated_share": 0.5 if asks_on else 0.0}
    tiers = {"own": tier, **({"mid": api()} if asks_on else {})}
    if not asks_on:
        router = {"kind": "static", "shares": {"own": 1.0}}
    scenario = scene(tiers, {"it": {"router": router, "people": {}}}, classes=MANY, slo={}, count=300)

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas}))


PLATFORM = {
    "kind": "serverless", "requests_per_worker": 4, "max_workers": 3, "idle_timeout_s": 5.0,
    "cold_start": {"p50_s": 2.0, "p95_s": 6.0}, "token_price": {"request_usd_per_request": 0.001, **DATED},
    "latency": {"ttft_p50_s": 0.3, "ttft_p95_s": 0.6, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"},
}  # fmt: skip


@given(st.sampled_from([PLATFORM, gpu(async_window=NIGHT)]), st.integers(1, 3), st.floats(0.5, 20.0))
@settings(max_examples=30, deadline=None)
def test_played_tiers_agree_request_by_request(tier, replicas, rate_rps):
    """A platform that starts from cold and a fleet that holds jobs, each with a vendor behind it."""
    router = {"kind": "escalation", "first": "own", "then": "mid", "escalated_share": 0.3}
    scenario = scene({"own": tier, "mid": api(max_concurrency=4)}, {"it": {"router": router, "people": {}}},
                     classes=MANY, slo={}, count=300)  # fmt: skip

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas}))


@given(fleets, st.integers(3, 7), st.floats(0.5, 20.0))
@settings(max_examples=50, deadline=None)
def test_placed_tiers_agree_request_by_request(fleet, replicas, rate_rps):
    """Two regions, a share of the answers asked again of a vendor that stands in one."""
    router = {"kind": "escalation", "first": "own", "then": "mid", "escalated_share": 0.3}
    placement = {"tiers": {"own": ["eu", "us"], "mid": ["us"]}}
    regions = {
        "user_shares": {"eu": 0.6, "us": 0.3, "ap": 0.1}, "home_round_trip_s": 0.02,
        "round_trips_s": {"eu": {"us": 0.09, "ap": 0.25}, "us": {"ap": 0.16}}, "source": "made up",
    }  # fmt: skip
    scenario = scene(
        {"own": fleet, "mid": api()}, {"it": {"router": router, "people": {}, "placement": placement}}, classes=MANY,
        slo={}, count=300, regions=regions,
    )  # fmt: skip

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas}))


@given(fleets, st.integers(1, 4), st.integers(1, 9), st.booleans(), st.booleans(), st.floats(0.5, 40.0))
@settings(max_examples=100, deadline=None)
def test_spilling_over_agrees_request_by_request(fleet, replicas, full_at, chain, changes, rate_rps):
    """A fleet, steady or broken and repaired, whose overflow an API takes; of two classes one may not leave."""
    fleet["server"].pop("first_token_overhead_s", None)
    if changes:
        fleet = {**fleet, "failures": {"mtbf_hours": 0.05, "mttr_hours": 0.01}}
    option = {"router": {**SPILL, "full_at_requests": full_at}, "people": {}}
    if chain:
        option["fallback"] = {"kind": "chain", "tiers_in_order": ["mid"]}
    classes = {"person": chat(0.7), "job": chat(0.3, "async", sensitive=True)}
    tiers = {"own": fleet, "mid": api(max_concurrency=3)}
    scenario = scene(tiers, {"it": option}, classes=classes, slo={}, count=300)

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas}))


SEMANTIC = {"kind": "semantic", "popularity": {**POPULAR, "same_words_share": 0.2}, "threshold": 0.9}


@given(
    st.sampled_from(["exact", "semantic"]), st.sampled_from(["cascade", "classifier", "split"]),
    st.fixed_dictionaries(
        {}, optional={"ttl_s": st.sampled_from([5.0, 100.0]), "capacity_entries": st.integers(1, 50)}
    ),
    st.booleans(), st.floats(0.1, 20.0),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_caches_that_remember_agree_request_by_request(kind, router, limits, all_cacheable, rate_rps):
    """Exact words or similar ones, with entries that expire or are crowded out, in front of steady tiers."""
    policy = {"kind": "exact", "popularity": POPULAR, **limits} if kind == "exact" else {**SEMANTIC, **limits}
    tiers = {"own": api(quality=GOOD), "mid": api(quality=GOOD), "big": {**flat_api(0.01), "quality": GOOD}}
    option = {"router": ROUTERS[router], "people": {}, "cache": cache(0.1, policy=policy), "retrieval": retrieval()}
    classes = {"person": chat(0.7), "job": chat(0.3, "async", cacheable=all_cacheable)}
    scenario = scene(tiers, {"it": option}, classes=classes, slo={}, count=400)
    one, other = both(scenario, rate_rps, {})

    assert [] == differences(one, other)
    assert limits or rate_rps < 1.0 or (other.outcome == Outcome.CACHED).any()


memories = st.builds(
    lambda kind, limits, drift: {
        **({"kind": "exact"} if kind == "exact" else {**SEMANTIC}), **limits,
        "popularity": {**POPULAR, "same_words_share": 0.7, **({"replaced_share_per_day": 0.999999} if drift else {})},
    },
    st.sampled_from(["exact", "semantic"]),
    st.one_of(
        st.fixed_dictionaries({}, optional={"capacity_entries": st.integers(1, 50), "filled_for_days": st.just(0.001)}),
        st.fixed_dictionaries(
            {"ttl_s": st.sampled_from([2.0, 100.0]), "ttl_from": st.sampled_from(["use", "storing"])},
            optional={"capacity_entries": st.integers(1, 50)},
        ),
    ),
    st.booleans(),
)  # fmt: skip
comings = st.sampled_from(
    [{}, {"failures": {"mtbf_hours": 0.02, "mttr_hours": 0.01}},
     {"scaling": {"kind": "target", "target_utilisation": 0.6, "startup_s": 20.0}}]
)  # fmt: skip


@given(
    memories, st.sampled_from(sorted(ROUTERS)), fleets, comings, st.integers(1, 4), st.floats(0.5, 20.0), st.booleans(),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
@example(  # two answers in the same step: the later one has the only place
    {"kind": "exact", "capacity_entries": 1, "popularity": {**POPULAR, "same_words_share": 0.7}}, "by class",
    gpu(server={"max_sequences": 3, "step_budget_tokens": 339, "kv_capacity_tokens": 900}, speculation=DRAFTS,
        interactive_first=False, kv_reservation="as_needed"), {}, 1, 5.5, False,
)  # fmt: skip
def test_caches_that_remember_agree_in_front_of_tiers_that_fill_up(
    memory, router, fleet, changes, replicas, rate_rps, chain
):
    """Whoever hits spares the others a wait, and whoever waits less may answer somebody else's question in time."""
    scenario = graph(router, {**fleet, **changes}, front=True, chain=chain, policy=memory)
    try:
        runs = both(scenario, rate_rps, {"own": replicas})
    except compiled.NotFeedForwardError:
        assert chain
        return

    assert [] == differences(*runs)


ONE_ARM = {
    "kind": "ab_split",
    "a": {**SPILL, "then": "big"},
    "b": {"kind": "static", "shares": {"own": 1.0}},
    "b_share": 0.4,
}
NESTED: list[dict[str, Any]] = [
    SPILL,
    ONE_ARM,
    {
        "kind": "ab_split",
        "a": SPILL,
        "b": {**SPILL, "first": "mid", "then": "big", "full_at_requests": 2},
        "b_share": 0.5,
    },
    {"kind": "by_class", "classes": {"job": SPILL}, "otherwise": ONE_ARM},
    {"kind": "by_class", "classes": {"job": SPILL}, "otherwise": ROUTERS["cascade"]},
]


@given(
    fleets, fleets, comings, st.sampled_from(NESTED),
    st.one_of(st.none(), st.just({"kind": "fixed", "hit_share": 0.3}), memories), st.integers(1, 3), st.booleans(),
    st.floats(0.5, 20.0),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_spilling_over_agrees_wherever_the_router_says_it(own, mid, changes, router, policy, replicas, chain, rate_rps):
    """In arms and classes, at one tier after the other, behind a cache whose answers are those of the tier spared."""
    option = {"router": router, "people": {}}
    if policy is not None:
        option |= {"cache": cache(0.1, policy=policy)}
    if chain:
        option["fallback"] = {"kind": "chain", "tiers_in_order": ["big"]}
    for fleet in (own, mid):
        fleet["server"].pop("first_token_overhead_s", None)
    mid["server"]["alpha_s"] = 0.00731  # no step of it ends with one of the other fleet, to the instant
    tiers = {
        "own": {**own, **changes, "quality": GOOD}, "mid": {**mid, "quality": GOOD},
        "big": {**api(max_concurrency=3), "quality": {**GOOD, "half_complexity": 0.9}},
    }  # fmt: skip
    classes = {"person": chat(0.7), "job": chat(0.3, "async")}
    scenario = scene(tiers, {"it": option}, classes=classes, slo={}, count=300)

    assert [] == differences(*both(scenario, rate_rps, {"own": replicas, "mid": 1}))


def test_a_difference_is_seen():
    """A stamp that is off by a microsecond, and a request that is counted twice, are told."""
    one, other = both(graph("split", gpu(), front=False, chain=False), 5.0, {"own": 2})
    other.finished_s[7] += 1e-6
    other.tried[3] = (*other.tried[3], "own")

    assert ["finished_s", "tried"] == differences(one, other)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ({**ONLY, "router": {**SPILL, "first": "mid", "then": "own"}}, "spill_over at a managed_api"),
        (
            {
                **ONLY,
                "router": {
                    "kind": "by_sensitivity",
                    "sensitive": ONLY["router"],
                    "otherwise": {**SPILL, "first": "night"},
                },
            },
            "spill_over at a gpu_fleet that is no single pool",
        ),
        (
            {**AT_NIGHT, "cache": cache(0.1, policy={"kind": "exact", "popularity": POPULAR})},
            "cache of kind exact in front of night, which is not compiled itself",
        ),
    ],
)
def test_what_is_not_known_is_named(option, why):
    """Such an option runs on the other engine, and the reason is printed."""
    tiers = {"own": gpu(), "mid": api(), "night": gpu(async_window=NIGHT)}
    scenario = scene(tiers, {"it": option}, classes=MANY, slo={}, count=200)

    assert why in str(compiled.reason_against(scenario, "it"))


NARROW = gpu(max_queue_requests=0, server={"max_sequences": 1, "step_budget_tokens": 512})


def test_going_back_is_refused():
    """Each of two tiers falls back to the other."""
    option = {
        "router": {"kind": "static", "shares": {"own": 0.5, "big": 0.5}}, "people": {},
        "fallback": {"kind": "chain", "tiers_in_order": ["own", "big"]},
    }  # fmt: skip
    scenario = scene({"own": NARROW, "big": NARROW}, {"it": option}, classes={"chat": chat()}, slo={}, count=300)

    with pytest.raises(compiled.NotFeedForwardError, match="goes back to own"):
        compiled.simulate(scenario, "it", draw_workload(scenario), 20.0, {"own": 1, "big": 1})


@pytest.mark.parametrize("names", list(permutations(["own", "mid", "big"])))
@pytest.mark.parametrize(
    "option",
    [
        {"router": ROUTERS["cascade"], "fallback": {"kind": "chain", "tiers_in_order": ["big"]}},
        {"router": {"kind": "static", "shares": {"own": 0.5, "mid": 0.5}},
         "fallback": {"kind": "chain", "tiers_in_order": ["mid", "big"]}},
        {"router": {**SPILL, "then": "big", "full_at_requests": 1},
         "fallback": {"kind": "chain", "tiers_in_order": ["mid"]}},
    ],
)  # fmt: skip
def test_tiers_may_be_named_in_any_order(names, option):
    """They are served in that in which requests go on."""
    tiers = {"own": {**NARROW, "quality": GOOD}, "mid": api(quality=GOOD, max_concurrency=2, max_queue_requests=1),
             "big": api(quality=GOOD)}  # fmt: skip
    scenario = scene({name: tiers[name] for name in names}, {"it": {**option, "people": {}}}, classes=MANY, slo={},
                     count=300)  # fmt: skip
    one, other = both(scenario, 10.0, {"own": 1})

    assert [] == differences(one, other)
    assert other.visits("big") > 5


def test_long_prompts_are_spread_over_steps():
    """A prompt of five budgets takes five steps on both."""
    long = {"chat": {"share": 1.0, "input_tokens": spread(2000, 4000, 6000), "output_tokens": spread(20, 60, 100)}}
    fleet = gpu(server={"kv_capacity_tokens": 30_000, "step_budget_tokens": 400})
    scenario = scene({"own": fleet}, {"it": ONLY},
                     classes=long, slo={}, count=300)  # fmt: skip

    assert [] == differences(*both(scenario, 1.5, {"own": 2}))


def test_long_prompts_are_counted_apart_in_a_batch_and_out_of_it():
    """Above 200 000 tokens Claude Sonnet 4.5 has prices of its own; people and jobs, long and short."""
    long = {"kind": "constant", "tokens": 250_000}
    batch = {"turnaround_p50_s": 100.0, "turnaround_p95_s": 900.0}
    classes = {
        "person": chat(share=0.25),
        "reader": chat(share=0.25, input_tokens=long),
        "job": chat(share=0.25, latency_class="async"),
        "report": chat(share=0.25, latency_class="async", input_tokens=long),
    }
    tiers = {"own": api(price="anthropic/claude-sonnet-4-5", batch=batch)}
    slow, quick = both(scene(tiers, {"it": ONLY}, classes=classes, count=200), 1.0, {})
    counts = quick.books["own"].counts

    assert [] == differences(slow, quick)
    assert 0 < counts["long_batch_input_tokens"] < counts["batch_input_tokens"]
    assert 250_000 <= counts["long_context_input_tokens"]
