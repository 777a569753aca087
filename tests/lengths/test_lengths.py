"""Lengths are those that the scenario states: quantiles by hand, means by formula, whole tokens of at least 1."""

from __future__ import annotations

from math import exp, log
from statistics import NormalDist

import numpy as np
import pytest
from pydantic import ValidationError

from tco.arrivals.trace_rows import TraceRows
from tco.lengths.constant import Constant
from tco.lengths.lognormal import LogNormal
from tco.lengths.quantiles import Quantiles
from tco.lengths.trace import FromTrace
from tco.lengths.uniform import Uniform
from tco.plugin import plugins_in

EVEN = (np.arange(100_000) + 0.5) / 100_000  # the middle of every hundred-thousandth
MEASURED = {"source": "made up for the test"}
TABLE = Quantiles(table=((0.0, 0.0), (0.5, 100.0), (0.75, 100.0), (1.0, 500.0)), **MEASURED)


def quantile(lengths, *probabilities) -> list[float]:
    """Invert the distribution function."""
    return lengths.quantile(np.array(probabilities)).tolist()


def mean(lengths) -> float:
    """Average the sampled tokens over evenly spread chances."""
    return float(lengths.sample(EVEN, None, "input_tokens").mean())


def test_every_distribution_is_tested_here():
    """A new file in the folder needs tests; those of the laws without memory are in test_memoryless.py."""
    memoryless = {"exponential", "geometric"}
    assert {"constant", "lognormal", "quantiles", "trace", "uniform"} | memoryless == set(plugins_in("tco.lengths"))


def test_constant_is_constant():
    """Whatever the chance."""
    assert [700.0, 700.0, 700.0] == quantile(Constant(tokens=700), 0.0, 0.5, 0.999)


def test_uniform_gives_every_length_the_same_share():
    """Four lengths, a quarter each, both bounds included; the mean is their middle."""
    drawn = Uniform(min_tokens=10, max_tokens=13).sample(EVEN, None, "input_tokens")

    assert [25_000] * 4 == [(drawn == tokens).sum() for tokens in (10, 11, 12, 13)]
    assert 11.5 == mean(Uniform(min_tokens=10, max_tokens=13))


@pytest.mark.parametrize("edge", [0.0, 1.0 - 2**-53])
def test_uniform_stays_within_its_bounds(edge):
    """At both ends of the unit interval."""
    for low, high in ((1, 1), (1, 2), (7, 8), (10, 13)):
        drawn = int(Uniform(min_tokens=low, max_tokens=high).sample(np.array([edge]), None, "input_tokens")[0])

        assert (low if edge == 0 else high) == drawn


def test_lognormal_has_the_two_stated_quantiles():
    """Median and 95th percentile as written; the 5th mirrors the 95th: 1000 x 1000 / 4000 = 250."""
    lengths = LogNormal(p50_tokens=1000, p95_tokens=4000, max_tokens=1_000_000)

    assert [250.0, 1000.0, 4000.0] == pytest.approx(quantile(lengths, 0.05, 0.5, 0.95), rel=1e-12)


def test_lognormal_is_cut_at_its_longest_length():
    """Beyond the 95th percentile and at the very edge."""
    lengths = LogNormal(p50_tokens=1000, p95_tokens=4000, max_tokens=5000)

    assert [4000.0, 5000.0, 5000.0] == pytest.approx(quantile(lengths, 0.95, 0.99, 1.0), rel=1e-12)


def test_the_mean_of_lognormal_is_that_of_the_formula():
    """exp(mu + sigma^2 / 2), uncut: the median 300 and the 95th percentile 900 give 375.1."""
    sigma = log(900 / 300) / NormalDist().inv_cdf(0.95)

    assert 374.96 == pytest.approx(300 * exp(sigma**2 / 2), abs=0.01)
    assert 374.96 == pytest.approx(mean(LogNormal(p50_tokens=300, p95_tokens=900, max_tokens=1e7)), rel=1e-3)


def test_a_table_is_read_with_straight_lines():
    """A quarter is halfway to 100; a level stretch is level; 0.9 is three fifths of the way from 100 to 500."""
    assert [0.0, 50.0, 100.0, 100.0, 340.0, 500.0] == pytest.approx(
        quantile(TABLE, 0.0, 0.25, 0.5, 0.7, 0.9, 1.0), rel=1e-12
    )


def test_the_mean_of_a_table_is_the_area_under_it():
    """0.5 x 50 + 0.25 x 100 + 0.25 x 300 = 125; the lowest half token, 1 instead of 0, weighs 0.0025."""
    assert 125.0 == pytest.approx(mean(TABLE), abs=0.01)


@pytest.mark.parametrize("lengths", [TABLE, LogNormal(p50_tokens=1, p95_tokens=9, max_tokens=9), Constant(tokens=1)])
def test_lengths_are_whole_tokens_of_at_least_one(lengths):
    """A prompt of no tokens does not exist."""
    drawn = lengths.sample(EVEN, None, "output_tokens")

    assert np.int64 == drawn.dtype
    assert 1 == drawn.min()


def test_trace_lengths_are_the_rows_in_order():
    """Each column by its name, from the start again at the end, whatever the chances."""
    trace = TraceRows("t.csv", np.ones(3), np.array([10, 20, 30]), np.array([1, 2, 3]), 0)
    chances = np.array([0.9, 0.1, 0.5, 0.2])

    assert [10, 20, 30, 10] == FromTrace().sample(chances, trace, "input_tokens").tolist()
    assert [1, 2, 3, 1] == FromTrace().sample(chances, trace, "output_tokens").tolist()


def test_trace_lengths_without_a_trace_are_an_error():
    """Never made-up lengths."""
    with pytest.raises(ValueError, match="need arrivals of kind 'trace'"):
        FromTrace().sample(EVEN, None, "input_tokens")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Uniform(min_tokens=9, max_tokens=8), "min_tokens 9 is above max_tokens 8"),
        (lambda: Constant(tokens=0), "greater than or equal to 1"),
        (lambda: Constant(tokens=10_000_001), "less than or equal to 10000000"),
        (lambda: LogNormal(p50_tokens=9, p95_tokens=8, max_tokens=10), "must not decrease"),
        (lambda: LogNormal(p50_tokens=7, p95_tokens=8, max_tokens=7.5), "must not decrease"),
        (lambda: Quantiles(table=((0.1, 1.0), (1.0, 2.0)), **MEASURED), "must begin at probability 0"),
        (lambda: Quantiles(table=((0.0, 1.0), (0.9, 2.0)), **MEASURED), "end at probability 1"),
        (lambda: Quantiles(table=((0.0, 1.0), (0.5, 2.0), (0.5, 3.0), (1.0, 4.0)), **MEASURED), "must rise"),
        (lambda: Quantiles(table=((0.0, 1.0), (0.5, 3.0), (1.0, 2.0)), **MEASURED), "must not fall"),
        (lambda: Quantiles(table=((0.0, 1.0),), **MEASURED), "at least 2"),
        (lambda: Quantiles(table=((0.0, 1.0), (1.0, 2.0))), "source"),
    ],
)
def test_a_distribution_that_is_none_is_refused(make, why):
    """With the reason."""
    with pytest.raises(ValidationError, match=why):
        make()
