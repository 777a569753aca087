"""Totals: a ledger rolled up by option, month or account, as money is used up or as it is paid."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tco.scenario import Scenario

Lens = Literal["accrual", "cash"]


def through(ledger: pd.DataFrame, lens: Lens = "accrual") -> pd.DataFrame:
    """Return the lines that count: all but those that are only payments, or only write-offs.

    Args:
        ledger: ledger or tail.
        lens: `accrual` spreads what is bought or prepaid over its life; `cash` counts it when it is paid.
    """
    return ledger[ledger["view"].isin(("both", lens))]


def family(account: str) -> str:
    """Return the first two parts of an account.

    >>> family("serving:gpu:reserved"), family("people:run")
    ('serving:gpu', 'people:run')
    """
    return ":".join(account.split(":")[:2])


def monthly_usd(ledger: pd.DataFrame, scenario: Scenario, lens: Lens = "accrual") -> dict[str, NDArray[np.float64]]:
    """Add up each option's months.

    Returns:
        Cost per month by option, shape (horizon_months,), USD, in the scenario's order.
    """
    table = through(ledger, lens).groupby(["option", "month"])["cost_usd"].sum()
    return {
        option: np.array([float(table.get((option, month), 0.0)) for month in range(scenario.horizon_months)])
        for option in scenario.options
    }


def by_account_usd(ledger: pd.DataFrame, scenario: Scenario, lens: Lens = "accrual") -> dict[str, dict[str, float]]:
    """Add up each option's accounts over the horizon, to their first two parts, largest account first."""
    lines = through(ledger, lens)
    families = lines["account"].map(family).rename("family")
    table = lines.groupby([lines["option"], families])["cost_usd"].sum()
    order = lines.groupby(families)["cost_usd"].sum().sort_values(ascending=False, kind="stable").index
    return {
        option: {str(account): float(table[option, account]) for account in order if (option, account) in table.index}
        for option in scenario.options
    }


def left_over_usd(tail: pd.DataFrame, scenario: Scenario) -> dict[str, float]:
    """Return by option what is paid for at the end of the plan and not used up: book value of servers, prepaid hours.

    All that will still be written off, less what will still be paid (or, below zero, received) for it.
    """
    lens_usd: dict[Lens, pd.Series] = {
        lens: through(tail, lens).groupby("option")["cost_usd"].sum() for lens in ("accrual", "cash")
    }
    return {
        option: float(lens_usd["accrual"].get(option, 0.0)) - float(lens_usd["cash"].get(option, 0.0))
        for option in scenario.options
    }


def still_owed_usd(tail: pd.DataFrame, scenario: Scenario) -> dict[str, float]:
    """Return by option what commitments bind to pay after the plan; servers that are sold then are not set off."""
    due = through(tail, "cash")
    table = due[due["cost_usd"] > 0].groupby("option")["cost_usd"].sum()
    return {option: float(table.get(option, 0.0)) for option in scenario.options}
