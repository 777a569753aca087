"""Value: present value, break-even and the build-or-buy rule, against numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.finance.value import BUY_ABOVE, break_even_month, build_or_buy, cheapest_usd, present_value_usd

paths = st.lists(st.floats(0.0, 1e9), min_size=1, max_size=60).map(np.array)


def test_present_value_worked_by_hand():
    """$100 today and $121 in two years at 10 % are worth $200; half a year at 21 % discounts by a factor of 1.1."""
    two_years = np.zeros(25)
    two_years[[0, 24]] = 100.0, 121.0
    half_a_year = np.zeros(7)
    half_a_year[6] = 110.0

    assert 200.0 == pytest.approx(present_value_usd(two_years, 0.10))
    assert 100.0 == pytest.approx(present_value_usd(half_a_year, 0.21))


def test_month_zero_is_not_discounted():
    """What is paid today costs what it costs."""
    assert 1234.5 == present_value_usd(np.array([1234.5]), 0.5)


@given(path=paths)
def test_zero_discount_makes_the_present_value_the_sum(path):
    """At 0 % a dollar is a dollar in every month."""
    assert path.sum() == pytest.approx(present_value_usd(path, 0.0), rel=1e-12)


@given(path=paths, low=st.floats(0, 0.5), more=st.floats(0, 0.5))
def test_a_higher_rate_never_raises_the_present_value_of_costs(path, low, more):
    """Costs only shrink with the rate, and never below what is paid today."""
    assert present_value_usd(path, low + more) <= present_value_usd(path, low) * (1 + 1e-12)
    assert present_value_usd(path, low + more) >= path[0]


@pytest.mark.parametrize(
    ("option", "baseline", "month"),
    [
        ([1, 1, 1], [2, 2, 2], 0),  # ahead from the start
        ([9, 1, 1, 1], [4, 4, 4, 4], 2),  # 9 10 11 12 against 4 8 12 16
        ([9, 1, 1], [3, 3, 3], None),  # 9 10 11 against 3 6 9: never within the horizon
        ([5, 3, 1], [4, 2, 3], 2),  # 5 8 9 against 4 6 9: level at the last month counts
        ([1, 9, 1, 1], [4, 4, 4, 4], 2),  # 1 10 11 12 against 4 8 12 16: ahead, behind, ahead for good
        ([1, 1, 9], [2, 2, 2], None),  # 1 2 11 against 2 4 6: ahead twice, behind at the end
        ([3, 3], [3, 3], 0),  # never dearer
        ([5], [6], 0),
        ([6], [5], None),
    ],
)
def test_break_even_month(option, baseline, month):
    """The month from which the option has cost no more in total, for good."""
    assert month == break_even_month(np.array(option, float), np.array(baseline, float))


@given(path=paths)
def test_break_even_says_what_it_means(path):
    """Against any reversed path: not behind from the month on but for rounding, behind in the month before."""
    option, baseline = np.cumsum(path), np.cumsum(path[::-1])
    month = break_even_month(path, path[::-1])

    if month is None:
        assert option[-1] > baseline[-1]
    else:
        assert (option[month:] <= baseline[month:] * (1 + 1e-12)).all()
        assert month == 0 or option[month - 1] > baseline[month - 1]


@pytest.mark.parametrize(
    ("build", "buy", "verdict"),
    [(100, 100, "build"), (100.01, 100, "close"), (150, 100, "close"), (150.01, 100, "buy"), (0, 0, "build")],
)
def test_build_or_buy_at_its_edges(build, buy, verdict):
    """Buy only above 1.5 times the vendor; at the same cost build."""
    assert verdict == build_or_buy(build, buy)
    assert 1.5 == BUY_ABOVE


def test_amounts_that_differ_by_rounding_break_even_at_once():
    """0.1 + 0.2 is as cheap as 0.3, in whatever order it was added."""
    sums, plain = np.array([0.1 + 0.2, 1.0]), np.array([0.3, 1.0])

    assert sums[0] > plain[0]
    assert 0 == break_even_month(sums, plain)
    assert cheapest_usd([0.3]) >= 0.1 + 0.2
    assert cheapest_usd([0.3]) < 0.3000001
