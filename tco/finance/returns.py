"""Returns: what an investment earns: every internal rate of return of a monthly flow, and when it is paid back."""

from __future__ import annotations

from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

from tco.finance.value import ROUNDING, discounted_usd
from tco.units import MONTHS_PER_YEAR

LEAST_PER_YEAR, MOST_PER_YEAR = -0.99, 1e6  # yearly rates between which returns are looked for; nobody plans on others
NOTHING = 1e-13  # of the sum of its terms' sizes: a polynomial's value that is zero but for rounding
HALVINGS = 60  # a bracket no wider than 2 shrinks to the last bits of a float


def rates_of_return(flow_usd: NDArray[np.float64]) -> tuple[float, ...]:
    """Find every yearly rate between -99 % and a million-fold at which a monthly flow is worth nothing today.

    The present value is a polynomial in the worth of a dollar a month later, x = (1 + r)^(-1/12). Its roots lie between
    those of its derivative, and these between those of the next: found from the last derivative up, none is passed by,
    not even two close together or one that is only touched. A flow whose sign changes more than once may have several;
    then none of them alone says what the investment earns.

    Source: the interlacing of a polynomial's roots with its derivative's is Rolle's theorem; of several rates of return
    warn Lorie and Savage (1955, "Three problems in rationing capital"), whose pump is the last example.

    Args:
        flow_usd: what comes in (above 0) and goes out (below 0) per month, month 0 is today, USD.

    Returns:
        Yearly rates, (1 + i)^12 - 1 for a monthly rate i, lowest first; none where no rate makes both sides equal, and
        for a flow of zeros, which every rate does.

    >>> [round(rate, 9) for rate in rates_of_return(np.array([-100.0] + [0.0] * 11 + [121.0]))]
    [0.21]
    >>> rates_of_return(np.array([-100.0, -5.0]))
    ()
    >>> yearly = np.zeros(25); yearly[[0, 12, 24]] = -1_600.0, 10_000.0, -10_000.0
    >>> [round(rate, 6) for rate in rates_of_return(yearly)]
    [0.25, 4.0]
    """
    scale = float(np.abs(flow_usd).max(initial=0.0))
    if scale == 0.0:
        return ()
    flow = np.trim_zeros(flow_usd / scale)
    low, high = ((1.0 + rate) ** (-1.0 / MONTHS_PER_YEAR) for rate in (MOST_PER_YEAR, LEAST_PER_YEAR))
    roots: list[float] = []
    for order in range(len(flow) - 2, -1, -1):
        roots = _roots_between([low, *roots, high], _derivative(flow, order))
    return tuple(sorted(root**-MONTHS_PER_YEAR - 1.0 for root in roots))


def _derivative(flow: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return the coefficients of a derivative, over the factorial of its order so that they stay within a float."""
    return np.array([comb(month, order) * amount for month, amount in enumerate(flow.tolist())][order:])


def _roots_between(edges: list[float], coefficients: NDArray[np.float64]) -> list[float]:
    """Find the roots of a polynomial that rises or falls throughout between neighbouring edges."""
    values = [_value(coefficients, edge) for edge in edges]
    roots = [edges[0]] if values[0] == 0 else []
    for (left, right), (at_left, at_right) in zip(pairwise(edges), pairwise(values), strict=True):
        if at_right == 0:
            roots.append(right)
        elif at_left * at_right < 0:
            roots.append(_bisected(coefficients, left, right, at_left))
    return list(dict.fromkeys(roots))


def _bisected(coefficients: NDArray[np.float64], left: float, right: float, at_left: float) -> float:
    for _ in range(HALVINGS):
        middle = 0.5 * (left + right)
        if float(np.polynomial.polynomial.polyval(middle, coefficients)) * at_left > 0:
            left = middle
        else:
            right = middle
    return 0.5 * (left + right)


def _value(coefficients: NDArray[np.float64], at: float) -> float:
    """Evaluate a polynomial; what rounding alone can make is zero."""
    value = float(np.polynomial.polynomial.polyval(at, coefficients))
    size = float(np.polynomial.polynomial.polyval(at, np.abs(coefficients)))
    return 0.0 if abs(value) <= NOTHING * size else value


def payback_month(flow_usd: NDArray[np.float64], discount_fraction_per_year: float = 0.0) -> int | None:
    """Find the month from which a flow has brought in as much as it took, and stays so.

    Args:
        flow_usd: what comes in (above 0) and goes out (below 0) per month, USD.
        discount_fraction_per_year: above 0 for the discounted payback, in which later money counts less.

    Returns:
        The month, counted from 0; None where it is not paid back by the end.

    >>> payback_month(np.array([-100.0, 60.0, 60.0])), payback_month(np.array([-100.0, 60.0]))
    (2, None)
    >>> payback_month(np.array([-100.0, 60.0, 40.0, 0.0]), 0.10) is None
    True
    """
    worth = discounted_usd(flow_usd, discount_fraction_per_year)
    is_back = np.cumsum(worth) >= -ROUNDING * np.cumsum(np.abs(worth))
    if not is_back[-1]:
        return None
    before = np.flatnonzero(~is_back)
    return int(before[-1]) + 1 if len(before) else 0
