"""What goes elsewhere does not overload a tier, and what a second call leaves out needs no GPU."""

from __future__ import annotations

from typing import Any

import pytest

from tco import evaluate
from tco.capacity.relief import is_relieved
from tco.decide.compare import compare
from tco.scenario import Scenario
from tests.laws.build import api, chat, fixed, gpu, rate_traffic, scene, static

LIMIT = {"e2e_p95_s": 60.0}
ONE = {"max_sequences": 4, "kv_capacity_tokens": 20_000}


def spill(**changes: Any) -> dict[str, Any]:
    """A small fleet, then an API."""
    router = {"kind": "spill_over", "first": "own", "then": "cloud", "full_at_requests": 4}
    return {"router": router, "people": {}, **changes}


def growing(options: dict[str, Any], tiers: dict[str, Any], months: int = 6) -> Scenario:
    """Traffic that grows from 0.2 to 10 requests a second within half a year."""
    traffic = {**rate_traffic(0.3), "growth_fraction_per_month": 1.0}
    return scene(tiers, options, count=1000, horizon_months=months, traffic=traffic, slo=LIMIT)


def test_what_spills_over_is_that_of_the_month():
    """No request spills in the first month, most do in the last, and each month is billed its own share."""
    own = gpu(max_replicas=1, server=ONE)
    evaluation = evaluate(growing({"it": spill()}, {"own": own, "cloud": api()}))
    shares = [evaluation.plans["it"].window(month).tiers["cloud"].served_share for month in range(6)]

    assert shares[0] < 0.05
    assert shares[-1] > 0.5
    assert sorted(shares) == shares


def test_a_fleet_that_spills_is_not_overloaded():
    """Far more comes than one replica carries, and everything is answered in time."""
    own = gpu(max_replicas=1, server=ONE)
    evaluation = evaluate(growing({"it": spill()}, {"own": own, "cloud": api()}))

    assert [] == [check.limit_name for check in compare(evaluation)["it"].checks if not check.kept]


def test_a_vendor_that_refuses_is_relieved_by_a_chain_that_catches_it():
    """At ten times its limit the option keeps the SLO with a tier behind it; alone or for other reasons it does not."""
    limited = api(limits={"requests_per_minute": 30.0})
    behind = {"kind": "chain", "tiers_in_order": ["free"]}
    options = {
        "chain": {**static(limited=1.0), "fallback": behind},
        "alone": static(limited=1.0),
        "timeouts": {**static(limited=1.0), "fallback": {**behind, "reasons": ["timed_out"]}},
    }
    model = scene({"limited": limited, "free": api()}, options, count=1000, traffic=rate_traffic(5.0), slo=LIMIT)
    found = compare(evaluate(model))

    assert [True, False, False] == [found[name].slo_kept for name in options]
    assert [True, False, False] == [is_relieved(model, name, "limited") for name in options]


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_a_fleet_is_sized_for_the_prompts_that_it_gets(share):
    """A second call with a tenth of 8 000 tokens needs the replicas of one with 800 tokens."""
    router = {"kind": "escalation", "first": "cheap", "then": "own", "escalated_share": 1.0}
    classes = {"chat": chat(input_tokens=fixed(8000), output_tokens=fixed(10))}
    options = {"it": {"router": {**router, "further_prompt_share": share}, "people": {}}}
    fast = gpu(server={"kv_capacity_tokens": 100_000, "max_sequences": 64, "beta_s_per_prefill_token": 1e-4})
    model = scene(
        {"cheap": api(), "own": fast}, options, count=1000, classes=classes, traffic=rate_traffic(5.0), slo=LIMIT,
    )  # fmt: skip
    replicas = evaluate(model).plans["it"].replicas[0]["own"]
    work_s = 5.0 * 8000 * share * 1e-4  # seconds of prompts that come each second

    assert work_s < replicas < work_s + 2.5
