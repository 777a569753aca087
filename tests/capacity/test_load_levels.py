"""Load levels: what is paid in a month is what the hours of its week ask for, not the busiest hour times the volume."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tco.capacity.load_levels import MOST_LEVELS, STEP, LoadCurve, level_rates, paid_workers
from tco.capacity.sizing import plan_fleet
from tco.decide.compare import compare
from tco.demand.forecast import forecast, week_profile
from tco.demand.workload import draw_workload
from tco.pipeline import evaluate
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tests.laws.build import DATED, api, gpu, rate_traffic, scene, serverless, static
from tests.sim.stations.test_serverless import exponential, one_worker_theory

COLD = {"p50_s": 3.0, "p95_s": 8.0}
HALF_DAYS = [1.5] * 84 + [0.5] * 84  # two loads, each half of the week
SECONDS = 730 * 3600.0


def plan_of(scenario: Scenario, option: str = "own"):
    """Draw, forecast and plan."""
    return plan_fleet(scenario, option, draw_workload(scenario), forecast(scenario))


def with_traffic(scenario: Scenario, rate_rps: float, **changes: object) -> Scenario:
    """Replace the traffic of a scenario."""
    traffic = scenario.traffic.model_validate(rate_traffic(rate_rps, **changes))
    return scenario.model_copy(update={"traffic": traffic})


def test_a_month_is_the_mean_over_its_hours():
    """A week of half 2 req/s and half none pays (7 + 1) / 2 workers: the line at 2, and the floor."""
    curve = LoadCurve((1.0, 3.0), (4.0, 10.0), floor=1.0)

    assert 4.0 == curve.mean_over_week(1.0, [2.0, 0.0])


def test_levels_reach_from_the_quietest_hour_to_the_busiest():
    """Rates rise by at most the step; the first is the quietest hour of the first month, the last the peak."""
    scenario = scene(
        {"own": api()}, {"own": static(own=1.0)}, horizon_months=12,
        traffic=rate_traffic(2.0, hour_of_week="azure-2024-conversation", growth_fraction_per_month=0.1),
    )  # fmt: skip
    months, week = forecast(scenario), week_profile(scenario.traffic)
    rates = level_rates(months, week)

    assert 2.0 * min(week) == pytest.approx(rates[0])
    assert months[-1].peak_rps == rates[-1]
    assert all(1 < high / low <= STEP * (1 + 1e-9) for low, high in pairwise(rates))


def test_a_flat_week_without_growth_is_one_level():
    """There is only one load."""
    scenario = scene({"own": api()}, {"own": static(own=1.0)}, traffic=rate_traffic(2.0))

    assert (2.0,) == pytest.approx(level_rates(forecast(scenario), week_profile(scenario.traffic)))


def test_hours_without_traffic_and_loads_far_apart_keep_the_levels_few():
    """A silent hour is no level, and however far apart the loads are, there are at most 24."""
    week = [0.0] * 100 + [1.0] * 68
    scenario = scene(
        {"own": api()}, {"own": static(own=1.0)}, horizon_months=36,
        traffic=rate_traffic(0.001, hour_of_week=week, growth_fraction_per_month=0.9),
    )  # fmt: skip
    rates = level_rates(forecast(scenario), week_profile(scenario.traffic))

    assert MOST_LEVELS == len(rates)
    assert rates[0] > 0


@pytest.mark.parametrize("idle_s", [5.0, 60.0, 600.0])
def test_the_line_between_levels_is_close_to_the_curve(idle_s):
    """Between levels a step apart, the exact cost of the queue with start-up and delayed stop is met to 1.5 %."""

    def exact(rate: float) -> float:
        return rate * one_worker_theory(rate, idle_s, **COLD)["paid_s"]

    levels = tuple(0.9 / STEP**step for step in range(20, -1, -1))
    curve = LoadCurve(levels, tuple(map(exact, levels)))
    for rate in np.geomspace(levels[0], levels[-1], 500).tolist():
        assert curve.at(rate) == pytest.approx(exact(rate), rel=0.015)


def test_gpu_seconds_of_a_month_are_those_of_theory():
    """Two loads in a week, one worker: the mean of the exact paid time at both, to 2 %; not the peak's, far from it."""
    tier = {"max_workers": 1, "idle_timeout_s": 5.0, "cold_start": COLD}
    scenario = with_traffic(exponential(5000, 5, **tier), 0.2, hour_of_week=HALF_DAYS)
    ledger = evaluate(scenario).ledger
    loads = (0.3, 0.1)
    exact = np.mean([load * one_worker_theory(load, 5.0, **COLD)["paid_s"] for load in loads])
    linear = 0.2 * one_worker_theory(0.3, 5.0, **COLD)["paid_s"]

    assert ["serving:platform"] == ledger["account"].tolist()
    assert ledger["quantity"].iloc[0] / SECONDS == pytest.approx(exact, rel=0.02)
    assert ledger["cost_usd"].iloc[0] == pytest.approx(0.001 * ledger["quantity"].iloc[0])
    assert abs(exact / linear - 1) > 0.1


def test_load_levels_pay_what_a_whole_week_pays():
    """A real week, its rises and falls included, pays as many workers as the levels say, to 3 %."""
    scenario = scene(
        {"own": serverless()}, {"own": static(own=1.0)}, count=5000,
        traffic=rate_traffic(0.05, hour_of_week="azure-2024-conversation"),
    )  # fmt: skip
    week = week_profile(scenario.traffic)
    curve = paid_workers(plan_of(scenario).levels, "own", 0.0)
    through = draw_workload(scenario, from_hour=0, count=60_480)  # two weeks at 0.05 a second
    result = simulate(scenario, "own", through, 0.05)
    counts = result.books["own"].counts

    assert counts["steady_worker_s"] / counts["steady_s"] == pytest.approx(curve.mean_over_week(0.05, week), rel=0.03)


def test_the_floor_is_paid_without_traffic():
    """One request a month and one warm worker: 730 hours of it."""
    scenario = scene(
        {"own": serverless(min_workers=1)}, {"own": static(own=1.0)}, count=200,
        traffic={"requests_per_month": 1.0, "arrivals": {"kind": "poisson"}},
    )  # fmt: skip

    assert evaluate(scenario).ledger["quantity"].iloc[0] == pytest.approx(SECONDS, rel=1e-6)


def test_a_price_by_the_hour_is_paid_by_the_second():
    """$3.60 an hour is a tenth of a cent a second, for each of two GPUs."""
    price = {"gpu_hour_usd_per_gpu_hour": 3.6, **DATED}
    tiers = {
        "one": serverless(min_workers=1, max_workers=1),
        "two": serverless(min_workers=1, max_workers=1, gpus_per_worker=2, gpu_price=price),
    }
    ledger = evaluate(scene(tiers, {"a": static(one=1.0), "b": static(two=1.0)}, count=200)).ledger
    costs = ledger.groupby("option")["cost_usd"].sum()

    assert [0.001, 0.001] == pytest.approx(ledger["unit_price_usd"].tolist())
    assert 2 * costs["a"] == pytest.approx(costs["b"])


def test_tokens_are_paid_by_volume():
    """A price per token does not know how many workers there are: the same as an API's."""
    price = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, **DATED}
    tiers = {"platform": serverless(gpu_price=None, token_price=price), "bought": api()}
    options = {"platform": static(platform=1.0), "bought": static(bought=1.0)}
    costs = evaluate(scene(tiers, options, count=200)).ledger.groupby("option")["cost_usd"].sum()

    assert costs["platform"] == pytest.approx(costs["bought"])


def test_requests_may_be_the_unit_of_price():
    """150 000 requests at a cent."""
    tier = serverless(gpu_price=None, token_price={"request_usd_per_request": 0.01, **DATED})

    assert 1500.0 == pytest.approx(
        evaluate(scene({"own": tier}, {"own": static(own=1.0)}, count=200)).ledger["cost_usd"].sum()
    )


def test_quiet_hours_count_for_the_slo():
    """In the busiest hour nearly everybody finds a warm worker; in the quietest most do not, and that is the p95."""
    week = [1.0] * 80 + [0.002] * 88
    scenario = scene(
        {"own": serverless()}, {"own": static(own=1.0)}, count=1000, slo={"e2e_p95_s": 10.0},
        traffic=rate_traffic(0.2, hour_of_week=week),
    )  # fmt: skip
    evaluation = evaluate(scenario)
    plan, option = evaluation.plans["own"], compare(evaluation)["own"]

    assert plan.windows[-1].e2e.p95_s < 10.0
    assert plan.levels[0].e2e.p95_s == option.e2e_p95_s > 20.0
    assert not option.slo_kept


def test_fleets_beside_a_platform_are_sized_as_they_are_alone():
    """Levels are looked at with the fleet of the busiest month; they do not change it."""
    tiers = {"platform": serverless(), "fleet": gpu()}
    options = {"both": static(platform=0.5, fleet=0.5), "alone": static(fleet=1.0)}
    scenario = scene(tiers, options, count=500, slo={"e2e_p95_s": 30.0}, traffic=rate_traffic(2.0))
    plans = {name: plan_of(scenario, name) for name in options}

    assert plans["both"].replicas == plans["alone"].replicas
    assert plans["alone"].levels == ()
    assert plans["both"].levels


def test_an_overloaded_platform_is_told():
    """One worker with one place cannot serve five a second that take a second each."""
    scenario = with_traffic(exponential(500, 5, max_workers=1, cold_start=COLD), 5.0)
    checks = compare(evaluate(scenario))["own"].checks

    assert [("load_share", False)] == [(check.limit_name, check.kept) for check in checks]
    assert checks[0].value == pytest.approx(5.0, rel=0.1)
