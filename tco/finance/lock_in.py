"""Lock-in: what leaving an option at the end of a month costs: commitments still to be paid, hardware not written off.

A commitment counts from the month in which it was signed, whatever is renewed later. A vendor's contract is told apart
(`contract_bond`), since what it takes depends on its use so far. Servers are told at their book
value, which is what a sale would have to fetch for nothing to be lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tco.finance.totals import through

HARDWARE, VENDOR = "serving:gpu:hardware", "serving:vendor"
UPKEEP = "serving:gpu:support"  # at the price of the month of purchase, and paid for as long as the server is kept


@dataclass(frozen=True, slots=True)
class LockIn:
    """What binds a team to an option at the end of a month, USD.

    Attributes:
        month: 0 is the first month of the plan.
        owed_usd: payments that are committed and not yet due.
        prepaid_usd: paid for and not used up, which is lost.
        hardware_usd: book value of servers.
        moving_usd: work, data and notice on the way out, where the option says what they take.
    """

    month: int
    owed_usd: float
    prepaid_usd: float
    hardware_usd: float
    moving_usd: float = 0.0

    @property
    def total_usd(self) -> float:
        """All of it, servers sold for nothing."""
        return self.owed_usd + self.prepaid_usd + self.hardware_usd + self.moving_usd


def lock_in(ledger: pd.DataFrame, tail: pd.DataFrame, option: str, month: int) -> LockIn:
    """Work out what an option binds at the end of a month, from lines whose price an earlier contract fixed.

    Args:
        ledger: lines of the plan.
        tail: lines after it.
        option: name of the option.
        month: 0 is the first month of the plan.
    """
    lines = pd.concat([part[part["option"] == option] for part in (ledger, tail)])
    later = lines[(lines["month"] > month) & (lines["priced_month"] <= month)]
    bound = later[(later["priced_month"] < later["month"]) & ~later["account"].isin((VENDOR, UPKEEP))]
    is_hardware = bound["account"] == HARDWARE
    owed = _sum(through(bound[~is_hardware], "cash"))
    used = _sum(through(bound[~is_hardware]))
    book = _sum(through(bound[is_hardware])) - _sum(through(bound[is_hardware], "cash"))
    return LockIn(month, owed, used - owed, book)


def _sum(lines: pd.DataFrame) -> float:
    return float(lines["cost_usd"].sum())
