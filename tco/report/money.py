"""Money: amounts as people read them, in the plan's currency. All that comes before is in USD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tco.scenario import Scenario

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}  # those that name one currency


@dataclass(frozen=True, slots=True)
class Money:
    """How amounts in USD are told.

    Attributes:
        currency: ISO code of the plan's currency.
        usd_per_unit: USD that one unit of it is worth.
    """

    currency: str = "USD"
    usd_per_unit: float = 1.0

    @classmethod
    def of(cls, scenario: Scenario) -> Money:
        """Return the money of a scenario."""
        exchange = scenario.finance.exchange
        return cls(scenario.currency, 1.0 if exchange is None else exchange.usd_per_unit)

    @property
    def symbol(self) -> str:
        """What stands for the currency in a heading.

        >>> Money().symbol, Money("CHF", 1.1).symbol
        ('$', 'CHF')
        """
        return SYMBOLS.get(self.currency, self.currency)

    def amount(self, usd: float) -> float:
        """Convert an amount to the plan's currency; USD stay to the last bit."""
        return usd / self.usd_per_unit

    def whole(self, usd: float) -> str:
        """Write an amount without cents.

        >>> Money().whole(1234.5), Money().whole(-3), Money().whole(-0.2)
        ('$1,234', '-$3', '$0')
        >>> Money("EUR", 1.25).whole(1250), Money("CHF", 1.25).whole(-1250)
        ('€1,000', '-CHF 1,000')
        """
        return self._signed(self.amount(usd), f"{abs(self.amount(usd)):,.0f}")

    def each(self, usd: float) -> str:
        """Write a small unit amount with three significant digits, never in exponents.

        >>> Money().each(0.00831), Money().each(12.3), Money().each(0.0), Money("EUR", 1.25).each(0.0125)
        ('$0.00831', '$12.30', '$0', '€0.0100')
        """
        amount = self.amount(usd)
        size = abs(amount)
        if size == 0 or size >= 1:
            return self._signed(amount, f"{size:,.2f}" if size else "0")
        digits = 2
        while size * 10**digits < 100 and digits < 12:
            digits += 1
        return self._signed(amount, f"{size:.{digits}f}")

    def short(self, usd: float) -> str:
        """Write an amount for an axis or a label.

        >>> [Money().short(usd) for usd in (1_234_567, 45_600, 12, 0, -45_600, 999_999.9999)]
        ['$1.23M', '$45.6k', '$12', '$0', '-$45.6k', '$1M']
        """
        amount = float(f"{self.amount(usd):.3g}")  # rounded before the size is chosen: 999 999.9 is a million
        for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
            if abs(amount) >= size:
                return self._signed(amount, f"{abs(amount) / size:.3g}{letter}")
        return self._signed(amount, f"{abs(amount):.3g}")

    def _signed(self, amount: float, digits: str) -> str:
        gap = " " if len(self.symbol) > 1 else ""
        minus = "-" if amount < 0 and digits.strip("0.,") else ""  # what rounds to nothing has no sign
        return f"{minus}{self.symbol}{gap}{digits}"


def exchange_notes(scenario: Scenario) -> list[str]:
    """Say at which rate USD were converted, where they were."""
    exchange = scenario.finance.exchange
    if exchange is None:
        return []
    return [
        f"Amounts are in {scenario.currency} at a fixed rate of {exchange.usd_per_unit:.6g} USD ({exchange.source}, "
        f"{exchange.source_date.isoformat()}), in every month; prices are in USD."
    ]


def exchange_json(scenario: Scenario) -> dict[str, Any] | None:
    """Write the rate for programs; None where the plan is in USD."""
    exchange = scenario.finance.exchange
    return None if exchange is None else exchange.model_dump(mode="json")
