"""Cumulative cost of every option, month by month, with its break-even marked."""

from __future__ import annotations

import numpy as np

from tco.decide.compare import Comparison, OptionSummary
from tco.pipeline import Evaluation
from tco.report.charts import PALETTE, canvas, heading, rendered, spread_labels
from tco.report.numbers import short_usd


def cumulative_cost(evaluation: Evaluation, comparison: Comparison) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes."""
    months = np.arange(1, evaluation.scenario.horizon_months + 1)
    highest = max(option.total_usd for option in comparison.options)
    with canvas() as (figure, axes):
        figure.subplots_adjust(left=0.09, right=0.74, top=0.83, bottom=0.12)
        for option, colour in zip(comparison.options, PALETTE * 10, strict=False):
            path = np.cumsum(option.monthly_usd)
            chosen = option.name == comparison.chosen
            axes.plot(months, path, color=colour, linewidth=3.2 if chosen else 1.9, zorder=3 if chosen else 2)
            if option.break_even_month is not None:
                at = option.break_even_month
                axes.plot(months[at], path[at], "o", markersize=8, markerfacecolor="white",
                          markeredgecolor=colour, markeredgewidth=2, zorder=4)  # fmt: skip
        ends = spread_labels([option.total_usd for option in comparison.options], highest * 0.115)
        for option, colour, y in zip(comparison.options, PALETTE * 10, ends, strict=False):
            axes.annotate(
                _label(option),
                (months[-1], option.total_usd), xytext=(months[-1] * 1.03, y), textcoords="data", va="center",
                fontsize=9.5, color=colour, fontweight="bold" if option.name == comparison.chosen else "normal",
                annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
        axes.set_xlim(1, months[-1])
        axes.set_ylim(0, max(highest * 1.05, max(ends) * 1.02, 1e-9))
        axes.yaxis.set_major_formatter(lambda value, _position: short_usd(value))
        axes.set_xlabel(f"month (1 is {evaluation.months[0].label})")
        axes.grid(visible=False, axis="x")
        heading(figure, _title(comparison), _subtitle(evaluation, comparison))
        return rendered(figure)


def _label(option: OptionSummary) -> str:
    slo = "" if option.slo_kept else ", misses SLO"
    return f"{option.name}\n{short_usd(option.total_usd)}{slo}"


def _title(comparison: Comparison) -> str:
    if comparison.chosen is None:
        return "No option keeps the SLO"
    best = comparison[comparison.chosen]
    return f"{best.name} keeps the SLO at the lowest present value: {short_usd(best.total_usd)} in total"


def _subtitle(evaluation: Evaluation, comparison: Comparison) -> str:
    catches_up = any(option.break_even_month is not None for option in comparison.options)
    circle = f"; a circle marks where an option overtakes {comparison.baseline}" if catches_up else ""
    return f"{evaluation.scenario.name}: cumulative cost, undiscounted USD{circle}"
