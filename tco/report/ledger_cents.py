"""Cents of the ledger: one rounding of its lines, for every file and table that shows them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from tco.report.cents import rounded_in_parts


def ledger_cents(ledger: pd.DataFrame) -> list[Decimal]:
    """Round the ledger's lines to the cent, in its order.

    The lines of an option's account add up to the account's rounded total, apart for each view; those of one item to
    within a cent of what the item costs.
    """
    groups = list(zip(ledger["option"], ledger["account"], ledger["view"], strict=True))
    return rounded_in_parts(ledger["cost_usd"].tolist(), groups, ledger["item"].tolist())


def with_cents(row: Mapping[Hashable, Any], amount: Decimal) -> dict[str, Any]:
    """Put the rounded amount behind the unrounded one."""
    told: dict[str, Any] = {}
    for name, value in row.items():
        told[str(name)] = value
        if name == "cost_usd":
            told["cost_usd_rounded"] = amount
    return told
