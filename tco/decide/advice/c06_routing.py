"""C6: what routing saves a month against what building it takes."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Advice, Numbers, Rule, dollars
from tco.units import MONTHS_PER_YEAR

AT_REQUESTS = 100_000.0
SAVES_LOW_USD, SAVES_HIGH_USD = 1500.0, 2500.0
PAYS_BACK_MONTHS = 3.0


class RoutingPaysBack(Rule):
    """Savings of a month, everything that runs included, against the build."""

    kind: ClassVar[str] = "C6"
    says: ClassVar[str] = (
        "at 100 k requests a month routing saves $1.5-2.5 k a month, takes 2-4 senior weeks, pays back in 2-3 months"
    )

    def judge(self, numbers: Numbers) -> Advice:
        """Hold the cheapest bought option with several tiers against the dearest with one."""
        one = numbers.one_model()
        routed = [option for option in numbers.routed() if not option.is_build]
        if one is None or not routed:
            return self.does_not_apply("there is no bought option with one tier beside a bought one with several")
        best = min(routed, key=lambda option: option.total_usd)
        build_usd = numbers.account_usd(best.name, "people:build") - numbers.account_usd(one.name, "people:build")
        saved_usd = (one.total_usd - best.total_usd + build_usd) / numbers.months
        model_usd = (
            numbers.account_usd(one.name, "serving") - numbers.account_usd(best.name, "serving")
        ) / numbers.months
        scale = numbers.mean_requests_per_month / AT_REQUESTS
        here = (
            f"at {numbers.mean_requests_per_month:,.0f} requests a month, in proportion, "
            f"{dollars(SAVES_LOW_USD * scale)} to {dollars(SAVES_HIGH_USD * scale)} a month, paid back within "
            f"{PAYS_BACK_MONTHS:g} months"
        )
        told = f"{best.name} spends {dollars(model_usd)} a month less on models than {one.name}"
        if saved_usd <= 0:
            why = "what runs it, people above all, eats the saving: it never pays back"
            return self.told(here, told, False, why)
        months = build_usd / saved_usd
        told += f", {dollars(saved_usd)} with all that runs it; {dollars(build_usd)} to build"
        told += f", {months:.1f} months to pay back"
        year_usd = numbers.account_usd(best.name, "people") / max(numbers.months / MONTHS_PER_YEAR, 1e-9)
        in_time = months <= PAYS_BACK_MONTHS
        why = "" if in_time else f"its people cost {dollars(year_usd)} a year, which the rule leaves out; "
        enough = model_usd >= SAVES_LOW_USD * scale
        why += f"the saving is {'as large as' if enough else 'smaller than'} the rule's"
        return self.told(here, told, in_time and enough, why)
