"""Returns: rates and paybacks worked by hand, planted roots found again, and two other programs asked the same."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest
import pyxirr
from hypothesis import assume, given
from hypothesis import strategies as st

from tco.finance import returns
from tco.finance.returns import LEAST_PER_YEAR, MOST_PER_YEAR, payback_month, rates_of_return
from tco.finance.value import present_value_usd

LOW_X, HIGH_X = ((1 + rate) ** (-1 / 12) for rate in (MOST_PER_YEAR, LEAST_PER_YEAR))

amounts = st.floats(-1e6, 1e6).filter(lambda usd: usd == 0 or abs(usd) > 1e-3)
flows = st.lists(amounts, min_size=2, max_size=60).map(np.array)
# An outlay, then what it brings in: the one shape that has exactly one rate.
plain_flows = st.builds(
    lambda outlay, income: np.array([-outlay, *income]),
    st.floats(1.0, 1e6),
    st.lists(st.floats(1.0, 1e6), min_size=1, max_size=60),
)


def monthly(rate_per_year: float) -> float:
    """The rate of a month of which twelve make the year's."""
    return (1 + rate_per_year) ** (1 / 12) - 1


def with_roots(*x: float) -> np.ndarray:
    """A flow that is worth nothing where a dollar a month later is worth x, and nowhere else."""
    return np.polynomial.polynomial.polyfromroots(x)


# ---------------------------------------------------------------- worked by hand


def test_one_rate_worked_by_hand():
    """$100 that become $144 in two years earn 20 % a year, whatever lies between."""
    flow = np.zeros(25)
    flow[[0, 24]] = -100.0, 144.0

    assert [0.2] == pytest.approx(list(rates_of_return(flow)))


def test_a_monthly_rate_is_compounded_to_a_year():
    """1 % a month is 12.6825 % a year, not 12."""
    assert [0.126825030131970] == pytest.approx(list(rates_of_return(np.array([-100.0, 101.0]))))


def test_several_rates_are_all_told():
    """$1,600 out, $10,000 in and out again: 25 % and 400 % both make it worth nothing, so neither is its return."""
    flow = np.zeros(25)
    flow[[0, 12, 24]] = -1600.0, 10_000.0, -10_000.0

    assert [0.25, 4.0] == pytest.approx(list(rates_of_return(flow)))


def test_other_programs_tell_one_of_several():
    """On the same flow by the year numpy-financial says 25 % and pyxirr 400 %, each without a word on the other."""
    flow = [-1600.0, 10_000.0, -10_000.0]

    assert 0.25 == pytest.approx(npf.irr(flow))
    assert 4.0 == pytest.approx(pyxirr.irr(flow))


def test_a_touched_rate_and_two_close_together_are_found():
    """Where the present value is zero without changing its sign, and where it changes it twice within a thousandth."""
    touched = rates_of_return(with_roots(0.95, 0.95))
    close = rates_of_return(with_roots(0.95, 0.9501))

    assert [0.95**-12 - 1] == pytest.approx(list(touched), rel=1e-5)
    assert [0.9501**-12 - 1, 0.95**-12 - 1] == pytest.approx(list(close), rel=1e-6)


@pytest.mark.parametrize(
    "flow", [[-100.0, -5.0], [100.0, 5.0], [0.0, 0.0], [5.0], [-1.0, 1.0, -1.0], [-1.0, 0.0, 0.0, 1e-9]]
)
def test_none_where_there_is_none(flow):
    """Only costs, only income, nothing at all, a polynomial without a real root, and a loss beyond 99 % a year."""
    assert () == rates_of_return(np.array(flow))


@pytest.mark.parametrize(
    ("flow", "month"),
    [
        ([-100.0, 50.0, 50.0, 1.0], 2),
        ([-100.0, 50.0, 49.0], None),
        ([1.0, 1.0], 0),
        ([-100.0, 200.0, -150.0, 60.0], 3),  # -100 100 -50 10: paid back, lost again, back for good
        ([-0.3, 0.1, 0.1, 0.1], 3),  # but for rounding
    ],
)
def test_payback_worked_by_hand(flow, month):
    """The month from which the sum stays at zero or above."""
    assert month == payback_month(np.array(flow))


def test_discounted_payback_comes_later():
    """At 21 % a year $100 come back as $110 after six months in today's dollars 100: with $109 not."""
    late = np.array([-100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 110.0])

    assert 6 == payback_month(late, 0.21)
    assert payback_month(late - np.eye(7)[6], 0.21) is None
    assert 6 == payback_month(late - np.eye(7)[6])


# ---------------------------------------------------------------- laws


@given(flow=flows)
def test_every_rate_makes_the_flow_worth_nothing(flow):
    """By the present value that the reports use."""
    for rate in rates_of_return(flow):
        size = present_value_usd(np.abs(flow), rate)

        assert abs(present_value_usd(flow, rate)) <= 1e-9 * size
        assert LEAST_PER_YEAR * (1 + 1e-9) <= rate <= MOST_PER_YEAR * (1 + 1e-9)


@given(flow=flows)
def test_no_more_rates_than_changes_of_sign(flow):
    """Descartes: a polynomial has no more positive roots than its coefficients change sign."""
    signs = np.sign(flow[flow != 0])

    assert len(rates_of_return(flow)) <= np.count_nonzero(np.diff(signs))


@given(x=st.lists(st.floats(0.4, 1.4), min_size=1, max_size=5, unique_by=lambda x: round(x, 1)), more=flows)
def test_planted_rates_are_found_again(x, more):
    """However many; times a flow that is worth more than nothing at every rate, which adds none."""
    assume(np.diff(sorted(x), prepend=0.0).min() > 0.02)
    planted = np.polynomial.polynomial.polymul(with_roots(*x), np.abs(more)[:20] + 1.0)

    growth = [1 + rate for rate in rates_of_return(planted)]  # a rate of 0 is known to a share of 1, not of itself
    assert sorted(each**-12 for each in x) == pytest.approx(growth, rel=1e-5)


def test_a_search_that_passes_roots_by_is_caught(monkeypatch):
    """Without the derivative's roots, two changes of sign look like none: the law above bites."""
    planted = with_roots(0.9, 0.95)
    search = returns._roots_between
    found = rates_of_return(planted)
    monkeypatch.setattr(returns, "_roots_between", lambda edges, part: search([edges[0], edges[-1]], part))

    assert [0.95**-12 - 1, 0.9**-12 - 1] == pytest.approx(list(found), rel=1e-5)
    assert () == rates_of_return(planted)


# ---------------------------------------------------------------- against others


@given(flow=plain_flows)
def test_one_change_of_sign_has_the_rate_that_others_find(flow):
    """numpy-financial by eigenvalues, pyxirr by Newton's method; both by the month."""
    theirs = npf.irr(flow)
    assume(np.isfinite(theirs) and LEAST_PER_YEAR < (1 + theirs) ** 12 - 1 < MOST_PER_YEAR)
    (mine,) = rates_of_return(flow)

    assert theirs == pytest.approx(monthly(mine), rel=1e-6, abs=1e-9)
    if (other := pyxirr.irr(flow)) is not None:
        assert other == pytest.approx(monthly(mine), rel=1e-6, abs=1e-9)


@given(flow=st.lists(amounts, min_size=2, max_size=12).map(np.array))
def test_the_rate_that_others_tell_is_among_them(flow):
    """Of a flow of any shape; where they give up, or their root makes it worth something, there is nothing to hold."""
    assume(flow.min() < 0 < flow.max())
    for theirs in (npf.irr(flow), pyxirr.irr(flow)):
        if theirs is None or not np.isfinite(theirs) or theirs <= -1:
            continue
        rate = (1 + theirs) ** 12 - 1
        worth = abs(npf.npv(theirs, flow)) / npf.npv(theirs, np.abs(flow))
        if LEAST_PER_YEAR < rate < MOST_PER_YEAR and worth < 1e-12:
            assert any(theirs == pytest.approx(monthly(mine), rel=1e-4, abs=1e-6) for mine in rates_of_return(flow))


@given(flow=flows, rate=st.floats(0.0, 0.5))
def test_present_value_is_that_of_numpy_financial_and_a_month_above_a_spreadsheets(flow, rate):
    """numpy-financial leaves the first amount as it is, as we do; a spreadsheet discounts it by a month, too."""
    ours, a_month = present_value_usd(flow, rate), monthly(rate)
    spreadsheet = npf.npv(a_month, np.concatenate([[0.0], flow]))  # NPV() as documented: amount k counts k + 1 months
    size = np.abs(flow).sum()

    assert npf.npv(a_month, flow) == pytest.approx(ours, rel=1e-9, abs=1e-12 * size)
    assert spreadsheet * (1 + a_month) == pytest.approx(ours, rel=1e-9, abs=1e-12 * size)
    assert pyxirr.npv(a_month, flow) == pytest.approx(ours, rel=1e-9, abs=1e-12 * size)
