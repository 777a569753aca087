"""Serverless platforms: both engines give the same stamps, the same starts and the same paid seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.sim.compiled import work_per_request
from tests.laws.build import DATED, api, gpu, scene
from tests.sim.compiled.test_same_answers import MANY, both, differences, servers

MEASURED = {
    "latency": {"ttft_p50_s": 0.3, "ttft_p95_s": 0.6, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"}
}
BY_THE_SECOND = {"gpu_second_usd_per_gpu_s": 0.001, **DATED}
platforms = st.builds(
    lambda places, floor, more, server, overhead, changes: {
        "kind": "serverless", "requests_per_worker": places, "min_workers": floor, "max_workers": floor + more,
        "gpu_price": BY_THE_SECOND, "cold_start": {"p50_s": 2.0, "p95_s": 6.0},
        **({"server": {**gpu()["server"], **server, "max_sequences": max(server["max_sequences"], places),
                       "step_budget_tokens": 800, **({"first_token_overhead_s": 0.0537} if overhead else {})}}
           if server else MEASURED),
        **changes,
    },
    st.integers(1, 6), st.integers(0, 2), st.integers(1, 3), st.none() | servers, st.booleans(),
    st.fixed_dictionaries(
        {"idle_timeout_s": st.sampled_from([0.0, 3.0, 60.0]), "start_is_billed": st.booleans()},
        optional={"max_queue_requests": st.integers(1, 20), "queue_timeout_s": st.floats(0.5, 20.0)},
    ),
)  # fmt: skip


@given(platforms, st.floats(0.05, 20.0))
@settings(max_examples=150, deadline=None)
def test_platforms_agree_request_by_request(platform: dict[str, Any], rate_rps: float):
    """Alone in front, and again behind, for those that a vendor is asked about as well."""
    router = {"kind": "escalation", "first": "own", "then": "mid", "escalated_share": 0.3}
    chain = {"kind": "chain", "tiers_in_order": ["mid", "again"]}
    tiers = {"own": platform, "mid": api(max_concurrency=4, timeout_s=5.0), "again": platform}
    option = {"router": router, "people": {}, "fallback": chain}
    scenario = scene(tiers, {"it": option}, classes=MANY, slo={}, count=300)

    assert 1.0 == work_per_request(scenario, "it")
    assert [] == differences(*both(scenario, rate_rps, {}))


def test_starts_and_idle_workers_are_there_to_be_compared():
    """The law above would hold for a platform that never starts: this one does, often, and turns some away."""
    platform = {
        "kind": "serverless", "requests_per_worker": 1, "max_workers": 3, "idle_timeout_s": 3.0, "queue_timeout_s": 2.0,
        "max_queue_requests": 5, "gpu_price": BY_THE_SECOND, "cold_start": {"p50_s": 2.0, "p95_s": 6.0}, **MEASURED,
    }  # fmt: skip
    option = {"router": {"kind": "static", "shares": {"own": 1.0}}, "people": {}}
    _, quick = both(scene({"own": platform}, {"it": option}, classes=MANY, slo={}, count=2000), 1.5, {})
    books = quick.books["own"]

    assert books.counts["cold_starts"] > 100
    assert books.rejected > 10
    assert books.timed_out > 10
    assert 0.0 < books.counts["steady_worker_s"] < books.counts["paid_worker_s"]
    assert np.isnan(quick.started_s).sum() == books.rejected + books.timed_out
