"""Micro-batches: hand-worked timetables, bulk-service theory, limits, sizing and price."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.pipeline import evaluate
from tco.scenario import Scenario
from tco.scenario.tiers.micro_batch import MicroBatch
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tests.laws.build import chat, fixed, micro_batch, rate_traffic, scene, static

CASES = Path(__file__).parents[4] / "shared" / "data" / "queueing" / "cases.yaml"
REPLICATIONS = 12
STUDENT_999 = 4.4370  # Student's t with 11 degrees of freedom, two-sided 99.9 %: 12 comparisons hold together

# Bulk service, one server, mean batch time 1: load 0.75. The exponential cases follow from the formula in
# `bulk_theory`; the constant one is the embedded Markov chain at batch ends, solved to 1e-14 (case bulk_md_1b_b4 of
# the shared queueing cases).
BULK = {
    "bulk_mm_1b_b4": ("exponential", 3.0, 4, {"P_idle": 0.035934058, "Wq": 2.5524987, "mean_batch": 3.1118203}),
    "bulk_mm_1b_b8": ("exponential", 6.0, 8, {"P_idle": 0.010609558, "Wq": 2.398025, "mean_batch": 6.06434}),
    "bulk_md_1b_b4": ("constant", 3.0, 4, {"P_idle": 0.011126861, "Wq": 0.75842729, "mean_batch": 3.0337562}),
}


def scenario(count: int = 200, seed: int = 1, **changes: object) -> Scenario:
    """One tier of the kind, requests of 100 prompt tokens and one word."""
    classes = {"label": chat(input_tokens=fixed(100), output_tokens=fixed(1))}
    tier = micro_batch(**changes)
    return scene({"own": tier}, {"own": static(own=1.0)}, count=count, seed=seed, classes=classes)


def run_at(arrivals_s: list[float], replicas: int = 1, **changes: object) -> SimulationResult:
    """Simulate requests at given times, and 200 more that come long after, each alone."""
    asked = scenario(**changes)
    times = np.concatenate([arrivals_s, 1000.0 + 100.0 * np.arange(200 - len(arrivals_s))])
    workload = replace(draw_workload(asked), unit_arrivals=times)
    return simulate(asked, "own", workload, 1.0, {"own": replicas})


def first(stamps: np.ndarray, count: int) -> list[float]:
    """The first few stamps, without the last digits."""
    return stamps[:count].round(9).tolist()


def test_a_batch_begins_when_its_window_is_over():
    """Two requests share a batch of 20 + 2 ms at 10 ms; the third has its window over while the replica is busy."""
    result = run_at([0.0, 0.004, 0.020])

    assert [0.010, 0.010, 0.032] == first(result.started_s, 3)
    assert [0.032, 0.032, 0.053] == first(result.finished_s, 3)


def test_a_full_batch_does_not_wait_for_its_window():
    """The second request fills the batch of two at 4 ms; the third waits for its own window, to 16 ms."""
    result = run_at([0.0, 0.004, 0.006], replicas=2, max_batch=2)

    assert [0.004, 0.004, 0.016] == first(result.started_s, 3)


def test_a_batch_whose_window_is_over_grows_until_a_replica_is_free():
    """What came while the replica was busy goes together, though the windows ended one after the other."""
    result = run_at([0.0, 0.012, 0.030], batch_fixed_s=1.0)

    assert [0.010, 1.011, 1.011] == first(result.started_s, 3)


def test_without_a_window_a_free_replica_begins_at_once():
    """Alone at 0; whoever came meanwhile goes together, up to the most a batch holds."""
    result = run_at([0.0, 0.005, 0.006, 0.007], window_s=0.0, max_batch=2)

    assert [0.0, 0.021, 0.021, 0.043] == first(result.started_s, 4)


def test_every_prompt_token_takes_its_time():
    """Two prompts of 100 tokens at 0.1 ms a token add 20 ms to a batch of 22 ms."""
    result = run_at([0.0, 0.004], batch_s_per_token=0.0001)

    assert [0.052, 0.052] == first(result.finished_s, 2)
    assert (result.first_token_s == result.finished_s).all()


def test_whoever_waits_too_long_gives_up():
    """With a replica busy for a second, a request that waits 0.1 s at most is gone, and is never served."""
    result = run_at([0.0, 0.5], batch_fixed_s=1.0, queue_timeout_s=0.1)

    assert Outcome.TIMED_OUT == result.outcome[1]
    assert 0.6 == result.finished_s[1].round(9)
    assert 1 == result.books["own"].timed_out
    assert 199 == result.books["own"].counts["batches"]


def test_a_full_line_turns_away():
    """Two may wait: the third that finds the replica busy is rejected at once."""
    result = run_at([0.0, 0.1, 0.2, 0.3], window_s=0.0, batch_fixed_s=1.0, max_batch=2, max_queue_requests=2)

    assert [Outcome.COMPLETED] * 3 + [Outcome.REJECTED] == result.outcome[:4].tolist()
    assert 0.3 == result.finished_s[3]


# ---------------------------------------------------------------- theory


def bulk_theory(rate: float, most: int) -> dict[str, float]:
    """M/M^[1,b]/1 with mean batch time 1: the queue of a busy server is geometric, rate (1 - r) = r - r^(b + 1)."""
    low, high = 0.0, 1.0 - 1e-9
    for _ in range(200):
        r = (low + high) / 2
        low, high = (r, high) if rate * (1 - r) > r - r ** (most + 1) else (low, r)
    idle = 1.0 / (1.0 + rate / (1.0 - r))
    waiting = idle * rate * r / (1.0 - r) ** 2
    return {"P_idle": idle, "Wq": waiting / rate, "mean_batch": rate / (1.0 - idle)}


def observed(result: SimulationResult) -> dict[str, float]:
    """The same figures from a run: waits from the stamps, the rest from the station's books."""
    books, measured = result.books["own"], result.workload.measured
    return {
        "P_idle": books.counts["idle_s"] / result.elapsed_s,
        "Wq": float((result.started_s - result.arrived_s)[measured].mean()),
        "mean_batch": books.completed / books.counts["batches"],
    }


def test_the_expected_figures_are_those_of_the_formula():
    """The exponential cases follow from the geometric queue; all of them are those of the shared cases."""
    for law, rate, most, expected in BULK.values():
        if law == "exponential":
            assert expected == pytest.approx(bulk_theory(rate, most), rel=1e-6)
    if not CASES.exists():
        pytest.skip("no shared queueing cases")
    known = {case["id"]: case["expected"] for case in yaml.safe_load(CASES.read_text())["cases"]}
    for name, (_, _, _, expected) in BULK.items():
        assert expected == {key: known[name][key] for key in expected}


def bulk_scores(name: str, count: int, most: int | None = None) -> dict[str, float]:
    """Distance between simulation and theory in standard errors, over independent replications."""
    law, rate, max_batch, expected = BULK[name]
    runs = []
    for seed in range(100, 100 + REPLICATIONS):
        asked = scenario(
            count, seed, window_s=0.0, max_batch=most or max_batch, batch_fixed_s=1.0, batch_s_per_request=0.0,
            batch_time=law,
        )  # fmt: skip
        runs.append(observed(simulate(asked, "own", draw_workload(asked), rate, {"own": 1})))
    return {
        key: (np.mean(values) - expected[key]) / (np.std(values, ddof=1) / sqrt(REPLICATIONS))
        for key in expected
        for values in [[run[key] for run in runs]]
    }


@pytest.mark.parametrize("name", BULK)
def test_start_at_once_is_bulk_service(name):
    """Idle share, mean wait and mean batch lie within the 99.9 % interval of the closed forms."""
    for key, score in bulk_scores(name, 2500).items():
        assert abs(score) < STUDENT_999, key


def test_the_comparison_bites():
    """A batch of at most 5 instead of 4 is seen in the wait and in the idle share."""
    scores = bulk_scores("bulk_mm_1b_b4", 2500, most=5)

    assert abs(scores["Wq"]) > STUDENT_999
    assert abs(scores["P_idle"]) > STUDENT_999


@pytest.mark.slow
@pytest.mark.parametrize("name", BULK)
def test_start_at_once_is_bulk_service_in_longer_runs(name):
    """The same with runs ten times as long."""
    for key, score in bulk_scores(name, 40_000).items():
        assert abs(score) < STUDENT_999, key


# ---------------------------------------------------------------- laws


@st.composite
def tiers(draw: st.DrawFn) -> dict[str, object]:
    """Any tier of the kind that is not refused."""
    most, window_s = draw(st.integers(1, 8)), draw(st.sampled_from([0.0, 0.01, 0.3]))
    return {
        "max_batch": most,
        "window_s": window_s,
        "batch_fixed_s": draw(st.sampled_from([0.0, 0.02, 0.5])),
        "batch_s_per_request": draw(st.sampled_from([0.001, 0.1])),
        "batch_time": draw(st.sampled_from(["constant", "exponential"])),
        "max_queue_requests": draw(st.sampled_from([None, most, 20])) if most <= 20 else None,
        "queue_timeout_s": draw(st.sampled_from([None, window_s + 0.1])),
    }


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tier=tiers(), rate=st.sampled_from([0.5, 10.0, 100.0]), replicas=st.integers(1, 3))
def test_nothing_is_lost_and_no_replica_does_two_things_at_once(tier, rate, replicas):
    """Every request ends once, in order; never more than all replicas' full batches are served at once."""
    asked = scenario(200, 3, **tier)
    result = simulate(asked, "own", draw_workload(asked), rate, {"own": replicas})
    done = result.answered

    assert 200 == sum(result.outcome == kind for kind in (Outcome.COMPLETED, Outcome.REJECTED, Outcome.TIMED_OUT)).sum()
    assert (result.arrived_s <= result.started_s)[done].all()
    assert (result.started_s <= result.first_token_s)[done].all()
    assert np.isnan(result.started_s[~done]).all()
    for begun in set(result.started_s[done].tolist()):
        going = done & (result.started_s <= begun) & (result.finished_s > begun)
        assert going.sum() <= replicas * tier["max_batch"]
        assert len(set(zip(result.started_s[going], result.finished_s[going], strict=True))) <= replicas
    assert 0 <= result.books["own"].busy_share <= 1 + 1e-9


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tier=tiers(), rate=st.sampled_from([0.5, 10.0, 100.0]), seed=st.integers(0, 1000))
def test_more_replicas_never_wait_longer(tier, rate, seed):
    """For batches of one, a first-come-first-served queue, no request waits longer with a replica more.

    For larger batches it is no theorem: with more replicas early requests leave alone, and batches are smaller.
    """
    alone = {**tier, "max_batch": 1, "max_queue_requests": None, "queue_timeout_s": None}
    asked = scenario(200, seed, **alone)
    few, many = (simulate(asked, "own", draw_workload(asked), rate, {"own": count}) for count in (1, 2))

    assert (many.started_s <= few.started_s + 1e-9).all()


# ---------------------------------------------------------------- sizing, price, refusals


def test_a_fleet_carries_its_load_and_is_paid_by_the_hour():
    """9 a second, full batches of 8 in 2.008 s: 3.98 a second each, so 3 replicas; 2 190 hours a month at $0.80."""
    tier, traffic = micro_batch(batch_fixed_s=2.0), rate_traffic(9.0)
    asked = scene({"own": tier}, {"own": static(own=1.0)}, traffic=traffic, slo={"e2e_p95_s": 30.0})
    evaluation = evaluate(asked)
    ledger = evaluation.ledger

    assert {"own": 3} == evaluation.plans["own"].replicas[0]
    assert ["serving:gpu"] == ledger["account"].tolist()
    assert 2190.0 == ledger["quantity"].iloc[0]
    assert 1752.0 == pytest.approx(ledger["cost_usd"].iloc[0])


def test_full_batches_are_the_most_that_a_replica_carries():
    """8 requests of 100 tokens in 20 + 8 + 80 ms: 74.07 a second."""
    tier = MicroBatch.model_validate(micro_batch(batch_s_per_token=0.0001), strict=False)

    assert 8 / 0.108 == pytest.approx(tier.carried_rps([(50, 1), (150, 9)]))


@pytest.mark.parametrize(
    ("changes", "both"),
    [
        ({"min_replicas": 3, "max_replicas": 2}, "min_replicas 3 is above max_replicas 2"),
        ({"max_queue_requests": 4}, "max_queue_requests 4 is below max_batch 8"),
        ({"queue_timeout_s": 0.01}, "queue_timeout_s 0.01 is not above window_s 0.01"),
        ({"batch_fixed_s": 0.0, "batch_s_per_request": 0.0}, "batch_fixed_s 0, batch_s_per_request 0 and"),
    ],
)
def test_what_cannot_be_is_refused_with_both_values(changes, both):
    """The message names the two values in conflict."""
    with pytest.raises(ValidationError, match=both):
        scenario(**changes)
