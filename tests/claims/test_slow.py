"""Claims that search volumes or saturate a GPU."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.claims.judging import judged

pytestmark = pytest.mark.slow


def test_c8_each_engineer_costs_the_same_and_two_make_fifty_thousand():
    """An engineer is $20 119 a month; the GPUs come on top, so a bill is above what its engineers cost."""
    bills = [judged("C8").figures[f"with_{count}_usd_per_month"] for count in (1, 2, 3)]

    assert pytest.approx(50_000, rel=0.1) == bills[1]
    assert all(bill > 20_119 * count for count, bill in enumerate(bills, start=1))
    assert all(later - earlier >= 0.95 * 20_119 for earlier, later in pairwise(bills))
    assert judged("C8").figures["cheap_with_2_usd_per_month"] > bills[1]


def test_c14_thousands_only_for_a_small_model_that_reads():
    """A token takes 2 x 1.24 GFLOP; 129 of them at 1 979 TFLOP/s and no loss would be 6 200 requests a second."""
    figures = judged("C14").figures

    assert 1_000 < figures["h100-1b_128_1_rps"] < 1_979e12 / (129 * 2 * 1.236e9)
    assert figures["h100-1b_1000_150_rps"] < 1_000
    assert figures["a100-1b_128_1_rps"] < 312e12 / (129 * 2 * 1.236e9)
    assert figures["h100-8b_128_1_rps"] < 1_000
    assert "holds when" == judged("C14").verdict
