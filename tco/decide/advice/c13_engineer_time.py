"""C13: how much engineering a saving is worth."""

from __future__ import annotations

from typing import ClassVar

from tco.costs.rates import Rates
from tco.decide.advice import Advice, Numbers, Rule, dollars
from tco.units import MONTHS_PER_YEAR

SAVING_USD, ENGINEERS = 100_000.0, 0.5


class EngineerTime(Rule):
    """Half an engineer for every $100 k a year, read in proportion."""

    kind: ClassVar[str] = "C13"
    says: ClassVar[str] = (
        "a project that saves $100 k a year pays only if it takes less than half of an engineer's time over three years"
    )

    def judge(self, numbers: Numbers) -> Advice:
        """Hold the engineers that building takes against what it saves elsewhere."""
        build, vendor = numbers.cheapest_build(), numbers.vendor()
        if build is None or vendor is None:
            return self.does_not_apply("the scenario has no option to build beside one to buy")
        years = numbers.months / MONTHS_PER_YEAR
        rates = Rates(numbers.evaluation.scenario)
        loaded_usd = rates.price(rates.scenario.people.engineer, "loaded_year", "usd_per_year").value
        people_usd = numbers.account_usd(build.name, "people") - numbers.account_usd(vendor.name, "people")
        engineers = people_usd / years / loaded_usd
        saved_usd = (vendor.total_usd - build.total_usd + people_usd) / years
        most = ENGINEERS * saved_usd / SAVING_USD
        rule_says = engineers < most
        pays = build.total_usd <= vendor.total_usd
        here = (
            f"{build.name} saves {dollars(saved_usd)} a year before people and takes {engineers:.2f} engineers more "
            f"than {vendor.name}: worth it below {max(most, 0.0):.2f}"
        )
        told = f"it {'pays' if pays else 'does not pay'}: {dollars(saved_usd - people_usd / years)} a year after people"
        why = (
            f"at a loaded cost of {dollars(loaded_usd)} a year $100 k buys {SAVING_USD / loaded_usd:.2f} engineers; "
            f"half of one is right at {dollars(SAVING_USD / ENGINEERS)}"
        )
        return self.told(here, told, rule_says == pays, why)
