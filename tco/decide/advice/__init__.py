"""Advice: published rules of thumb, each held against what the scenario's own numbers say. One file a rule."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import ClassVar

from tco.decide.build_case import cheapest_build
from tco.decide.compare import Comparison, OptionSummary
from tco.finance.totals import through
from tco.pipeline import Evaluation
from tco.plugin import plugins_in


@dataclass(frozen=True, slots=True)
class Advice:
    """One rule beside the model's own answer.

    Attributes:
        rule: its number in the brief, such as `C8`.
        says: what the rule says, in general.
        here: what it says of this scenario; empty where it does not apply.
        numbers: what the scenario's numbers say.
        agrees: whether the two agree; None where the rule does not apply.
        why: why they do or do not, or why it does not apply.
    """

    rule: str
    says: str
    here: str
    numbers: str
    agrees: bool | None
    why: str


@dataclass(frozen=True)
class Numbers:
    """What rules look at.

    Attributes:
        evaluation: plans, meters and ledger.
        comparison: the options side by side.
    """

    evaluation: Evaluation
    comparison: Comparison

    @property
    def months(self) -> int:
        """Length of the plan."""
        return self.evaluation.scenario.horizon_months

    @property
    def mean_requests_per_month(self) -> float:
        """Requests of a month, averaged over the plan."""
        return fsum(month.requests for month in self.evaluation.months) / self.months

    def account_usd(self, option: str, *prefixes: str) -> float:
        """Cost of an option over the plan in accounts that begin so, USD."""
        ledger = through(self.evaluation.ledger)
        mine = ledger[(ledger["option"] == option) & ledger["account"].str.startswith(prefixes)]
        return float(mine["cost_usd"].sum())

    def tier_usd_per_visit(self, option: str) -> dict[str, float]:
        """Cost of one visit to each tier of an option, GPUs idle or not, USD; tiers that nobody visits are left out."""
        ledger = through(self.evaluation.ledger)
        mine = ledger[ledger["option"] == option]
        found = {}
        for tier in self.evaluation.scenario.tiers_of(option):
            visits = fsum(
                meter.quantity
                for meter in self.evaluation.meters
                if (meter.option, meter.subject, meter.item) == (option, f"tiers.{tier}", "requests")
            )
            paid = mine["scenario_key"].str.startswith(f"tiers.{tier}.")
            if visits > 0:
                found[tier] = float(mine.loc[paid, "cost_usd"].sum()) / visits
        return found

    def tier_visits(self, option: str) -> dict[str, float]:
        """Visits to each tier over the plan, per request of the plan."""
        requests = self.mean_requests_per_month * self.months
        return {
            tier: fsum(
                meter.quantity
                for meter in self.evaluation.meters
                if (meter.option, meter.subject, meter.item) == (option, f"tiers.{tier}", "requests")
            )
            / requests
            for tier in self.evaluation.scenario.tiers_of(option)
        }

    def one_model(self) -> OptionSummary | None:
        """Return the dearest bought option that sends everything to one tier; None where there is none."""
        scenario = self.evaluation.scenario
        alone = [
            option
            for option in self.comparison.options
            if len(scenario.tiers_of(option.name)) == 1 and not option.is_build
        ]
        return max(alone, key=lambda option: option.total_usd, default=None)

    def routed(self) -> list[OptionSummary]:
        """Return the options that spread their requests over several tiers."""
        scenario = self.evaluation.scenario
        return [option for option in self.comparison.options if len(scenario.tiers_of(option.name)) > 1]

    def cheapest_build(self) -> OptionSummary | None:
        """Return the cheapest built option, one that keeps the SLO where any does; None where every one is bought."""
        return cheapest_build(self.comparison)

    def vendor(self) -> OptionSummary | None:
        """Return the bought option that building is held against; None where there is none."""
        return None if self.comparison.vendor is None else self.comparison[self.comparison.vendor]


def dollars(amount: float) -> str:
    """Write an amount of a rule, which are in US dollars whatever the plan's currency is.

    >>> dollars(-1234.5), dollars(50.0)
    ('-$1,234', '$50')
    """
    return f"-${-amount:,.0f}" if amount < 0 else f"${amount:,.0f}"


class Rule:
    """Base of the rules; `kind` is the number in the brief."""

    kind: ClassVar[str]
    says: ClassVar[str]

    def judge(self, numbers: Numbers) -> Advice:
        """Hold the rule against the scenario's numbers."""
        raise NotImplementedError

    def does_not_apply(self, why: str) -> Advice:
        """Say why the rule has nothing to say here."""
        return Advice(self.kind, self.says, "", "", None, why)

    def told(self, here: str, numbers: str, agrees: bool, why: str) -> Advice:
        """Put the rule beside the numbers."""
        return Advice(self.kind, self.says, here, numbers, agrees, why)


def advice(evaluation: Evaluation, comparison: Comparison) -> tuple[Advice, ...]:
    """Hold every rule of thumb against the scenario's own numbers, in the order of the brief."""
    numbers = Numbers(evaluation, comparison)
    rules = sorted(plugins_in("tco.decide.advice").items(), key=lambda entry: int(entry[0][1:]))
    return tuple(rule().judge(numbers) for _, rule in rules)
