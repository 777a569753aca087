"""Rates: what a unit costs in a month: list price, announced changes, negotiated rates, drift by account."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tco.catalog import Price, price_steps
from tco.demand.forecast import month_label
from tco.errors import CatalogError
from tco.scenario import Scenario
from tco.scenario.price_terms import Announced
from tco.scenario.prices import IncludedPrice, InlinePrice, resolve


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices of one month.

    Attributes:
        scenario: where prices are named, and what changes them.
        month: 0 is the first month of the plan.
    """

    scenario: Scenario
    month: int = 0

    def at(self, month: int | None) -> Rates:
        """Return the rates of another month; the same ones for None."""
        return self if month is None else Rates(self.scenario, month)

    @property
    def period(self) -> str:
        """Calendar month, `2026-12`."""
        return month_label(self.scenario.start, self.month)

    def price(self, reference: str | InlinePrice | IncludedPrice | None, meter: str, unit: str) -> Price:
        """Find what a reference costs in the month: the list price, changed as announced, then as negotiated.

        Args:
            reference: catalog name, or inline prices, which only paths and announced changes of an account move.
            meter: what is priced, such as `input` or `gpu_hour`.
            unit: unit that the caller will multiply by.

        Raises:
            CatalogError: when no such price is known, or it is per another unit.
        """
        assert reference is not None, f"no price for {meter}"  # noqa: S101  # the scenario's own checks see to that
        return self._termed(resolve(reference, meter, unit), reference, meter, unit)

    def steps(self, name: str, meter: str, unit: str) -> list[tuple[float, Price]]:
        """Find the steps of a price that changes with the month's quantity: from how much on, and the price there.

        Raises:
            CatalogError: when no such price is known, or it is per another unit.
        """
        found = price_steps(name, meter)
        for _, price in found:
            if price.unit != unit:
                raise CatalogError(f"the price of '{name}' for '{meter}' is {price.unit}, not {unit}")
        return [(start, self._termed(price, name, meter, unit)) for start, price in found]

    def _termed(self, found: Price, reference: str | InlinePrice | IncludedPrice, meter: str, unit: str) -> Price:
        """Change a list price as announced, then as negotiated."""
        terms = self.scenario.prices
        if not isinstance(reference, str) or not (terms.negotiated or terms.announced):
            return found
        for change in sorted(terms.announced, key=lambda entry: entry.from_month):
            if change.name == reference and change.from_month <= self.period:
                found = _changed(found, change, meter, unit)
        for rate in terms.negotiated:
            if rate.name != reference or not rate.holds(self.period):
                continue
            day = rate.source_date.isoformat()
            if rate.discount_share is not None:
                value, note = (
                    found.value * (1.0 - rate.discount_share),
                    f"{rate.discount_share:.4g} off {found.value:g}",
                )
                note = f"{note}: {rate.source}, {day}"
                return replace(found, value=value, note=_and(found.note, note))
            own = (rate.figures or {}).get(f"{meter}_{unit}")
            if own is not None:
                note = f"negotiated, list {found.value:g}"
                return replace(found, value=own, source=rate.source, source_date=day, note=note, is_contracted=True)
        return found

    def drifted(self, price: Price, account: str) -> Price:
        """Move a price along what is said of its account: announced changes, then the path; contracts stay."""
        terms = self.scenario.prices
        if price.is_contracted:
            return price
        for change in sorted(terms.announced, key=lambda entry: entry.from_month):
            under = change.account is not None and f"{account}:".startswith(f"{change.account}:")
            if under and change.from_month <= self.period:
                price = _changed(price, change, "", "")
        path = terms.path_of(account)
        if path is None or (factor := path.factor(self.month)) == 1.0:
            return price
        note = f"x {factor:.6g}: {path.account} {path.change_fraction_per_year:+.4g} a year, {path.source}"
        return replace(price, value=price.value * factor, note=_and(price.note, note))


def _changed(price: Price, change: Announced, meter: str, unit: str) -> Price:
    where = f"from {change.from_month}: {change.source}, {change.source_date.isoformat()}"
    if change.change_fraction is not None:
        note = f"{change.change_fraction:+.4g} {where}"
        return replace(price, value=price.value * (1.0 + change.change_fraction), note=_and(price.note, note))
    new = (change.figures or {}).get(f"{meter}_{unit}")
    return price if new is None else replace(price, value=new, note=_and(price.note, f"announced {where}"))


def _and(before: str, note: str) -> str:
    return f"{before}; {note}" if before else note
