"""Gaps between arrivals have mean 1, and the burstiness that the scenario asks for."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tco.arrivals.constant import EqualGaps
from tco.arrivals.gamma import Gamma
from tco.arrivals.poisson import Poisson
from tco.arrivals.trace import TraceFile
from tco.arrivals.trace_rows import TraceRows
from tco.plugin import plugins_in

COUNT = 200_000
FIXED_TRACE = TraceRows("t.csv", np.array([0.5, 1.5, 1.0, 1.0]), np.array([1, 2, 3, 4]), np.array([5, 6, 7, 8]), 0)


def gaps(process, count=COUNT, trace=None):
    """Draw with a seed of the test's own."""
    return process.gaps(np.random.default_rng(17), count, trace)


def cv(values) -> float:
    """Coefficient of variation."""
    return float(values.std() / values.mean())


def test_every_process_is_tested_here():
    """A new file in the folder needs a test of its mean and its burstiness."""
    assert {"constant", "gamma", "poisson", "trace"} == set(plugins_in("tco.arrivals"))


@pytest.mark.parametrize(
    ("process", "expected_cv"),
    [
        (EqualGaps(), 0.0),
        (Poisson(), 1.0),
        (Gamma(interarrival_cv=0.25), 0.25),
        (Gamma(interarrival_cv=1.0), 1.0),
        (Gamma(interarrival_cv=1.09), 1.09),
        (Gamma(interarrival_cv=4.0), 4.0),
    ],
)
def test_mean_and_burstiness_are_those_asked_for(process, expected_cv):
    """Within four standard errors of the mean; the CV of skewed gaps converges slowly, hence 5 %."""
    drawn = gaps(process)

    assert (COUNT,) == drawn.shape
    assert drawn.min() >= 0
    assert 1.0 == pytest.approx(drawn.mean(), abs=4 * expected_cv / COUNT**0.5)
    assert expected_cv == pytest.approx(cv(drawn), rel=0.05)


def test_a_burstiness_that_differs_is_seen():
    """The tolerance above would not let a gamma of CV 1.2 pass for one of 1.09."""
    assert 1.09 != pytest.approx(cv(gaps(Gamma(interarrival_cv=1.2))), rel=0.05)


def test_gamma_of_1_is_poisson():
    """A third of the exponential's gaps are below ln 1.5; a gamma of CV 1 has the same distribution."""
    for process in (Poisson(), Gamma(interarrival_cv=1.0)):
        assert 1 / 3 == pytest.approx((gaps(process) < np.log(1.5)).mean(), abs=0.005)


def test_gaps_are_independent():
    """A long gap says nothing about the next one."""
    for process in (Poisson(), Gamma(interarrival_cv=3.0)):
        drawn = gaps(process)

        assert 0.0 == pytest.approx(np.corrcoef(drawn[:-1], drawn[1:])[0, 1], abs=0.01)


def test_a_trace_gives_its_own_gaps_and_starts_anew_at_its_end():
    """Replayed in order, whatever the generator."""
    process = TraceFile(path="t.csv")

    assert [0.5, 1.5, 1.0, 1.0, 0.5, 1.5] == gaps(process, 6, FIXED_TRACE).tolist()


def test_a_trace_process_without_rows_is_an_error():
    """Never made-up arrivals."""
    with pytest.raises(ValueError, match="need the rows"):
        gaps(TraceFile(path="t.csv"), 6)


@pytest.mark.parametrize("value", [0.05, 0.0, -1.0, 30.5, "1", True])
def test_a_burstiness_out_of_range_is_refused(value):
    """Below 0.05 arrivals are a clock, above 30 a window holds a handful of bursts; text is not a number."""
    with pytest.raises(ValidationError):
        Gamma(interarrival_cv=value)
