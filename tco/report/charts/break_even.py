"""Break-even on a chart of cumulative costs: a circle for every option that has one, words for the one that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tco.report.charts import INK, SOFT
from tco.report.charts.lettering import LABEL_PT, LEADING, folded, width_in
from tco.report.money import Money

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tco.decide.compare import Comparison, OptionSummary
    from tco.pipeline import Evaluation


def circle(axes: Axes, option: OptionSummary, colour: str) -> None:
    """Mark where an option overtakes the baseline, with a line down to its month."""
    month, amount = _place(option)
    axes.plot([month, month], [0, amount], color=colour, linewidth=1.2, linestyle=":", zorder=1)
    axes.plot(month, amount, "o", markersize=9, markerfacecolor="white", markeredgecolor=colour, markeredgewidth=2.2,
              zorder=5, clip_on=False)  # fmt: skip


def say_break_even(
    axes: Axes,
    evaluation: Evaluation,
    comparison: Comparison,
    options: list[OptionSummary],
    size_in: tuple[float, float],
) -> None:
    """Write beside one circle which month it is: the recommended option's, else the cheapest option's.

    Args:
        axes: where the circles are.
        evaluation: for the names of the months.
        comparison: for the baseline and the recommendation.
        options: those that the axes name.
        size_in: width and height of the axes, inches.
    """
    crossing = [option for option in options if option.break_even_month]
    if not crossing:
        return
    option = min(crossing, key=lambda option: (option.name != comparison.chosen, option.total_usd))
    month, amount = _place(option)
    period = evaluation.months[month - 1].label
    name = folded(option.name, LABEL_PT, 0.33 * size_in[0])
    text = f"{name}\nbreaks even in\nmonth {month} ({period})\nat {Money.of(evaluation.scenario).short(amount)}"
    wide = max(width_in(line, LABEL_PT) for line in text.split("\n")) / size_in[0]
    across, up = axes.transAxes.inverted().transform(axes.transData.transform((month, amount)))
    # Paths climb from the lower left to the upper right: the upper left is free, for a late high point the lower right.
    above = up < 0.5
    left = max(0.03, min(across - wide / 2, 0.97 - wide))
    axes.annotate(
        text, (across, up), xycoords="axes fraction", xytext=(left, 0.96 if above else 0.05),
        textcoords="axes fraction", va="top" if above else "bottom", fontsize=LABEL_PT, color=INK, zorder=6,
        linespacing=LEADING, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 2.0},
        arrowprops={"arrowstyle": "-", "color": SOFT, "lw": 1.0, "shrinkB": 6, "relpos": (0.5, 0.0 if above else 1.0)},
    )  # fmt: skip


def _place(option: OptionSummary) -> tuple[int, float]:
    """Return the month of the break-even, counted from 1, and what the option has cost by then."""
    at = option.break_even_month or 0
    return at + 1, float(np.cumsum(option.monthly_usd)[at])
