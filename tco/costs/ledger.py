"""Ledger: every dollar as quantity x unit price, one line per option, month and item."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pandas as pd

from tco.costs import Charge, PricingModel
from tco.demand.forecast import month_label
from tco.domain import Meter
from tco.plugin import plugins_in
from tco.scenario import Scenario

COLUMNS = (
    "option", "month", "period", "account", "item", "quantity", "unit", "unit_price_usd", "cost_usd",
    "price_name", "source", "source_date", "scenario_key", "basis",
)  # fmt: skip


def price_meters(scenario: Scenario, meters: list[Meter]) -> pd.DataFrame:
    """Turn meters into ledger lines.

    Args:
        scenario: where the prices are named.
        meters: physical quantities, meters of one subject and month next to each other.

    Returns:
        The ledger, one row a line, columns `COLUMNS`; amounts in USD, not rounded.

    Raises:
        CatalogError: when a price is not known.
    """
    lines: list[tuple[object, ...]] = []
    for (option, month, subject), group in groupby(meters, key=lambda m: (m.option, m.month, m.subject)):
        kind, config = _config(scenario, subject)
        model: PricingModel = plugins_in("tco.costs")[kind]()
        readings = {meter.item: meter for meter in group}
        period = month_label(scenario.start, month)
        charges = model.charges(config, subject, readings, scenario)
        lines += [_row(option, month, period, line) for line in charges]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _config(scenario: Scenario, subject: str) -> tuple[str, Any]:
    """Find the block that a subject key names, and the pricing model for it."""
    area, name = subject.split(".", 1)
    if area == "tiers":
        tier = scenario.tiers[name]
        return tier.kind_name(), tier
    if area == "quality":
        return name, getattr(scenario.quality, name)
    option, block = name.rsplit(".", 1)
    return block, getattr(scenario.options[option], block)


def _row(option: str, month: int, period: str, line: Charge) -> tuple[object, ...]:
    price = line.price
    return (
        option, month, period, line.account, line.item, line.quantity, line.unit, price.value,
        line.quantity * price.value, price.name, price.source, price.source_date, line.scenario_key, line.basis,
    )  # fmt: skip
