"""C5: a cheap model that escalates a share of its requests."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice.c05_escalation import HIGH, LOW
from tco.validation.claims import Claim, Finding, Play

SHARES = (0.15, 0.20, 0.25)
# Escalated share and ratio of prices, cheap over dear, at which the formula is held against the simulation: 4, 6, 4 and
# 3.3 times.
CHECKED = ((0.15, 0.10), (0.15, 1 / 6 - 0.15), (0.20, 0.05), (0.25, 0.05))
SHORTER = 0.5  # of the prompt, where the context of the first call is passed on


def times_cheaper(ratio: float, escalated: float) -> float:
    """Return how many times less escalation costs than the dear model alone: all pay the cheap one, some both.

    >>> times_cheaper(0.05, 0.20)
    4.0
    """
    return 1.0 / (ratio + escalated)


def most_ratio(times: float, escalated: float) -> float:
    """Return the ratio of prices at which a factor is reached; below zero where no price does it.

    >>> round(most_ratio(4.0, 0.15), 6)
    0.1
    """
    return 1.0 / times - escalated


class Escalation(Claim):
    """Solved for the ratio of prices, checked by simulation."""

    kind: ClassVar[str] = "C5"
    says: ClassVar[str] = "Escalating 15-25% of the requests costs 4-6 x less than one frontier model."
    inputs: ClassVar[str] = (
        "The ratio of prices is not given; the scenario's pair (gpt-6-luna, gpt-6-astra) has 0.01. Both models see the "
        "whole prompt."
    )
    file: ClassVar[str] = "c05-escalation.yaml"

    def judge(self, play: Play) -> Finding:
        """Read the factors of the scenario's pair, and check the formula elsewhere."""
        comparison = play.numbers().comparison
        one_usd = comparison["frontier"].total_usd
        here = {share: one_usd / comparison[f"escalating-{share:.0%}"[:-1]].total_usd for share in SHARES}
        off = max(abs(self.simulated(play, *point) / times_cheaper(point[1], point[0]) - 1.0) for point in CHECKED)
        key = "options.escalating-25.router.further_prompt_share"
        passed_on = play.numbers({key: SHORTER}, ("frontier", "escalating-25")).comparison
        shorter = passed_on["frontier"].total_usd / passed_on["escalating-25"].total_usd
        gives = (
            "At a ratio of 0.01: " + ", ".join(f"{each:.2f} x at {share:.0%}" for share, each in here.items()) + ".",
            f"{LOW:g} x takes a cheap model at {most_ratio(LOW, 0.15):.2g} of the price or less at 15%, "
            f"{most_ratio(LOW, 0.20):.2g} at 20%, and a free one at 25%.",
            f"{HIGH:g} x takes {most_ratio(HIGH, 0.15):.2g} or less at 15%; above {1 / HIGH:.1%} no price reaches it.",
            f"With {SHORTER:.0%} of the prompt in the second call it is {shorter:.2f} x at 25%.",
            f"The formula 1 / (ratio + share) holds within {max(off, 0.001):.1%} in {len(CHECKED)} simulations.",
        )
        why = (
            f"The ratio of prices and the escalated share have to add up to {1 / HIGH:.3f} to {1 / LOW:.2f}. At 15-25% "
            "that is a cheap model at a tenth of the price down to nothing, and with whole prompts no ratio holds over "
            "the whole range of shares."
        )
        figures = {f"times_at_{share:.0%}"[:-1] + "_ratio": each for share, each in here.items()}
        figures |= {"most_4x_at_15_ratio": most_ratio(LOW, 0.15), "formula_off_share": off}
        figures["shorter_at_25_ratio"] = shorter
        return self.found("holds when", why, gives, figures)

    def simulated(self, play: Play, escalated: float, ratio: float) -> float:
        """Simulate a share and a ratio of prices per request."""
        raw = play.with_prices({"cheap": ratio, "frontier": 1.0})
        comparison = raw.numbers({"options.escalating-20.router.escalated_share": escalated}).comparison
        return comparison["frontier"].total_usd / comparison["escalating-20"].total_usd
