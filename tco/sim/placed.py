"""Placed tiers: a station in each region where a tier stands, and the way of every call to the nearest and back."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

from simpy.events import Timeout

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.plugin import Frozen
from tco.scenario.placement import Regions
from tco.sim.clock import Clock
from tco.sim.stations import Call, Station, StationBooks, Visit


def split_replicas(regions: Regions, places: tuple[str, ...], replicas: int) -> dict[str, int]:
    """Split replicas over regions by the share of users that each is nearest to, one each at least.

    Largest remainders decide; where fewer replicas than regions are asked for, each region still has one.

    >>> regions = Regions(user_shares={"eu": 0.7, "us": 0.3}, home_round_trip_s=0.01,
    ...                   round_trips_s={"eu": {"us": 0.09}}, source="made up")
    >>> split_replicas(regions, ("eu", "us"), 5), split_replicas(regions, ("eu", "us"), 1)
    ({'eu': 4, 'us': 1}, {'eu': 1, 'us': 1})
    """
    near = dict.fromkeys(places, 0.0)
    for user, share in regions.user_shares.items():
        near[regions.nearest(user, places)] += share
    wanted = {region: share * replicas for region, share in near.items()}
    given = {region: max(floor(each), 1) for region, each in wanted.items()}
    while sum(given.values()) < replicas:
        neediest = max(places, key=lambda region: wanted[region] - given[region])
        given[neediest] += 1
    while sum(given.values()) > max(replicas, len(places)):
        several = [region for region in places if given[region] > 1]
        given[max(several, key=lambda region: given[region] - wanted[region])] -= 1
    return given


class PlacedStation(Station):
    """A tier in its regions, as one station: half a round trip there, the region's own station, half of one back.

    Args:
        env: the run's clock.
        stations: station of each region.
        replicas: replicas of each region, which weigh their busy shares.
        regions: where users are, and how far.
        workload: the requests.
    """

    kind = ""  # not chosen by YAML: the engine wraps what a placement names

    def __init__(
        self,
        env: Clock,
        stations: Mapping[str, Station],
        replicas: Mapping[str, int],
        regions: Regions,
        workload: Workload,
    ) -> None:
        super().__init__(env, Frozen(), workload, 0)
        self._stations, self._replicas = dict(stations), replicas
        places = tuple(stations)
        nearest = {user: regions.nearest(user, places) for user in regions.user_shares}
        users = workload.regions(regions.user_shares)
        self._region = [nearest[user] for user in users]
        one_way = {user: regions.round_trip_s(user, region) / 2 for user, region in nearest.items()}
        self._one_way_s = [one_way[user] for user in users]

    def setup(self, config: Frozen, workload: Workload, replicas: int) -> None:
        """Nothing to prepare: the regions' stations are ready."""
        del config, workload, replicas

    def visit(self, call: Call) -> Visit:
        """Go there, be served, come back; tokens are on their way as long as the last one."""
        self.enter()
        one_way_s = self._one_way_s[call.request]
        yield Timeout(self.env, one_way_s)
        yield from self._stations[self._region[call.request]].visit(call)
        yield Timeout(self.env, one_way_s)
        if call.outcome is not Outcome.COMPLETED:
            self.turn_away(call, call.outcome)
            return
        if call.first_token_s is not None:
            call.first_token_s += one_way_s
        self.leave(call)

    def busy_share(self, elapsed_s: float) -> float | None:
        """Average over the regions' replicas."""
        shares = {region: station.busy_share(elapsed_s) for region, station in self._stations.items()}
        known = {region: share for region, share in shares.items() if share is not None}
        weight = sum(max(self._replicas[region], 1) for region in known)
        return (
            sum(share * max(self._replicas[region], 1) for region, share in known.items()) / weight if known else None
        )

    def books(self, elapsed_s: float) -> StationBooks:
        """Close the books, with what the regions' stations counted."""
        for station in self._stations.values():
            for name, quantity in station.books(elapsed_s).counts.items():
                self.counts[name] += quantity
        return super().books(elapsed_s)
