"""Migration: engineers, data and a lump sum on the way in, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.people import engineer_year
from tco.costs.rates import Rates
from tco.costs.steps import by_step
from tco.scenario.migration import Migration, Move

ACCOUNT = "people:migration"


class WayIn(PricingModel):
    """What moving in costs."""

    kind: ClassVar[str] = "migration"

    def charges(self, config: Migration, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge work, data and the lump sum."""
        yield from moved(config, subject, readings, rates, ACCOUNT, "migration")
        if config.lump is not None:
            price = rates.price(config.lump, "lump", "usd")
            yield charge(ACCOUNT, "migration, lump sum", readings["lump"], price, f"{subject}.lump")


def moved(move: Move, subject: str, readings: Readings, rates: Rates, account: str, word: str) -> Iterator[Charge]:
    """Charge the work and the data of a move."""
    if "engineers" in readings:
        price, key = engineer_year(rates, readings["engineers"].option)
        yield charge(account, f"engineers, {word}", readings["engineers"], price, key)
    if move.transfer is not None and "data" in readings:
        key = f"{subject}.transfer"
        if isinstance(move.transfer, str):
            for start, part, each in by_step(readings["data"], rates.steps(move.transfer, "egress", "usd_per_gb")):
                yield charge(account, f"{word}, data from {start:g} GB", part, each, key)
        else:
            price = rates.price(move.transfer, "transfer", "usd_per_gb")
            yield charge(account, f"{word}, data", readings["data"], price, key)
