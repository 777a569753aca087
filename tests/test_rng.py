"""Chance: every variate is uniform, shares are exact, and purposes, attempts and neighbours are independent."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import isqrt, sqrt

import numpy as np
import pytest

from tco import rng
from tco.lengths.quantiles import Quantiles
from tco.rng import PURPOSES, Streams

COUNT = 4096
# Published purposes and their primes. New ones go to the end; changing one of these changes everybody's numbers.
PUBLISHED = {
    "class": 2, "route": 3, "output_tokens": 5, "input_tokens": 7, "escalation": 11, "cache": 13, "first_token": 17,
    "decode": 19, "retrieval": 23, "service": 29, "cache_lookup": 31,
    "retry_jitter": 37, "api_error": 41,
}  # fmt: skip


def chi_square_score(table: np.ndarray) -> float:
    """Pearson's chi-square of a table against equal cells, as a standard normal score (Wilson and Hilferty)."""
    expected = table.sum() / table.size
    statistic, freedom = float(((table - expected) ** 2 / expected).sum()), table.size - 1
    return float(((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / sqrt(2 / (9 * freedom)))


def table_of(one: np.ndarray, other: np.ndarray, cells: int = 8) -> np.ndarray:
    """Count pairs in a grid of equal cells."""
    return np.histogram2d(one, other, bins=cells, range=((0, 1), (0, 1)))[0]


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("count", [1, 7, 200, 5000])
def test_every_nth_of_the_unit_interval_holds_one_variate(purpose, count):
    """Variates lie in [0, 1), one in each of n equal cells: more even than any plain draw."""
    draws = Streams(5).uniform(purpose, count)

    assert list(range(count)) == sorted(np.floor(draws * count).astype(int).tolist())
    assert draws.min() >= 0.0
    assert draws.max() < 1.0


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("share", [0.001, 0.1, 1 / 3, 0.7, 0.955])
def test_shares_are_exact_to_one_request(purpose, share):
    """The number of variates below any share misses it by less than one request."""
    for seed in range(10):
        assert abs((Streams(seed).uniform(purpose, 1000) < share).sum() - 1000 * share) < 1.0


def test_one_variate_is_uniform_over_the_seeds():
    """For one request the variate is uniform over seeds: evenness comes from its neighbours, not from a fixed value."""
    draws = np.array([Streams(seed).uniform("route", 50)[17] for seed in range(2000)])

    assert abs(chi_square_score(np.histogram(draws, bins=20, range=(0, 1))[0])) < 3.5
    assert abs(draws.mean() - 0.5) < 3.5 * sqrt(1 / 12 / 2000)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_neighbours_are_independent(purpose):
    """No correlation with the next requests, and pairs of neighbours fill the square evenly."""
    draws = Streams(3).uniform(purpose, COUNT)

    for lag in (1, 2, 3, 10):
        assert abs(np.corrcoef(draws[:-lag], draws[lag:])[0, 1]) < 4 / sqrt(COUNT)
    assert chi_square_score(table_of(draws[:-1], draws[1:])) < 3.5


def test_halves_of_a_run_are_alike():
    """The order is random: the first half of the requests is as lucky as the second, to sampling error."""
    means = [Streams(seed).uniform("output_tokens", 1000)[:500].mean() for seed in range(200)]

    # Without replacement a half's mean has the standard error of a plain one times sqrt(1/2).
    assert np.std(means) == pytest.approx(sqrt(1 / 12 / 500 / 2), rel=0.2)


@pytest.mark.parametrize("pair", list(combinations(PURPOSES, 2)), ids="-".join)
def test_purposes_are_independent(pair):
    """Pairs of purposes fill the square at least as evenly as chance, in short windows and long ones."""
    for count in (200, COUNT):
        one, other = (Streams(11).uniform(purpose, count) for purpose in pair)

        assert chi_square_score(table_of(one, other, cells=4 if count < 1000 else 8)) < 3.5
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / sqrt(count)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_attempts_are_independent(purpose):
    """A second try has luck of its own."""
    first, second = (Streams(9).uniform(purpose, COUNT, attempt) for attempt in (0, 1))

    assert chi_square_score(table_of(first, second)) < 3.5
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / sqrt(COUNT)


def test_seeds_and_replications_are_independent():
    """Another seed and another replication give unrelated numbers."""
    plain = Streams(1).uniform("route", COUNT)

    for other in (Streams(2), Streams(1, replication=1)):
        draws = other.uniform("route", COUNT)
        assert chi_square_score(table_of(plain, draws)) < 3.5
        assert abs(np.corrcoef(plain, draws)[0, 1]) < 4 / sqrt(COUNT)


def test_asking_again_gives_the_same_numbers():
    """Streams have no memory: neither order nor number of questions matters."""
    streams = Streams(4)
    first = streams.uniform("cache", 300)
    streams.uniform("route", 999)

    assert first.tolist() == streams.uniform("cache", 300).tolist()
    assert streams.generator("arrivals").random(5).tolist() == Streams(4).generator("arrivals").random(5).tolist()


def test_purposes_are_only_appended():
    """Published purposes keep their primes and their order; every prime serves one purpose."""
    assert list(PUBLISHED.items()) == list(PURPOSES.items())[: len(PUBLISHED)]
    assert len(set(PURPOSES.values())) == len(PURPOSES)
    assert all(all(prime % divisor for divisor in range(2, isqrt(prime) + 1)) for prime in PURPOSES.values())


def test_an_unknown_purpose_is_an_error():
    """A typing error does not open a stream of its own."""
    with pytest.raises(KeyError, match="rout"):
        Streams(1).uniform("rout", 10)


def test_mean_lengths_converge_far_faster_than_plain_draws():
    """At 5 000 requests the mean of a long-tailed table is off by 20 times less than plain draws would be."""
    table = ((0.0, 2.0), (0.5, 1000.0), (0.9, 2700.0), (0.99, 4100.0), (1.0, 14_000.0))
    lengths = Quantiles(table=table, source="made up for the test")
    true = sum((q - p) * (a + b) / 2 for (p, a), (q, b) in pairwise(table))
    errors = {}
    for count in (500, 5000):
        means = [lengths.quantile(Streams(seed).uniform("input_tokens", count)).mean() for seed in range(30)]
        errors[count] = sqrt(np.mean((np.array(means) - true) ** 2))
    plain = float(np.std(lengths.quantile(np.random.default_rng(1).random(100_000)))) / sqrt(5000)

    assert errors[5000] < plain / 20
    assert errors[5000] < errors[500] / 8  # 1/sqrt(n) would give 3.2


@pytest.mark.parametrize("count", [1, 2, 8, 9, 10, 100, 113, 114, 1000])
@pytest.mark.parametrize("base", sorted(set(PURPOSES.values())))
def test_ranks_are_those_that_sorting_finds(base, count):
    """Shuffled digits read backwards and sorted give the ranks that are counted without sorting."""
    generator = np.random.default_rng(base)
    shuffles = []
    while base ** len(shuffles) < count:
        shuffles.append(generator.permutation(base))
    value, rest = np.zeros(count, np.int64), np.arange(count)
    for shuffle in shuffles:
        value, rest = value * base + shuffle[rest % base], rest // base

    assert rng._ranks(count, base, shuffles).tolist() == np.argsort(np.argsort(value)).tolist()
