"""Tiers: ways of answering a request. One file a kind; how it is simulated and priced is found by the same kind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.plugin import Plugin, SelectedByKind, together
from tco.quality.curves import SuccessCurve
from tco.scenario.prices import GpuPrice
from tco.scenario.purchase import Purchase
from tco.serving.step_time import Server


class Tier(Plugin):
    """Base of the tiers."""

    availability_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the time that the tier is up, as contracted or measured; needed when the SLO has one."""
    quality: Annotated[SuccessCurve, SelectedByKind("tco.quality.curves")] | None = None
    """How often the tier answers well. Left out: not known, and nothing that rests on it is reported."""

    @property
    def owns_fleet(self) -> bool:
        """Whether the team runs the capacity itself, so that it must be sized."""
        return False

    def up_fraction(self, sized: int) -> float | None:
        """Return the share of time that the tier is up with so many replicas; None when nothing is known."""
        del sized
        return self.availability_fraction

    @property
    def keeps_data(self) -> bool:
        """Whether a request that goes there stays on the team's own hardware."""
        return self.owns_fleet

    @property
    def is_built(self) -> bool:
        """Whether choosing the tier is building rather than buying."""
        return self.owns_fleet

    @property
    def answers_depend_on_load(self) -> bool:
        """Whether the share of requests that gets an answer, and not only its latency, changes with the rate."""
        return False

    @property
    def follows_load(self) -> bool:
        """Whether cost and latency have to be seen at every load, not only in the busiest hour."""
        return False

    @property
    def settle_s(self) -> float:
        """How long the tier takes to settle after a change of load, seconds; windows last several times as long."""
        return 0.0

    @property
    def slots(self) -> int | None:
        """Requests that it serves at the same time where the scenario fixes that; None where it is sized or open."""
        return None

    @property
    def held_in_one_region_by(self) -> str | None:
        """Key of what is counted for one place only, so that the tier cannot stand in several; None where it can."""
        return None


class FleetTier(Tier):
    """Base of the tiers whose replicas are sized for the busiest hour, and paid whether they are busy or not."""

    min_replicas: Annotated[int, Field(ge=1, le=4096)] = 1
    """Fewest replicas that are kept, for redundancy."""
    max_replicas: Annotated[int, Field(ge=1, le=4096)] = 256
    """Most replicas that can be had; sizing stops there and says so."""
    planned_load_share: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    """Share of what the replicas can carry that the busiest hour may take, as plans state a utilisation. Replicas are
    then bought for the load, and for latencies only where the SLO states them. Left out: for latencies in any case; an
    SLO that states none gets them about as short as replicas can make them."""
    price: GpuPrice | None = None
    """Catalog name of a GPU-hour price, or an inline one; left out only where `purchase` needs none."""
    purchase: Annotated[Purchase, SelectedByKind("tco.scenario.purchase")] | None = None
    """How the GPUs are come by: a mix of reserved, spot and on demand, or owned. None: all on demand at `price`."""

    @together("price", "purchase")
    def _gpus_have_a_price(self) -> None:
        rented = self.purchase is None or self.purchase.needs_hourly_price
        if rented and self.price is None:
            raise ValueError("price is missing; needed unless purchase is of kind 'owned': unknown is not zero")
        if not rented and self.price is not None:
            raise ValueError("price is given, and purchase of kind 'owned' rents nothing; allowed: one of the two")

    @together("min_replicas", "max_replicas")
    def _replicas_in_order(self) -> None:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas {self.min_replicas} is above max_replicas {self.max_replicas}")

    @property
    def owns_fleet(self) -> bool:
        """A fleet is sized, staffed and paid."""
        return True

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return self.replica.gpus_per_replica

    @property
    def replica(self) -> Server:
        """Step times of one replica; only for tiers that run one."""
        raise NotImplementedError

    def carried_rps(self, lengths: list[tuple[int, int]]) -> float | None:
        """Return the throughput of one replica where a formula gives it, requests per second; None: run `replica`.

        Args:
            lengths: prompt and answer tokens of the requests that it gets, at least one.
        """
        del lengths
        return None
