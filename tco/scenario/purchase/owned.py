"""Servers of one's own: bought whole, written off over their life, fed, housed and maintained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.fields import Positive, Share
from tco.plugin import together
from tco.scenario.prices import ColocationPrice, EnergyPrice, InlineServerHourPrice, ServerPrice
from tco.scenario.purchase import Purchase


class Owned(Purchase):
    """As many whole servers as the largest fleet so far needs; one more is bought in the month that needs it."""

    kind: Literal["owned"] = "owned"
    server: ServerPrice
    """Catalog name of a server's price, or an inline one."""
    gpus_per_server: Annotated[int, Field(ge=1, le=1024)]
    """GPUs in one server."""
    spare_servers: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Servers bought beyond those that the fleet fills."""
    life_months: Annotated[int, Field(ge=1, le=180)]
    """Months over which a server is written off in equal parts, 36 to 72 as a rule; a new one is bought after that."""
    residual_share: Annotated[Share, Field(lt=1)]
    """Share of the price that a server fetches at the end of its life; write 0 to count on nothing."""
    power_kw: Positive | None = None
    """Most that a server draws, kW; needed where energy or colocation has a price."""
    mean_power_share: Annotated[Share, Field(gt=0)] = 1.0
    """What it draws on average, as a share of `power_kw`. Left out: all of it, which is cautious."""
    pue_ratio: Annotated[float, Field(ge=1, le=5)] | None = None
    """Power usage effectiveness: power of the whole building over that of the servers, 1.0 where the price of a kWh
    includes cooling; needed where energy has a price."""
    energy: EnergyPrice | None
    """Catalog name of a price of electricity, or an inline one; null where colocation includes it."""
    colocation: ColocationPrice | None
    """Catalog name of a price per kW and month of housing, or an inline one; null in a building of one's own."""
    support_fraction_per_year: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Maintenance contract, per year as a fraction of the price."""

    operations: InlineServerHourPrice | None = None
    """What an hour of a server costs beyond energy, colocation and support, where a study or a contract states that as
    one figure; it may include the power. None: nothing more."""

    @together("energy", "colocation", "operations")
    def _something_feeds_it(self) -> None:
        if self.energy is None and self.colocation is None and self.operations is None:
            raise ValueError(
                "energy and colocation are both null: somebody pays for the power; allowed: one at most, or both where "
                "operations states what an hour costs"
            )

    @together("energy", "colocation", "power_kw", "pue_ratio")
    def _what_has_a_price_is_known(self) -> None:
        priced = "energy" if self.energy is not None else "colocation" if self.colocation is not None else None
        if priced is not None and self.power_kw is None:
            raise ValueError(f"power_kw is missing; needed because {priced} has a price: unknown is not zero")
        if self.energy is not None and self.pue_ratio is None:
            raise ValueError("pue_ratio is missing; needed because energy has a price: unknown is not zero")

    @property
    def needs_hourly_price(self) -> bool:
        """Own servers are not rented."""
        return False
