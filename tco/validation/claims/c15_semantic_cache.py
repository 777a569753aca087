"""C15: what a semantic cache saves."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Numbers
from tco.validation.claims import Claim, Finding, Play

DUPLICATES = 400
LOW, HIGH = 0.3, 0.4  # of the cost
THRESHOLDS = (0.95, 0.9, 0.85, 0.8)
KEY = "options.support-desk.cache.policy.threshold"


class SemanticCache(Claim):
    """Repeated questions, near-duplicates, and a mix with new ones at several thresholds."""

    kind: ClassVar[str] = "C15"
    says: ClassVar[str] = "A semantic cache answers 400 near-duplicate calls for the price of one; it saves 30-40%."
    inputs: ClassVar[str] = (
        "Similarities measured on CLINC150; 375 questions asked 400 times a month; a support desk with 30% questions "
        "that nobody asks again. gpt-6-sol, Redis by the request."
    )
    file: ClassVar[str] = "c15-semantic-cache.yaml"

    def judge(self, play: Play) -> Finding:
        """Hold the options against the one without a cache."""
        numbers = play.numbers()
        paid = {name: self._paid_calls(numbers, name) for name in ("duplicates", "near-duplicates")}
        desk = {at: self._desk(play, at) for at in THRESHOLDS}
        gives = (
            f"{DUPLICATES} calls in the same words cost as much as {paid['duplicates']:.1f} without a cache.",
            f"{DUPLICATES} near-duplicates at a threshold of 0.9 cost as much as {paid['near-duplicates']:.0f}.",
            "The support desk saves "
            + ", ".join(f"{saved:.0%} at {at} (wrong answers {wrong:.1%})" for at, (saved, wrong) in desk.items())
            + ".",
        )
        inside = [at for at, (saved, _) in desk.items() if LOW <= saved <= HIGH]
        wrong = max((desk[at][1] for at in inside), default=0.0)
        why = (
            "400 for one holds for repetitions to the letter, which an exact cache answers as well; questions that "
            "only resemble each other mostly pay. 30-40% holds at a threshold of "
            f"{' or '.join(map(str, inside)) or 'none tried'}, where {wrong:.1%} of all answers belong to another "
            "question."
        )
        figures = {"duplicates_calls_ratio": paid["duplicates"], "near_duplicates_calls_ratio": paid["near-duplicates"]}
        for at, (saved, false) in desk.items():
            figures |= {f"saved_at_{100 * at:.0f}_share": saved, f"wrong_at_{100 * at:.0f}_share": false}
        return self.found("holds when", why, gives, figures)

    def _paid_calls(self, numbers: Numbers, name: str) -> float:
        """Return how many calls without a cache cost as much as 400 with it."""
        comparison = numbers.comparison
        return DUPLICATES * comparison[name].total_usd / comparison["no-cache"].total_usd

    def _desk(self, play: Play, threshold: float) -> tuple[float, float]:
        """Return the share that the support desk saves, and that of its false hits."""
        numbers = play.numbers({KEY: threshold}, ("no-cache", "support-desk"))
        comparison, window = numbers.comparison, numbers.evaluation.plans["support-desk"].window(0)
        return 1.0 - comparison["support-desk"].total_usd / comparison["no-cache"].total_usd, window.false_hit_share
