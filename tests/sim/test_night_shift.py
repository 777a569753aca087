"""Async calls wait for their window, are answered by their deadline or counted as missed, and leave people alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tests.laws.build import chat, fixed, flat_api, gpu, scene, static

NIGHT = {"from_hour": 22, "to_hour": 6, "deadline_hours": 24}
CLASSES = {"chat": chat(0.6), "job": chat(0.4, "async")}
ALONE = {
    "max_sequences": 1,
    "beta_s_per_prefill_token": 0.0,
    "gamma_s_per_sequence": 0.0,
    "delta_s_per_context_token": 0.0,
}
TINY_H = 1e-9


def question(window: Any = NIGHT, classes: Any = CLASSES, server: Any = None, **fleet: Any) -> Scenario:
    """One fleet with a window; `apart` sends the jobs to a vendor instead."""
    tiers = {"own": gpu(async_window=window, server=server or {}, **fleet), "bought": flat_api(0.01)}
    apart = static(own=1.0)
    apart["router"]["by_class"] = {"job": {"bought": 1.0}}
    return scene(tiers, {"it": static(own=1.0), "apart": apart}, classes=classes)


def hours(scenario: Scenario, span_h: float, rate_rps: float, option: str = "it", from_hour: int = 0, **replicas: int):
    """Simulate some hours of the week, with one replica unless said otherwise."""
    workload = draw_workload(scenario, from_hour=from_hour, count=int(span_h * 3600 * rate_rps))
    return simulate(scenario, option, workload, rate_rps, replicas or {"own": 1})


def hour_of_day(result: SimulationResult, stamps_s: np.ndarray) -> np.ndarray:
    """Hours since midnight, of stamps in seconds since the run began."""
    return (result.workload.start_hour + stamps_s / 3600) % 24


def check_laws(found: SimulationResult, window: dict[str, float]) -> None:
    """No call begins outside of the window; each is answered by its deadline, or leaves then and is counted."""
    jobs = ~found.workload.interactive
    began = jobs & ~np.isnan(found.started_s)
    since_h = (hour_of_day(found, found.started_s[began]) - window["from_hour"] + TINY_H) % 24
    open_h = (window["to_hour"] - window["from_hour"]) % 24 or 24
    stay_h = (found.finished_s - found.arrived_s)[jobs] / 3600
    missed = found.outcome[jobs] == Outcome.TIMED_OUT

    assert (since_h <= open_h + 2 * TINY_H).all()
    assert (stay_h <= window["deadline_hours"] + TINY_H).all()
    assert stay_h[missed] == pytest.approx(window["deadline_hours"])
    assert missed.sum() == found.books["own"].counts.get("missed_deadlines", 0)
    assert set(found.outcome[jobs].tolist()) <= {Outcome.COMPLETED, Outcome.TIMED_OUT}


def test_jobs_of_the_day_are_done_at_night():
    """Two days: what comes between 6 and 22 is held, and every call is answered."""
    found = hours(question(), 48.0, 0.05)
    jobs = ~found.workload.interactive
    came = hour_of_day(found, found.arrived_s)
    by_day = jobs & (came >= 6) & (came < 22)

    check_laws(found, NIGHT)
    assert (found.outcome == Outcome.COMPLETED).all()
    assert by_day.sum() == found.books["own"].counts["held_requests"]
    assert (found.started_s - found.arrived_s)[by_day].min() > 0
    assert found.started_s[jobs & ~by_day] == pytest.approx(found.arrived_s[jobs & ~by_day], abs=600)


@settings(max_examples=20, deadline=None)
@given(
    opens=st.sampled_from([0, 1.5, 9, 22, 23.75]),
    open_h=st.sampled_from([0.25, 2, 8, 20]),
    slack_h=st.sampled_from([0.1, 3, 30]),
    rate_rps=st.sampled_from([0.005, 0.02, 0.1]),
    from_hour=st.integers(0, 167),
    fleet=st.sampled_from([{}, {"kv_reservation": "as_needed"}, {"queue_timeout_s": 60.0, "prefix_cached_share": 0.5}]),
)
def test_windows_keep_their_laws(opens, open_h, slack_h, rate_rps, from_hour, fleet):
    """Whatever the hours, the deadline, the load (half of them overloaded at night) and the fleet's features."""
    window = {"from_hour": opens, "to_hour": (opens + open_h) % 24, "deadline_hours": 24 - open_h + slack_h}
    narrow = {"max_sequences": 2, "kv_capacity_tokens": 3000, "alpha_s": 0.04}
    found = hours(question(window, server=narrow, **fleet), 20.0, rate_rps, from_hour=from_hour)

    check_laws(found, window)


def test_a_call_that_is_running_at_its_deadline_is_missed():
    """One sequence at a time, 10 000 s each: of four calls at once two are done in 7 h, one is begun, one never is."""
    window = {"from_hour": 0, "to_hour": 24, "deadline_hours": 7}
    jobs = {"job": chat(1.0, "async", input_tokens=fixed(1), output_tokens=fixed(1000))}
    found = hours(question(window, jobs, {**ALONE, "alpha_s": 10.0}), 4 / 36.0, 0.01)
    workload_s = found.finished_s - found.arrived_s

    assert [Outcome.COMPLETED] * 2 + [Outcome.TIMED_OUT] * 2 == found.outcome.tolist()
    assert 7 * 3600 == pytest.approx(workload_s[2:])
    assert [False, True] == np.isnan(found.started_s[2:]).tolist()
    assert np.isnan(found.first_token_s[2:]).all()
    assert 2 * 1000 == found.books["own"].output_tokens


def test_what_has_not_begun_when_the_window_closes_begins_first_the_next_day():
    """One call an hour of work each, a window of an hour: one is done a day, in the order in which they came."""
    window = {"from_hour": 3, "to_hour": 4, "deadline_hours": 120}
    jobs = {"job": chat(1.0, "async", input_tokens=fixed(1), output_tokens=fixed(360))}
    found = hours(question(window, jobs, {**ALONE, "alpha_s": 10.5}), 4.0, 1 / 3600)

    assert (found.outcome == Outcome.COMPLETED).all()
    assert [3, 27, 51, 75][: len(found)] == pytest.approx(np.sort(found.started_s / 3600).tolist())
    assert (np.diff(found.started_s) > 0).all()


def test_people_do_not_notice_held_jobs_until_the_window_opens():
    """Stamps by day are those of a fleet that never sees the jobs, bit by bit; at night they may differ."""
    narrow = {"max_sequences": 2}
    beside, without = (hours(question(server=narrow), 20.0, 0.2, option, from_hour=6) for option in ("it", "apart"))
    people = beside.workload.interactive
    by_day = people & (without.finished_s < 16 * 3600)
    jobs = ~people

    assert by_day.sum() > 5_000
    assert (beside.finished_s == without.finished_s)[by_day].all()
    assert (beside.first_token_s == without.first_token_s)[by_day].all()
    assert (beside.started_s[jobs] >= 16 * 3600 - 1e-6).all()
    assert (beside.finished_s != without.finished_s)[people & ~by_day].any()


def test_jobs_do_not_count_for_the_latency_slo():
    """Hours of waiting, and yet the judged are people only."""
    found = hours(question(), 24.0, 0.05, from_hour=6)

    assert found.e2e_s().max() < 60
    assert found.e2e_s(~found.workload.interactive).max() > 10 * 3600
    assert found.within(60.0, 10.0).all()


def test_patience_of_people_does_not_bind_jobs():
    """Jobs of a whole day wait at night for longer than `queue_timeout_s`; only people give up."""
    slow = {"max_sequences": 1, "alpha_s": 0.1}
    found = hours(question(server=slow, queue_timeout_s=1.0), 24.0, 0.02, from_hour=6)
    jobs = ~found.workload.interactive
    queued_s = found.started_s[jobs] - 16 * 3600

    assert (found.outcome[jobs] == Outcome.COMPLETED).all()
    assert queued_s.max() > 1000
    assert (found.outcome[~jobs] == Outcome.TIMED_OUT).any()


def test_a_window_that_never_closes_holds_nobody():
    """Stamps are those of a fleet without a window; only the deadline is left."""
    always = hours(question({"from_hour": 0, "to_hour": 24, "deadline_hours": 1}), 6.0, 0.3)
    plain = hours(question(None), 6.0, 0.3)

    assert 0 == always.books["own"].counts["held_requests"]
    assert (always.finished_s == plain.finished_s).all()


def test_failures_give_jobs_back_to_the_line():
    """What a broken replica had is done again; the laws of deadlines and counts hold."""
    broken = {"failures": {"mtbf_hours": 0.5, "mttr_hours": 0.2}}
    found = hours(question({**NIGHT, "deadline_hours": 17}, **broken), 30.0, 0.1, own=2)
    jobs = ~found.workload.interactive

    assert found.books["own"].counts["restarts"] > 0
    assert (found.outcome[jobs] == Outcome.COMPLETED).mean() > 0.9
    assert ((found.finished_s - found.arrived_s)[jobs] <= 17 * 3600 + 1e-6).all()


def test_no_more_jobs_are_let_go_than_there_are_places_for():
    """Two replicas with three places each: never more than six inside, in order, and all night long as many."""
    window = {**NIGHT, "max_replica_requests": 3}
    found = hours(question(window, server={"alpha_s": 0.3}), 24.0, 0.05, from_hour=6, own=2)
    jobs = ~found.workload.interactive
    started, ended = found.started_s[jobs], found.finished_s[jobs]
    inside = [int(((started <= now) & (ended > now)).sum()) for now in started]

    check_laws(found, window)
    assert 6 == max(inside)
    assert np.diff(started).min() > -60  # a replica may be ahead of the other by a step
    assert (found.outcome == Outcome.COMPLETED).all()


def test_held_jobs_do_not_make_people_spill_over():
    """Thousands of jobs wait by day, and yet no person is sent elsewhere for it, nor more than without a window."""
    spill = {"router": {"kind": "spill_over", "first": "own", "then": "bought", "full_at_requests": 12}, "people": {}}
    shares = []
    for window in (NIGHT, None):
        tiers = {"own": gpu(async_window=window, server={"alpha_s": 0.03}), "bought": flat_api(0.01)}
        found = hours(scene(tiers, {"it": spill}, classes=CLASSES), 10.0, 0.3, from_hour=8)
        shares.append(float(found.visited("bought")[found.workload.interactive].mean()))

    assert shares[0] < 0.001
    assert shares[0] <= shares[1]
