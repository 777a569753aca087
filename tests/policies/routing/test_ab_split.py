"""The sample size of an A/B test: figures of tables, and its power by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from tco.policies.routing.ab_split import sample_size


@pytest.mark.parametrize(("rate", "detect", "each_arm"), [(0.5, 0.1, 388), (0.6, 0.1, 356), (0.1, 0.1, 199)])
def test_sample_sizes_are_those_of_the_tables(rate, detect, each_arm):
    """388, 356 and 199 an arm at a level of 5 % and a power of 80 %, without continuity correction."""
    assert 2 * each_arm == pytest.approx(sample_size(rate, detect), abs=2)


@pytest.mark.parametrize("b_share", [0.5, 0.1])
def test_four_of_five_tests_of_that_size_see_the_difference(b_share):
    """And one in twenty sees one where there is none."""
    rng = np.random.default_rng(3)
    total = sample_size(0.7, 0.05, b_share)
    in_b = round(total * b_share)

    def seen(rate_b: float) -> float:
        a = rng.binomial(total - in_b, 0.7, 20_000) / (total - in_b)
        b = rng.binomial(in_b, rate_b, 20_000) / in_b
        pooled = (1 - b_share) * a + b_share * b
        error = np.sqrt(pooled * (1 - pooled) * (1 / in_b + 1 / (total - in_b)))
        return float((np.abs(a - b) > 1.959964 * error).mean())

    assert 0.80 == pytest.approx(seen(0.75), abs=0.02)
    assert 0.05 == pytest.approx(seen(0.70), abs=0.01)


@pytest.mark.parametrize("b_share", [0.0, 1.0])
def test_an_empty_arm_is_refused(b_share):
    """Nothing can be compared with nothing."""
    with pytest.raises(ValueError, match=rf"b_share {b_share:g} leaves one arm without requests"):
        sample_size(0.5, 0.1, b_share)
