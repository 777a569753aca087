"""Totals: a ledger rolled up by option, month or account."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tco.scenario import Scenario


def monthly_usd(ledger: pd.DataFrame, scenario: Scenario) -> dict[str, NDArray[np.float64]]:
    """Add up each option's months.

    Returns:
        Cost per month by option, shape (horizon_months,), USD, in the scenario's order.
    """
    table = ledger.groupby(["option", "month"])["cost_usd"].sum()
    return {
        option: np.array([float(table.get((option, month), 0.0)) for month in range(scenario.horizon_months)])
        for option in scenario.options
    }


def by_account_usd(ledger: pd.DataFrame, scenario: Scenario) -> dict[str, dict[str, float]]:
    """Add up each option's accounts over the horizon, largest account first."""
    table = ledger.groupby(["option", "account"])["cost_usd"].sum()
    order = ledger.groupby("account")["cost_usd"].sum().sort_values(ascending=False, kind="stable").index
    return {
        option: {str(account): float(table[option, account]) for account in order if (option, account) in table.index}
        for option in scenario.options
    }
