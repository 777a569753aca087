"""The demand of every month, by hand."""

from __future__ import annotations

import pytest

from tco.catalog import hour_of_week_profiles
from tco.demand.forecast import forecast, month_label, peak_to_mean
from tests.laws.build import api, scene, static

POISSON = {"kind": "poisson"}
ONE_BUSY_HOUR = (5.0, *(1.0,) * 167)


def demand(months=3, **traffic):
    """Forecast a scenario that differs in its traffic."""
    traffic = {"requests_per_month": 2_628_000.0, "arrivals": POISSON, **traffic}
    return scene({"api": api()}, {"buy": static(api=1.0)}, traffic=traffic, horizon_months=months)


def test_a_flat_plan_by_hand():
    """2 628 000 requests in 730 h of 3 600 s are one a second; a flat week has no peak."""
    months = forecast(demand())

    assert [0, 1, 2] == [month.index for month in months]
    assert ["2026-12", "2027-01", "2027-02"] == [month.label for month in months]
    assert [2_628_000.0] * 3 == [month.requests for month in months]
    assert [1.0] * 3 == pytest.approx([month.mean_rps for month in months], rel=1e-12)
    assert [1.0] * 3 == pytest.approx([month.peak_rps for month in months], rel=1e-12)


@pytest.mark.parametrize(
    ("growth", "rates"), [(0.1, [1.0, 1.1, 1.21, 1.331]), (-0.5, [1.0, 0.5, 0.25, 0.125]), (1.0, [1.0, 2.0, 4.0, 8.0])]
)
def test_growth_compounds_from_the_first_month(growth, rates):
    """The first month has what is written; 10 % more each month is 33.1 % after three."""
    months = forecast(demand(4, growth_fraction_per_month=growth))

    assert rates == pytest.approx([month.mean_rps for month in months], rel=1e-12)
    assert [2_628_000 * rate for rate in rates] == pytest.approx([month.requests for month in months], rel=1e-12)


def test_the_busiest_hour_scales_every_month():
    """A week of 167 hours at 1 and one at 5 has a mean of 172 / 168; its peak is 840 / 172 of that."""
    scenario = demand(2, hour_of_week=ONE_BUSY_HOUR, growth_fraction_per_month=0.5)

    assert 840 / 172 == pytest.approx(peak_to_mean(scenario.traffic), rel=1e-12)
    assert [840 / 172, 1260 / 172] == pytest.approx([month.peak_rps for month in forecast(scenario)], rel=1e-12)
    assert [1.0, 1.5] == pytest.approx([month.mean_rps for month in forecast(scenario)], rel=1e-12)


@pytest.mark.parametrize("factor", [0.001, 1.0, 1000.0])
def test_only_the_ratios_of_a_profile_count(factor):
    """Percent, requests an hour or multiples of the mean: all the same."""
    profile = tuple(factor * weight for weight in ONE_BUSY_HOUR)

    assert 840 / 172 == pytest.approx(peak_to_mean(demand(hour_of_week=profile).traffic), rel=1e-12)


@pytest.mark.parametrize(
    ("profile", "peak"), [("flat", 1.0), ("azure-2024-conversation", 1.65), ("azure-2024-code", 3.0)]
)
def test_shipped_profiles_peak_as_published(profile, peak):
    """Conversation 1.65 x the mean, code 3.0 x, to the two digits in which they are published."""
    assert peak == pytest.approx(peak_to_mean(demand(hour_of_week=profile).traffic), abs=0.05)


def test_shipped_profiles_are_weeks_of_mean_one():
    """168 hours each, none below zero; nights and weekends are quieter in the two measured ones."""
    for name, weights in hour_of_week_profiles().items():
        assert 168 == len(weights)
        assert min(weights) >= 0
        assert 168 == pytest.approx(sum(weights), rel=1e-3)
        assert name == "flat" or sum(weights[:120]) / 120 > sum(weights[120:]) / 48


@pytest.mark.parametrize(
    ("start", "index", "label"),
    [
        ("2026-12", 0, "2026-12"),
        ("2026-12", 1, "2027-01"),
        ("2026-01", 11, "2026-12"),
        ("2026-01", 12, "2027-01"),
        ("2026-11", 119, "2036-10"),
        ("2099-12", 1, "2100-01"),
    ],
)
def test_months_run_through_the_years(start, index, label):
    """December is followed by January, whatever the start."""
    assert label == month_label(start, index)
