"""Simulated queues agree with theory, and a planted fault is seen."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from simpy import Resource

from tco.sim.stations.managed_api import ManagedApiStation
from tco.validation.cases import Case, parse_cases, read_cases
from tco.validation.metrics import COMMON, common_measure, percentile_in_time
from tco.validation.parallel import Workers, workers
from tco.validation.path import SamplePath, Stop
from tco.validation.queueing import QueueingValidation, agrees, validate_queueing, validation_json

SMOKE = (
    "mm1_rho0.5",
    "mm1_feedback_retry",
    "closed_mva_15users",
    "dm1_rho0.8",
    "bulk_md_1b_b4",
    "mg1_ps_det",
    "mm_inf_transient",
)
RUNS = 6
ALONE = Workers(None)


@pytest.fixture(autouse=True)
def _short_runs(request, monkeypatch):
    """A sixth of the requests is enough for what is tested here; the slow test takes them all."""
    if "slow" not in request.keywords:
        monkeypatch.setattr("tco.validation.queues.LEAST_REQUESTS", 2000)


@lru_cache
def shipped(name: str) -> Case:
    """A case of the shipped file."""
    return next(case for case in read_cases() if case.id == name)


@lru_cache
def played(name: str) -> QueueingValidation:
    """The case in few runs."""
    return validate_queueing([shipped(name)], ALONE, RUNS)


@pytest.mark.parametrize("name", SMOKE)
def test_a_queue_of_each_station_agrees_with_theory(name):
    """An API, a micro-batch window and a GPU, in six runs."""
    found = played(name)

    assert found.compared
    assert [] == [each for each in found.compared if not each.passed]


@pytest.mark.slow
def test_every_case_agrees_with_theory():
    """All that can be played, as `tco validate queueing` does, on as many processes as there are."""
    with workers() as work:
        found = validate_queueing(read_cases(), work)

    assert 29 == found.cases_run
    assert [] == [each for each in found.compared if not each.passed]


def test_a_wrong_expectation_fails():
    """A mean wait that is said to be twice as long as it is, in runs as short as these."""
    case = shipped("mm1_rho0.5")
    wrong = replace(case, expected={**case.expected, "Wq": 2.0})
    found = validate_queueing([wrong], ALONE, RUNS)

    assert not found.passed
    assert ["Wq"] == [each.metric for each in found.compared if not each.passed]


def test_a_station_with_a_server_too_many_fails(monkeypatch):
    """The fault is planted in the station that scenarios use; the comparison sees it."""
    setup = ManagedApiStation.setup

    def generous(self, config, workload, replicas) -> None:
        setup(self, config, workload, replicas)
        self._slots = Resource(self.env, config.max_concurrency + 1)

    monkeypatch.setattr(ManagedApiStation, "setup", generous)
    found = validate_queueing([shipped("mm1_rho0.5")], ALONE, RUNS)

    failed = {each.metric for each in found.compared if not each.passed}
    assert {"W", "Wq", "L", "P_wait", "W_p95"} <= failed


def test_a_law_of_service_times_that_stands_out_fails():
    """Where three laws have to give the same, one that does not cannot hide among the others."""
    text = "cases: [{id: a, model: M/G/inf, params: {lam: 1.0, mean_S: 3.0}, expected: {mean_N: 3.0}}]"
    case = parse_cases(text, "it")[0]
    measure = COMMON["mean_N"]
    groups = [np.array([value]) for value in (2.9, 3.1, 3.0, 3.0, 2.95, 3.05)]
    odd = [np.array([value]) for value in (3.6, 3.6001)]

    assert agrees(measure, groups, 3.0, 1000)
    assert not agrees(measure, odd, 3.0, 1000)
    assert ("exponential", "deterministic", "log-normal") == case.queue.laws()


def test_the_number_of_processes_changes_nothing():
    """One process or two, the same figures to the last digit."""
    with workers(2) as work:
        found = validate_queueing([shipped("mm_inf_transient")], work, RUNS)

    assert played("mm_inf_transient") == found


def test_another_seed_gives_other_figures():
    """The seed is used."""
    found = validate_queueing([shipped("bulk_md_1b_b4")], ALONE, RUNS, seed=2)

    assert played("bulk_md_1b_b4").compared != found.compared
    assert found.passed


def test_json_has_one_entry_a_metric():
    """The contract of `--format json`."""
    text = json.dumps(validation_json(played("bulk_md_1b_b4")), allow_nan=False)
    found = json.loads(text)

    assert 1 == found["schema_version"]
    keys = ["id", "metric", "expected", "simulated", "ci_low", "ci_high", "passed"]
    assert all(keys == list(entry) for entry in found["cases"])
    assert ["P_idle", "Lq", "Wq", "W", "mean_batch"] == [entry["metric"] for entry in found["cases"]]
    assert [{"id", "metric", "reason"}] == [set(entry) for entry in found["not_run"]]  # rho is a formula of the inputs


def test_what_has_no_measure_is_told():
    """A metric that nobody knows is not passed over in silence."""
    case = replace(shipped("mm_inf_transient"), expected={"happiness": 1.0})
    found = validate_queueing([case], ALONE, RUNS)

    assert () == found.compared
    assert "happiness" == found.not_run[0].metric


def test_figures_that_a_scenario_cannot_hold_are_told():
    """A rate beyond the bounds of a scenario is a case that is not run, not a crash."""
    text = "cases: [{id: a, model: M/M/1, params: {lam: 1.0e+9, mu: 2.0e+9}, expected: {W: 1.0e-9}}]"
    found = validate_queueing(parse_cases(text, "it"), ALONE, RUNS)

    assert () == found.compared
    assert "a scenario cannot hold these figures: traffic.requests_per_month" in found.not_run[0].reason


def test_a_queue_that_remembers_for_too_long_is_told():
    """At 99.9 % load a run would still show how it began; better no figure than a wrong one."""
    text = "cases: [{id: a, model: M/M/1, params: {lam: 0.999, mu: 1.0}, expected: {W: 1000.0}}]"
    found = validate_queueing(parse_cases(text, "it"), ALONE, RUNS)

    assert () == found.compared
    assert "requests would have to pass before it is measured" in found.not_run[0].reason


# ---------------------------------------------------------------- metrics, on a path worked by hand

# One server. Arrivals at 0, 1, 4; services 3, 2, 1: the second waits 2 s and leaves at 5, the third waits 1 s.
BY_HAND = SamplePath(
    stops=(Stop(np.array([0.0, 1.0, 4.0]), np.array([0.0, 3.0, 5.0]), np.array([3.0, 5.0, 6.0])),),
    answered=np.array([True, True, True]),
    class_index=np.zeros(3, np.int64),
    demand_s=None,
    servers=1,
    begin_s=0.0,
    end_s=8.0,
)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("W", 3.0),  # 3, 4, 2
        ("Wq", 1.0),  # 0, 2, 1
        ("Wq_var", 2 / 3),  # mean square 5/3 less 1
        ("L", 9 / 8),
        ("Lq", 3 / 8),
        ("P0", 2 / 8),
        ("P_n_ge_2", 3 / 8),  # from 1 to 3 and from 4 to 5
        ("P_N_gt_1", 3 / 8),
        ("P_wait", 2 / 3),
        ("P_Wq_le_1", 2 / 3),
        ("utilisation", 6 / 8),
        ("throughput", 3 / 8),
        ("ES2", 14 / 3),
        ("P_block", 0.0),
        ("busy_period_mean", 6.0),
        ("var_N", (3 * 1 + 3 * 4) / 8 - (9 / 8) ** 2),
    ],
)
def test_a_metric_is_what_a_person_would_count(metric, expected):
    """Three customers, eight seconds."""
    measure = common_measure(metric)
    taken = [measure.collect(BY_HAND)] * 2

    assert expected == pytest.approx(measure.settle(taken, 0.95).estimate)


def test_percentiles_over_time_are_whole_numbers():
    """The smallest number that is not exceeded for 95 % of the time."""
    shares = np.array([0.5, 0.4, 0.06, 0.04])
    measure = percentile_in_time(lambda _: shares, 95)

    assert 2.0 == measure.settle([shares, shares], 0.95).estimate


def test_a_probability_too_small_to_be_seen_agrees_with_never():
    """Nought of 12 000 requests does not contradict 1e-5, but does contradict 1e-2."""
    never = [np.array([0.0])] * 6

    assert agrees(COMMON["P0"], never, 1e-5, 12_000)
    assert not agrees(COMMON["P0"], never, 1e-2, 12_000)


def test_bounds_agree_when_any_figure_between_them_does():
    """An interval that overlaps the bounds passes."""
    taken = [np.array([value]) for value in (1.0, 1.01, 0.99, 1.0)]

    assert agrees(COMMON["W"], taken, (1.02, 1.04), 1000)
    assert not agrees(COMMON["W"], taken, (1.5, 1.6), 1000)
