"""Hours in which a fleet is switched off while requests come: nobody would be answered, and no window would show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco import catalog
from tco.scenario.raw import blocks, dig
from tco.units import HOURS_PER_WEEK


def closed_doors(data: Any) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Fault timetables with a share of 0 in an hour of the week that brings requests.

    Args:
        data: the raw scenario, mappings or models; what is not understood here is faulted elsewhere.

    Yields:
        Type of error, location, message.
    """
    rates = _rates(dig(data, "traffic", "hour_of_week"))
    for name, tier in blocks(data, "tiers").items():
        shares = dig(tier, "scaling", "fleet_shares")
        if rates is None or not isinstance(shares, list | tuple) or len(shares) != HOURS_PER_WEEK:
            continue
        open_ = [hour for hour, share in enumerate(shares) if share == 0 and rates[hour] > 0]
        if open_:
            yield (
                "cross",
                ("tiers", name, "scaling", "fleet_shares"),
                f"0 in hour {open_[0]} of the week and {len(open_) - 1} others in which requests come: nobody would "
                "answer them; allowed: 0 only where traffic.hour_of_week is 0",
            )


def _rates(profile: Any) -> list[float] | None:
    """Return the rates of the hours; None where they are not understood."""
    if profile is None:
        return [1.0] * HOURS_PER_WEEK
    if isinstance(profile, str):
        known = catalog.hour_of_week_profiles().get(profile)
        return None if known is None else list(known)
    if not isinstance(profile, list | tuple) or len(profile) != HOURS_PER_WEEK:
        return None
    return [float(rate) for rate in profile] if all(isinstance(rate, int | float) for rate in profile) else None
