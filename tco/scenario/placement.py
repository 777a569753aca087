"""Placement: where users are, where tiers stand, how long the way between them takes, and what leaves by it."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, Tag

from tco import catalog
from tco.fields import SHARES, Name, NonNegative, RegionName, Share, Source, TierName, UnitPrice, each_once
from tco.plugin import Frozen, together
from tco.scenario.prices import InlinePrice
from tco.scenario.references import NAME_OR_INLINE, known

LONGEST_ROUND_TRIP_S = 60.0  # to the moon and back takes 2.6 s
RoundTrip = Annotated[float, Field(ge=0, le=LONGEST_ROUND_TRIP_S)]


class Regions(Frozen):
    """Where users are, and how far regions are apart."""

    user_shares: Annotated[dict[Name, Share], Field(min_length=1, max_length=100), SHARES]
    """Region to its share of the requests; the shares sum to 1. A region without users has share 0."""
    home_round_trip_s: RoundTrip
    """Round trip of a user to a tier in the user's own region, seconds."""
    round_trips_s: dict[Name, dict[Name, Annotated[RoundTrip, Field(gt=0)]]] = Field(default_factory=dict)
    """Region to region to the round trip between them, seconds; each pair once, in either order."""
    source: Source
    """Where the round trips were measured."""

    @together("user_shares", "round_trips_s")
    def _every_pair_once(self) -> None:
        names = list(self.user_shares)
        for one, others in self.round_trips_s.items():
            for other in others:
                for name in (one, other):
                    if name not in names:
                        raise ValueError(
                            f"round_trips_s names '{name}', which is not in user_shares: {', '.join(names)}"
                        )
                if one == other:
                    raise ValueError(f"round_trips_s from '{one}' to itself; home_round_trip_s says that")
                if one in self.round_trips_s.get(other, {}):
                    raise ValueError(f"round_trips_s has '{one}' to '{other}' in both orders; allowed: once")
        for place, one in enumerate(names):
            for other in names[place + 1 :]:
                if other not in self.round_trips_s.get(one, {}) and one not in self.round_trips_s.get(other, {}):
                    raise ValueError(f"round_trips_s has no way between '{one}' and '{other}': unknown is not zero")

    def round_trip_s(self, one: str, other: str) -> float:
        """Return the round trip between two regions, seconds.

        >>> regions = Regions(user_shares={"eu": 1.0, "us": 0.0}, home_round_trip_s=0.01,
        ...                   round_trips_s={"us": {"eu": 0.09}}, source="made up")
        >>> regions.round_trip_s("eu", "us"), regions.round_trip_s("eu", "eu")
        (0.09, 0.01)
        """
        if one == other:
            return self.home_round_trip_s
        return (
            self.round_trips_s[one][other]
            if other in self.round_trips_s.get(one, {})
            else self.round_trips_s[other][one]
        )

    def nearest(self, user: str, regions: tuple[str, ...]) -> str:
        """Return the region with the shortest way from a user; of equals the first.

        >>> Regions(user_shares={"eu": 1.0}, home_round_trip_s=0.01, source="made up").nearest("eu", ("eu",))
        'eu'
        """
        return min(regions, key=lambda region: self.round_trip_s(user, region))

    def near_shares(self, regions: tuple[str, ...]) -> dict[str, float]:
        """Return the share of the requests that each of some regions is nearest to; 0 for one that nobody is near.

        >>> regions = Regions(user_shares={"eu": 0.7, "us": 0.3, "ap": 0.0}, home_round_trip_s=0.01,
        ...                   round_trips_s={"eu": {"us": 0.09, "ap": 0.2}, "us": {"ap": 0.05}}, source="made up")
        >>> regions.near_shares(("eu", "ap"))
        {'eu': 0.7, 'ap': 0.3}
        """
        near = dict.fromkeys(regions, 0.0)
        for user, share in self.user_shares.items():
            near[self.nearest(user, regions)] += share
        return near


class EgressStep(Frozen):
    """One step of an egress price."""

    from_gb: NonNegative
    """GB of a month from which on the step holds."""
    egress_usd_per_gb: UnitPrice
    """Price of a GB within the step, USD."""


class EgressPrice(InlinePrice):
    """What data costs that leaves for the users, in steps of a month's volume."""

    steps: Annotated[tuple[EgressStep, ...], Field(min_length=1, max_length=50, strict=False)]
    """Steps, the first from 0 GB on."""

    @together("steps")
    def _steps_rise(self) -> None:
        if self.steps[0].from_gb != 0:
            raise ValueError(f"the first step begins at {self.steps[0].from_gb:g} GB; it must begin at 0")
        for low, high in pairwise(self.steps):
            if high.from_gb <= low.from_gb:
                raise ValueError(f"a step from {high.from_gb:g} GB follows one from {low.from_gb:g}; they must rise")


EgressPriceRef = Annotated[
    Annotated[str, known("a price of egress", lambda: catalog.price_names("egress")), Tag("name")]
    | Annotated[EgressPrice, Tag("inline")],
    NAME_OR_INLINE,
]


class Egress(Frozen):
    """Data that leaves for the users."""

    bytes_per_token: Annotated[float, Field(gt=0, le=1e9)]
    """Bytes that go over the wire for each answer token: about 4 of plain text, a few hundred where tokens are streamed
    one event each."""
    price: EgressPriceRef
    """Catalog name of a price of egress, with its steps, or an inline one."""


class Placement(Frozen):
    """Where the tiers of an option stand; a request goes to the nearest region that has the tier."""

    tiers: Annotated[
        dict[
            TierName,
            Annotated[tuple[RegionName, ...], Field(min_length=1, max_length=100, strict=False), each_once()],
        ],
        Field(min_length=1),
    ]
    """Tier to the regions where it stands. A fleet in several regions is split by the share of the users that each
    region is nearest to, one replica at least; its regions do not help each other out. Every tier is named."""
    egress: Egress | None = None
    """What the answers' way to the users costs. None: nothing is charged for it, as within one's own network."""
