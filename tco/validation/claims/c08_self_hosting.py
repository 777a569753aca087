"""C8: the API bill from which self-hosting breaks even."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice.c08_self_hosting import ABOVE_USD
from tco.decide.break_even import break_even_volume
from tco.validation.claims import Claim, Finding, Play

ENGINEERS = (1, 2, 3)
CHEAP = "together/llama-3.3-70b"  # the same size of model, by the token
NEAR = 0.35  # of the claim's figure, which says "about"


class SelfHosting(Claim):
    """Searched on fleets sized anew at every volume."""

    kind: ClassVar[str] = "C8"
    says: ClassVar[str] = "Self-hosting breaks even above about $50 k a month of API spend, with 1-3 engineers."
    inputs: ClassVar[str] = (
        "A 70B model on pairs of H100 at $3.99 an hour, two at least, against gpt-6.1-terra ($1 / $5); an engineer at "
        "$241 k. Nothing is built; answers count as equally good."
    )
    file: ClassVar[str] = "c08-self-hosting.yaml"
    slow: ClassVar[bool] = True

    def judge(self, play: Play) -> Finding:
        """Search the volume for each number of engineers, and turn it into the API's bill."""
        bills = {count: self._bill_usd(play, count, {}) for count in ENGINEERS}
        cheap = self._bill_usd(play, 2, {"tiers.api.price": CHEAP})
        near = [count for count, bill in bills.items() if bill and abs(bill / ABOVE_USD - 1.0) <= NEAR]
        gives = (
            "It breaks even at an API bill of "
            + ", ".join(f"{_dollars(bill)} with {count}" for count, bill in bills.items())
            + " engineers, a month.",
            f"Against the same size of model by the token ({CHEAP}) {_dollars(cheap)} with 2.",
        )
        told = " or ".join(map(str, near)) or "no number of"
        why = (
            f"It holds with {told} engineers: the bill has to cover them, $20 k a month each, and the GPUs; GPUs are "
            "the smaller part as long as the API is dearer by the token than a busy fleet."
        )
        figures = {f"with_{count}_usd_per_month": bill for count, bill in bills.items() if bill is not None}
        if cheap is not None:
            figures["cheap_with_2_usd_per_month"] = cheap
        return self.found("holds when" if near else "does not follow", why, gives, figures)

    def _bill_usd(self, play: Play, engineers: int, changes: dict[str, str]) -> float | None:
        """Return the API's bill of a month at the least volume from which the own fleet stays cheaper."""
        names = ("api", f"own-{engineers}")
        numbers = play.numbers({"horizon_months": 1, **changes}, names)
        spans = break_even_volume(numbers.evaluation, names[1], names[0]).spans
        if not spans or spans[-1].low is None:
            return None
        return spans[-1].low * numbers.comparison["api"].cost_usd_per_request


def _dollars(amount: float | None) -> str:
    return "none that was searched" if amount is None else f"${amount:,.0f}"
