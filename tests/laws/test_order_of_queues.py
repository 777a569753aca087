"""Laws of waiting: no negative queue, no idle server beside a waiting request, and more room never serves fewer.

What is a theorem, and what only looks like one. Services belong to requests and arrivals are the same, so "more" is
compared request by request.

* With one first-come-first-served queue, one server more lets every request begin no later, and a higher rate no
  earlier (J. Kiefer and J. Wolfowitz, 1955: the sorted workloads are ordered).
* With equal services, a longer queue limit or a longer patience never serves fewer. Proof: let A(t) be the requests let
  in so far, and suppose the looser queue turns somebody away whom the tighter one lets in, for the first time, with as
  many let in so far. Its nth admission was never later, so, services being equal, its nth departure is no later, so it
  holds no more than the tighter one and no longer a wait: it would have let the request in.
* With unequal services it is none: a looser queue may let a giant in, behind which many small ones are turned away.
  `test_a_looser_limit_may_serve_fewer` shows one.
* More KV memory on a continuous-batching replica serves whoever is served with less, where nobody gives up. It does
  not keep the time of every request: a larger batch steps more slowly, a chunk of another prompt lengthens a step, and
  rounding to steps moves everything behind it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tco.demand.workload import Workload, draw_workload
from tco.domain import Outcome
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tests.laws.build import api, chat, fixed, gpu, micro_batch, scene, server, static

INSTANT = 1e-15
SHORT = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 10**6)
loads = st.sampled_from([0.5, 0.9, 1.5, 4.0])  # of one server; overload is where limits matter


def one_queue(tier: dict[str, Any], seed: int, lengths: dict[str, Any], cv: float = 1.0, count: int = 250) -> Scenario:
    """A scenario of one tier, whose answers and prompts are as long as said."""
    arrivals = {"kind": "gamma", "interarrival_cv": cv}
    return scene(
        {"own": tier},
        {"it": static(own=1.0)},
        count=count,
        seed=seed,
        classes={"chat": chat(input_tokens=lengths, output_tokens=lengths)},
        traffic={"requests_per_month": 1000.0, "arrivals": arrivals},
    )


def limited_api(servers: int, **limits: Any) -> dict[str, Any]:
    """An API whose service takes a thousandth of a second a token."""
    pace = {"ttft_p50_s": INSTANT, "ttft_p95_s": INSTANT, "tpot_p50_s": 0.001, "tpot_p95_s": 0.001, "source": "law"}
    return api(latency=pace, max_concurrency=servers, **limits)


def one_at_a_time(**limits: Any) -> dict[str, Any]:
    """A replica that takes one request at a time, a thousandth of a second for each prompt token."""
    alone = server(
        alpha_s=INSTANT, beta_s_per_prefill_token=0.001, gamma_s_per_sequence=0.0, delta_s_per_context_token=0.0,
        max_sequences=1, step_budget_tokens=10**6, kv_capacity_tokens=10**6,
    )  # fmt: skip
    return {**gpu(), "server": alone, **limits}


def run(scenario: Scenario, rate_rps: float, replicas: int = 1, workload: Workload | None = None) -> SimulationResult:
    """Simulate the one option."""
    return simulate(scenario, "it", workload or draw_workload(scenario, count=250), rate_rps, {"own": replicas})


def completed(result: SimulationResult) -> int:
    """How many were served."""
    return int((result.outcome == Outcome.COMPLETED).sum())


EXPONENTIAL = {"kind": "exponential", "mean_tokens": 1000.0}
VARIED = st.sampled_from([EXPONENTIAL, fixed(1000), {"kind": "uniform", "min_tokens": 1, "max_tokens": 2000}])


# ---------------------------------------------------------------- counts over time


def number_after(begin_s: np.ndarray, end_s: np.ndarray, at_s: np.ndarray) -> np.ndarray:
    """Count the spans under way just after each moment."""
    begun = np.searchsorted(np.sort(begin_s), at_s, side="right")
    return np.asarray(begun - np.searchsorted(np.sort(end_s), at_s, side="right"))


def waiting_and_serving(result: SimulationResult) -> tuple[np.ndarray, np.ndarray]:
    """How many wait and how many are served, after each event."""
    begun = np.where(np.isnan(result.started_s), result.finished_s, result.started_s)
    moments = np.unique(np.concatenate([result.arrived_s, begun, result.finished_s]))
    waiting = number_after(result.arrived_s, begun, moments)
    return waiting, number_after(begun, result.finished_s, moments)


@SHORT
@given(seed=seeds, load=loads, lengths=VARIED, servers=st.integers(1, 4), most=st.sampled_from([None, 0, 3]))
def test_no_server_of_an_api_is_idle_while_somebody_waits(seed, load, lengths, servers, most):
    """After every event: nobody waits or every server works, never more than there are, never less than none."""
    tier = limited_api(servers, **({} if most is None else {"max_queue_requests": most}))
    result = run(one_queue(tier, seed, lengths, cv=2.0), load * servers)
    waiting, serving = waiting_and_serving(result)

    assert waiting.min() >= 0
    assert serving.min() >= 0
    assert serving.max() <= servers
    assert (serving[waiting > 0] == servers).all()
    if most is not None:
        assert waiting.max() <= most


@SHORT
@given(seed=seeds, load=loads, replicas=st.integers(1, 3), patience=st.sampled_from([None, 2.0]))
def test_no_replica_is_idle_while_a_batch_could_begin(seed, load, replicas, patience):
    """Without a window, a free replica takes whoever waits."""
    tier = micro_batch(window_s=0.0, max_batch=3, batch_fixed_s=1.0, queue_timeout_s=patience)
    result = run(one_queue(tier, seed, fixed(1), cv=2.0), 3 * load * replicas, replicas)
    waiting, _ = waiting_and_serving(result)
    begun = result.started_s[~np.isnan(result.started_s)]
    ends = result.finished_s[~np.isnan(result.started_s)]
    batches = np.unique(np.stack([begun, ends]), axis=1)
    moments = np.unique(np.concatenate([result.arrived_s, begun, result.finished_s]))
    running = number_after(batches[0], batches[1], moments)

    assert waiting.min() >= 0
    assert running.max() <= replicas
    assert (running[waiting > 0] == replicas).all()


@SHORT
@given(seed=seeds, load=st.sampled_from([0.3, 1.0, 3.0]), memory=st.sampled_from([3000, 20_000]))
def test_a_gpu_works_just_as_long_as_somebody_is_there(seed, load, memory):
    """One replica: its busy time is the time in which at least one request is inside."""
    tier = gpu(server={"kv_capacity_tokens": memory}, kv_reservation="as_needed")
    result = run(scene({"own": tier}, {"it": static(own=1.0)}, count=250, seed=seed), load)
    inside = result.answered
    begin_s, end_s = result.arrived_s[inside], np.maximum.accumulate(result.finished_s[inside])
    idle_s = np.maximum(begin_s[1:] - end_s[:-1], 0.0).sum()
    somebody_s = end_s[-1] - begin_s[0] - idle_s

    on_s = result.finished_s.max()  # the replica is on from 0, before the first request comes
    np.testing.assert_allclose(result.books["own"].busy_share * on_s, somebody_s, rtol=1e-9)


# ---------------------------------------------------------------- more servers, less traffic


@SHORT
@given(seed=seeds, load=loads, lengths=VARIED, servers=st.integers(1, 4))
def test_one_server_more_lets_nobody_begin_later(seed, load, lengths, servers):
    """G/G/c, first come first served: request by request."""
    few, more = (
        run(one_queue(limited_api(count), seed, lengths, cv=2.0), load * servers) for count in (servers, servers + 1)
    )

    assert (more.started_s <= few.started_s + 1e-9).all()


@SHORT
@given(seed=seeds, load=loads, lengths=VARIED, servers=st.integers(1, 3))
def test_a_higher_rate_lets_nobody_wait_shorter(seed, load, lengths, servers):
    """The same arrivals, closer together."""
    scenario = one_queue(limited_api(servers), seed, lengths)
    calm, busy = (run(scenario, load * servers * factor) for factor in (1.0, 1.3))

    assert (busy.started_s - busy.arrived_s >= calm.started_s - calm.arrived_s - 1e-9).all()


# ---------------------------------------------------------------- looser limits


@SHORT
@given(seed=seeds, load=loads, servers=st.integers(1, 3), most=st.integers(0, 6), more=st.integers(1, 5))
def test_a_longer_queue_serves_no_fewer_equal_requests_at_an_api(seed, load, servers, most, more):
    """G/D/c/K: admissions so far are never fewer at any time, so completions are not either."""
    tight, loose = (
        run(one_queue(limited_api(servers, max_queue_requests=limit), seed, fixed(1000), cv=2.0), load * servers)
        for limit in (most, most + more)
    )
    admitted = [np.cumsum(result.outcome == Outcome.COMPLETED) for result in (tight, loose)]

    assert (admitted[1] >= admitted[0]).all()


@SHORT
@given(seed=seeds, load=loads, most=st.integers(0, 6), more=st.integers(1, 5))
def test_a_longer_queue_serves_no_fewer_equal_requests_at_a_gpu(seed, load, most, more):
    """The same at a replica that takes one at a time."""
    tight, loose = (
        run(one_queue(one_at_a_time(max_queue_requests=limit), seed, fixed(1000), cv=2.0), load)
        for limit in (most, most + more)
    )

    assert completed(loose) >= completed(tight)


@SHORT
@given(seed=seeds, load=loads, patience=st.sampled_from([0.3, 1.7, 4.2]), more=st.sampled_from([0.1, 1.0, 9.0]))
def test_longer_patience_loses_no_more_equal_requests(seed, load, patience, more):
    """G/D/1 with patience: whoever waits longer before giving up is served no less often in all."""
    tight, loose = (
        run(one_queue(one_at_a_time(queue_timeout_s=wait_s), seed, fixed(1000), cv=2.0), load)
        for wait_s in (patience, patience + more)
    )
    served = [np.cumsum(result.outcome == Outcome.COMPLETED) for result in (tight, loose)]

    assert (served[1] >= served[0]).all()


def test_a_looser_limit_may_serve_fewer():
    """Not a theorem with unequal services: the longer queue lets a giant in, and many are turned away behind it."""
    scenario = one_queue(limited_api(1, max_queue_requests=0), 1, fixed(1000))
    drawn = draw_workload(scenario, count=7)
    # Seconds: 0 (1 long), 0.5 (giant), then one every second and a bit.
    arrivals = np.array([0.0, 0.5, 1.1, 2.2, 3.3, 4.4, 5.5])
    tokens = np.array([1001, 100_001, 1001, 1001, 1001, 1001, 1001])
    workload = replace(drawn, unit_arrivals=arrivals, output_tokens=tokens)
    loose = one_queue(limited_api(1, max_queue_requests=1), 1, fixed(1000))

    assert 6 == completed(run(scenario, 1.0, workload=workload))
    assert 3 == completed(run(loose, 1.0, workload=workload))


# ---------------------------------------------------------------- more memory, more GPUs


@SHORT
@given(
    seed=seeds,
    load=st.sampled_from([0.3, 3.0]),
    memory=st.sampled_from([600, 900, 1500]),
    more=st.sampled_from([100, 1000, 10_000]),
    reservation=st.sampled_from(["whole", "as_needed"]),
)
def test_more_memory_serves_whoever_less_memory_serves(seed, load, memory, more, reservation):
    """Where nobody gives up, a request is served when it fits into an empty replica; more memory fits more."""
    tight, roomy = (
        run(
            scene(
                {"own": gpu(server={"kv_capacity_tokens": tokens}, kv_reservation=reservation)},
                {"it": static(own=1.0)}, count=250, seed=seed,
            ),
            load,
        )
        for tokens in (memory, memory + more)
    )  # fmt: skip

    assert (roomy.answered | ~tight.answered).all()


@SHORT
@given(seed=seeds, load=loads, replicas=st.integers(1, 3), more=st.integers(1, 3))
def test_more_gpus_turn_nobody_away_who_was_served(seed, load, replicas, more):
    """Where nobody gives up, the number of GPUs changes when requests are served, not whether."""
    scenario = scene({"own": gpu(server={"kv_capacity_tokens": 900})}, {"it": static(own=1.0)}, count=250, seed=seed)
    few, many = (run(scenario, load, count) for count in (replicas, replicas + more))

    assert few.outcome.tolist() == many.outcome.tolist()
