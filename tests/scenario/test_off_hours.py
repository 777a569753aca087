"""A fleet may be off where nobody asks, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.laws.build import gpu, scene, static

OFFICE = [1.0 if 9 <= hour % 24 < 17 and hour < 120 else 0.0 for hour in range(168)]


def open_at(shares: list[float], hour_of_week: Any = None) -> Any:
    """A scenario whose fleet keeps a timetable."""
    traffic = {"requests_per_month": 100_000.0, "arrivals": {"kind": "poisson"}}
    if hour_of_week is not None:
        traffic["hour_of_week"] = hour_of_week
    tier = gpu(scaling={"kind": "schedule", "fleet_shares": shares})
    return scene({"own": tier}, {"it": static(own=1.0)}, traffic=traffic)


def test_off_where_nobody_asks():
    """40 office hours, and the traffic of them."""
    assert OFFICE == list(open_at(OFFICE, OFFICE).tiers["own"].scaling.fleet_shares)


@pytest.mark.parametrize("profile", [None, "flat", "azure-2024-code", [1.0] * 168])
def test_off_while_requests_come_is_refused(profile):
    """A profile that is left out is flat; one of the catalog's names has traffic at night, too."""
    with pytest.raises(ValidationError, match=r"0 in hour 0 of the week and 127 others in which requests come"):
        open_at(OFFICE, profile)


def test_a_single_hour_is_enough():
    """Open from ten, while requests come from nine."""
    late = [0.0 if hour == 9 else share for hour, share in enumerate(OFFICE)]

    with pytest.raises(ValidationError, match="0 in hour 9 of the week and 0 others"):
        open_at(late, OFFICE)
