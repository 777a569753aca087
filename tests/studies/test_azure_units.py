"""Azure throughput units (L. Zhang's sizing tool, prices of 2026-06-25): units, and bills by the token and the unit."""

from __future__ import annotations

from functools import cache

import pytest

from tco.finance.totals import monthly_usd
from tests.studies.cash import played

NAME = "azure-2026-throughput-units"
PAYGO_USD = 21_707.28  # as the tool computes it from its defaults
HOURLY_USD, MONTH_USD, YEAR_USD = 87_600.0, 31_536.0, 26_280.0  # 120 x 730 x $1; less 64 %; less 70 %
PEAK_UNITS = 170  # its peak reference: 1.8 x 1.15 of the mean


@cache
def month_usd() -> dict[str, float]:
    """What the first month of each option costs."""
    found = played(NAME)
    return {name: float(path[0]) for name, path in monthly_usd(found.ledger, found.scenario).items()}


def units(tier: str = "for-a-month", **changes) -> float:
    """Units that a tier holds in the first month."""
    found = played(NAME, horizon_months=1, **changes)
    return next(meter.quantity for meter in found.meters if meter.subject == f"provisioned.{tier}")


def test_bill_by_the_token():
    """2 628 000 x (1 440 x $2 + 360 x $0.50 + 650 x $8) / 1e6 = $21 707.28."""
    assert pytest.approx(PAYGO_USD, abs=0.01) == month_usd()["tokens"]


def test_units_by_the_hour():
    """60 x (1 440 + 650 x 4) = 242 400 a minute / 3 000 = 80.8; x 1.449 = 117.08; in steps of 5: 120."""
    assert 120 == units()
    assert HOURLY_USD == month_usd()["units-by-the-hour"]


@pytest.mark.parametrize(("option", "published"), [("units-for-a-month", MONTH_USD), ("units-for-a-year", YEAR_USD)])
def test_reserved_units(option, published):
    """120 x $260 and 120 x $221: the tool rounds them to 64 % and 70 % off $730, which is 1.1 % more and 0.9 % less."""
    assert pytest.approx(published, rel=0.0115) == month_usd()[option]


def test_units_of_the_peak():
    """80.8 x 1.8 x 1.15 = 167.3: 170."""
    assert PEAK_UNITS == units(**{"tiers__for-a-month__provisioned__headroom_fraction": 1.8 * 1.15 - 1.0})


@pytest.mark.parametrize(("requests_a_minute", "sold"), [(1.0, 15), (60.0, 120), (120.0, 235)])
def test_the_least_and_the_steps(requests_a_minute, sold):
    """A tiny workload still buys the 15 that are sold at least, as the tool's own test has it; twice the load 234.2."""
    assert sold == units(traffic__requests_per_month=requests_a_minute * 60 * 730)


def test_the_last_digit_of_a_guide_of_another_hand():
    """MicrosoftCloudEssentials' example (2025-12-29): 10 000 calls a minute of 600 + 100 x 8 tokens at 23 750 a unit.

    14 000 000 / 23 750 = 589.47, published as 590.
    """
    block = "tiers__for-a-month__provisioned"
    changes = {
        "traffic__requests_per_month": 10_000 * 60 * 730.0, "classes__call__input_tokens__tokens": 600,
        "classes__call__output_tokens__tokens": 100, "tiers__for-a-month__cached_input_share": 0.0,
        f"{block}__unit_tokens_per_minute": 23_750.0, f"{block}__answer_weight_ratio": 8.0,
        f"{block}__headroom_fraction": 0.0, f"{block}__step_units": 1,
    }  # fmt: skip

    assert 590 == units(**changes)


def test_the_recommended_units_cost_more_than_tokens_and_fewer_less():
    """The tool's "PTU-first production baseline" is 44 % dearer than tokens; 70 units, and tokens beyond, are not."""
    month = month_usd()

    assert pytest.approx(1.437, abs=0.001) == month["units-for-a-month"] / month["tokens"]
    assert month["base-and-tokens"] < month["tokens"] < month["units-for-a-year"]
