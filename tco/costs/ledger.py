"""Ledger: every dollar as quantity x unit price, one line per option, month and item."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

import pandas as pd

from tco.costs import Charge, PricingModel
from tco.costs.extras import overheads
from tco.costs.rates import Rates
from tco.domain import Meter
from tco.plugin import plugins_in
from tco.scenario import Scenario

COLUMNS = (
    "option", "month", "period", "account", "item", "quantity", "unit", "unit_price_usd", "cost_usd",
    "price_name", "source", "source_date", "scenario_key", "basis", "price_note", "driver", "view", "priced_month",
)  # fmt: skip

AGREED = ("serving:vendor",)  # paid by users' requests under a contract, however long their prompts grow


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
        rates = Rates(scenario, month)
        for line in model.charges(config, subject, readings, rates):
            price = rates.at(line.priced_month).drifted(line.price, line.account)
            priced = replace(line, price=price)
            served = (priced, *_blind(option, priced, rates))
            more = [each for part in served for each in overheads(option, part, rates)]
            lines += [_row(option, each, rates) for each in (*served, *more)]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _config(scenario: Scenario, subject: str) -> tuple[str, Any]:
    """Find the block that a subject key names, and the pricing model for it."""
    area, name = subject.split(".", 1)
    if area == "tiers":
        tier = scenario.tiers[name]
        return tier.kind_name(), tier
    if area == "provisioned":
        return area, scenario.tiers[name].provisioned  # type: ignore[attr-defined]  # only managed APIs have such meters
    if area == "purchase":
        purchase = scenario.tiers[name].purchase  # type: ignore[attr-defined]  # only fleets have such meters
        return purchase.kind_name(), purchase
    if area == "quality":
        return name, getattr(scenario.quality, name)
    option, block = name.rsplit(".", 1)
    return block, getattr(scenario.options[option], block)


def _blind(option: str, line: Charge, rates: Rates) -> list[Charge]:
    """Repeat what is paid by volume for a model, by the share that grew unseen where the option measures nothing."""
    drift = rates.scenario.blind_drift
    serving = rates.scenario.runs_as(option, rates.month)
    watched = rates.scenario.options[serving].observability is not None
    by_use = line.account.startswith("serving:") and line.account not in AGREED
    if drift is None or watched or line.driver != "volume" or not by_use:
        return []
    rise = drift.rise(rates.month)
    basis = f"{rise:.4g} of {line.quantity:.6g} {line.unit}, unseen growth: {drift.source}"
    more = replace(
        line, account="serving:drift", item=f"{line.item}, drift", quantity=line.quantity * rise, basis=basis
    )
    return [more] if rise else []


def _row(option: str, line: Charge, rates: Rates) -> tuple[object, ...]:
    price = line.price
    return (
        option, rates.month, rates.period, line.account, line.item, line.quantity, line.unit, price.value,
        line.quantity * price.value, price.name, price.source, price.source_date, line.scenario_key, line.basis,
        price.note, line.driver, line.view, rates.month if line.priced_month is None else line.priced_month,
    )  # fmt: skip
