"""C10: what managed GPUs cost."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Advice, Numbers, Rule, dollars

LOW_USD, HIGH_USD = 2.5, 6.0  # per GPU-hour
BASE_LOW_USD, BASE_HIGH_USD = 3000.0, 12_000.0  # per month


class GpuPrices(Rule):
    """Price of an hour, and the bill of a month."""

    kind: ClassVar[str] = "C10"
    says: ClassVar[str] = "managed GPUs cost $2.50-6.00 an hour, a baseline $3-12 k a month"

    def judge(self, numbers: Numbers) -> Advice:
        """Hold every GPU-hour price of the plan against the range, and the first month's bill of each option."""
        ledger = numbers.evaluation.ledger
        hours = ledger[(ledger["unit"] == "GPU-hours") & (ledger["quantity"] > 0)]
        if hours.empty:
            return self.does_not_apply("no option pays for GPU-hours")
        low, high = float(hours["unit_price_usd"].min()), float(hours["unit_price_usd"].max())
        begins = hours["month"] == hours.groupby("option")["month"].transform("min")  # later where one is built first
        first = hours[begins & (hours["view"] != "cash")].groupby("option")["cost_usd"].sum()
        bills = ", ".join(f"{name} {dollars(usd)}" for name, usd in first.items())
        within = low >= LOW_USD and high <= HIGH_USD
        based = bool(((first >= BASE_LOW_USD) & (first <= BASE_HIGH_USD)).all())
        price = f"${low:.2f}" if low == high else f"${low:.2f} to ${high:.2f}"
        told = f"{price} a GPU-hour; first month: {bills}"
        parts = [f"prices are {'inside' if within else 'outside'} the range"]
        parts.append(f"bills are {'inside' if based else 'outside'} it")
        if not based:
            parts.append("which follows from how many GPUs the SLO needs, not from the price of one")
        return self.told("$2.50 to $6.00 an hour, $3,000 to $12,000 a month", told, within and based, ", ".join(parts))
