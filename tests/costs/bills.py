"""Bills of one option, small enough to be worked by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tco.finance.totals import Lens, through
from tco.pipeline import Evaluation, evaluate
from tests.laws.build import api, scene, static

INCLUDED = {"included_in": "contract"}


def evaluated(option: dict[str, Any], months: int = 1, **changes: Any) -> Evaluation:
    """Evaluate option `it`, whose only tier `bought` is paid by the contract where there is one, else costs nothing."""
    price = {"price": INCLUDED} if "contract" in option else {"input_usd": 0.0, "output_usd": 0.0}
    tiers = {"bought": api(**price)}
    setting: dict[str, Any] = {"count": 200, "horizon_months": months, **changes}
    return evaluate(scene(tiers, {"it": {**static(bought=1.0), **option}}, **setting))


def traffic(requests: float, growth: float = 0.0) -> dict[str, Any]:
    """So many requests in the first month."""
    return {"requests_per_month": requests, "growth_fraction_per_month": growth, "arrivals": {"kind": "poisson"}}


def both_parts(evaluation: Evaluation) -> pd.DataFrame:
    """The ledger and what comes after the plan."""
    return pd.concat([evaluation.ledger, evaluation.tail], ignore_index=True)


def amounts(evaluation: Evaluation, month: int = 0, lens: Lens = "accrual", account: str = "") -> dict[str, float]:
    """Amount by item in a month, those of nothing left out, rounded to a millionth."""
    lines = through(both_parts(evaluation), lens)
    lines = lines[(lines["month"] == month) & lines["account"].str.startswith(account) & (lines["cost_usd"] != 0)]
    return {item: round(usd, 6) for item, usd in lines.groupby("item")["cost_usd"].sum().items()}


def by_month(evaluation: Evaluation, account: str, lens: Lens = "accrual") -> dict[int, float]:
    """Amount of an account by month, beyond the plan as well, rounded to a millionth."""
    lines = through(both_parts(evaluation), lens)
    lines = lines[lines["account"] == account]
    return {int(month): round(usd, 6) for month, usd in lines.groupby("month")["cost_usd"].sum().items()}
