"""Table fit: known factors are found again, and few rows stay near their prior."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.serving.table_fit import UNCALIBRATED, Factors, fit_factors, nonnegative_least_squares

SEED = np.random.Generator(np.random.Philox(7))


def rows(count: int, truth: Factors):
    """Random pieces and the times that the factors make of them."""
    decode = SEED.uniform(0.001, 0.01, (count, 8))
    first = SEED.uniform(0.01, 0.5, (count, 8))
    tpot_s = decode @ truth.stretch
    return decode, first, tpot_s, first @ truth.stretch + truth.overhead_s + truth.overhead_steps * tpot_s


def test_known_factors_are_found_again():
    """With many rows and a weak ridge."""
    truth = Factors(np.array([1.4, 0.7, 2.0, 1.0, 0.5, 1.2, 0.3, 0.0]), 0.04, 10.0)

    decode, first, tpot_s, ttft_s = rows(200, truth)
    found = fit_factors(decode, first, tpot_s, ttft_s, np.ones(200), UNCALIBRATED, 0.01)

    waited_s = found.overhead_s + found.overhead_steps * tpot_s  # hardly told apart where steps are equally long
    assert truth.stretch == pytest.approx(found.stretch, abs=0.02)
    assert ttft_s == pytest.approx(first @ found.stretch + waited_s, rel=0.02)


def test_one_row_moves_a_strong_prior_little():
    """And the prior alone when the row agrees with it."""
    decode, first, tpot_s, ttft_s = rows(1, UNCALIBRATED)

    agreed = fit_factors(decode, first, tpot_s, ttft_s, np.ones(1), UNCALIBRATED, 1.0)
    moved = fit_factors(decode, first, 1.5 * tpot_s, ttft_s, np.ones(1), UNCALIBRATED, 100.0)

    assert UNCALIBRATED.stretch == pytest.approx(agreed.stretch, abs=1e-6)
    assert UNCALIBRATED.stretch == pytest.approx(moved.stretch, abs=0.02)


def test_one_wild_row_does_not_decide():
    """A row that is ten times off among twenty that agree."""
    decode, first, tpot_s, ttft_s = rows(20, UNCALIBRATED)
    tpot_s[3] *= 10

    found = fit_factors(decode, first, tpot_s, ttft_s, np.ones(20), UNCALIBRATED, 0.1)

    others = np.arange(20) != 3
    assert (np.abs(decode @ found.stretch / tpot_s - 1)[others] < 0.05).all()


@given(st.integers(0, 10_000))
def test_non_negative_least_squares_leaves_no_better_direction(seed):
    """Slope zero where a variable is free, uphill where it is at its bound."""
    generator = np.random.Generator(np.random.Philox(seed))
    matrix, wanted = generator.normal(size=(12, 6)), generator.normal(size=12)

    found = nonnegative_least_squares(matrix, wanted)
    slope = matrix.T @ (wanted - matrix @ found)

    assert (found >= 0).all()
    assert (slope <= 1e-8).all()
    assert np.abs(slope[found > 0]).max(initial=0.0) < 1e-8
