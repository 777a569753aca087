"""Notes on retrieval: from which volume on an ANN cache costs no more than the database alone."""

from __future__ import annotations

from tco.costs.retrieval_crossover import cached_retrieval
from tco.pipeline import Evaluation
from tco.report.money import Money
from tco.report.numbers import counted

CLAIMED_PER_MONTH = 100_000  # brief C12


def retrieval_notes(evaluation: Evaluation) -> list[str]:
    """Say, of each option with an ANN cache, where the crossover is, what was claimed, and where the plan is."""
    notes, money = [], Money.of(evaluation.scenario)
    for name, cost in cached_retrieval(evaluation.scenario).items():
        months = evaluation.months
        plan = evaluation.plans[name]
        first, last = (
            month.requests * (window.retrievals_per_request + window.ann_answers_per_request)
            for month in (months[0], months[-1])
            for window in [plan.window(month.index)]
        )
        at = cost.crossover_per_month()
        where = "never" if at is None else f"from {counted(at, 'retrieval')} a month on"
        saved = cost.database_usd(last) - cost.cached_usd(last)
        notes.append(
            f"{name}: the ANN cache with its operations ({money.whole(cost.fixed_usd)} a month) costs no more than the "
            f"vector database alone {where}, minimum and storage included; claimed: near {CLAIMED_PER_MONTH:,}. The "
            f"plan has {first:,.0f} in the first month and {last:,.0f} in the last, in which the cache "
            f"{'saves' if saved >= 0 else 'costs'} {money.whole(abs(saved))}"
            f"{'' if saved >= 0 else ' more than it saves'}."
        )
    return notes
