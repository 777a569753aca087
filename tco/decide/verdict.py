"""Verdict: build against buy from every side: month, volume, price, load, the rule of thumb, delay, and lock-in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum

import pandas as pd

from tco.costs.contract import UNUSED
from tco.costs.exit import exit_charges
from tco.decide.break_even import (
    PriceBreakEven,
    Progress,
    VolumeSearch,
    break_even_load,
    break_even_prices,
    break_even_volume,
)
from tco.decide.compare import Comparison, OptionSummary
from tco.finance.contract_bond import contract_bond
from tco.finance.lock_in import LockIn, lock_in
from tco.finance.tier_costs import tier_costs
from tco.finance.totals import through
from tco.finance.value import ahead
from tco.pipeline import Evaluation
from tco.units import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Delay:
    """What a month of building costs: the vendor's bill goes on, less what running the own option would have cost.

    Attributes:
        first_usd: in the first month in which the own option serves; below zero where waiting is the cheaper choice.
        last_usd: in the last month of the plan.
    """

    first_usd: float
    last_usd: float


@dataclass(frozen=True, slots=True)
class BuildVerdict:
    """One option to build against the vendor.

    Attributes:
        build: the option.
        buy: the vendor.
        months: spans of months, counted from 0, in which building has cost no more so far.
        volume: at which volumes building costs no more.
        prices: for each account, the change of its prices that makes both cost the same.
        load: how many times the traffic the present fleet would have to carry; None where that cannot help or need not.
        used_share: share of its paid GPU-hours in which the present fleet works; None where that is not known.
        delay: what a month of building costs.
        rents: whether to buy is to rent GPUs, and to build to own them.
        locks: lock-in of both options at the end of each plan year, by the option's name.
    """

    build: OptionSummary
    buy: OptionSummary
    months: tuple[tuple[int, int], ...]
    volume: VolumeSearch
    prices: tuple[PriceBreakEven, ...]
    load: float | None
    used_share: float | None
    delay: Delay
    locks: dict[str, tuple[LockIn, ...]]
    rents: bool = False

    @property
    def used_share_needed(self) -> float | None:
        """Share of the paid GPU-hours in which the present fleet would have to work to cost as much as buying."""
        return None if self.used_share is None or self.load is None else self.used_share * self.load


def build_verdicts(
    evaluation: Evaluation, comparison: Comparison, progress: Progress | None = None
) -> tuple[BuildVerdict, ...]:
    """Hold every option that is built against the vendor; none where there is no vendor.

    Args:
        evaluation: what was computed.
        comparison: the options side by side.
        progress: told of every volume that is evaluated.
    """
    if comparison.vendor is None:
        return ()
    buy = comparison[comparison.vendor]
    built = [option for option in comparison.options if option.is_build]
    rents = comparison.contest == "own or rent"
    return tuple(replace(_verdict(evaluation, build, buy, progress), rents=rents) for build in built)


def _verdict(
    evaluation: Evaluation, build: OptionSummary, buy: OptionSummary, progress: Progress | None
) -> BuildVerdict:
    ledger = evaluation.ledger
    return BuildVerdict(
        build=build,
        buy=buy,
        months=tuple(ahead(build.monthly_usd, buy.monthly_usd)),
        volume=break_even_volume(evaluation, build.name, buy.name, progress),
        prices=break_even_prices(ledger, build.name, buy.name),
        load=break_even_load(evaluation, build.name, buy.name),
        used_share=_used_share(evaluation, build.name),
        delay=_delay(evaluation, build.name, buy.name),
        locks={name: locks(evaluation, name) for name in (build.name, buy.name)},
    )


def locks(evaluation: Evaluation, option: str) -> tuple[LockIn, ...]:
    """Return what leaving an option costs at the end of each plan year, built or bought."""
    horizon = evaluation.scenario.horizon_months
    year_ends = [*range(MONTHS_PER_YEAR - 1, horizon - 1, MONTHS_PER_YEAR), horizon - 1]
    return tuple(_lock_in(evaluation, option, month) for month in year_ends)


def _lock_in(evaluation: Evaluation, option: str, month: int) -> LockIn:
    """Add what a vendor's contract binds to what other commitments do, and what moving out takes."""
    lock = lock_in(evaluation.ledger, evaluation.tail, option, month)
    bond = contract_bond(evaluation.scenario, evaluation.ledger, option, month)
    owed, prepaid = lock.owed_usd + bond.owed_usd, lock.prepaid_usd + bond.prepaid_usd
    moving = fsum(line.quantity * line.price.value for line in exit_charges(evaluation.scenario, option, month))
    return replace(lock, owed_usd=owed, prepaid_usd=prepaid, moving_usd=moving)


def _used_share(evaluation: Evaluation, option: str) -> float | None:
    """Return the share of the paid GPU-hours in which the option's own fleets work, weighted by what they cost."""
    costs = tier_costs(
        evaluation.scenario, evaluation.ledger, evaluation.meters, evaluation.plans[option], evaluation.months
    )
    fleets = [cost for cost in costs if cost.used_share is not None and cost.cost_usd > 0]
    paid = fsum(cost.cost_usd for cost in fleets)
    return fsum(cost.cost_usd * (cost.used_share or 0.0) for cost in fleets) / paid if paid else None


def _delay(evaluation: Evaluation, build: str, buy: str) -> Delay:
    """Compare what both cost to run, build and other one-off work left out."""
    lines = through(evaluation.ledger)
    one_off = ("people:build", "people:hiring", "people:migration", "people:exit")
    running = lines[~lines["account"].isin(one_off)]
    first, last = evaluation.scenario.options[build].first_month, evaluation.scenario.horizon_months - 1
    first_usd, last_usd = (_month_usd(running, buy, at) - _month_usd(running, build, at) for at in (first, last))
    return Delay(first_usd, last_usd)


def _month_usd(lines: pd.DataFrame, option: str, month: int) -> float:
    """Add up a month, with its part of what a contract's year lacks of its commitment, which its last month is charged.

    >>> found = pd.DataFrame({"option": "it", "month": [2, 11], "item": ["fee", UNUSED], "priced_month": 0,
    ...                       "cost_usd": [10.0, 240.0]})
    >>> _month_usd(found, "it", 2), _month_usd(found, "it", 11)
    (30.0, 20.0)
    """
    mine = lines[lines["option"] == option]
    is_lacking = mine["item"] == UNUSED
    lacking = mine[is_lacking]
    lengths = (lacking["month"] - lacking["priced_month"]) % MONTHS_PER_YEAR + 1
    shares = (lacking["cost_usd"] / lengths)[lacking["month"].between(month, month + lengths - 1)]
    return float(mine.loc[~is_lacking & (mine["month"] == month), "cost_usd"].sum() + shares.sum())
