"""C7: hybrid routing over three models against one, over three years."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice.c07_hybrid import LOW
from tco.validation.claims import Claim, Finding, Play

CORNERS = {"60 / 30 / 10": (0.6, 0.3, 0.1), "80 / 15 / 5": (0.8, 0.15, 0.05)}
P95_LOW_S, P95_HIGH_S = 0.2, 0.5
TRAFFIC = "traffic.requests_per_month"


class Hybrid(Claim):
    """Totals with and without people, and the model spend from which the claim holds with them."""

    kind: ClassVar[str] = "C7"
    says: ClassVar[str] = (
        "Hybrid routing (60-80 / 15-30 / 5-10%) is 3-10 x cheaper than one model over three years, at a p95 of "
        "200-500 ms."
    )
    inputs: ClassVar[str] = (
        "Prices are not given: gpt-6-luna, gpt-6.1-terra and gpt-6-astra, 1 : 10 : 100. 70 / 22 / 8%, 150 k requests "
        "a month, growing 3%; 0.3 of an engineer runs the routing, 0.05 the one model."
    )
    file: ClassVar[str] = "c07-hybrid.yaml"

    def judge(self, play: Play) -> Finding:
        """Hold totals against each other, here and where the one model costs more."""
        numbers = play.numbers()
        one, hybrid = (numbers.comparison[name] for name in ("one-model", "hybrid"))
        models = {name: numbers.account_usd(name, "serving") for name in ("one-model", "hybrid")}
        on_models, in_all = models["one-model"] / models["hybrid"], one.total_usd / hybrid.total_usd
        people = {name: numbers.account_usd(name, "people") for name in models}
        needed_usd = (LOW * people["hybrid"] - people["one-model"]) / (1.0 - LOW / on_models)
        scale = needed_usd / models["one-model"]
        there = play.numbers({TRAFFIC: play.scenario.traffic.requests_per_month * scale}).comparison
        checked = there["one-model"].total_usd / there["hybrid"].total_usd
        corners = {name: self._on_models(play, shares) for name, shares in CORNERS.items()}
        e2e_s, ttft_s = hybrid.e2e_p95_s or 0.0, hybrid.ttft_p95_s or 0.0
        month_usd = needed_usd / numbers.months
        gives = (
            f"On models alone {on_models:.1f} x; "
            + ", ".join(f"{times:.1f} x at {name}" for name, times in corners.items())
            + ".",
            f"With people {in_all:.2f} x, because they are {people['hybrid'] / hybrid.total_usd:.0%} of the "
            "hybrid's cost.",
            f"With people {LOW:g} x is reached where the one model costs ${month_usd:,.0f} a month on average "
            f"(simulated at that volume: {checked:.2f} x).",
            f"The p95 is {e2e_s:.0f} s for whole answers, {ttft_s * 1000:.0f} ms for the first token.",
        )
        why = (
            f"On models it follows from prices a decade apart. With people it holds from about ${month_usd:,.0f} a "
            "month of model spend on. The p95 does not follow: measured APIs take longer even to the first token."
        )
        figures = {"on_models_ratio": on_models, "in_all_ratio": in_all, "needed_usd_per_month": month_usd}
        figures |= {"checked_ratio": checked, "e2e_p95_s": e2e_s, "ttft_p95_s": ttft_s}
        return self.found("holds when", why, gives, figures)

    def _on_models(self, play: Play, shares: tuple[float, float, float]) -> float:
        names = ("small", "mid", "frontier")
        changes = {f"options.hybrid.router.shares.{name}": share for name, share in zip(names, shares, strict=True)}
        numbers = play.numbers(changes)
        return numbers.account_usd("one-model", "serving") / numbers.account_usd("hybrid", "serving")
