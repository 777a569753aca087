"""Extras: fees by the month and by the request; overhead on serving is added line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.extras import Extra

ACCOUNT = "platform:extras"


class Extras(PricingModel):
    """One line a fee."""

    kind: ClassVar[str] = "extras"

    def charges(self, config: dict[str, Extra], subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge every fee of the month."""
        for item, meter in readings.items():
            by, _, name = item.partition("/")
            price = rates.price(config[name], "fee", f"usd_per_{by}")
            yield charge(ACCOUNT, name, meter, price, f"{subject}.{name}.fee_usd_per_{by}")


def overheads(option: str, line: Charge, rates: Rates) -> list[Charge]:
    """Repeat what serving costs by the fractions that the option, or the one that serves for it, states as overhead."""
    if not line.account.startswith("serving:"):
        return []
    extras = rates.scenario.options[rates.scenario.runs_as(option, rates.month)].extras
    return [
        replace(
            line, account=ACCOUNT, item=f"{name} on {line.item}", quantity=line.quantity * extra.serving_fraction,
            basis=f"{extra.serving_fraction:.4g} of {line.quantity:.6g} {line.unit}: {extra.source}",
        )
        for name, extra in extras.items()
        if extra.serving_fraction is not None
    ]  # fmt: skip
