"""Statement: opex and capex of every plan year, as they are paid and as they are used up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tco.finance.totals import Lens, through
from tco.scenario import Scenario
from tco.units import MONTHS_PER_YEAR

Kind = Literal["opex", "capex"]
# What is bought to last, and written off. Prepaid commitments are operating expense that is paid early; building is
# expensed, the cautious way: whether salaries may be capitalised is for an accountant to say.
CAPEX = ("serving:gpu:hardware",)
LENSES: tuple[Lens, ...] = ("cash", "accrual")
KINDS: tuple[Kind, ...] = ("opex", "capex")


@dataclass(frozen=True, slots=True)
class YearCost:
    """One cell of the statement.

    Attributes:
        option: name of the option.
        year: 1 is months 0 to 11 of the plan; years go on after it until nothing is owed or written off any more.
        within_plan: whether the months lie within the horizon; a year in which it ends has both.
        kind: running cost, or what is bought to last: paid when bought (cash), depreciated over its life (accrual).
        lens: as paid, or as used up.
        cost_usd: amount; below zero where servers are sold for more than is bought.
    """

    option: str
    year: int
    within_plan: bool
    kind: Kind
    lens: Lens
    cost_usd: float


def statement(ledger: pd.DataFrame, tail: pd.DataFrame, scenario: Scenario) -> tuple[YearCost, ...]:
    """Lay out every option's cost by year, kind and view.

    Over all years, those after the plan included, an option's cash is its accrual: what is paid is used up.
    """
    found = []
    for lines, within_plan in ((ledger, True), (tail, False)):
        year = lines["month"] // MONTHS_PER_YEAR + 1
        kind = lines["account"].isin(CAPEX).map({True: "capex", False: "opex"}).rename("kind")
        for option in scenario.options:
            mine = lines["option"] == option
            for number in sorted(set(year[mine])):
                cut = lines[mine & (year == number)]
                sums = {lens: through(cut, lens)["cost_usd"].groupby(kind).sum() for lens in LENSES}
                found += [
                    YearCost(option, int(number), within_plan, each, lens, float(sums[lens].get(each, 0.0)))
                    for each in KINDS
                    for lens in LENSES
                ]
    order = {name: place for place, name in enumerate(scenario.options)}
    return tuple(sorted(found, key=lambda cell: (order[cell.option], cell.year, not cell.within_plan)))
