"""Pools: dispatch, patience, queue limits, failures, scaling and split pools, through the engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.capacity.scaling import fleet_hours
from tco.capacity.window import summarise
from tco.demand.forecast import week_profile
from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.policies.dispatch import CLOSED, DispatchPolicy
from tco.policies.dispatch.least_loaded import LeastLoaded
from tco.policies.dispatch.round_robin import RoundRobin
from tco.policies.dispatch.shortest_of_two import ShortestOfTwo, two_of
from tco.policies.scaling.schedule import Schedule
from tco.policies.scaling.target import TargetUtilisation
from tco.scenario import Scenario
from tco.serving.batching import Sequence
from tco.serving.step_time import Server
from tco.sim.clock import Clock
from tco.sim.engine import simulate
from tco.sim.pool import Pool, PoolSettings
from tco.sim.replica import Answer
from tco.sim.result import SimulationResult
from tests.laws.build import api, chat, fixed, gpu, scene, server, static

ROOMY = {"max_sequences": 64, "kv_capacity_tokens": 200_000, "step_budget_tokens": 2048}
NARROW = {"max_sequences": 2}


def question(count: int = 400, classes: dict[str, Any] | None = None, server: Any = None, **fleet: Any) -> Scenario:
    """One fleet tier that takes everything."""
    changes = {"classes": classes} if classes else {}
    return scene({"own": gpu(server=server or {}, **fleet)}, {"it": static(own=1.0)}, count=count, **changes)


def run(scenario: Scenario, rate_rps: float, replicas: int = 1, seed: int = 1) -> SimulationResult:
    """Draw the workload and simulate."""
    workload = draw_workload(scenario.model_copy(update={"seed": seed}))
    return simulate(scenario, "it", workload, rate_rps, {"own": replicas})


# ---------------------------------------------------------------- dispatch


@pytest.mark.parametrize("policy", [LeastLoaded(), RoundRobin(), ShortestOfTwo()])
def test_a_closed_replica_is_never_chosen(policy: DispatchPolicy):
    """However empty it is."""
    choose = policy.start(draw_workload(question()))

    assert {choose(request, [5, CLOSED, 5, CLOSED + 3, 5]) for request in range(200)} <= {0, 2, 4}


def test_round_robin_takes_turns():
    """Each of three replicas gets every third request."""
    choose = RoundRobin().start(draw_workload(question()))

    assert [0, 1, 2, 0, 1, 2] == [choose(request, [9, 0, 5]) for request in range(6)]


@given(count=st.integers(2, 40))
def test_every_pair_of_replicas_is_drawn_as_often(count):
    """Of evenly spread chances each ordered pair gets one."""
    pairs = count * (count - 1)
    drawn = Counter(two_of(count, (k + 0.5) / pairs) for k in range(pairs))

    assert {1} == set(drawn.values())
    assert all(one != other for one, other in drawn)


def test_looking_at_loads_waits_no_longer_than_taking_turns():
    """Mean waits at 80 % load: all replicas looked at, two of them, none of them."""
    waits = {}
    for kind in ("least_loaded", "shortest_of_two", "round_robin"):
        found = run(question(4000, server=NARROW, dispatch={"kind": kind}), rate_rps=6.0, replicas=4)
        waits[kind] = float((found.started_s - found.arrived_s).mean())

    assert waits["least_loaded"] <= waits["shortest_of_two"] <= waits["round_robin"]


# ---------------------------------------------------------------- limits


def test_who_waits_too_long_gives_up_when_they_said():
    """Every lost request left exactly at the end of its patience, and was never started."""
    found = run(question(server=NARROW, queue_timeout_s=2.0), rate_rps=20.0)
    lost = found.outcome == Outcome.TIMED_OUT
    served = found.outcome == Outcome.COMPLETED

    assert 50 < lost.sum() < 400
    assert 2.0 == pytest.approx((found.finished_s - found.arrived_s)[lost], abs=1e-9)
    assert np.isnan(found.started_s[lost]).all()
    assert ((found.started_s - found.arrived_s)[served] <= 2.0 + 1e-9).all()


def test_the_queue_is_never_longer_than_its_limit():
    """Counted from the stamps at every arrival; the others are turned away at once."""
    found = run(question(server=NARROW, max_queue_requests=3), rate_rps=20.0)
    kept = found.outcome == Outcome.COMPLETED
    arrived, started = found.arrived_s[kept], found.started_s[kept]
    waiting = [int(((arrived <= now) & (started > now)).sum()) for now in arrived]

    assert 3 == max(waiting)
    assert (found.outcome == Outcome.REJECTED).sum() > 50
    assert (found.finished_s == found.arrived_s)[~kept].all()


@settings(max_examples=15, deadline=None)
@given(limit=st.integers(0, 20), more=st.integers(0, 20), seed=st.integers(1, 99))
def test_a_looser_queue_limit_never_answers_fewer(limit, more, seed):
    """With one sequence at a time and equal lengths nobody gains by being turned away."""
    same = {"chat": chat(input_tokens=fixed(50), output_tokens=fixed(9))}
    server = {"max_sequences": 1}
    tight, loose = (
        run(question(200, same, server, max_queue_requests=most), 12.0, seed=seed) for most in (limit, limit + more)
    )

    assert loose.books["own"].completed >= tight.books["own"].completed


def test_persons_are_served_before_jobs():
    """At overload interactive requests wait less than async ones; without priority they do not."""
    classes = {"chat": chat(0.5), "job": chat(0.5, "async")}
    first = run(question(800, classes, NARROW), 8.0)
    equal = run(question(800, classes, NARROW, interactive_first=False), 8.0)
    urgent = first.workload.interactive
    waits, even = first.started_s - first.arrived_s, equal.started_s - equal.arrived_s

    assert waits[urgent].mean() < 0.2 * waits[~urgent].mean()
    assert even[urgent].mean() == pytest.approx(even[~urgent].mean(), rel=0.3)


# ---------------------------------------------------------------- memory, prefix, speculation


def test_memory_taken_as_needed_runs_more_at_once():
    """Answers that are not reserved leave room for others: waits are shorter, and some are preempted."""
    whole = run(question(server={"kv_capacity_tokens": 4000}), 4.0)
    grown = run(question(server={"kv_capacity_tokens": 4000}, kv_reservation="as_needed"), 4.0)

    assert (grown.started_s - grown.arrived_s).mean() < (whole.started_s - whole.arrived_s).mean()
    assert grown.books["own"].counts["preemptions"] > 0
    assert grown.books["own"].counts["recomputed_tokens"] > 0


def test_a_cached_prefix_is_not_processed_again():
    """Half of each prompt: the first token of a lone request comes after half the prefill."""
    lone = {"chat": chat(input_tokens=fixed(400))}
    plain = run(question(200, lone), 0.001)
    cached = run(question(200, lone, prefix_cached_share=0.5), 0.001)

    assert 0.01 + 400e-4 == pytest.approx((plain.first_token_s - plain.arrived_s).mean(), abs=1e-9)
    assert 0.01 + 200e-4 == pytest.approx((cached.first_token_s - cached.arrived_s).mean(), abs=1e-9)
    assert 200 * 200 == cached.books["own"].counts["prefix_cached_tokens"]


def test_speculation_speeds_up_an_idle_server_by_the_tokens_of_a_step():
    """Two drafted tokens, each accepted by half, at no cost: 1.75 tokens a step, so the answer takes 1/1.75 as long."""
    free = {"draft_tokens": 2, "acceptance_share": 0.5, "draft_step_fraction": 0.0}
    classes = {"chat": chat(output_tokens=fixed(401))}
    bare = {"beta_s_per_prefill_token": 0.0, "gamma_s_per_sequence": 0.0, "delta_s_per_context_token": 0.0}
    slow = run(question(300, classes, bare), 0.001)
    fast = run(question(300, classes, bare, speculation=free), 0.001)
    decode = [(found.finished_s - found.first_token_s).mean() for found in (slow, fast)]

    assert 1.75 == pytest.approx(decode[0] / decode[1], rel=0.01)


def test_split_pools_pay_the_transfer_and_keep_prompts_out_of_the_way():
    """A lone request: prefill and first token, transfer of 1 ms a token, then the other 20 tokens."""
    lone = {"chat": chat(input_tokens=fixed(400), output_tokens=fixed(21))}
    bare = {"gamma_s_per_sequence": 0.0, "delta_s_per_context_token": 0.0}
    split = {"prefill_share": 0.5, "transfer_s_per_context_token": 0.001}
    found = run(question(200, lone, bare, disaggregation=split, min_replicas=2), 0.001, replicas=2)

    assert 0.01 + 400e-4 == pytest.approx((found.first_token_s - found.arrived_s).mean(), abs=1e-9)
    assert 0.4 + 20 * 0.01 == pytest.approx((found.finished_s - found.first_token_s).mean(), abs=1e-9)


# ---------------------------------------------------------------- failures


def test_replicas_are_down_for_their_share_of_time():
    """MTBF 3 h and MTTR 1 h on one replica: with an unlimited queue, a quarter of the arrivals find it down."""
    scenario = question(3000, failures={"mtbf_hours": 3.0, "mttr_hours": 1.0}, server=ROOMY)
    delays = [run(scenario, 0.01, seed=seed) for seed in range(1, 7)]
    found_down = np.mean([((found.started_s - found.arrived_s) > 0.5).mean() for found in delays])

    assert 0.25 == pytest.approx(found_down, abs=0.05)


def test_what_a_broken_replica_had_is_done_again_elsewhere():
    """Every request is answered; some were begun anew; the books and stamps hold, as in every run."""
    found = run(question(2000, failures={"mtbf_hours": 0.02, "mttr_hours": 0.01}), 3.0, replicas=3)

    assert (found.outcome == Outcome.COMPLETED).all()
    assert found.books["own"].counts["restarts"] > 10
    assert found.books["own"].counts["failures"] > 5


def test_spare_replicas_raise_the_share_of_time_at_full_strength():
    """Two needed, each up 90 % of the time: 0.81; with a spare 0.9^3 + 3 x 0.9^2 x 0.1 = 0.972."""
    tiers = [
        question(failures={"mtbf_hours": 9.0, "mttr_hours": 1.0}, spare_replicas=spare).tiers["own"] for spare in (0, 1)
    ]

    assert 0.81 == pytest.approx(tiers[0].up_fraction(2), abs=1e-12)
    assert 0.972 == pytest.approx(tiers[1].up_fraction(2), abs=1e-12)


# ---------------------------------------------------------------- scaling


def through_the_week(scenario: Scenario, hours: float, rate_rps: float, replicas: int) -> SimulationResult:
    """Simulate some hours from Monday 00:00 along the weekly profile."""
    workload = draw_workload(scenario, from_hour=0, count=int(hours * 3600 * rate_rps))
    return simulate(scenario, "it", workload, rate_rps, {"own": replicas})


def weekly(rates: list[float], **fleet: Any) -> Scenario:
    """Traffic that follows 168 rates."""
    base = question(**fleet)
    traffic = base.traffic.model_copy(update={"hour_of_week": tuple(rates)})
    return base.model_copy(update={"traffic": traffic})


def test_a_timetable_switches_replicas_and_the_bill_follows():
    """Four replicas by day and two by night: 12 x 4 + 12 x 2 hours a day, plus two starts of half an hour."""
    shares = [0.5 if hour % 24 < 12 else 1.0 for hour in range(168)]
    scaling = {"kind": "schedule", "fleet_shares": shares, "startup_s": 1800.0, "interval_s": 60.0}
    scenario = weekly([1.0] * 168, scaling=scaling, server=ROOMY)
    found = through_the_week(scenario, 48.0, 0.02, 4)
    tier = scenario.tiers["own"]
    window = summarise(scenario, run(scenario, 0.02, 4))
    hours = fleet_hours(tier, "own", 4, window, 0.02, week_profile(scenario.traffic)).replica_hours

    unseen_h = 48.0 - found.finished_s.max() / 3600  # the last request leaves before the second midnight
    on_h = found.books["own"].counts["replica_on_s"] / 3600
    assert 2 * (12 * 4 + 12 * 2 + 2 * 0.5) == pytest.approx(on_h + 4 * unseen_h, rel=0.005)
    assert (12 * 4 + 12 * 2 + 2 * 0.5) / 24 * 730 == pytest.approx(hours, rel=1e-9)


def test_a_timetable_of_zero_switches_the_fleet_off():
    """Two replicas for 12 hours a day and none at night, though one is the least: 2 x 12 x 730 / 24 hours a month."""
    office = [0.0 if hour % 24 < 12 else 1.0 for hour in range(168)]
    scaling = {"kind": "schedule", "fleet_shares": office, "startup_s": 0.0, "interval_s": 60.0}
    base = weekly(office, server=ROOMY)
    timed = base.tiers["own"].model_copy(update={"scaling": Schedule.model_validate(scaling)})
    scenario = base.model_copy(update={"tiers": {"own": timed}})
    found = through_the_week(scenario, 48.0, 0.02, 2)
    window = summarise(scenario, run(scenario, 0.04, 2))
    week = week_profile(scenario.traffic)

    assert 2 * 12 * 730 / 24 == pytest.approx(
        fleet_hours(scenario.tiers["own"], "own", 2, window, 0.04, week).replica_hours, rel=1e-9
    )
    assert set(found.served_by.tolist()) == {0}
    assert 2 * 2 * 12 == pytest.approx(found.books["own"].counts["replica_on_s"] / 3600, abs=2 * 12 * 0.1)


def test_load_scaling_follows_the_load_and_the_bill_is_that_of_the_simulated_day():
    """A quiet and a busy half day: metered replica-hours lie within a quarter of the simulated ones."""
    rates = [0.2 if hour % 24 < 12 else 1.8 for hour in range(168)]
    scaling = {"kind": "target", "target_utilisation": 0.125, "startup_s": 60.0, "interval_s": 30.0}
    scenario = weekly(rates, scaling=scaling, server={**ROOMY, "max_sequences": 4})
    found = through_the_week(scenario, 24.0, 0.5, 6)
    window = summarise(scenario, run(scenario, 0.9, 6))
    tier = scenario.tiers["own"]
    hours = fleet_hours(tier, "own", 6, window, 0.9, week_profile(scenario.traffic)).replica_hours
    simulated = found.books["own"].counts["replica_on_s"] / found.elapsed_s * 730

    assert simulated < 0.9 * 6 * 730
    assert simulated == pytest.approx(hours, rel=0.25)


def test_a_slow_start_makes_requests_wait():
    """From one replica up to four: ordering ten minutes ahead of service costs waits that instant starts do not."""
    rates = [0.1 if hour % 2 == 0 else 1.9 for hour in range(168)]
    waits = {}
    for startup_s in (0.0, 600.0):
        scaling = {"kind": "target", "target_utilisation": 0.5, "startup_s": startup_s, "interval_s": 10.0}
        scenario = weekly(rates, scaling=scaling, server={"max_sequences": 4})
        found = through_the_week(scenario, 4.0, 2.5, 4)
        waits[startup_s] = float((found.started_s - found.arrived_s).mean())

    assert waits[600.0] > 2 * waits[0.0]


def test_arrivals_follow_the_week():
    """Nine in ten requests come in the busy half of the hours."""
    scenario = weekly([0.2 if hour % 2 == 0 else 1.8 for hour in range(168)])
    workload = draw_workload(scenario, from_hour=0, count=20_000)
    hours = (np.array(workload.arrivals_s(1.0)) // 3600).astype(int)

    assert 0.9 == pytest.approx((hours % 2 == 1).mean(), abs=0.02)


def test_a_plain_fleet_does_not_notice_the_features():
    """Features at their neutral values give the stamps of the plain fleet to the last bit."""
    plain = run(question(server=NARROW), 3.0, 2)
    idle = {"dispatch": {"kind": "least_loaded"}, "max_queue_requests": 10**6, "queue_timeout_s": 1e9}
    neutral = run(question(server=NARROW, **idle), 3.0, 2)

    assert (plain.finished_s == neutral.finished_s).all()
    assert replace(plain.books["own"], counts={}) == replace(neutral.books["own"], counts={})


def test_a_fleet_is_as_busy_beside_a_slow_vendor_as_beside_a_quick_one():
    """Its busy share ends with its own last request, however long the run goes on for the vendor's."""
    latency = {"ttft_p50_s": 0.3, "ttft_p95_s": 0.6, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"}
    slow = {**latency, "ttft_p50_s": 40_000.0, "ttft_p95_s": 50_000.0}
    shares = []
    for told in (latency, slow):
        tiers = {"own": gpu(server=NARROW), "bought": api(latency=told)}
        scenario = scene(tiers, {"it": static(own=0.5, bought=0.5)}, count=400)
        shares.append(run(scenario, 2.0).books["own"].busy_share)

    assert 0.05 < shares[0] < 1
    assert shares[0] == pytest.approx(shares[1], rel=1e-9)


def test_a_replica_that_was_ordered_takes_nothing_until_it_has_started():
    """Four replicas at a load for two: those switched on again open after their start, and not before."""
    taken: list[tuple[float, int]] = []

    class Watched(Pool):
        def _reconsider(self, place: int) -> None:
            was = self.loads[place] >= CLOSED
            super()._reconsider(place)
            if was and self.loads[place] < CLOSED:
                taken.append((self.env.now, place))

    scaling = TargetUtilisation(target_utilisation=0.5, startup_s=100.0, interval_s=30.0)
    made = PoolSettings(server=Server.model_validate(server()), replicas=2, scaling=scaling)
    env = Clock()
    pool = Watched(env, made, LeastLoaded().start(None), lambda _place: np.random.default_rng(1))  # type: ignore[arg-type]
    env.run(until=31.0)  # nobody is there: the second goes off
    assert CLOSED <= pool.loads[1]
    for request in range(400):
        pool.submit(request, Sequence(10, 2000, Answer(env)))
    env.run(until=300.0)

    assert [(160.0, 1)] == taken


def test_who_waits_on_a_replica_that_breaks_may_give_up_where_no_other_is():
    """One replica that breaks every half a minute, patience of a second: everybody ends, many without an answer."""
    tier = gpu(
        server={"max_sequences": 1, "step_budget_tokens": 16}, queue_timeout_s=1.0,
        failures={"mtbf_hours": 0.01, "mttr_hours": 0.002},
    )  # fmt: skip
    scenario = scene({"own": tier}, {"it": static(own=1.0)}, classes={"chat": chat()}, slo={}, count=300)
    found = simulate(scenario, "it", draw_workload(scenario), 1.0, {"own": 1})

    assert found.books["own"].counts["restarts"] > 0
    assert 100 < found.books["own"].timed_out < 300
