"""Intervals cover what they claim to cover: measured on M/M/1 at 80 % load, whose sojourn is exponential."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from tco.capacity.replicate import Stop, replicate
from tco.capacity.sample import Sample
from tco.sim.statistics import (
    independent_groups,
    mean_interval,
    paired_difference,
    quantile_interval,
    student_t,
)

LOAD = 0.8
P95_S = log(20) / (1 - LOAD)  # sojourn ~ Exp(mu - lambda) with mean service 1
WARM = 0.1


def sojourns_s(chance: np.random.Generator, runs: int, count: int, load: float = LOAD, pace: float = 1.0):
    """Runs of M/M/1, shape (runs, n), by Lindley's recursion, to which tests/laws/ holds the engine."""
    gaps = chance.standard_exponential((runs, count)) / load
    services = chance.standard_exponential((runs, count)) * pace
    walk = np.concatenate([np.zeros((runs, 1)), np.cumsum(services[:, :-1] - gaps[:, 1:], axis=1)], axis=1)
    return (walk - np.minimum.accumulate(walk, axis=1) + services)[:, int(WARM * count) :]


def covers(interval) -> bool:
    """Whether the interval holds the true p95; an unknown upper bound rules nothing out."""
    low, high = interval.low or 0.0, interval.high if interval.high is not None else np.inf
    return low <= P95_S <= high


def coverage(make_groups, sets: int, seed: int) -> float:
    """Share of independent experiments whose interval holds the true p95."""
    chance = np.random.default_rng(seed)
    return float(np.mean([covers(quantile_interval(make_groups(chance), 95)) for _ in range(sets)]))


@pytest.mark.parametrize(("freedom", "expected"), [(1, 12.706), (2, 4.303), (9, 2.262), (19, 2.093), (30, 2.042)])
def test_students_quantiles_are_those_of_the_table(freedom, expected):
    """Two-sided 95 %, as printed in every textbook."""
    assert student_t(0.95, freedom) == pytest.approx(expected, abs=5e-4)


def test_replications_cover_the_true_p95():
    """Ten replications of 5 000 customers: a nominal 95 % interval holds the truth 90 to 98 % of the time."""
    assert 0.90 <= coverage(lambda chance: list(sojourns_s(chance, 10, 5000)), 300, 1) <= 0.98


def test_stretches_of_one_long_run_cover_the_true_p95():
    """Five stretches of one run of 20 000."""
    assert 0.90 <= coverage(lambda chance: independent_groups(list(sojourns_s(chance, 1, 20_000))), 400, 2) <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("count", [5000, 20_000, 60_000])
def test_stretches_of_one_run_cover_the_true_p95_at_any_window(count):
    """The windows of a comparison have 5 000 to 60 000 requests; two thousand windows of each length."""
    assert 0.90 <= coverage(lambda chance: independent_groups(list(sojourns_s(chance, 1, count))), 2000, 6) <= 0.98


@pytest.mark.slow
def test_replications_cover_the_true_p95_in_many_sets():
    """The same as above, with two thousand sets."""
    assert 0.90 <= coverage(lambda chance: list(sojourns_s(chance, 10, 5000)), 2000, 7) <= 0.98


def test_taking_requests_as_independent_does_not_cover():
    """The comparison bites: requests taken one by one hold the truth less than a third of the time."""
    chance = np.random.default_rng(3)

    def order_statistics(values) -> bool:
        spread = 1.96 * (0.95 * 0.05 / len(values)) ** 0.5
        low, high = np.quantile(values, [0.95 - spread, 0.95 + spread])
        return bool(low <= P95_S <= high)

    assert np.mean([order_statistics(sojourns_s(chance, 1, 20_000)[0]) for _ in range(150)]) < 0.33


def sample(values, number: int) -> Sample:
    """A replication that holds nothing but latencies."""
    nothing = np.zeros(0)
    return Sample(number, len(values), values, nothing, nothing, np.zeros(0, np.int16), {}, None, {})


def stopped(chance: np.random.Generator, stop: Stop, count: int = 5000):
    """Replicate M/M/1 until it stops."""

    def run(numbers):
        return [sample(values, number) for number, values in zip(numbers, draw(len(numbers)), strict=True)]

    def draw(runs: int):
        return sojourns_s(chance, runs, count) if runs else []

    return replicate(run([0])[0], run, stop)


@pytest.mark.parametrize(
    ("precision", "sets"),
    [(0.2, 150), pytest.param(0.1, 400, marks=pytest.mark.slow), pytest.param(0.05, 300, marks=pytest.mark.slow)],
)
def test_stopping_early_does_not_spoil_the_interval(precision, sets):
    """What is printed when the precision is reached covers as well: looking is rationed, so luck does not stop it."""
    chance = np.random.default_rng(4)
    found = [stopped(chance, Stop(precision, 1000, 10**9)) for _ in range(sets)]

    assert all(each.reached for each in found)
    assert 0.90 <= np.mean([covers(each.quantile("e2e_s", 95)) for each in found]) <= 0.98


def test_a_bound_on_work_is_kept_and_said():
    """With too little work allowed the replications stop at the bound, and the precision counts as not reached."""
    by_requests = stopped(np.random.default_rng(5), Stop(0.001, 1000, 60_000))
    by_count = stopped(np.random.default_rng(5), Stop(0.001, 12, 10**9))

    assert (13, False) == (len(by_requests.samples), by_requests.reached)  # 13 x 4 500 measured fit, 14 do not
    assert (12, False) == (len(by_count.samples), by_count.reached)
    assert stopped(np.random.default_rng(5), Stop(None, 3, 10**9)).reached is None


def test_pairing_cuts_the_variance_and_its_interval_holds():
    """Two servers, one 2 % slower, on the same customers: the p95s' difference is known, and far better than apart."""
    slow, true = 1.02, log(20) / (1 / 1.02 - LOAD) - P95_S
    held, ratios = [], []
    for seed in range(40):
        one = [float(np.percentile(run, 95)) for run in sojourns_s(np.random.default_rng(seed), 10, 10_000, pace=slow)]
        other = [float(np.percentile(run, 95)) for run in sojourns_s(np.random.default_rng(seed), 10, 10_000)]
        paired = paired_difference(one, other)
        held.append(paired.difference.low <= true <= paired.difference.high)
        ratios.append(paired.variance_ratio)

    assert np.mean(held) >= 0.85
    assert np.median(ratios) > 10


def test_what_the_data_do_not_tell_stays_unknown():
    """One group has no interval; a tail that holds too little has no upper bound; nothing at all is None."""
    one = quantile_interval([np.arange(100.0)], 95)
    short = quantile_interval([np.arange(5.0), np.arange(5.0) + 10], 99)

    assert (None, None) == (one.low, one.high)
    assert short.high is None
    assert quantile_interval([np.zeros(0)], 95) is None
    assert mean_interval([2.0]).low is None
    with pytest.raises(ValueError, match="1 and 2 replications"):
        paired_difference([1.0], [1.0, 2.0])
