"""People: building, running, tuning, being called and learning, at the loaded cost of an engineer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.catalog import Price
from tco.costs import Charge, PricingModel, Readings, charge, option_of
from tco.costs.rates import Rates
from tco.scenario.staffing import Staffing

BY_THE_YEAR = (  # item of the meters, account, words
    ("build", "people:build", "engineers, build"),
    ("run", "people:run", "engineers, run"),
    ("tuning", "people:tuning", "engineers, tuning"),
    ("on_call_time", "people:on-call", "engineers, called"),
    ("recruiting", "people:hiring", "recruiting"),
    ("ramp", "people:hiring", "engineers, not productive yet"),
)


class EngineerTime(PricingModel):
    """Engineers by the year, and what those on call are paid for it."""

    kind: ClassVar[str] = "people"

    def charges(self, config: Staffing, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the engineer-years of the month, and the weeks on duty."""
        price, key = engineer_year(rates, option_of(subject))
        for item, account, words in BY_THE_YEAR:
            if item in readings:
                yield charge(account, words, readings[item], price, key)
        if config.on_call is not None and config.on_call.price is not None and "on_call_weeks" in readings:
            weekly = rates.price(config.on_call.price, "stipend", "usd_per_week")
            where = f"{subject}.on_call.price"
            yield charge("people:on-call", "engineers, on duty", readings["on_call_weeks"], weekly, where)


def engineer_year(rates: Rates, option: str) -> tuple[Price, str]:
    """Return what an engineer of an option costs in a year, and the scenario key that says so."""
    own = rates.scenario.options[option].people.engineer
    if own is not None:
        return rates.price(own, "loaded_year", "usd_per_year"), f"options.{option}.people.engineer"
    return rates.price(rates.scenario.people.engineer, "loaded_year", "usd_per_year"), "people.engineer"
