"""Placed tiers: a station in each region where a tier stands, and the way of every call to the nearest and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import floor

import numpy as np
from simpy.events import Timeout

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.plugin import Frozen
from tco.scenario.placement import Regions
from tco.sim.clock import Clock
from tco.sim.result import Places
from tco.sim.stations import Call, Station, StationBooks, Visit


def split_replicas(near_shares: Mapping[str, float], replicas: int) -> dict[str, int]:
    """Split replicas over regions so that the fullest of them is as empty as can be, one each at least.

    One by one they go where most requests come for each replica: Adams' method of apportionment, which makes the
    highest load of a replica as low as any split does. One replica more never takes one from a region, so that a larger
    fleet is worse nowhere (by largest remainders it may be: the Alabama paradox). Where fewer replicas than regions are
    asked for, each region still has one.

    Args:
        near_shares: share of the requests that each region gets.
        replicas: how many there are.

    >>> split_replicas({"eu": 0.7, "us": 0.3}, 5), split_replicas({"eu": 0.7, "us": 0.3}, 1)
    ({'eu': 3, 'us': 2}, {'eu': 1, 'us': 1})
    """
    given = dict.fromkeys(near_shares, 1)
    for _ in range(replicas - len(given)):
        given[max(given, key=lambda region: near_shares[region] / given[region])] += 1
    return given


def carrying_replicas(near_shares: Iterable[float], needed: float) -> int:
    """Return the fewest replicas with which, split, every region carries what comes to it.

    Args:
        near_shares: share of the requests that each region gets.
        needed: replicas that carry all requests without a spare moment; each region must have more than its share.

    >>> carrying_replicas([1.0], 20.2), carrying_replicas([0.95, 0.05], 20.2)
    (21, 22)
    """
    return sum(floor(share * needed) + 1 for share in near_shares)


def worth(near_shares: Mapping[str, float], replicas: int) -> float:
    """Return how many replicas in one place carry as much as these do in their regions, until the fullest is full.

    >>> worth({"": 1.0}, 8), worth({"eu": 0.75, "us": 0.25}, 8), worth({"eu": 0.75, "us": 0.25}, 6)
    (8.0, 8.0, 5.333333333333333)
    """
    split = split_replicas(near_shares, replicas)
    return min(split[region] / share for region, share in near_shares.items() if share > 0)


class PlacedStation(Station):
    """A tier in its regions, as one station: half a round trip there, the region's own station, half of one back.

    Args:
        env: the run's clock.
        stations: station of each region.
        replicas: replicas of each region, which weigh their busy shares.
        regions: where users are, and how far.
        workload: the requests.
    """

    def __init__(
        self,
        env: Clock,
        stations: Mapping[str, Station],
        replicas: Mapping[str, int],
        regions: Regions,
        workload: Workload,
    ) -> None:
        super().__init__(env, Frozen(), workload, 0)
        self._stations, self._replicas = dict(stations), dict(replicas)
        places = tuple(stations)
        nearest = {user: regions.nearest(user, places) for user in regions.user_shares}
        users = workload.regions(regions.user_shares)
        self._region = [nearest[user] for user in users]
        one_way = {user: regions.round_trip_s(user, region) / 2 for user, region in nearest.items()}
        self._one_way_s = [one_way[user] for user in users]

    def places(self) -> Places:
        """Say which region serves each request, with how many replicas, and how far away."""
        index = {region: place for place, region in enumerate(self._stations)}
        served_in = np.fromiter((index[region] for region in self._region), np.int64, len(self._region))
        return Places(tuple(index), tuple(self._replicas.values()), served_in, np.array(self._one_way_s))

    def at(self, request: int) -> Station:
        """Return the station of the region that serves a request."""
        return self._stations[self._region[request]]

    def setup(self, config: Frozen, workload: Workload, replicas: int) -> None:
        """Nothing to prepare: the regions' stations are ready."""
        del config, workload, replicas

    def visit(self, call: Call) -> Visit:
        """Go there, be served, come back; tokens are on their way as long as the last one."""
        self.enter()
        one_way_s = self._one_way_s[call.request]
        yield Timeout(self.env, one_way_s)
        yield from self.at(call.request).visit(call)
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
        regions = {region: station.books(elapsed_s) for region, station in self._stations.items()}
        for region, books in regions.items():
            for name, quantity in books.counts.items():
                is_span = name in self._stations[region].spans
                self.counts[name] += quantity / len(regions) if is_span else quantity
        return replace(super().books(elapsed_s), regions=regions)
