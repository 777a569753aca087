"""Edge devices: a single queue each, hand-worked times, theory, price, releases, overload."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tco.decide.compare import compare
from tco.demand.workload import draw_workload
from tco.pipeline import evaluate
from tco.report.money import Money
from tco.report.recommendation import in_words
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tests.laws.build import DATED, chat, edge, fixed, rate_traffic, scene, static

REPLICATIONS = 12
STUDENT_999 = 4.4370  # Student's t with 11 degrees of freedom, two-sided 99.9 %
MILLION = 1e6  # tokens a second, so that an exponential length of a million tokens is a service of mean 1


def scenario(tier: dict | None = None, count: int = 200, seed: int = 1, **changes: object) -> Scenario:
    """One edge tier."""
    return scene({"own": tier or edge()}, {"own": static(own=1.0)}, count=count, seed=seed, **changes)


def exponential(devices: int, count: int, seed: int) -> Scenario:
    """Devices whose service is exponential with mean 1 s: only the answer takes time."""
    speed = {"prefill_tokens_per_s": 1e15, "decode_tokens_per_s": MILLION, "source": "theory"}
    lengths = {"input_tokens": fixed(1), "output_tokens": {"kind": "exponential", "mean_tokens": MILLION}}
    return scenario(edge(devices=devices, speed=speed), count, seed, classes={"chat": chat(**lengths)})


def simulated(asked: Scenario, rate_rps: float) -> SimulationResult:
    """Draw the workload and run."""
    return simulate(asked, "own", draw_workload(asked), rate_rps)


def devices_of(result: SimulationResult, devices: int) -> np.ndarray:
    """The device of every request, from the stream itself."""
    return np.array([int(u * devices) for u in result.workload.uniforms("device")])


def test_a_device_reads_the_prompt_and_writes_the_answer():
    """500 tokens at 1 000 a second, then 20 at 50 a second: first token after 0.52 s, last after 0.9 s."""
    classes = {"chat": chat(input_tokens=fixed(500), output_tokens=fixed(20))}
    result = simulated(scenario(edge(devices=10_000), classes=classes), 0.001)

    assert [0.52] * 3 == pytest.approx((result.first_token_s - result.arrived_s)[:3].tolist())
    assert [0.9] * 3 == pytest.approx((result.finished_s - result.arrived_s)[:3].tolist())


def test_the_round_trip_is_taken_off_a_measured_latency():
    """A first token measured at 0.3 s through a network of 0.1 s comes after 0.2 s; the rest takes what it takes."""
    latency = {"ttft_p50_s": 0.3, "ttft_p95_s": 0.3, "tpot_p50_s": 0.01, "tpot_p95_s": 0.01, "source": "made up"}
    classes = {"chat": chat(output_tokens=fixed(11))}
    tier = edge(devices=10_000, speed=None, latency=latency, round_trip_saved_s=0.1)
    result = simulated(scenario(tier, classes=classes), 0.001)

    assert [0.2] * 3 == pytest.approx((result.first_token_s - result.arrived_s)[:3].tolist())
    assert [0.3] * 3 == pytest.approx((result.finished_s - result.arrived_s)[:3].tolist())


def test_every_wait_is_lindleys_on_the_requests_own_device():
    """Request by request: begin when both the request and its device's last one are done with."""
    result = simulated(exponential(5, 2000, 3), 0.8 * 5)
    free = np.zeros(5)
    for request, device in enumerate(devices_of(result, 5).tolist()):
        begun = max(result.arrived_s[request], free[device])
        assert result.started_s[request] == pytest.approx(begun, abs=1e-9)
        free[device] = result.finished_s[request]


@pytest.mark.parametrize(("devices", "load"), [(1, 0.5), (8, 0.5), (8, 0.7)])
def test_mean_wait_is_that_of_one_m_m_1_queue_a_device(devices, load):
    """However many devices: load / (1 - load) services, within the 99.9 % interval; not the pooled queue's wait."""
    waits = []
    for seed in range(40, 40 + REPLICATIONS):
        result = simulated(exponential(devices, 2000, seed), load * devices)
        waits.append(float((result.started_s - result.arrived_s)[result.workload.measured].mean()))
    error = np.std(waits, ddof=1) / sqrt(REPLICATIONS)

    assert abs(np.mean(waits) - load / (1 - load)) < STUDENT_999 * error


def test_the_comparison_bites():
    """One device's wait at 70 % load is not that at 80 %."""
    waits = []
    for seed in range(40, 40 + REPLICATIONS):
        result = simulated(exponential(8, 2000, seed), 0.8 * 8)
        waits.append(float((result.started_s - result.arrived_s)[result.workload.measured].mean()))

    assert abs(np.mean(waits) - 0.7 / 0.3) > STUDENT_999 * np.std(waits, ddof=1) / sqrt(REPLICATIONS)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(devices=st.integers(1, 6), at_once=st.integers(1, 3), rate=st.floats(0.1, 30.0), seed=st.integers(0, 1000))
def test_a_device_never_does_more_at_once_than_it_can(devices, at_once, rate, seed):
    """Nothing is lost, stamps are in order, and each device's requests overlap at most `requests_at_once` times."""
    result = simulated(scenario(edge(devices=devices, requests_at_once=at_once), 200, seed), rate)
    own = devices_of(result, devices)

    assert result.answered.all()
    assert 200 == result.books["own"].completed
    assert (result.arrived_s <= result.started_s).all()
    assert (result.started_s <= result.first_token_s).all()
    for begun, device in zip(result.started_s.tolist(), own.tolist(), strict=True):
        going = (own == device) & (result.started_s <= begun) & (result.finished_s > begun)
        assert going.sum() <= at_once


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(devices=st.integers(1, 6), rate=st.floats(0.1, 30.0), seed=st.integers(0, 1000))
def test_a_device_that_does_more_at_once_never_lets_anyone_wait_longer(devices, rate, seed):
    """First come, first served with one more server: no request begins later (Kiefer and Wolfowitz)."""
    one, two = (
        simulated(scenario(edge(devices=devices, requests_at_once=at_once), 200, seed), rate) for at_once in (1, 2)
    )

    assert (two.started_s <= one.started_s + 1e-9).all()


def test_device_hours_and_releases_are_metered_and_paid():
    """40 devices x 730 h x $0.02 = $584; 6 releases x 2 weeks / 52 / 12 of $260 000 = $5 000 a month."""
    price = {"device_hour_usd_per_device_hour": 0.02, **DATED}
    tier = edge(devices=40, price=price, releases_per_year=6.0, release_engineer_weeks=2.0)
    evaluation = evaluate(scenario(tier))
    costs = dict(zip(evaluation.ledger["account"], evaluation.ledger["cost_usd"], strict=True))

    assert {"serving:edge": 584.0, "people:release": 5000.0} == pytest.approx(costs)


def test_a_request_may_be_the_unit_of_price():
    """150 000 requests at a tenth of a cent: $150, and no device is paid beside them."""
    ledger = evaluate(scenario()).ledger

    assert ["serving:edge"] == ledger["account"].tolist()
    assert 150.0 == pytest.approx(ledger["cost_usd"].sum())


def test_distilling_a_model_is_building():
    """The option is held against bought ones."""
    tiers = {"own": edge(), "bought": edge()}
    asked = scene(tiers, {"own": static(own=1.0)}, count=200)

    assert compare(evaluate(asked))["own"].is_build


def test_overload_is_told_as_overload():
    """Four devices that write 50 tokens a second cannot write the answers of 20 requests a second."""
    classes = {"chat": chat(input_tokens=fixed(1000), output_tokens=fixed(50))}  # 2 s each: 40 s of work a second
    asked = scenario(edge(), count=400, classes=classes, traffic=rate_traffic(20.0))
    option = compare(evaluate(asked))["own"]

    assert not option.slo_kept
    assert ["work in the busiest hour over what can be done 10, limit 1"] == [
        in_words(each, Money()) for each in option.checks
    ]


@pytest.mark.parametrize(
    ("changes", "both"),
    [
        ({"speed": None}, "neither speed nor latency is given"),
        ({"latency": "small-2024"}, "both speed and latency are given"),
        ({"round_trip_saved_s": 0.1}, "round_trip_saved_s 0.1 is taken off a measured latency, but speed is given"),
        (
            {"speed": None, "latency": "small-2024", "round_trip_saved_s": 5.0},
            "round_trip_saved_s 5 is not below the latency's ttft_p50_s 0",
        ),
        (
            {"releases_per_year": 4.0},
            "releases_per_year 4 and release_engineer_weeks 0 contradict each other",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_both_values(changes, both):
    """The message names the two values in conflict."""
    with pytest.raises(ValidationError, match=both):
        scenario(edge(**changes))
