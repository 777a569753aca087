"""Lenovo LP2225 (2025) and LP2368 (2026): hours and months after which a bought server is paid off."""

from __future__ import annotations

import pytest

from tco.finance.totals import monthly_usd
from tests.studies.cash import bought_usd, edited, month_usd, paid_off_months, played

NAME = "lenovo-2025-server"
HOURS = 730.0  # of a month


@pytest.mark.parametrize(
    ("cloud", "published_hours"), [("on-demand", 8_556), ("one-year", 10_890), ("three-years", 15_710)]
)
def test_hours_of_the_2025_edition(cloud, published_hours):
    """833 806 / (98.32 - 0.87) = 8 556 h, to what was printed: hours, and tens of hours."""
    hours = HOURS * paid_off_months(played(NAME), "own", cloud)

    assert hours == pytest.approx(published_hours, abs=5)


@pytest.mark.parametrize(("hours_a_day", "published_years"), [(4, 5.9), (8, 2.9), (12, 1.96), (16, 1.47)])
def test_years_by_hours_a_day(hours_a_day, published_years):
    """The quoting page goes on to machines used for so many hours of each day, which the cloud is paid for alone.

    8 556 h / 8 h a day are 1 070 days, 2.93 years; the server draws power in those hours, too.
    """
    used = [1.0 if hour % 24 < hours_a_day else 0.0 for hour in range(168)]

    def by_day(values):
        values["traffic"]["hour_of_week"] = used
        values["tiers"]["on-demand"]["scaling"] = {"kind": "schedule", "fleet_shares": used}
        values["tiers"]["own"]["purchase"]["mean_power_share"] = hours_a_day / 24

    years = paid_off_months(edited(NAME, by_day), "own", "on-demand") / 12

    assert years == pytest.approx(published_years, rel=0.005, abs=0.05)


def test_an_hour_of_the_server_by_hand():
    """5.8 kW at $0.15 are $0.87 an hour, $635.10 a month; the cloud takes $71 773.60."""
    found = played(NAME)

    assert 833_806.0 == bought_usd(found, "own")
    assert pytest.approx(0.87 * HOURS) == month_usd(found, "own")
    assert pytest.approx(98.32 * HOURS) == month_usd(found, "on-demand")


def test_five_years_of_the_2025_edition():
    """43 800 h: $98.32 each are $4 306 416, against $833 806 and $0.87 each, $871 912."""
    totals = {name: path.sum() for name, path in monthly_usd(played(NAME).ledger, played(NAME).scenario).items()}

    assert pytest.approx(4_306_416.0) == totals["on-demand"]
    assert pytest.approx(871_912.0) == totals["own"]


def test_months_of_the_2026_edition():
    """250 141.80 / (98.32 - 6.37) = 2 720 h, 3.7 months: "under four months", against on-demand hours."""
    found = played("lenovo-2026-server")

    assert 250_141.80 == bought_usd(found, "own")
    assert pytest.approx(6.37 * HOURS) == month_usd(found, "own")
    assert pytest.approx(3.7, abs=0.05) == paid_off_months(found, "own", "on-demand")
    assert pytest.approx(2_720.4, abs=0.1) == HOURS * paid_off_months(found, "own", "on-demand")
