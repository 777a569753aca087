"""The two laws without memory: exponential, and geometric in whole tokens."""

from __future__ import annotations

import numpy as np
import pytest

from tco.lengths.exponential import Exponential
from tco.lengths.geometric import Geometric
from tco.rng import Streams

UNIFORM = Streams(5).uniform("output_tokens", 20_000)


def test_exponential_quantiles_are_those_of_the_law():
    """Half of the lengths lie below mean x ln 2 = 693.15 for a mean of 1 000, and 95 % below 2 995.73."""
    law = Exponential(mean_tokens=1000.0)

    assert [693.147, 2995.732] == pytest.approx(law.quantile(np.array([0.5, 0.95])).tolist(), abs=1e-3)


def test_exponential_lengths_have_their_mean_and_spread():
    """Mean and standard deviation are the same number, before the rounding to whole tokens matters."""
    lengths = Exponential(mean_tokens=1_000_000.0).sample(UNIFORM, None, "output_tokens")

    assert lengths.mean() == pytest.approx(1e6, rel=0.01)
    assert lengths.std() == pytest.approx(1e6, rel=0.02)


def test_exponential_lengths_are_at_least_a_token():
    """A short draw is rounded up: there is no request without a token."""
    assert Exponential(mean_tokens=1.0).sample(np.array([0.0, 0.1]), None, "output_tokens").tolist() == [1, 1]


def test_geometric_lengths_are_those_of_the_law():
    """With mean 4 the chance to end is a quarter: 1 with 25 %, at most 2 with 43.75 %."""
    lengths = Geometric(mean_tokens=4.0).sample(UNIFORM, None, "output_tokens")

    assert (lengths == 1).mean() == pytest.approx(0.25, abs=1e-3)
    assert (lengths <= 2).mean() == pytest.approx(0.4375, abs=1e-3)
    assert lengths.mean() == pytest.approx(4.0, rel=0.01)


def test_geometric_lengths_have_no_memory():
    """Among the lengths above 3 the chance to be above 6 is that of all lengths to be above 3."""
    lengths = Geometric(mean_tokens=4.0).sample(UNIFORM, None, "output_tokens")
    longer = (lengths > 3).mean()

    assert longer == pytest.approx(0.75**3, abs=2e-3)
    assert (lengths[lengths > 3] > 6).mean() == pytest.approx(longer, abs=0.02)
