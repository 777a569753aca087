"""C7: hybrid routing against one model over the plan."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Advice, Numbers, Rule

LOW, HIGH = 3.0, 10.0


class Hybrid(Rule):
    """Totals, people included."""

    kind: ClassVar[str] = "C7"
    says: ClassVar[str] = "hybrid routing (60-80 / 15-30 / 5-10 %) is 3-10 x cheaper than one model over three years"

    def judge(self, numbers: Numbers) -> Advice:
        """Hold the cheapest option with three tiers or more against the dearest with one."""
        one = numbers.one_model()
        hybrids = [o for o in numbers.routed() if len(numbers.evaluation.scenario.tiers_of(o.name)) >= 3]
        if one is None or not hybrids:
            return self.does_not_apply("there is no option with three tiers beside a bought one with one")
        best = min(hybrids, key=lambda option: option.total_usd)
        if best.total_usd <= 0:
            return self.does_not_apply(f"{best.name} costs nothing")
        times = one.total_usd / best.total_usd
        models_usd = numbers.account_usd(best.name, "serving")
        on_models = numbers.account_usd(one.name, "serving") / models_usd if models_usd > 0 else None
        told = f"{best.name} costs {_times(times)} {one.name} in all"
        told += "" if on_models is None else f", {_times(on_models)} on models alone"
        people = numbers.account_usd(best.name, "people") / best.total_usd
        why = f"people are {people:.0%} of what {best.name} costs, and routing does not make them cheaper"
        return self.told(f"{LOW:g} to {HIGH:g} x cheaper", told, LOW <= times <= HIGH, why)


def _times(ratio: float) -> str:
    """Say how much cheaper or dearer.

    >>> _times(4.0), _times(0.5)
    ('4 x less than', '2 x more than')
    """
    return f"{ratio:.2g} x less than" if ratio >= 1 else f"{1 / ratio:.2g} x more than"
