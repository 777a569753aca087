"""Idle night hours carry the day's async calls or they do not: by hand, by filling hours, and by simulating days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.capacity.async_nights import AsyncDemand, AsyncLoad, async_load, least_replicas
from tco.capacity.experiment import Question, run_experiment
from tco.capacity.meters import read_meters
from tco.capacity.replicate import Load, Runner, Stop, Stretch
from tco.capacity.sizing import FleetPlan, plan_fleet
from tco.decide.compare import compare
from tco.demand.forecast import forecast
from tco.demand.workload import draw_workload
from tco.errors import UsageError
from tco.pipeline import evaluate
from tco.report.comparison import comparison_document, comparison_json
from tco.report.simulation import simulation_document
from tco.report.simulation_rows import simulation_json
from tco.scenario import Scenario
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tests.laws.build import chat, fixed, gpu, rate_traffic, scene, static

NIGHT = {"from_hour": 22, "to_hour": 6, "deadline_hours": 24}
FLAT = [1.0] * 168
BUSY_DAYS = [1.75 if 8 <= hour % 24 < 20 else 0.25 for hour in range(168)]  # mean 1
# Steps of 2 s, one token a step, prompts for nothing, two at once: a call of 10 tokens is carried every 10 s. Rates are
# in calls per 20 s, so that a replica carries 2 and a day has few.
SLOW = 0.05
STEPS = {
    "alpha_s": 2.0, "beta_s_per_prefill_token": 0.0, "gamma_s_per_sequence": 0.0, "delta_s_per_context_token": 0.0,
    "max_sequences": 2,
}  # fmt: skip
TEN = {"input_tokens": fixed(1), "output_tokens": fixed(10)}


def question(jobs: float = 0.5, rate: float = 1.0, window: Any = NIGHT, week: Any = FLAT, **fleet: Any) -> Scenario:
    """One fleet of replicas that carry 2 calls per 20 s, for people and jobs of the same length."""
    classes = {"chat": chat(1 - jobs, **TEN), "job": chat(jobs, "async", **TEN)}
    tiers = {"own": gpu(server=STEPS, **({"async_window": window} if window else {}), **fleet)}
    traffic = rate_traffic(SLOW * rate, hour_of_week=week)
    return scene(tiers, {"it": static(own=1.0)}, classes=classes, traffic=traffic, slo={"e2e_p95_s": 600.0})


def plan(scenario: Scenario) -> FleetPlan:
    """Size the scenario's only option."""
    return plan_fleet(scenario, "it", draw_workload(scenario), forecast(scenario))


def fleet_of(window: dict[str, float]) -> GpuFleet:
    """The tier with a window."""
    tier = question(window=window).tiers["own"]
    assert isinstance(tier, GpuFleet)
    return tier


# ---------------------------------------------------------------- the count


def test_a_night_by_hand():
    """Half of 1 req/s are people, who take a quarter of one replica of 2 req/s; eight hours of the other 1.5 req/s."""
    load = async_load("own", fleet_of(NIGHT), AsyncDemand(0.5, 0.5, 2.0, 2.0), 1.0, FLAT, 1)

    assert 7 * 24 * 3600 * 0.5 == pytest.approx(load.calls)
    assert 7 * 8 * 3600 * 1.5 == pytest.approx(load.carried)
    assert 1.0 == pytest.approx(load.load_share)


def test_more_replicas_by_hand():
    """At 3 req/s people take 0.75 replicas; 36 req/s-hours of jobs a day need 8 h x 2 x (n - 0.75): n = 3."""
    demand = AsyncDemand(0.5, 0.5, 2.0, 2.0)

    assert 3 == least_replicas("own", fleet_of(NIGHT), demand, 3.0, FLAT, 1)
    assert 7 == least_replicas("own", fleet_of(NIGHT), demand, 3.0, FLAT, 7)
    assert 36 / 36 == pytest.approx(async_load("own", fleet_of(NIGHT), demand, 3.0, FLAT, 3).load_share)


def test_a_short_deadline_needs_more_than_the_mean_night():
    """All jobs come on Monday: a week of nights would carry what one night has to, at a deadline of a day."""
    week = [7.0 if hour < 24 else 0.0 for hour in range(168)]
    demand = AsyncDemand(0.0, 1.0, np.inf, 2.0)
    day, days = (
        async_load("own", fleet_of({**NIGHT, "deadline_hours": hours}), demand, 1.0, week, 1) for hours in (24, 120)
    )

    # Those of 6:00 to 22:00 are due by Tuesday 22:00, and have one night.
    assert 16 * 3600 * 7.0 == pytest.approx(day.calls)
    assert 8 * 3600 * 2.0 == pytest.approx(day.carried)
    assert (6.0, 22.0, 46.0) == pytest.approx((day.from_hour, day.to_hour, day.due_hour))
    assert days.load_share < day.load_share


def longest_delay_h(week: list[float], tier: GpuFleet, demand: AsyncDemand, mean_rps: float, parts: int = 20) -> float:
    """Fill the idle hours first come first served, part by part, until the weeks repeat; the longest delay, hours."""
    window = tier.async_window
    assert window is not None
    at = (np.arange(4 * 168 * parts) + 0.5) / parts
    rates = np.array(week)[at.astype(int) % 168] * mean_rps
    is_open = (at - window.from_hour) % 24 < window.open_hours
    idle = np.maximum(1.0 - rates * demand.people_share / demand.people_rps, 0.0) * demand.jobs_rps * is_open
    came, served, backlog = np.cumsum(rates * demand.jobs_share), np.zeros(len(at)), 0.0
    for place, (comes, goes) in enumerate(zip(rates * demand.jobs_share, idle, strict=True)):
        backlog = max(backlog + comes - goes, 0.0)
        served[place] = came[place] - backlog
    settled = (at > 168) & (at < 3 * 168) & (rates * demand.jobs_share > 0)
    done = np.searchsorted(served, came[settled] - 1e-9)
    return float(((done - np.flatnonzero(settled)) / parts).max()) if done.max() < len(at) else np.inf


@settings(max_examples=30, deadline=None)
@given(
    nights=st.sampled_from([(22.0, 6.0), (0.0, 5.0), (1.0, 2.0), (20.0, 16.0)]),
    slack_h=st.sampled_from([1.0, 5.0, 24.0]),
    jobs=st.floats(0.05, 0.6),
    seed=st.integers(0, 99),
)
def test_the_bound_says_what_filling_the_hours_finds(nights, slack_h, jobs, seed):
    """A week of random hours: all deadlines are met at a share below 1, some missed above it."""
    week = np.random.default_rng(seed).gamma(1.0, size=168)
    week = (week / week.mean()).tolist()
    window = {"from_hour": nights[0], "to_hour": nights[1]}
    tier = fleet_of({**window, "deadline_hours": 24 - (nights[1] - nights[0]) % 24 + slack_h})
    demand = AsyncDemand(0.2, jobs, 2.0, 2.0)
    share = async_load("own", tier, demand, 0.5, week, 1).load_share
    delay_h = longest_delay_h(week, tier, demand, 0.5)

    if share < 0.97:
        assert delay_h <= tier.async_window.deadline_hours + 0.15  # two parts, by which filling is late
    if share > 1.03:
        assert delay_h > tier.async_window.deadline_hours - 0.15


@pytest.mark.parametrize(("rate", "kept"), [(0.9, True), (1.2, False)])
def test_simulated_days_miss_deadlines_where_the_count_says_so(rate, kept):
    """At 87 % of what the night carries every call is in time; at 129 % many are not, and they are counted."""
    scenario, rate_rps = question(rate=rate), SLOW * rate
    stretch = Stretch(6, 5 * 24)
    with Runner(scenario) as runner:
        result = runner.run(Load("it", rate_rps, {"own": 1}, int(rate_rps * 3600 * stretch.hours), stretch))
    missed = result.books["own"].counts.get("missed_deadlines", 0)
    load = async_load("own", scenario.tiers["own"], AsyncDemand(0.5, 0.5, 0.1, 0.1), rate_rps, FLAT, 1)

    assert kept == (load.load_share <= 1.0)
    assert kept == (missed == 0)


# ---------------------------------------------------------------- sizing and meters


def test_jobs_with_a_window_do_not_count_in_the_busiest_hour():
    """1.4 with a peak of 2.45, a third of it jobs: at once they need two replicas; people by day need one."""
    at_once, by_night = (plan(question(0.35, 1.4, window, BUSY_DAYS)) for window in (None, NIGHT))

    assert ({"own": 2},) == at_once.replicas
    assert ({"own": 1},) == by_night.replicas
    assert 24 * 0.49 / (8 * (2 - 0.91 * 0.25)) == pytest.approx(by_night.async_loads[0][0].load_share, rel=0.02)


def test_the_night_may_need_more_replicas_than_the_day():
    """3 of which 90 % are jobs: people need one replica, 8 h x 2 x (n - 0.15) carry 64.8 with n = 5."""
    assert ({"own": 5},) == plan(question(0.9, 3.0)).replicas


def test_a_night_that_is_too_short_is_told_with_both_numbers():
    """Two replicas at most: 8 h x 180 x 2 x (2 - 0.15) = 5 328 of 11 664 calls; the SLO counts as missed."""
    scenario = question(0.9, 3.0, max_replicas=2)
    found = plan(scenario)
    evaluation = evaluate(scenario)
    (option,) = compare(evaluation).options

    assert ({"own": 2},) == found.replicas
    assert 11_664 / 5_328 == pytest.approx(found.overloads[0].load_share, rel=0.02)
    assert found.overloads[0].words.startswith("async work of 11,664 calls a night exceeds the 5,")
    assert not option.slo_kept
    assert "it is overloaded: async work of 11,664 calls a night exceeds" in str(
        comparison_document(evaluation, compare(evaluation))
    )


def test_every_request_is_metered_once():
    """Requests and tokens of a month are those of the same fleet without a window; GPU-hours are paid by the size."""
    meters = {}
    for name, window in (("night", NIGHT), ("at once", None)):
        scenario = question(0.4, 1.0, window, BUSY_DAYS)
        found = read_meters(scenario, plan(scenario), forecast(scenario))
        meters[name] = {meter.item: meter.quantity for meter in found}

    assert 730 * 3600 * SLOW == pytest.approx(meters["night"]["requests"])
    assert 730 * 3600 * SLOW * 10 / 1e6 == pytest.approx(meters["night"]["output_tokens"])
    assert meters["at once"] == meters["night"]


def test_people_are_judged_while_jobs_run_too():
    """Full batches at night make people wait; fewer places for jobs leave them alone, and carry fewer jobs."""
    roomy = {**STEPS, "max_sequences": 8, "gamma_s_per_sequence": 1.0}
    shares, p95_s = [], []
    for places in (None, 1):
        window = {**NIGHT, "max_replica_requests": places} if places else NIGHT
        scenario = question(0.3, 1.0, window, BUSY_DAYS)
        tiers = {"own": scenario.tiers["own"].model_copy(update={"server": gpu_server(roomy)})}
        found = plan(scenario.model_copy(update={"tiers": tiers}))
        shares.append(found.async_loads[0][0].load_share * found.replicas[0]["own"])
        p95_s.append(found.nights[0].e2e.p95_s)
        assert found.worst.e2e.p95_s == max(window.e2e.p95_s for window in found.timed)

    assert p95_s[1] < 0.8 * p95_s[0]
    assert shares[1] > 1.5 * shares[0]


def gpu_server(figures: dict[str, Any]) -> Any:
    """A replica of other figures."""
    return scene({"own": gpu(server=figures)}, {"it": static(own=1.0)}).tiers["own"].server


def test_a_timetable_carries_jobs_with_what_it_keeps_on():
    """Of four replicas one is on at night: a quarter as many as when all are, and people find the others by day."""
    shares = [1.0 if 8 <= hour % 24 < 20 else 0.25 for hour in range(168)]
    plain, timed = (
        async_load("own", question(0.5, 1.0, **fleet).tiers["own"], AsyncDemand(0, 0.5, np.inf, 2.0), 1.0, FLAT, 4)
        for fleet in ({}, {"scaling": {"kind": "schedule", "fleet_shares": shares}})
    )

    assert plain.carried / 4 == pytest.approx(timed.carried)


def test_a_window_in_which_people_leave_nothing_is_hopeless_and_finite():
    """People keep every replica busy: no division by zero, and no infinity in a file."""
    load = async_load("own", fleet_of(NIGHT), AsyncDemand(1.0, 0.5, 2.0, 2.0), 3.0, FLAT, 1)

    assert 0.0 == load.carried
    assert 1.0 < load.load_share < 1e6


def test_an_hour_of_the_week_is_written_as_people_do():
    """With its day, and the end of a stretch that runs into the next week."""
    load = AsyncLoad("own", 1, 1240.0, 980.0, 150.0, 170.5, 194.5, "22 to 6")

    assert load.describe() == (
        "async work of 1,240 calls from Sun 06:00 to Mon 02:30 exceeds the 980 that idle replicas of tier own carry in "
        "the window of 22 to 6 until the last is due, Tue 02:30"
    )


# ---------------------------------------------------------------- tco simulate


def asked(stretch: Stretch | None, **changes: Any) -> Question:
    """One run of every option."""
    return Question(**{"options": (), "month": 0, "rate_rps": None, "replicas": {}, "stop": Stop(None, 1, 10**9),
                       "saturates": False, "stretch": stretch, **changes})  # fmt: skip


def test_held_jobs_are_no_overload_and_no_latency():
    """In the busiest hour jobs neither load the tier nor wait in its figures; hours of the week show them apart."""
    scenario = question(0.6, 1.5, week=BUSY_DAYS)
    with Runner(scenario) as runner:
        hour = run_experiment(runner, asked(None)).figures[0]
        found = run_experiment(runner, asked(Stretch(24, 24)))
    day, jobs = found.figures[0], found.figures[0].jobs

    assert SLOW * 1.5 * 1.75 * 0.4 == pytest.approx(hour.tiers[0].load.arrivals_rps, rel=0.01)
    assert () == hour.overloaded == day.overloaded
    assert hour.tiers[0].wait_p95_s < 600
    assert day.e2e.p99.estimate < 600
    assert jobs.calls == jobs.answered == pytest.approx(0.6 * 1.5 * SLOW * 86_400, rel=0.01)
    assert 0 == jobs.missed
    assert jobs.held == pytest.approx(jobs.calls * (12 * 1.75 + 4 * 0.25) / 24, rel=0.03)
    assert jobs.e2e.p50.estimate > 3600
    assert "Async calls" in str(simulation_document(found))
    assert jobs.held == simulation_json(found)["options"][0]["async_calls"]["held_requests"]


def test_a_stretch_has_the_mean_rate_of_its_hours():
    """Twelve busy hours: 1.75 times the mean of the week; the run lasts as long as was asked."""
    scenario = question(0.5, 1.0, week=BUSY_DAYS)
    with Runner(scenario) as runner:
        found = run_experiment(runner, asked(Stretch(8, 12)))
        result = runner.run(found.load("it"))

    assert 1.75 * SLOW == pytest.approx(found.figures[0].rate_rps)
    assert 12 * 3600 == pytest.approx(result.arrived_s[-1], rel=0.03)


@pytest.mark.parametrize(
    ("stretch", "changes", "why"),
    [
        (Stretch(0, 24), {"saturates": True}, "--hours 24 with --saturate"),
        (Stretch(0, 600), {"rate_rps": 1e4}, "requests at this rate; allowed: 200 to 2,000,000"),
        (Stretch(0, 1), {"rate_rps": 0.01}, "--hours 1 brings 36 requests"),
    ],
)
def test_a_stretch_that_cannot_be_simulated_is_refused(stretch, changes, why):
    """With what was asked and what is allowed."""
    with Runner(question()) as runner, pytest.raises(UsageError, match=why):
        run_experiment(runner, asked(stretch, **changes))


def test_the_comparison_says_how_full_the_window_is():
    """In words and in JSON, where the nights that were simulated stand too."""
    evaluation = evaluate(question(0.5, 1.0, week=BUSY_DAYS))
    comparison = compare(evaluation)
    option = comparison_json(evaluation, comparison)["options"][0]

    assert "calls a night is within the" in str(comparison_document(evaluation, comparison))
    assert 0 < option["async_windows"][0]["load_share"] < 1
    assert option["nights"][0]["e2e_p95_s"] > 0
