"""Bundle: the files that a comparison leaves behind."""

from __future__ import annotations

from typing import Any

from tco.costs.retrieval_crossover import cached_retrieval
from tco.decide.compare import Comparison
from tco.pipeline import Evaluation
from tco.report.charts.cost_breakdown import cost_breakdown
from tco.report.charts.cumulative_cost import cumulative_cost
from tco.report.charts.quality_front import quality_front
from tco.report.charts.retrieval_crossover import retrieval_crossover
from tco.report.comparison import comparison_json, flat_row
from tco.report.formats.csv import csv_text
from tco.report.formats.json import json_text
from tco.report.ledger_cents import ledger_cents, with_cents


def comparison_files(
    evaluation: Evaluation, comparison: Comparison, lines: dict[str, int] | None = None
) -> dict[str, str | bytes]:
    """Write the ledger, the comparison and the charts.

    Args:
        evaluation: what was computed.
        comparison: the options side by side.
        lines: line of each scenario key in its file, for the ledger's last column.

    Returns:
        Contents by file name.
    """
    charts = {"cumulative-cost": cumulative_cost, "cost-breakdown": cost_breakdown}
    files: dict[str, str | bytes] = {
        "ledger.csv": csv_text(ledger_rows(evaluation, lines or {})),
        "comparison.csv": csv_text(flat_row(evaluation, option) for option in comparison.options),
        "comparison.json": json_text(comparison_json(evaluation, comparison)),
    }
    charts = {"cumulative-cost": cumulative_cost, "cost-breakdown": cost_breakdown, "quality": quality_front}
    if cached_retrieval(evaluation.scenario):
        charts["retrieval-crossover"] = retrieval_crossover
    for name, draw in charts.items():
        for kind, content in draw(evaluation, comparison).items():
            files[f"{name}.{kind}"] = content
    return files


def ledger_rows(evaluation: Evaluation, lines: dict[str, int]) -> list[dict[str, Any]]:
    """Write the ledger as rows, each with its amount in cents and the scenario line that names its price.

    The rounded lines of an option's account add up to the account's rounded total, apart for each view.
    """
    rows = evaluation.ledger.to_dict("records")
    cents = ledger_cents(evaluation.ledger)
    return [
        {**with_cents(row, amount), "scenario_line": lines.get(row["scenario_key"])}
        for row, amount in zip(rows, cents, strict=True)
    ]
