"""Build case: what building spares is the difference of the two bills, as paid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy_financial as npf
import pytest

from tco.decide.build_case import build_case, cheapest_build
from tco.decide.compare import Check, compare
from tco.finance.value import present_value_usd
from tests.finance.rented import MONTHS, ways


@pytest.fixture(scope="module")
def owned():
    """Own servers against a vendor at 14 cents a request."""
    found = ways(only=("owned", "vendor"))
    return found, compare(found)


def test_the_flow_worked_by_hand(owned):
    """The vendor takes 131 400 x $0.10 = $13,140 a month; building $271,730 + 2,166.67 at once, then $3,896.67."""
    case = build_case(*owned)
    engineer = 260_000 / 12 * 0.1

    assert ("owned", "vendor") == (case.build, case.vendor)
    assert 13_140 - 271_730 - engineer == pytest.approx(case.flow_usd[0], rel=1e-12)
    assert [13_140 - 1730 - engineer] * (MONTHS - 1) == pytest.approx(case.flow_usd[1:].tolist(), rel=1e-12)
    assert case.left_over_usd == pytest.approx(184_375.0)


def test_its_present_value_is_the_difference_of_the_two(owned):
    """NPV of building instead of buying: what buying costs less what building costs."""
    case, comparison = build_case(*owned), owned[1]
    flow = np.append(case.flow_usd, case.left_over_usd)

    assert comparison["vendor"].npv_usd - comparison["owned"].npv_usd == pytest.approx(present_value_usd(flow, 0.08))


def test_its_rate_is_what_another_program_finds(owned):
    """With what the servers are still worth at the end of the plan."""
    case = build_case(*owned)
    theirs = npf.irr(np.append(case.flow_usd, case.left_over_usd))

    assert [(1 + theirs) ** 12 - 1] == pytest.approx(list(case.rates_per_year), rel=1e-6)
    assert case.payback_month is None  # $9,243 a month do not bring back $260,757 in 13


def test_payback_in_a_longer_plan():
    """$260,757 at $9,243.33 a month are back after 28.2 months: in month 29 by count from 0; discounted later."""
    found = ways(only=("owned", "vendor"), horizon_months=40)
    case = build_case(found, compare(found))

    assert 29 == case.payback_month
    assert case.discounted_payback_month > 29


def test_nothing_left_is_counted_where_the_scenario_counts_on_nothing(owned):
    """`left_over: nothing` lowers the rate."""
    found = ways(only=("owned", "vendor"), finance={"discount_fraction_per_year": 0.08, "left_over": "nothing"})
    case = build_case(found, compare(found))

    assert 0.0 == case.left_over_usd
    assert max(case.rates_per_year) < max(build_case(*owned).rates_per_year)


def test_what_spares_from_the_first_month_has_no_rate():
    """Renting instead of buying is no investment: nothing is laid out, and it is paid back at once."""
    found = ways(only=("rented", "vendor"))
    case = build_case(found, compare(found))

    assert () == case.rates_per_year
    assert 0 == case.payback_month


def test_the_cheapest_build_that_keeps_the_slo_stands_for_building():
    """A cheaper one that misses it does not; where all miss it, the cheapest of all."""
    comparison = compare(ways(only=("owned", "rented", "vendor")))
    missed = (Check("e2e_p95_s", 1.0, 2.0, kept=False),)
    late = {option.name: replace(option, checks=missed) for option in comparison.options}
    one_late = tuple(late[option.name] if option.name == "rented" else option for option in comparison.options)

    assert "rented" == cheapest_build(comparison).name
    assert "owned" == cheapest_build(replace(comparison, options=one_late)).name
    assert "rented" == cheapest_build(replace(comparison, options=tuple(late.values()))).name


def test_without_both_kinds_there_is_no_case():
    """Only bought, or only rented; owned against rented is a case of its own."""
    for only in (("vendor",), ("rented",)):
        found = ways(only=only)

        assert build_case(found, compare(found)) is None
    both = ways(only=("owned", "rented"))
    case_ = build_case(both, compare(both))
    assert case_ is not None
    assert ("owned", "rented") == (case_.build, case_.vendor)
