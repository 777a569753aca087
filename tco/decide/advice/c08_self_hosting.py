"""C8: from which API bill on self-hosting breaks even."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Advice, Numbers, Rule, dollars

ABOVE_USD = 50_000.0


class SelfHosting(Rule):
    """The vendor's bill for models, a month."""

    kind: ClassVar[str] = "C8"
    says: ClassVar[str] = "self-hosting breaks even above about $50 k a month of API spend, with 1-3 engineers"

    def judge(self, numbers: Numbers) -> Advice:
        """Say build or buy by the API bill, and by the totals."""
        build, vendor = numbers.cheapest_build(), numbers.vendor()
        if build is None or vendor is None or numbers.comparison.contest != "build or buy":
            return self.does_not_apply("the scenario has no option to build beside one to buy")
        bill_usd = numbers.account_usd(vendor.name, "serving") / numbers.months
        builds = bill_usd > ABOVE_USD
        pays = build.total_usd <= vendor.total_usd
        here = f"{vendor.name} pays {dollars(bill_usd)} a month for models, so {'build' if builds else 'buy'}"
        told = (
            f"{build.name} costs {dollars(build.total_usd / numbers.months)} a month in all, {vendor.name} "
            f"{dollars(vendor.total_usd / numbers.months)}: {'build' if pays else 'buy'}"
        )
        serving_usd = numbers.account_usd(build.name, "serving") / numbers.months
        people_usd = numbers.account_usd(build.name, "people") / numbers.months
        floor_usd = serving_usd + people_usd
        why = f"{build.name} needs {dollars(serving_usd)} of capacity and {dollars(people_usd)} of people a month"
        if builds and not pays:
            why += f": here the API bill has to exceed about {dollars(floor_usd)}"
        return self.told(here, told, builds == pays, why)
