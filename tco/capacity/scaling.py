"""Scaling over a month: for how many hours replicas are on, hour of the week by hour of the week.

The policy is asked for each of the 168 hours, with the requests that Little's law puts inside at that hour's rate: the
busiest hour's window says how long a request stays. Shorter stays at lower loads are not counted on, which is cautious.
A replica that is switched on is paid from its order, `startup_s` before it serves. In several regions the policy is
asked in each, with the requests and the replicas that are there, as it is in a run.
"""

from __future__ import annotations

from dataclasses import dataclass

from tco.capacity.window import Window
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.units import HOURS_PER_MONTH, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class FleetHours:
    """For how long a fleet's replicas are on in a month.

    Attributes:
        replica_hours: of all replicas, spares and starts included.
        on: replicas that are on in each hour of the week, spares included; one entry where that never changes.
        basis: how it comes about, in words.
    """

    replica_hours: float
    on: tuple[int, ...]
    basis: str

    def covered_hours(self, replicas: float) -> float:
        """Return the replica-hours of a month that so many replicas, on all the time, cover; starts are not.

        >>> FleetHours(5 * 730.0, (2, 8), "").covered_hours(4)
        2190.0
        """
        return sum(min(on, replicas) for on in self.on) * HOURS_PER_MONTH / len(self.on)


def fleet_hours(
    tier: GpuFleet, name: str, sized: int, window: Window, peak_rps: float, week: list[float]
) -> FleetHours:
    """Return the hours that replicas are on in a month, spares included, and how they come about in words.

    Args:
        tier: the fleet.
        name: its name in the window.
        sized: replicas that the busiest hour needs.
        window: the busiest hour's window.
        peak_rps: the busiest hour's rate, requests per second.
        week: relative rates of the hours of the week, Monday 00:00 first.
    """
    paid = tier.paid_replicas(sized)
    if tier.scaling.is_fixed:
        basis = f"{_replicas(str(sized), paid - sized)} x {_gpus(tier)} x {HOURS_PER_MONTH:g} h"
        return FleetHours(paid * HOURS_PER_MONTH, (paid,), basis)
    regions = window.tiers[name].regions.values()
    places = [(entry.replicas, entry.counts_per_request["inside_s"]) for entry in regions]
    weeks = [
        [replicas_on(tier, here, stay_s * peak_rps * rate / max(week), hour) for hour, rate in enumerate(week)]
        for here, stay_s in places or [(sized, window.tiers[name].counts_per_request["inside_s"])]
    ]
    on = [sum(hour) for hour in zip(*weeks, strict=True)]
    starts = sum(max(now - before, 0) for here in weeks for before, now in zip([here[-1], *here], here, strict=False))
    spare = paid - sized
    weekly_h = sum(on) + spare * len(week) + starts * tier.scaling.startup_s / SECONDS_PER_HOUR
    basis = (
        f"{_replicas(f'{min(on)} to {max(on)}', spare)} x {_gpus(tier)} by the hour of the week, {starts} starts of "
        f"{tier.scaling.startup_s:g} s a week, {tier.scaling.kind_name()} scaling"
    )
    return FleetHours(weekly_h * HOURS_PER_MONTH / len(week), tuple(each + spare for each in on), basis)


def _replicas(needed: str, spare: int) -> str:
    """Say how many replicas are paid for, and which of them only stand by.

    >>> _replicas("1", 0), _replicas("2", 1), _replicas("2 to 5", 1)
    ('1 replica', '(2 + 1 spare) replicas', '(2 to 5 + 1 spare) replicas')
    """
    if spare:
        return f"({needed} + {spare} spare) replicas"
    return f"{needed} {'replica' if needed == '1' else 'replicas'}"


def _gpus(tier: GpuFleet) -> str:
    return "1 GPU" if tier.gpus == 1 else f"{tier.gpus} GPUs"


def replicas_on(tier: GpuFleet, sized: int, inside: float, hour: int) -> int:
    """Say how many replicas the scaling keeps on, of those sized, with so many requests in the fleet at an hour."""
    wanted = tier.scaling.wanted(inside, hour, tier.replica.max_sequences, sized)
    return min(max(wanted, tier.scaling.least(tier.min_replicas, hour)), sized)
