"""Exit: engineers, data and notice on the way out; in the ledger only where the plan ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from tco.capacity.staff import exit_meters
from tco.costs import Charge, PricingModel, Readings, charge, option_of
from tco.costs.migration import moved
from tco.costs.rates import Rates
from tco.scenario import Scenario
from tco.scenario.migration import Exit


class WayOut(PricingModel):
    """What moving out costs."""

    kind: ClassVar[str] = "exit"

    def charges(self, config: Exit, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge work, data, and the months of notice at the contract's fee."""
        yield from moved(config, subject, readings, rates, "people:exit", "exit")
        contract = rates.scenario.options[option_of(subject)].contract
        if contract is None or "notice" not in readings:
            return
        least = (contract.minimum_usd_per_month or 0.0) > (contract.platform_usd_per_month or 0.0)
        meter = "minimum" if least else "platform"
        if contract.fixed_usd_per_month() > 0:
            key = f"options.{option_of(subject)}.contract.{meter}_usd_per_month"
            price = contract.price(meter, "usd_per_month")
            yield charge("serving:vendor", f"contract, notice at its {meter} fee", readings["notice"], price, key)


def exit_charges(scenario: Scenario, option: str, month: int) -> list[Charge]:
    """Return what leaving an option at the end of a month would cost, at that month's prices; nothing without `exit`.

    What the contract binds to for the rest of the term that runs is not in it, nor what other commitments still owe:
    only the notice beyond the term is.

    Args:
        scenario: the scenario.
        option: name of the option.
        month: month of leaving; 0 is the first.

    Raises:
        CatalogError: when a price is not known.
    """
    config, rates = scenario.options[option].exit, Rates(scenario, month)
    if config is None:
        return []
    readings = {meter.item: meter for meter in exit_meters(scenario, option, month)}
    lines = WayOut().charges(config, f"options.{option}.exit", readings, rates)
    return [replace(line, price=rates.drifted(line.price, line.account)) for line in lines]
