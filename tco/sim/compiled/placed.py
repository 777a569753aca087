"""Placed tiers: the way to the nearest region, its own part of the tier, and the way back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.plugin import plugins_in
from tco.scenario.placement import Regions
from tco.scenario.tiers import Tier
from tco.sim.compiled.kernels.rings import COMPLETED
from tco.sim.compiled.served import Served, Visits
from tco.sim.compiled.tiers import serve
from tco.sim.placed import split_replicas
from tco.sim.result import Places
from tco.sim.stations import StationBooks


class PlacedTier:
    """A tier in its regions.

    Args:
        tier: the tier.
        places: regions where it stands.
        replicas: of all regions together; 0 where the tier is not sized.
        regions: where users are, and how far.
        workload: the requests.
    """

    def __init__(
        self, tier: Tier, places: tuple[str, ...], replicas: int, regions: Regions, workload: Workload
    ) -> None:
        self.tier, self.workload, self.names = tier, workload, places
        self.split = split_replicas(regions.near_shares(places), replicas)
        users = list(regions.user_shares)
        nearest = [places.index(regions.nearest(user, places)) for user in users]
        one_way_s = [regions.round_trip_s(user, places[near]) / 2 for user, near in zip(users, nearest, strict=True)]
        index = {user: place for place, user in enumerate(users)}
        of_request = np.array([index[user] for user in workload.regions(regions.user_shares)], np.int64)
        self.region: NDArray[np.int64] = np.array(nearest, np.int64)[of_request]
        self.one_way_s: NDArray[np.float64] = np.array(one_way_s)[of_request]
        self._parts: list[tuple[Visits, Served]] = []

    def places(self) -> Places:
        """Say which region serves each request, with how many replicas, and how far away."""
        return Places(self.names, tuple(self.split.values()), self.region, self.one_way_s)

    def serve(self, visits: Visits) -> Served:
        """Serve all visits, region by region."""
        n, way_s = len(visits), self.one_way_s[visits.request]
        started_s, first_s, left_s = (np.full(n, np.nan) for _ in range(3))
        whole = Served(
            np.zeros(n, np.int8), started_s, first_s, left_s, visits.input_tokens.copy(), visits.output_tokens.copy(),
            np.zeros(n, np.int64), retries=np.zeros(n, np.int64),
        )  # fmt: skip
        whole.ended = ended = np.zeros(n, np.int64)
        for place, name in enumerate(self.names):
            mine = np.flatnonzero(self.region[visits.request] == place)
            there_s = visits.entered_s[mine] + way_s[mine]
            order = np.argsort(there_s, kind="stable")
            mine, there_s = mine[order], there_s[order]
            local = replace(visits.at(mine), entered_s=there_s)
            part = serve(self.tier, local, self.workload, self.split[name])
            self._parts.append((local, part))
            whole.outcome[mine], whole.started_s[mine] = part.outcome, part.started_s
            whole.left_s[mine] = part.left_s + way_s[mine]
            answered = part.outcome == COMPLETED
            whole.first_token_s[mine] = np.where(answered, part.first_token_s + way_s[mine], np.nan)
            whole.input_tokens[mine], whole.output_tokens[mine] = part.input_tokens, part.output_tokens
            whole.cached_tokens[mine] = part.cached_tokens
            ended[mine] = np.arange(len(mine)) if part.ended is None else part.ended
            if part.retries is not None and whole.retries is not None:
                whole.retries[mine] = part.retries
            for item, amount in part.counts.items():
                whole.counts[item] = whole.counts.get(item, 0.0) + amount
        return whole

    def books(self, visits: Visits, whole: Served, elapsed_s: float, end_s: float) -> StationBooks:
        """Close the books of the tier, with those of its regions in them."""
        parts = zip(self.names, self._parts, strict=True)
        found = {name: part.books(local, elapsed_s, end_s) for name, (local, part) in parts}
        known = {name: books.busy_share for name, books in found.items() if books.busy_share is not None}
        weight = sum(max(self.split[name], 1) for name in known)
        share = sum(each * max(self.split[name], 1) for name, each in known.items()) / weight if known else None
        counts: dict[str, float] = {}
        spans = plugins_in("tco.sim.stations")[self.tier.kind_name()].spans
        for books in found.values():
            for item, amount in books.counts.items():
                counts[item] = counts.get(item, 0.0) + (amount / len(found) if item in spans else amount)
        return replace(whole.books(visits, elapsed_s, end_s), busy_share=share, counts=counts, regions=found)
