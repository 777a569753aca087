"""Money notes: prices of nothing, and options that another serves for until they are built."""

from __future__ import annotations

from tco.demand.forecast import month_label
from tco.pipeline import Evaluation
from tco.report.numbers import counted


def money_notes(evaluation: Evaluation) -> list[str]:
    """Say what is counted at a price of 0, and which option runs as another at first."""
    return [*_for_nothing(evaluation), *_stand_ins(evaluation)]


def _for_nothing(evaluation: Evaluation) -> list[str]:
    """Name each price of 0 that something was counted at, by its key, with what it is the price of."""
    ledger = evaluation.ledger
    free = ledger[(ledger["unit_price_usd"] == 0) & (ledger["quantity"] > 0)]
    items: dict[str, list[str]] = {}
    for key, item in free[["scenario_key", "item"]].drop_duplicates().itertuples(index=False):
        items.setdefault(key, []).append(item)
    told = "; ".join(f"{key} ({', '.join(names)})" for key, names in items.items())
    return [f"Counted at a price of 0: {told}."] if told else []


def _stand_ins(evaluation: Evaluation) -> list[str]:
    scenario = evaluation.scenario
    notes = []
    for name, option in scenario.options.items():
        if option.meanwhile is None:
            continue
        last = month_label(scenario.start, option.first_month - 1)
        notes.append(
            f"{name} is built in {counted(option.first_month, 'month')}, to {last}; until then {option.meanwhile} "
            f"serves and is paid in its place. Latency, answers and replicas of {name} are told as if it served in "
            f"every month: before, those of {option.meanwhile} hold."
        )
    return notes
