"""A distilled model on edge workers or on the users' own devices: a short way, little compute, releases to ship."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco import catalog
from tco.fields import NonNegative, Positive, Source
from tco.plugin import Frozen, together
from tco.scenario.prices import DevicePrice, Latency
from tco.scenario.tiers import Tier


class DeviceSpeed(Frozen):
    """How fast one device works on one request."""

    prefill_tokens_per_s: Positive
    """Prompt tokens that a device reads in a second."""
    decode_tokens_per_s: Positive
    """Answer tokens that a device writes in a second."""
    source: Source
    """Where it was measured."""


class Edge(Tier):
    """Devices side by side, each with a queue of its own: a request waits for its user's device, not for any."""

    kind: Literal["edge"] = "edge"
    devices: Annotated[int, Field(ge=1, le=100_000_000)]
    """Devices that share the users among them; as many as users where each has one."""
    requests_at_once: Annotated[int, Field(ge=1, le=1024)] = 1
    """Requests that one device works on at the same time, each at full speed; further ones wait, in order."""
    speed: DeviceSpeed | None = None
    """Tokens per second of one device; either this or `latency`."""
    latency: Latency | None = None
    """Catalog name of a measured latency, or inline quantiles; either this or `speed`."""
    on_own_hardware: bool = False
    """Whether the devices are the team's or the users' own, not a vendor's edge workers, so that sensitive requests may
    go there."""
    round_trip_saved_s: NonNegative = 0.0
    """Network round trip that the measured `latency` contains and a device nearby does not need, seconds."""
    price: DevicePrice
    """What a device costs by the hour, or a request; 0 a request where users bring the devices."""
    releases_per_year: NonNegative = 0.0
    """How often a new model is distilled, tested and shipped."""
    release_engineer_weeks: NonNegative = 0.0
    """Work for one release, weeks of one engineer."""

    @together("speed", "latency")
    def _one_of_speed_and_latency(self) -> None:
        if (self.speed is None) == (self.latency is None):
            found = "both speed and latency are" if self.speed else "neither speed nor latency is"
            raise ValueError(f"{found} given; allowed: one of them")

    @together("releases_per_year", "release_engineer_weeks")
    def _releases_take_work(self) -> None:
        if (self.releases_per_year > 0) != (self.release_engineer_weeks > 0):
            raise ValueError(
                f"releases_per_year {self.releases_per_year:g} and release_engineer_weeks "
                f"{self.release_engineer_weeks:g} contradict each other; allowed: both 0, or neither"
            )

    @together("round_trip_saved_s", "latency", "speed")
    def _round_trip_is_part_of_the_latency(self) -> None:
        saved_s = self.round_trip_saved_s
        if saved_s <= 0 or (self.latency is None and self.speed is None):
            return  # neither given is told on its own
        if self.latency is None:
            raise ValueError(
                f"round_trip_saved_s {saved_s:g} is taken off a measured latency, but speed is given, which has none"
            )
        known = catalog.api_latencies()[self.latency] if isinstance(self.latency, str) else self.latency
        if saved_s >= known.ttft_p50_s:
            raise ValueError(
                f"round_trip_saved_s {saved_s:g} is not below the latency's ttft_p50_s {known.ttft_p50_s:g}, of which "
                "it is a part"
            )

    @property
    def keeps_data(self) -> bool:
        """As stated: workers at the edge may as well be rented."""
        return self.on_own_hardware

    @property
    def is_built(self) -> bool:
        """The team distils and ships the model itself."""
        return True

    @property
    def slots(self) -> int:
        """Requests that all devices together work on at the same time."""
        return self.devices * self.requests_at_once

    @property
    def held_in_one_region_by(self) -> str | None:
        """Devices are counted, billed and shared among the users as one."""
        return "devices"
