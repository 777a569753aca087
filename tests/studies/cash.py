"""When what is bought is paid off: cash, as published studies count it, read from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tco.decide.sweep import plain
from tco.decide.vary import find_path, with_values
from tco.finance.totals import through
from tco.pipeline import Evaluation, evaluate
from tco.scenario import Scenario
from tco.scenario.loader import load_scenario

STUDIES = Path(__file__).parents[2] / "scenarios/studies"


@cache
def study(name: str) -> Scenario:
    """A study's scenario."""
    return load_scenario(STUDIES / f"{name}.yaml").scenario


def played(name: str, **changes: Any) -> Evaluation:
    """Evaluate a study with keys changed; dots in their names are written as two underscores."""
    values = plain(study(name))
    point = {find_path(key.replace("__", "."), values): value for key, value in changes.items()}
    return evaluate(Scenario.model_validate(with_values(values, point)))


def edited(name: str, edit: Callable[[dict[str, Any]], None]) -> Evaluation:
    """Evaluate a study after its plain values were edited, for blocks as a whole."""
    values = plain(study(name))
    edit(values)
    return evaluate(Scenario.model_validate(values))


def month_usd(found: Evaluation, option: str) -> float:
    """What an option pays in its second month, in which nothing is bought."""
    return float(through(found.ledger, "cash").query("option == @option and month == 1")["cost_usd"].sum())


def bought_usd(found: Evaluation, option: str) -> float:
    """What an option pays for servers in the first month."""
    lines = found.ledger.query("option == @option and month == 0 and view == 'cash'")
    return float(lines["cost_usd"].sum())


def paid_off_months(found: Evaluation, own: str, rented: str) -> float:
    """Months after which the purchase is spared, when everything else is paid evenly through the month."""
    return bought_usd(found, own) / (month_usd(found, rented) - month_usd(found, own))
