"""Horizon: every request is there once, stretches merge to the months, and windows were not far off."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.arrivals.gamma import Gamma
from tco.arrivals.trace_rows import TraceRows
from tco.capacity import horizon
from tco.capacity.histogram import ERROR, Histogram
from tco.capacity.horizon import simulate_horizon, stretches
from tco.demand.forecast import forecast
from tco.errors import UsageError
from tco.pipeline import evaluate, with_every_request
from tests.laws.build import api, chat, escalation, gpu, scene, serverless, static

SECONDS = st.floats(1e-3, 1e5)
WEEK = [1.0] * 100 + [3.0] * 68
TIERS = {"own": gpu(min_replicas=2), "bought": api()}
OPTIONS = {"build": static(own=1.0), "mix": escalation(0.2, "own", "bought")}


def plan(requests: float = 30_000.0, months: int = 2, **changes: Any):
    """Two options over some months, with a week that has busy days; the compiled engine is not needed."""
    traffic = {
        "requests_per_month": requests, "growth_fraction_per_month": 0.1, "hour_of_week": WEEK,
        "arrivals": {"kind": "poisson"},
    }  # fmt: skip
    plain: dict[str, Any] = {"classes": {"chat": chat()}, "slo": {"e2e_p95_s": 5.0}, "count": 500, "traffic": traffic}
    return scene(TIERS, OPTIONS, **{**plain, "horizon_months": months, **changes})


@given(
    st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=300), st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=300)
)
@settings(max_examples=60, deadline=None)
def test_merged_histograms_are_those_of_all_times(one, other):
    """In either order, and a percentile is within its error of an order statistic."""
    both = Histogram.of(np.array(one)) + Histogram.of(np.array(other))

    assert (Histogram.of(np.array(one + other)).counts == both.counts).all()
    assert (both.counts == (Histogram.of(np.array(other)) + Histogram.of(np.array(one))).counts).all()
    ordered = sorted(one + other)
    for percent in (50, 95, 99):
        exact = ordered[max(int(np.ceil(percent / 100 * len(ordered))) - 1, 0)]
        assert both.percentile_s(percent) == pytest.approx(exact, rel=2.1 * ERROR)


def test_nothing_has_no_percentile():
    """Unknown is not zero."""
    assert Histogram.of(np.array([])).percentile_s(95) is None


@pytest.mark.parametrize("most", [1_000, 7_777, 10**9])
def test_stretches_hold_every_request_and_every_hour_once(most, monkeypatch):
    """Whatever their size, those of a month add up to its volume and to 730 hours."""
    monkeypatch.setattr(horizon, "STRETCH_REQUESTS", most)
    scenario = plan(months=3)
    months = forecast(scenario)
    found = stretches(scenario, months)
    for month in months:
        mine = [piece for piece in found if piece.month == month.index]

        assert round(month.requests) == sum(piece.requests for piece in mine)
        assert 730 == sum(piece.hours for piece in mine)
        assert month.index * 730 % 168 == mine[0].from_hour
    for one, following in pairwise(found):
        assert (one.from_hour + one.hours) % 168 == following.from_hour
    assert list(range(len(found))) == [piece.number for piece in found]


def test_busy_hours_have_their_share_of_the_requests(monkeypatch):
    """Three times the rate in 68 of 168 hours."""
    monkeypatch.setattr(horizon, "STRETCH_REQUESTS", 500)
    scenario = plan(months=1)
    for piece in stretches(scenario, forecast(scenario)):
        hours = [WEEK[(piece.from_hour + hour) % 168] for hour in range(piece.hours)]
        expected = 30_000 * sum(hours) / sum(WEEK[hour % 168] for hour in range(730))

        assert abs(piece.requests - expected) <= 1


def test_any_number_of_processes_sees_the_same(monkeypatch):
    """Stretches are merged in their order."""
    monkeypatch.setattr(horizon, "STRETCH_REQUESTS", 8_000)
    monkeypatch.setattr(horizon, "WORTH_A_PROCESS", 1)
    scenario = plan()
    evaluation = evaluate(scenario)
    one = simulate_horizon(scenario, evaluation.plans, evaluation.months)
    with horizon.crew_for(scenario, evaluation.months, 2) as crew:
        two = simulate_horizon(scenario, evaluation.plans, evaluation.months, crew)

    assert 1 == crew.further

    assert one[1] == two[1]
    assert [plan.windows for plan in one[0].values()] == [plan.windows for plan in two[0].values()]


def test_tokens_are_those_of_every_request(monkeypatch):
    """Means over merged stretches times the volume are the tokens that were served, whatever the stretches' size."""
    scenario = plan(months=1)
    evaluation = evaluate(scenario)
    for most in (4_000, 10**9):
        monkeypatch.setattr(horizon, "STRETCH_REQUESTS", most)
        plans, seen = simulate_horizon(scenario, evaluation.plans, evaluation.months)
        window = plans["mix"].windows[0]

        assert 30_000 == window.requests == seen["mix"][0].requests
        assert 1.0 == pytest.approx(window.tiers["own"].visits_per_request, abs=1e-9)
        assert 0.2 == pytest.approx(window.tiers["bought"].visits_per_request, abs=0.005)
        assert 60.0 < window.tiers["own"].output_tokens_per_request < 100.0


def test_windows_were_not_far_off():
    """Costs within 1 %, the busiest hour's p95 within 15 %, and fleets are those that windows sized."""
    evaluation = evaluate(plan())
    every = with_every_request(evaluation)

    assert every.every is not None
    for option in OPTIONS:
        totals = [found.ledger.loc[found.ledger["option"] == option, "cost_usd"].sum() for found in (evaluation, every)]
        p95 = [found.plans[option].worst.e2e.p95_s for found in (evaluation, every)]

        assert totals[0] == pytest.approx(totals[1], rel=0.01)
        assert p95[0] == pytest.approx(p95[1], rel=0.15)
        assert evaluation.plans[option].replicas == every.plans[option].replicas


def test_lost_minutes_are_those_of_hours_beyond_the_limit():
    """With a limit that nobody keeps every hour is lost; with none, none."""
    for limit, lost in ((0.01, True), (1e6, False)):
        evaluation = evaluate(plan(months=1, slo={"e2e_p95_s": limit}))
        _, seen = simulate_horizon(evaluation.scenario, evaluation.plans, evaluation.months)

        assert (seen["build"][0].lost_minutes > 42_000) is lost
        assert (seen["build"][0].lost_minutes == 0) is not lost


def test_busiest_hours_are_judged_by_enough_requests(monkeypatch):
    """Those of neighbouring months are merged in, nearest first; where a month has enough, it is judged alone."""
    scenario = plan(months=5)
    evaluation = evaluate(scenario)
    p95: dict[int, list[float | None]] = {}
    monkeypatch.setattr(horizon, "LEAST_JUDGED_REQUESTS", 1)
    for least in (1, 500, 10**9):
        monkeypatch.setattr(horizon, "JUDGED_REQUESTS", least)
        plans, seen = simulate_horizon(scenario, evaluation.plans, evaluation.months)
        p95[least] = [window.e2e.p95_s for window in plans["build"].windows]

    assert p95[1] == [month.peak_e2e_p95_s for month in seen["build"]]
    assert 1 == len(set(p95[10**9]))
    assert max(p95[10**9]) < max(p95[500]) < max(p95[1])


def test_windows_judge_busiest_hours_of_hardly_any_requests():
    """Fifty requests a month: the months' costs, and what windows said of their busiest hours."""
    evaluation = evaluate(plan(requests=50.0, months=3))
    plans, _ = simulate_horizon(evaluation.scenario, evaluation.plans, evaluation.months)
    for name, found in plans.items():
        by_windows = [evaluation.plans[name].window(month) for month in range(3)]

        assert [window.e2e for window in by_windows] == [window.e2e for window in found.windows]
        assert [window.e2e_p95 for window in by_windows] == [window.e2e_p95 for window in found.windows]
        assert [50, 55, 61] == [window.requests for window in found.windows]


@pytest.mark.parametrize("growth", [0.0, -0.6])
def test_months_without_any_request_are_empty(growth):
    """From the first on, or once a shrinking volume rounds to nothing; nothing is paid by the request."""
    traffic = {"requests_per_month": 0.3 if growth == 0.0 else 2.0, "growth_fraction_per_month": growth,
               "arrivals": {"kind": "poisson"}}  # fmt: skip
    every = with_every_request(evaluate(plan(months=3, traffic=traffic)))

    assert every.every is not None
    seen = every.every.seen["build"]
    assert [0, 0, 0] == [month.requests for month in seen] if growth == 0.0 else 0 == seen[2].requests
    assert seen[2].e2e_p95_s is None
    assert 0 == seen[2].lost_minutes


def test_no_more_minutes_are_lost_than_there_are():
    """Bursts that end after their month count in its last hour."""
    evaluation = evaluate(plan(requests=3_000.0, months=2, slo={"e2e_p95_s": 0.01}))
    traffic = evaluation.scenario.traffic.model_copy(update={"arrivals": Gamma(kind="gamma", interarrival_cv=13.0)})
    scenario = evaluation.scenario.model_copy(update={"traffic": traffic})
    _, seen = simulate_horizon(scenario, evaluation.plans, evaluation.months)

    assert all(0 < month.lost_minutes <= 730 * 60 for each in seen.values() for month in each)


@pytest.mark.parametrize("tier", [api(limits={"requests_per_minute": 5.0}), serverless()])
def test_every_request_is_billed_as_it_went(tier):
    """What limits refuse and what workers are paid for follow the load of each hour: the bill is that of the months."""
    traffic = {"requests_per_month": 150_000.0, "hour_of_week": WEEK, "arrivals": {"kind": "poisson"}}
    scenario = scene(
        {"own": tier}, {"it": static(own=1.0)}, classes={"chat": chat()}, slo={}, count=2000, traffic=traffic
    )
    every = with_every_request(evaluate(scenario))
    month = every.plans["it"].windows[0]
    used = {meter.item: meter.quantity for meter in every.meters if meter.month == 0}
    seen = month.tiers["own"]

    assert used["input_tokens"] == pytest.approx(150_000 * seen.input_tokens_per_request / 1e6, rel=1e-12)
    if "paid_worker_s" in seen.counts_per_request:
        assert used["gpu_seconds"] == pytest.approx(150_000 * seen.counts_per_request["paid_worker_s"], rel=1e-12)
    else:
        assert month.unanswered["rejected"] > 0.01
    by_windows = {meter.item: meter.quantity for meter in evaluate(scenario).meters if meter.month == 0}
    for item in {"input_tokens", "output_tokens", "gpu_seconds"} & set(used):
        assert by_windows[item] == pytest.approx(used[item], rel=0.05)


def test_bursts_cost_minutes():
    """The same requests on the same fleets: the more they bunch, the longer they wait and the more hours are lost."""
    evaluation = evaluate(plan(requests=150_000.0, months=1, slo={"e2e_p95_s": 2.5}))
    lost: list[int] = []
    p95: list[float] = []
    for cv in (1.0, 4.0, 13.0):
        arrivals = Gamma(kind="gamma", interarrival_cv=cv)
        traffic = evaluation.scenario.traffic.model_copy(update={"arrivals": arrivals})
        bunched = evaluation.scenario.model_copy(update={"traffic": traffic})
        plans, seen = simulate_horizon(bunched, evaluation.plans, evaluation.months)
        lost.append(seen["build"][0].lost_minutes)
        p95.append(seen["build"][0].e2e_p95_s or 0.0)

        assert 150_000 == seen["build"][0].requests
        assert 0.2 == pytest.approx(plans["mix"].windows[0].tiers["bought"].visits_per_request, abs=0.01)
    assert lost[0] < lost[1] < lost[2]
    assert p95[0] < p95[1] < p95[2]


@pytest.mark.parametrize(
    ("engine", "why"), [("auto", "plans of 20,000 requests or more"), ("compiled", "asked for"), ("simpy", "asked for")]
)
def test_the_engine_is_told_with_its_reason(engine, why):
    """`auto` compiles for the whole plan, however short a stretch of it is."""
    scenario = plan(months=1)
    asked = scenario.model_copy(update={"simulation": scenario.simulation.model_copy(update={"engine": engine})})
    plans, _ = simulate_horizon(asked, evaluate(scenario).plans, forecast(asked))
    windows = plans["build"].windows

    assert [("simpy" if engine == "simpy" else "compiled", why)] == [(w.engine, w.engine_why) for w in windows]


def test_both_engines_are_told_where_stretches_ran_on_different_ones(monkeypatch):
    """As where requests go back to a tier in every other one."""
    monkeypatch.setattr(horizon, "STRETCH_REQUESTS", 8_000)
    simulate, runs = horizon.simulate, count()

    def by_turns(*arguments):
        found = simulate(*arguments)
        return (
            found if next(runs) // len(OPTIONS) % 2 else replace(found, engine="simpy", engine_why="requests go back")
        )

    monkeypatch.setattr(horizon, "simulate", by_turns)
    scenario = plan(months=1)
    plans, _ = simulate_horizon(scenario, evaluate(scenario).plans, forecast(scenario))
    (window,) = plans["build"].windows

    assert "simpy and compiled" == window.engine
    assert "requests go back and plans of 20,000 requests or more" == window.engine_why


def test_a_trace_is_refused():
    """It does not last as long as the plan."""
    rows = TraceRows("x.csv", np.ones(10), np.ones(10, np.int64), np.ones(10, np.int64), 0)
    evaluation = replace(evaluate(plan(months=1)), trace=rows)

    with pytest.raises(UsageError, match="replay a trace"):
        with_every_request(evaluation)
