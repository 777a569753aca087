"""C5: a cheap model that escalates a share of its requests against one frontier model."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Advice, Numbers, Rule

LOW, HIGH = 4.0, 6.0
ASKS_AGAIN = ("escalation", "cascade")  # kinds of router in which every request begins at the first tier


class Escalation(Rule):
    """Every request pays the cheap model, the escalated share the dear one as well."""

    kind: ClassVar[str] = "C5"
    says: ClassVar[str] = "escalating 15-25 % of the requests costs 4-6 x less than one frontier model"

    def judge(self, numbers: Numbers) -> Advice:
        """Work out the ratio from what a visit to each tier costs, for options that ask a second tier."""
        for option in numbers.routed():
            visits = numbers.tier_visits(option.name)
            costs = numbers.tier_usd_per_visit(option.name)
            router = numbers.evaluation.scenario.options[option.name].router
            names = router.tiers()
            if router.kind_name() not in ASKS_AGAIN or len(names) != 2 or not all(map(costs.get, names)):
                continue
            first, then = names
            escalated, ratio = visits[then] / visits[first], costs[first] / costs[then]
            times = 1.0 / (ratio + escalated)
            told = (
                f"{option.name} escalates {escalated:.0%} from a model at {ratio:.3g} of the other's cost a visit: "
                f"1 / ({ratio:.3g} + {escalated:.2f}) = {times:.2g} x less"
            )
            why = (
                f"at {escalated:.0%}, {LOW:g} x takes a cheap model {_most_ratio(LOW, escalated)}, {HIGH:g} x one "
                f"{_most_ratio(HIGH, escalated)}"
            )
            return self.told(
                f"{option.name}: {LOW:g} to {HIGH:g} x less", told, LOW * 0.995 <= times <= HIGH * 1.005, why
            )
        return self.does_not_apply("no option asks a second tier after a first one whose visits cost something")


def _most_ratio(times: float, escalated: float) -> str:
    """Say which ratio of costs reaches a factor at an escalated share.

    >>> _most_ratio(4.0, 0.2), _most_ratio(6.0, 0.2)
    ('at 0.05 of the cost or less', 'that costs nothing, and even that is not enough')
    """
    ratio = 1.0 / times - escalated
    return f"at {ratio:.2g} of the cost or less" if ratio > 1e-12 else "that costs nothing, and even that is not enough"
