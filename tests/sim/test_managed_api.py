"""Managed API: limits, retries, errors, outages and the batch endpoint do what they say, and lose nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tco.demand.workload import Workload, draw_workload
from tco.domain import Outcome
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tests.laws.build import api, chat, escalation, fixed, gpu, scene, static

RETRY = {"max_retries": 4, "base_s": 1.0, "factor": 2.0, "cap_s": 3.0, "jitter_share": 0.0, "honour_retry_after": False}
BATCH = {"turnaround_p50_s": 3600.0, "turnaround_p95_s": 7200.0, "discount_share": 0.5}
PATIENCE_S = 4.0
EVERYTHING: dict[str, Any] = {
    "max_concurrency": 6, "max_queue_requests": 10, "timeout_s": PATIENCE_S, "error_share": 0.1,
    "limits": {"requests_per_minute": 100.0, "burst_requests": 8.0, "tokens_per_minute": 60_000.0},
    "retry": {"max_retries": 3}, "outages": {"mtbf_hours": 0.02, "mttr_hours": 0.005}, "batch": BATCH,
}  # fmt: skip
CLASSES = {"person": chat(0.7), "nightly": chat(0.3, "async")}


def one(tier: dict[str, Any], **changes: Any) -> Scenario:
    """A scenario with a single vendor."""
    return scene({"bought": tier}, {"it": static(bought=1.0)}, **{"count": 300, **changes})


def run(scenario: Scenario, rate_rps: float = 4.0, option: str = "it") -> SimulationResult:
    """Draw the workload and simulate an option."""
    return simulate(scenario, option, draw_workload(scenario), rate_rps)


def moments(scenario: Scenario, *times_s: float) -> Workload:
    """The scenario's requests, arriving in equal groups a day apart, each group at the given times."""
    workload = draw_workload(scenario)
    groups = len(workload) // len(times_s)
    assert groups * len(times_s) == len(workload)
    return replace(workload, unit_arrivals=(np.arange(groups)[:, None] * 86_400.0 + np.array(times_s)).ravel())


# ---------------------------------------------------------------- nothing is lost


@st.composite
def vendors(draw: Any) -> tuple[Scenario, float]:
    """A vendor with any of the features, alone or behind or before GPUs, and a rate."""
    chosen = {name: value for name, value in EVERYTHING.items() if draw(st.booleans())}
    if "max_queue_requests" in chosen and "max_concurrency" not in chosen:
        del chosen["max_queue_requests"]
    routers = [static(bought=1.0), escalation(0.3, "bought", "own"), escalation(0.5, "own", "bought")]
    router = draw(st.sampled_from(routers))
    tiers = {"bought": api(**chosen), "own": gpu()}
    scenario = scene(tiers, {"it": router}, count=200, classes=CLASSES, seed=draw(st.integers(0, 2**32)))
    return scenario, draw(st.sampled_from([0.2, 3.0, 30.0]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=vendors())
def test_everybody_ends_once_and_the_books_agree(case):
    """With any mix of features the engine's own checks hold, outcomes are those of the books, and retries bounded."""
    result = run(*case)  # checks conservation, order of stamps and Little's law itself
    books, tier = result.books["bought"], case[0].tiers["bought"]

    for outcome in (Outcome.REJECTED, Outcome.FAILED, Outcome.TIMED_OUT):
        counted = [getattr(each, outcome.name.lower()) for each in result.books.values()]
        assert int((result.outcome == outcome).sum()) == sum(counted)
    assert result.retries.max() <= (tier.retry.max_retries if tier.retry else 0)
    assert int(result.retries.sum()) == books.counts.get("retries", 0)
    assert np.isnan(result.first_token_s[~result.answered]).all()
    if tier.timeout_s is not None:
        stay_s = (result.finished_s - result.arrived_s)[result.outcome == Outcome.TIMED_OUT]
        assert stay_s.min(initial=PATIENCE_S) >= PATIENCE_S - 1e-6


def test_every_feature_happens():
    """The conservation test is not empty: with everything on, every way to end and every count occurs."""
    result = run(one(api(**EVERYTHING), classes=CLASSES, count=2000), 6.0)

    assert {Outcome.COMPLETED, Outcome.REJECTED, Outcome.FAILED, Outcome.TIMED_OUT} <= set(result.outcome.tolist())
    assert {
        "rejected_429_tries", "retries", "outage_tries", "error_tries",
        "batch_requests", "batch_input_tokens", "batch_output_tokens",
    } == set(result.books["bought"].counts)  # fmt: skip


def test_features_that_do_not_bind_change_nothing():
    """Limits, queue, patience and retries too wide to matter give the stamps of the plain vendor, to the bit."""
    wide = {
        "limits": {"requests_per_minute": 1e9, "tokens_per_minute": 1e12}, "timeout_s": 1e6, "retry": {},
        "max_concurrency": 1_000_000, "max_queue_requests": 0, "error_share": 0.0,
    }  # fmt: skip
    plain, limited = run(one(api())), run(one(api(**wide)))

    for stamp in ("arrived_s", "first_token_s", "finished_s", "outcome"):
        assert getattr(plain, stamp).tobytes() == getattr(limited, stamp).tobytes()
    assert {} == limited.books["bought"].counts


# ---------------------------------------------------------------- limits and retries by hand


def test_the_backoff_is_followed_to_the_second():
    """One request at once and one in 6 s: the second of a pair tries at 0, 1, 3, 6 (waits 1, 2, 3 s) and gets in."""
    tier = api(limits={"requests_per_minute": 10.0, "burst_requests": 1.0}, retry=RETRY)
    scenario = one(tier)
    result = simulate(scenario, "it", moments(scenario, 0.0, 0.0), 1.0)

    assert result.answered.all()
    assert {0} == set(result.retries[::2])
    assert {3} == set(result.retries[1::2])
    assert [6.0] * 150 == pytest.approx((result.started_s - result.arrived_s)[1::2].tolist())
    assert 450 == result.books["bought"].counts["rejected_429_tries"] == result.books["bought"].counts["retries"]


def test_a_client_that_honours_retry_after_comes_back_once():
    """It waits the 6 s that the vendor asks for and its own 1 s on top."""
    tier = api(limits={"requests_per_minute": 10.0, "burst_requests": 1.0}, retry={**RETRY, "honour_retry_after": True})
    scenario = one(tier)
    result = simulate(scenario, "it", moments(scenario, 0.0, 0.0), 1.0)

    assert {1} == set(result.retries[1::2])
    assert [7.0] * 150 == pytest.approx((result.started_s - result.arrived_s)[1::2].tolist())


def test_after_the_last_retry_the_request_is_rejected():
    """With two retries, at 1 and 3 s, the second of a pair is gone after 3 s, unanswered."""
    tier = api(limits={"requests_per_minute": 10.0, "burst_requests": 1.0}, retry={**RETRY, "max_retries": 2})
    scenario = one(tier)
    result = simulate(scenario, "it", moments(scenario, 0.0, 0.0), 1.0)

    assert {Outcome.REJECTED} == set(result.outcome[1::2])
    assert [3.0] * 150 == pytest.approx((result.finished_s - result.arrived_s)[1::2].tolist())
    assert 150 == result.books["bought"].rejected


def test_patience_ends_while_backing_off():
    """A client with 2 s of patience leaves at 2 s, not at its next retry at 3 s."""
    tier = api(
        limits={"requests_per_minute": 10.0, "burst_requests": 1.0}, retry=RETRY, timeout_s=2.0,
        latency={"ttft_p50_s": 0.1, "ttft_p95_s": 0.1, "tpot_p50_s": 1e-4, "tpot_p95_s": 1e-4, "source": "made up"},
    )  # fmt: skip
    scenario = one(tier)
    result = simulate(scenario, "it", moments(scenario, 0.0, 0.0), 1.0)

    assert {Outcome.TIMED_OUT} == set(result.outcome[1::2])
    assert [2.0] * 150 == pytest.approx((result.finished_s - result.arrived_s)[1::2].tolist())


@pytest.mark.parametrize(
    ("counted", "passing"),
    [
        ({"counted_tokens": "input"}, 6),  # 100 each
        ({"counted_tokens": "input_and_output"}, 5),  # 120 each
        ({"counted_tokens": "input_and_reserved_output", "reserved_output_tokens": 200}, 2),  # 300 each
    ],
)
def test_tokens_are_counted_the_vendors_way(counted, passing):
    """Of ten requests at once with 100 tokens in and 20 out, a burst of 600 tokens passes six, five or two."""
    classes = {"chat": {"share": 1.0, "input_tokens": fixed(100), "output_tokens": fixed(20)}}
    scenario = one(api(limits={"tokens_per_minute": 600.0, **counted}), classes=classes)
    result = simulate(scenario, "it", moments(scenario, *[0.0] * 10), 1.0)

    assert [passing] * 30 == result.answered.reshape(30, 10).sum(axis=1).tolist()


def test_a_request_larger_than_the_burst_is_rejected_at_once():
    """A trace may hold one: it does not retry for what can never be."""
    classes = {"chat": {"share": 1.0, "input_tokens": fixed(100), "output_tokens": fixed(20)}}
    scenario = one(api(limits={"tokens_per_minute": 600.0}, retry=RETRY), classes=classes)
    workload = moments(scenario, 0.0)
    workload.input_tokens[7] = 601
    result = simulate(scenario, "it", workload, 1.0)

    assert [7] == np.flatnonzero(result.outcome == Outcome.REJECTED).tolist()
    assert 0 == result.retries[7]
    assert result.finished_s[7] == result.arrived_s[7]


# ---------------------------------------------------------------- errors and outages


def test_errors_come_in_their_share_and_retries_are_independent():
    """Of 20 000 tries a tenth fails; with one retry a hundredth of the requests does."""
    once = run(one(api(error_share=0.1), count=20_000))
    twice = run(one(api(error_share=0.1, retry={**RETRY, "max_retries": 1}), count=20_000))

    assert 2000 == pytest.approx(once.books["bought"].failed, abs=1)
    assert 2000 == pytest.approx(twice.books["bought"].counts["retries"], abs=1)
    assert 200 == pytest.approx(twice.books["bought"].failed, abs=4 * 200**0.5)
    assert once.books["bought"].completed == (once.outcome == Outcome.COMPLETED).sum()


def test_outages_take_their_share_of_the_requests():
    """In 40 000 s with outages of 36 s every 108 s a third of the sent requests meets one, to 4 standard errors."""
    tier = api(outages={"mtbf_hours": 0.02, "mttr_hours": 0.01})
    result = run(one(tier, count=4000), 0.1)
    memory_s = 36.0 * 72.0 / (36.0 + 72.0)

    assert abs((result.outcome == Outcome.FAILED).mean() - 1 / 3) < 4 * (2 * 2 / 9 * memory_s / 40_000) ** 0.5
    assert (result.finished_s == result.arrived_s)[result.outcome == Outcome.FAILED].all()


def test_tiers_of_one_provider_are_down_together():
    """Both tiers of a provider fail the same requests; another provider's tier fails others."""
    outages = {"mtbf_hours": 0.02, "mttr_hours": 0.01}
    tiers = {
        "one": api(outages={**outages, "provider": "a"}),
        "other": api(outages={**outages, "provider": "a"}),
        "third": api(outages={**outages, "provider": "b"}),
    }
    scenario = scene(tiers, {name: static(**{name: 1.0}) for name in tiers})
    failed = {name: (run(scenario, 0.5, name).outcome == Outcome.FAILED).tolist() for name in tiers}

    assert failed["one"] == failed["other"]
    assert failed["one"] != failed["third"]


# ---------------------------------------------------------------- batch


def test_async_requests_go_to_the_batch_endpoint_outside_the_limits():
    """They come back after hours, in the stated median, and take nothing from a limit that binds the others."""
    limits = {"requests_per_minute": 60.0, "burst_requests": 5.0}
    result = run(one(api(limits=limits, batch=BATCH), classes=CLASSES, count=4000), 4.0)
    batched = ~result.workload.interactive
    turnaround_s = (result.finished_s - result.arrived_s)[batched]
    books = result.books["bought"]

    assert result.answered[batched].all()
    assert not result.answered[~batched].all()
    assert [3600.0, 7200.0] == pytest.approx(np.quantile(turnaround_s, [0.5, 0.95]).tolist(), rel=0.06)
    assert batched.sum() == books.counts["batch_requests"]
    assert result.workload.input_tokens[batched].sum() == books.counts["batch_input_tokens"]
    assert books.input_tokens == result.workload.input_tokens[result.answered].sum()


def test_a_batch_endpoint_does_not_touch_the_others():
    """Beside a batch endpoint interactive requests keep their stamps."""
    plain, batched = run(one(api(), classes=CLASSES)), run(one(api(batch=BATCH), classes=CLASSES))
    people = plain.workload.interactive

    assert plain.finished_s[people].tolist() == batched.finished_s[people].tolist()


# ---------------------------------------------------------------- common random numbers, monotonicity


def test_a_limit_on_one_tier_changes_no_other_options_stamps():
    """Chance belongs to the request: an option beside a vendor with every feature is the same to the bit."""
    alone = scene({"plain": api()}, {"it": static(plain=1.0)}, classes=CLASSES)
    beside = scene(
        {"plain": api(), "odd": api(**EVERYTHING)}, {"odd": static(odd=1.0), "it": static(plain=1.0)}, classes=CLASSES
    )

    assert run(alone).finished_s.tobytes() == run(beside).finished_s.tobytes()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rate=st.floats(0.5, 20.0),
    per_minute=st.floats(10.0, 600.0),
    burst=st.floats(1.0, 50.0),
    looser=st.tuples(st.floats(1.0, 3.0), st.floats(1.0, 3.0)),
)
def test_a_looser_limit_on_requests_never_lets_fewer_through(seed, rate, per_minute, burst, looser):
    """On the same arrivals, without retries, more requests a minute or a larger burst answer no fewer by any time."""
    tight, loose = (
        run(one(api(limits={"requests_per_minute": per_minute * a, "burst_requests": burst * b}), seed=seed), rate)
        for a, b in ((1.0, 1.0), looser)
    )

    assert (np.cumsum(loose.answered) >= np.cumsum(tight.answered)).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    rate=st.floats(0.5, 20.0),
    limit=st.floats(5e3, 2e5),
    burst=st.floats(2600.0, 20_000.0),
    looser=st.tuples(st.floats(1.0, 3.0), st.floats(1.0, 3.0)),
    retry=st.sampled_from([None, {"max_retries": 3}]),
)
def test_a_looser_limit_on_tokens_never_answers_fewer_in_all(seed, rate, limit, burst, looser, retry):
    """The same in all for tokens, and with retries.

    Not at every moment, and no theorem: a large request that a looser limit lets through can cost two small ones that
    come right after it. In 500 random cases of either kind the total never fell.
    """
    tight, loose = (
        run(one(api(limits={"tokens_per_minute": limit * a, "burst_tokens": burst * b}, retry=retry), seed=seed), rate)
        for a, b in ((1.0, 1.0), looser)
    )

    assert loose.answered.sum() >= tight.answered.sum()
