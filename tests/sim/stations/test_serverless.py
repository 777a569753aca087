"""Serverless workers: hand-worked timetables, queueing theory of cold starts, limits, laws, refusals."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.scenario import Scenario
from tco.serving.latency import Z95
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tco.sim.stations.serverless import Payroll
from tests.laws.build import DATED, chat, fixed, scene, server, serverless, static

REPLICATIONS = 12
STUDENT_999 = 4.4370  # Student's t with 11 degrees of freedom, two-sided 99.9 %
INSTANT = 1e-12
MEAN_TOKENS = 1_000_000.0  # of a millionth of a second each: the service takes 1 s on average
SURE = {"p50_s": 20.0, "p95_s": 20.0}  # a cold start that always takes 20 s
LATE_S = 100_000.0  # when the requests come that a timetable does not look at


def scenario(count: int = 200, seed: int = 1, **changes: object) -> Scenario:
    """One platform; answers take exactly 1 s unless the latency is changed."""
    second = {"ttft_p50_s": 1.0, "ttft_p95_s": 1.0, "tpot_p50_s": INSTANT, "tpot_p95_s": INSTANT, "source": "by hand"}
    classes = {"chat": chat(input_tokens=fixed(1), output_tokens=fixed(1))}
    tier = serverless(**{"latency": second, "cold_start": SURE, **changes})
    return scene({"own": tier}, {"own": static(own=1.0)}, count=count, seed=seed, classes=classes)


def run_at(arrivals_s: list[float], **changes: object) -> SimulationResult:
    """Simulate requests at given times; the others come long after, each alone."""
    asked = scenario(**changes)
    times = np.concatenate([arrivals_s, LATE_S + 10_000.0 * np.arange(200 - len(arrivals_s))])
    return simulate(asked, "own", replace(draw_workload(asked), unit_arrivals=times), 1.0)


def first(stamps: np.ndarray, count: int) -> list[float]:
    """The first few stamps, without the last digits."""
    return stamps[:count].round(6).tolist()


def counts(result: SimulationResult) -> dict[str, float]:
    """What the station counted."""
    return result.books["own"].counts


# ---------------------------------------------------------------- timetables


def test_the_first_request_starts_a_worker_and_the_next_finds_it_warm():
    """20 s cold, then 1 s of answer; whoever comes within the idle time-out is served at once, later ones are not."""
    result = run_at([0.0, 30.0, 500.0])

    assert [20.0, 30.0, 520.0] == first(result.started_s, 3)
    assert [21.0, 31.0, 521.0] == first(result.finished_s, 3)


def test_a_worker_is_paid_from_its_start_to_the_end_of_its_idle_time():
    """20 s of start, 1 s of answer, 300 s idle: 321 s for each of 200 lone requests, the last one cut at its end."""
    assert 199 * 321.0 + 21.0 == pytest.approx(counts(run_at([0.0]))["paid_worker_s"])
    assert 199 * 301.0 + 1.0 == pytest.approx(counts(run_at([0.0], start_is_billed=False))["paid_worker_s"])


def test_requests_share_a_start_up_to_the_places_of_a_worker():
    """Five at once with four places a worker: two starts, beside the 195 later ones; with one place, five."""
    assert 195 + 2 == counts(run_at([0.0] * 5))["cold_starts"]
    assert 200 == counts(run_at([0.0] * 5, requests_per_worker=1))["cold_starts"]


def test_whichever_place_is_free_first_serves_the_line():
    """The second request starts a worker, but the first one's is free sooner; the third waits for that start."""
    result = run_at([0.0, 20.5, 20.6], requests_per_worker=1)

    assert [20.0, 21.0, 22.0] == first(result.started_s, 3)


def test_the_floor_is_warm_from_the_start_and_never_stops():
    """One worker that is kept: lone requests never wait, and it is paid all the time."""
    result = run_at([0.0], min_workers=1)

    assert 0 == counts(result)["cold_starts"]
    assert (result.started_s == result.arrived_s).all()
    assert result.finished_s.max() == pytest.approx(counts(result)["paid_worker_s"])


def test_the_cap_lets_requests_wait_for_a_place():
    """One worker with one place: the second waits for the first, and that is no cold start."""
    result = run_at([0.0, 30.0, 30.2], requests_per_worker=1, max_workers=1)

    assert [20.0, 30.0, 31.0] == first(result.started_s, 3)
    assert 199 - 1 == counts(result)["cold_requests"]


def test_whoever_waits_too_long_gives_up_and_the_start_goes_on():
    """With 5 s of patience the first request is gone before its worker is up, which serves the next one at 22 s."""
    result = run_at([0.0, 22.0], queue_timeout_s=5.0)

    assert [Outcome.TIMED_OUT, Outcome.COMPLETED] == result.outcome[:2].tolist()
    assert [5.0, 23.0] == first(result.finished_s, 2)
    assert 22.0 == result.started_s[1]


def test_a_full_line_turns_away():
    """Two may wait for the start; the third is rejected at once."""
    result = run_at([0.0, 1.0, 2.0], max_queue_requests=2)

    assert [Outcome.COMPLETED, Outcome.COMPLETED, Outcome.REJECTED] == result.outcome[:3].tolist()
    assert 2.0 == result.finished_s[2]


def test_workers_may_be_servers_with_continuous_batching():
    """A prompt of 100 tokens and 11 words on the step times of the test's server: 20 ms, then ten steps of 10 ms."""
    asked = scene(
        {"own": serverless(latency=None, server=server(gamma_s_per_sequence=0.0, delta_s_per_context_token=0.0))},
        {"own": static(own=1.0)},
        count=200,
        classes={"chat": chat(input_tokens=fixed(100), output_tokens=fixed(11))},
    )
    workload = draw_workload(asked)
    result = simulate(asked, "own", replace(workload, unit_arrivals=np.arange(200) * 100.0), 1.0)

    assert [0.02, 0.02] == first(result.first_token_s - result.started_s, 2)
    assert [0.12, 0.12] == first(result.finished_s - result.started_s, 2)


def test_a_request_larger_than_the_servers_memory_is_rejected():
    """And starts no worker."""
    tier = serverless(latency=None, server=server(kv_capacity_tokens=100))
    classes = {"chat": chat(input_tokens=fixed(100), output_tokens=fixed(11))}
    asked = scene({"own": tier}, {"own": static(own=1.0)}, count=200, classes=classes)
    result = simulate(asked, "own", draw_workload(asked), 1.0)

    assert (result.outcome == Outcome.REJECTED).all()
    assert 0 == counts(result)["cold_starts"]


# ---------------------------------------------------------------- theory


def exponential(count: int, seed: int, **changes: object) -> Scenario:
    """Workers with one place and exponential answers of mean 1 s."""
    pace = 1.0 / MEAN_TOKENS
    latency = {"ttft_p50_s": INSTANT, "ttft_p95_s": INSTANT, "tpot_p50_s": pace, "tpot_p95_s": pace, "source": "theory"}
    classes = {"chat": chat(input_tokens=fixed(1), output_tokens={"kind": "exponential", "mean_tokens": MEAN_TOKENS})}
    tier = serverless(**{"latency": latency, "requests_per_worker": 1, **changes})
    return scene({"own": tier}, {"own": static(own=1.0)}, count=count, seed=seed, classes=classes)


def one_worker_theory(load: float, idle_s: float, p50_s: float, p95_s: float) -> dict[str, float]:
    """M/G/1 with a start-up and a delayed stop, mean service 1 s; arrivals at rate `load`.

    The first request of a busy period finds the worker stopped with the chance that the idle time, exponential, was
    longer than the time-out. Its wait D is then the cold start. Welch (1964), as in Takagi (1991): mean wait =
    Pollaczek-Khinchine + (2 E[D] + load E[D^2]) / (2 (1 + load E[D])); a share (1 - load) / (1 + load E[D]) of the
    requests begin a busy period.
    """
    spread = log(p95_s / p50_s) / Z95
    start, start_squared = p50_s * exp(spread**2 / 2), p50_s**2 * exp(2 * spread**2)
    stopped = exp(-load * idle_s)
    delay, delay_squared = stopped * start, stopped * start_squared
    periods = (1 - load) / (1 + load * delay)
    return {
        "wait_s": load / (1 - load) + (2 * delay + load * delay_squared) / (2 * (1 + load * delay)),
        "starts": stopped * periods,
        "paid_s": 1.0 + periods * (delay + (1 - stopped) / load),  # the rest of the idle time is not paid
    }


def observed(result: SimulationResult) -> dict[str, float]:
    """The same figures, per request."""
    seen, measured = counts(result), result.workload.measured
    return {
        "wait_s": float((result.started_s - result.arrived_s)[measured].mean()),
        "starts": seen["cold_starts"] / len(result),
        "paid_s": seen["steady_worker_s"] / seen["steady_s"] / result.rate_rps,
    }


def scores(load: float, idle_s: float, theory_idle_s: float | None = None) -> dict[str, float]:
    """Distance between simulation and theory in standard errors."""
    cold = {"p50_s": 3.0, "p95_s": 8.0}
    expected = one_worker_theory(load, idle_s if theory_idle_s is None else theory_idle_s, **cold)
    runs = []
    for seed in range(70, 70 + REPLICATIONS):
        asked = exponential(2500, seed, max_workers=1, idle_timeout_s=idle_s, cold_start=cold)
        runs.append(observed(simulate(asked, "own", draw_workload(asked), load)))
    return {
        key: (np.mean(values) - expected[key]) / (np.std(values, ddof=1) / sqrt(REPLICATIONS))
        for key in expected
        for values in [[run[key] for run in runs]]
    }


@pytest.mark.parametrize(("load", "idle_s"), [(0.1, 5.0), (0.3, 0.0), (0.5, 2.0), (0.7, 1.0)])
def test_one_worker_is_the_queue_with_start_up_and_delayed_stop(load, idle_s):
    """Wait, starts a request and paid seconds a request lie within the 99.9 % interval of the formula."""
    for key, score in scores(load, idle_s).items():
        assert abs(score) < STUDENT_999, key


def test_the_comparison_bites():
    """Theory with an idle time-out of 3 s instead of 2 is refused."""
    assert max(abs(score) for score in scores(0.5, 2.0, theory_idle_s=3.0).values()) > STUDENT_999


def test_without_a_cap_and_with_instant_starts_the_workers_are_those_of_m_g_infinity():
    """Places in use are Poisson with mean rate x service: 5 on average, above 8 with 6.81 %."""
    asked = exponential(
        20_000, 5, max_workers=1000, idle_timeout_s=0.0, cold_start={"p50_s": INSTANT, "p95_s": INSTANT}
    )
    result = simulate(asked, "own", draw_workload(asked), 5.0)
    moments = np.linspace(result.arrived_s[2000], result.arrived_s[-1], 20_000)
    inside = np.searchsorted(np.sort(result.started_s), moments) - np.searchsorted(np.sort(result.finished_s), moments)

    assert inside.mean() == pytest.approx(5.0, rel=0.05)
    assert inside.var() == pytest.approx(5.0, rel=0.1)
    assert (inside > 8).mean() == pytest.approx(0.0681, abs=0.01)
    seen = counts(result)
    assert seen["paid_worker_s"] == pytest.approx(seen["service_s"], rel=1e-6)
    assert 20_000 == seen["cold_starts"]


@pytest.mark.parametrize("rate", [0.05, 1.0, 20.0])
def test_without_idle_time_every_request_is_cold(rate):
    """Whoever finds no place free has a start under way, and no place is ever kept free."""
    asked = exponential(500, 3, max_workers=10_000, idle_timeout_s=0.0)
    result = simulate(asked, "own", draw_workload(asked), rate)

    assert 500 == counts(result)["cold_requests"]
    assert (result.started_s > result.arrived_s).all()


def test_with_endless_idle_time_the_pool_is_filled_once():
    """A worker that never stops is started once: as many starts as workers are ever needed, none in the second half."""
    asked = exponential(4000, 3, max_workers=10, idle_timeout_s=1e9)
    result = simulate(asked, "own", draw_workload(asked, count=4000), 5.0)
    late = np.arange(4000) >= 2000

    assert counts(result)["cold_starts"] <= 10
    assert (result.started_s - result.arrived_s)[late].mean() < 0.2  # ten workers for a load of 5: no start any more


# ---------------------------------------------------------------- laws


@st.composite
def tiers(draw: st.DrawFn) -> dict[str, object]:
    """Any platform that is not refused."""
    most = draw(st.integers(1, 5))
    least = draw(st.integers(0, most))
    queue = draw(st.sampled_from([None, 1, 10]))
    workers = draw(st.sampled_from([{}, {"latency": None, "server": server(max_sequences=8, kv_capacity_tokens=900)}]))
    return serverless(
        requests_per_worker=draw(st.integers(1, 8)), max_workers=most, min_workers=least, max_queue_requests=queue,
        idle_timeout_s=draw(st.sampled_from([0.0, 1.0, 60.0])), queue_timeout_s=draw(st.sampled_from([None, 5.0])),
        start_is_billed=draw(st.booleans()), cold_start={"p50_s": draw(st.sampled_from([0.1, 10.0])), "p95_s": 30.0},
        **workers,
    )  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tier=tiers(), rate=st.sampled_from([0.02, 0.5, 5.0, 40.0]), seed=st.integers(0, 1000))
def test_nothing_is_lost_and_the_cap_holds(tier, rate, seed):
    """Every request ends once and in order; never more are served than workers have places; no time is made up."""
    asked = scene({"own": tier}, {"own": static(own=1.0)}, count=200, seed=seed)
    result = simulate(asked, "own", draw_workload(asked), rate)
    done, seen = result.answered, counts(result)
    ended = sum((result.outcome == kind).sum() for kind in (Outcome.COMPLETED, Outcome.REJECTED, Outcome.TIMED_OUT))

    assert 200 == ended
    assert (result.arrived_s <= result.started_s)[done].all()
    assert (result.started_s <= result.first_token_s)[done].all()
    assert np.isnan(result.started_s[~done]).all()
    for begun in result.started_s[done].tolist():
        going = done & (result.started_s <= begun) & (result.finished_s > begun)
        assert going.sum() <= tier["max_workers"] * tier["requests_per_worker"]
    assert seen["service_s"] == pytest.approx((result.finished_s - result.started_s)[done].sum())
    assert seen["service_s"] <= seen["paid_worker_s"] * tier["requests_per_worker"] * (1 + 1e-9) + 1e-6
    assert seen["paid_worker_s"] <= tier["max_workers"] * result.finished_s.max() * (1 + 1e-9)
    assert seen["paid_worker_s"] >= tier["min_workers"] * result.finished_s.max() * (1 - 1e-9)
    assert 0 <= result.books["own"].busy_share <= 1 + 1e-9


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(rate=st.floats(0.5, 30.0), workers=st.integers(1, 4), places=st.integers(1, 3), seed=st.integers(0, 1000))
def test_more_warm_workers_never_wait_longer(rate, workers, places, seed):
    """A pool that neither starts nor stops is a first-come-first-served queue: no request begins later with more.

    With starts and stops it is none: a request that waits under a low cap keeps a worker busy that a higher cap would
    have let stop.
    """
    few, many = (
        exponential(200, seed, min_workers=count, max_workers=count, requests_per_worker=places)
        for count in (workers, workers + 1)
    )
    one, two = (simulate(each, "own", draw_workload(each), rate) for each in (few, many))

    assert (two.started_s <= one.started_s + 1e-9).all()


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(rate=st.floats(0.01, 2.0), idle_s=st.floats(0.0, 100.0), seed=st.integers(0, 1000))
def test_a_single_worker_that_never_stops_is_never_slower(rate, idle_s, seed):
    """With one worker, starts after the first only add to the wait (Lindley): no request begins later without them.

    Between two finite time-outs it is no theorem: a worker that is kept a little longer may be idle, and stop, just
    before requests come that would otherwise have found it busy with an earlier start.
    """
    short, long = (
        exponential(200, seed, max_workers=1, idle_timeout_s=each, cold_start=SURE) for each in (idle_s, 1e9)
    )
    one, two = (simulate(each, "own", draw_workload(each, count=200), rate) for each in (short, long))

    assert (two.started_s <= one.started_s + 1e-9).all()
    assert 1 == counts(two)["cold_starts"] <= counts(one)["cold_starts"]


def test_a_payroll_that_does_not_add_up_is_caught(monkeypatch):
    """A worker that stops without its life being counted ends the run."""
    change = Payroll.change

    def forget(self: Payroll, by: int) -> None:
        change(self, by)
        self.lives_s -= by < 0

    monkeypatch.setattr(Payroll, "change", forget)

    with pytest.raises(SimulationError, match=r"workers lived \d+\.\d+ s, \d+\.\d+ worker-seconds were counted"):
        run_at([0.0])


@pytest.mark.parametrize(
    ("changes", "both"),
    [
        ({"min_workers": 30}, "min_workers 30 is above max_workers 20"),
        (
            {"max_queue_requests": 0},
            "max_queue_requests 0 lets nobody wait for a start, so that max_workers 20 is never",
        ),
        ({"latency": None}, "neither latency nor server is given"),
        ({"server": server()}, "both latency and server are given"),
        ({"gpu_price": None}, "neither token_price nor gpu_price is given"),
        ({"token_price": {"request_usd_per_request": 1.0, **DATED}}, "both token_price and gpu_price are given"),
        (
            {
                "gpu_price": None,
                "token_price": {"request_usd_per_request": 1.0, **DATED},
                "start_is_billed": False,
            },
            "start_is_billed false speaks of GPU-seconds, but token_price is given",
        ),
        (
            {"latency": None, "server": server(max_sequences=2)},
            "requests_per_worker 4 is above the server's max_sequences 2",
        ),
        (
            {"latency": None, "server": server(), "gpus_per_worker": 2},
            "gpus_per_worker 2 is given beside a server, which knows its own GPUs",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_both_values(changes, both):
    """The message names the two values in conflict."""
    with pytest.raises(ValidationError, match=both):
        scene({"own": serverless(**changes)}, {"own": static(own=1.0)})
