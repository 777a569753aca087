"""Where a figure comes from, for programs: the ledger lines behind it as rows, and the whole answer as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from math import fsum
from typing import Any

import pandas as pd
from pydantic import BaseModel

from tco.decide.provenance import Group, KeyAnswer, Line, Provenance
from tco.report.formats.csv import csv_text
from tco.report.ledger_cents import with_cents
from tco.report.provenance import Amounts
from tco.scenario.loader import LoadedScenario

SCHEMA_VERSION = 1
PLACE = "scenario_line"


def provenance_csv(found: Provenance, ledger: pd.DataFrame) -> str:
    """Write the lines behind the figure as CSV, one a row, in the columns of `ledger.csv`."""
    return csv_text(provenance_rows(found, ledger), (*with_cents(dict.fromkeys(ledger.columns), Decimal(0)), PLACE))


def provenance_rows(found: Provenance, ledger: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the lines behind the figure as rows of the ledger, with cents and the line that names the price."""
    amounts = Amounts(ledger)
    rows = ledger.to_dict("index")
    return [{**with_cents(rows[line.number], amounts.of([line])), PLACE: line.scenario_line} for line in found.chosen]


def provenance_json(found: Provenance, loaded: LoadedScenario) -> dict[str, Any]:
    """Write the answer as JSON; keys are stable within a `schema_version`. Months count from 0."""
    scenario = loaded.scenario
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": scenario.name,
        "file": loaded.file,
        "target": found.target.name,
        "target_kind": found.target.kind.value,
        "view": found.lens,
        "start": scenario.start,
        "horizon_months": scenario.horizon_months,
        "month": found.month,
        "currency": scenario.currency,
        "key": None if found.key is None else _key_json(found.key),
        "options": [_option_json(found, option) for option in found.options],
    }


def _option_json(found: Provenance, option: str) -> dict[str, Any]:
    total_usd, cost_usd = found.totals_usd[option], fsum(line.cost_usd for line in found.of(option))
    return {
        "option": option,
        "cost_usd": cost_usd,
        "total_usd": total_usd,
        "cost_share": cost_usd / total_usd if total_usd else None,
        "items": [_group_json(group) for group in found.groups(option)],
    }


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "account": group.account,
        "item": group.item,
        "months": len({line.month for line in group.lines}),
        "quantity": group.quantity,
        "unit": group.unit,
        "first_unit_price_usd": group.lines[0].unit_price_usd,
        "last_unit_price_usd": group.lines[-1].unit_price_usd,
        "cost_usd": group.cost_usd,
        "lines": [_line_json(line) for line in group.lines],
    }


def _line_json(line: Line) -> dict[str, Any]:
    """Write what differs within an item; option, account, item and unit stand above."""
    shared = ("number", "option", "account", "item", "unit")
    return {name: value for name, value in asdict(line).items() if name not in shared}


def _key_json(answer: KeyAnswer) -> dict[str, Any]:
    key = answer.key
    return {
        "key": key.name,
        "value": _plain(answer.value),
        "unit": key.unit,
        "documentation": key.documentation,
        "is_given": answer.line is not None,
        "scenario_line": answer.line,
        "priced_by": answer.priced_by,
        "drives": answer.drives,
    }


def _plain(value: Any) -> Any:
    """Turn a value of a scenario into what JSON knows; a default may be a model, a date or a tuple."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.isoformat() if isinstance(value, date) else value
