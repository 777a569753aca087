"""The plan is the fewest replicas that keep the limits and carry the load, found here by trying every number."""

from __future__ import annotations

from itertools import product

import pytest

from tco.capacity.sizing import NO_MORE_HELP, SLACK, FleetPlan, plan_fleet
from tco.capacity.throughput import carried_rps
from tco.capacity.window import Window, summarise
from tco.demand.forecast import forecast
from tco.demand.workload import draw_workload
from tco.scenario import Scenario
from tco.serving.step_time import Server
from tco.sim.engine import simulate
from tests.laws.build import api, gpu, rate_traffic, scene, server, static

NARROW = {"max_sequences": 2}  # some two requests a second, so that small windows need several replicas
MOST = 8


def question(rate_rps: float, slo: dict[str, float], tiers=None, options=None, months: int = 1, **traffic) -> Scenario:
    """A small scenario with one fleet, or with the given tiers."""
    return scene(
        tiers or {"gpu": gpu(max_replicas=MOST, server=NARROW)},
        options or {"it": static(gpu=1.0)},
        count=500,
        slo=slo,
        horizon_months=months,
        traffic=rate_traffic(rate_rps, **traffic),
    )


def plan(scenario: Scenario) -> FleetPlan:
    """Size the scenario's only option."""
    return plan_fleet(scenario, "it", draw_workload(scenario), forecast(scenario))


def tried(scenario: Scenario, rate_rps: float, replicas: dict[str, int]) -> Window:
    """Simulate one fleet."""
    return summarise(scenario, simulate(scenario, "it", draw_workload(scenario), rate_rps, replicas))


def keeps(scenario: Scenario, window: Window) -> bool:
    """Hold every limit against all requests, and against the visitors of each fleet."""
    slo = scenario.slo
    fleets = [window.tiers[name] for name in window.replicas]
    reached = [
        (slo.e2e_p95_s, [window.e2e.p95_s, *(fleet.e2e_p95_s for fleet in fleets)]),
        (slo.ttft_p95_s, [window.ttft.p95_s, *(fleet.ttft_p95_s for fleet in fleets)]),
    ]
    return all(value <= limit for limit, values in reached if limit is not None for value in values)


def carries(scenario: Scenario, rate_rps: float, tier: str, share: float, count: int) -> bool:
    """Say whether a fleet's queue is finite."""
    workload = draw_workload(scenario)
    lengths = list(zip(workload.input_tokens.tolist(), workload.output_tokens.tolist(), strict=True))
    return share * rate_rps < count * carried_rps(scenario.tiers[tier].server, lengths)


def fewest(scenario: Scenario, rate_rps: float) -> int:
    """Try every number of replicas of the only fleet."""
    return next(
        count
        for count in range(1, MOST + 1)
        if carries(scenario, rate_rps, "gpu", 1.0, count) and keeps(scenario, tried(scenario, rate_rps, {"gpu": count}))
    )


@pytest.mark.parametrize(
    ("rate_rps", "slo"),
    [
        (0.2, {"e2e_p95_s": 10.0}),
        (1.5, {"e2e_p95_s": 6.0}),
        (1.5, {"e2e_p95_s": 3.0}),
        (3.0, {"ttft_p95_s": 0.8}),
        (3.0, {"ttft_p95_s": 0.2}),
        (3.0, {"ttft_p95_s": 2.0, "e2e_p95_s": 3.5}),
        (4.0, {"e2e_p95_s": 1e6}),  # only the load counts
    ],
)
def test_a_fleet_is_the_smallest_that_keeps_the_slo(rate_rps, slo):
    """As trying every number from 1 finds it."""
    scenario = question(rate_rps, slo)
    found = plan(scenario)

    assert ({"gpu": fewest(scenario, rate_rps)},) == found.replicas
    assert () == found.missed
    assert keeps(scenario, found.windows[0])


def test_the_cases_differ():
    """Cases that all need one replica would show nothing."""
    cases = [(0.2, {"e2e_p95_s": 10.0}), (1.5, {"e2e_p95_s": 3.0}), (3.0, {"ttft_p95_s": 0.2})]

    assert 3 == len({plan(question(*case)).replicas[0]["gpu"] for case in cases})


def test_two_fleets_are_each_as_small_as_can_be():
    """Of all pairs that keep the limits, the one with the fewest of both."""
    tiers = {
        "fast": gpu(max_replicas=4, server=NARROW),
        "slow": gpu(max_replicas=4, server={"max_sequences": 4, "alpha_s": 0.03, "gpus_per_replica": 4}),
    }
    scenario = question(6.0, {"e2e_p95_s": 7.0}, tiers, {"it": static(fast=0.85, slow=0.15)})
    good = [
        (fast, slow)
        for fast, slow in product(range(1, 5), repeat=2)
        if carries(scenario, 6.0, "fast", 0.85, fast)
        and carries(scenario, 6.0, "slow", 0.15, slow)
        and keeps(scenario, tried(scenario, 6.0, {"fast": fast, "slow": slow}))
    ]
    best = tuple(min(pair[place] for pair in good) for place in (0, 1))

    assert best in good
    assert 1 <= best[1] < best[0] < 4
    assert ({"fast": best[0], "slow": best[1]},) == plan(scenario).replicas


def test_every_month_has_the_fleet_that_it_needs():
    """Growth by half each month: month by month what trying finds, judged at that load or a higher one."""
    scenario = question(0.4, {"e2e_p95_s": 3.5}, months=6, growth_fraction_per_month=0.5)
    found, months = plan(scenario), forecast(scenario)
    expected = [fewest(scenario, month.peak_rps) for month in months]

    assert expected == [replicas["gpu"] for replicas in found.replicas]
    assert expected[0] < expected[-1]
    for month in months:
        window = found.window(month.index)
        assert found.replicas[month.index] == window.replicas
        assert month.peak_rps <= window.rate_rps


def test_a_limit_out_of_reach_is_reported_missed():
    """No fleet answers within 10 ms; the plan is about as fast as one with every replica, and no larger than needed."""
    scenario = question(1.5, {"ttft_p95_s": 0.01, "e2e_p95_s": 50.0})
    found = plan(scenario)
    count = found.replicas[0]["gpu"]
    ample = tried(scenario, 1.5, {"gpu": MOST}).ttft.p95_s

    assert ("first-token p95 0.01 s",) == found.missed
    assert found.windows[0].ttft.p95_s <= SLACK * ample / NO_MORE_HELP
    assert tried(scenario, 1.5, {"gpu": count - 1}).ttft.p95_s > SLACK * ample


def test_without_limits_a_fleet_is_as_fast_as_replicas_make_it():
    """Within the slack of the fleet with every replica; nothing is asked, so nothing is missed."""
    scenario = question(1.5, {})
    found = plan(scenario)
    ample = tried(scenario, 1.5, {"gpu": MOST}).e2e.p95_s

    assert () == found.missed
    assert found.windows[0].e2e.p95_s <= SLACK * ample / NO_MORE_HELP


def test_an_overloaded_fleet_is_reported():
    """Two replicas that carry some two a second each cannot carry ten, though a short window may look fine."""
    scenario = question(10.0, {"e2e_p95_s": 1e6}, {"gpu": gpu(max_replicas=2, server=NARROW)})
    workload = draw_workload(scenario)
    lengths = list(zip(workload.input_tokens.tolist(), workload.output_tokens.tolist(), strict=True))
    needed = 10.0 / carried_rps(scenario.tiers["gpu"].server, lengths)
    found = plan(scenario)

    assert needed > 2
    assert ({"gpu": 2},) == found.replicas
    assert {"gpu": pytest.approx(needed / 2, rel=1e-9)} == found.load_shares


def test_the_fewest_that_are_kept_for_redundancy_are_kept():
    """Where one would do."""
    scenario = question(0.2, {"e2e_p95_s": 10.0}, {"gpu": gpu(min_replicas=3, server=NARROW)})

    assert ({"gpu": 3},) == plan(scenario).replicas


def test_without_a_fleet_one_window_stands_for_all_months():
    """Nothing queues behind an API without a limit: only the highest load is simulated, and said so."""
    scenario = question(0.2, {}, {"api": api()}, {"it": static(api=1.0)}, 4, growth_fraction_per_month=0.5)
    told = []
    found = plan_fleet(scenario, "it", draw_workload(scenario), forecast(scenario), lambda: told.append(1))

    assert ({},) * 4 == found.replicas
    assert (0, 0, 0, 0) == found.window_of
    assert [1] == told
    assert 0.2 * 1.5**3 == pytest.approx(found.worst.rate_rps, rel=1e-12)


@pytest.mark.parametrize(("sequences", "tokens", "expected"), [(4, 10, 4.0), (1, 10, 1.0), (8, 1, 80.0)])
def test_a_replica_carries_what_its_steps_allow(sequences, tokens, expected):
    """Steps of 0.1 s, one token a step: ten tokens take a second, so four at once are four a second."""
    figures = {"beta_s_per_prefill_token": 0.0, "gamma_s_per_sequence": 0.0, "delta_s_per_context_token": 0.0}
    replica = Server(**server(alpha_s=0.1, max_sequences=sequences, **figures))

    assert expected == pytest.approx(carried_rps(replica, [(1, tokens)]), rel=0.05)
