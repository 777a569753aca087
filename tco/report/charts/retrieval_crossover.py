"""Retrieval crossover: monthly cost of the vector database alone and of an ANN cache in front, against the volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tco.costs.retrieval_crossover import RetrievalCost, cached_retrieval
from tco.decide.compare import Comparison
from tco.pipeline import Evaluation
from tco.report.charts import INK, SOFT, WIDTH_IN, canvas, colour_and_marker, place, rendered
from tco.report.charts.lettering import LABEL_PT, MARGIN_IN, folded_heading
from tco.report.money import Money
from tco.report.retrieval_notes import CLAIMED_PER_MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HIGH_IN, AXIS_IN, TICKS_IN, LEGEND_IN = 3.9, 0.65, 0.75, 0.3
FEWEST, POINTS, BEYOND = 1_000.0, 400, 10.0  # the axis begins here, and ends ten times behind what is marked


def retrieval_crossover(evaluation: Evaluation, comparison: Comparison) -> dict[str, bytes]:
    """Draw the chart, two lines for each option with an ANN cache; returns PNG and SVG bytes."""
    costs, money = cached_retrieval(evaluation.scenario), Money.of(evaluation.scenario)
    shown = f"{evaluation.scenario.name}: cost of retrieval a month by its volume, {money.currency}"
    head = folded_heading(_title(costs), shown)
    with canvas(head.height_in + LEGEND_IN + HIGH_IN + AXIS_IN) as (figure, (axes,)):
        place(axes, MARGIN_IN + TICKS_IN, AXIS_IN, WIDTH_IN - 2 * MARGIN_IN - TICKS_IN - 0.2, HIGH_IN)
        volumes = np.geomspace(FEWEST, _most(evaluation, costs), POINTS)
        for number, option in enumerate(comparison.options):
            if option.name in costs:
                _lines(axes, option.name, costs[option.name], volumes, colour_and_marker(number), money)
        axes.axvline(CLAIMED_PER_MONTH, color=SOFT, linewidth=1.2, linestyle=":", label="claimed crossover")
        _axes(axes, volumes, money)
        axes.legend(framealpha=1.0, edgecolor="white", fontsize=LABEL_PT, loc="upper left")
        head.draw(figure)
        return rendered(figure)


def _lines(
    axes: Axes, name: str, cost: RetrievalCost, volumes: np.ndarray, look: tuple[str, str], money: Money
) -> None:
    colour, marker = look
    alone = [money.amount(cost.database_usd(volume)) for volume in volumes.tolist()]
    cached = [money.amount(cost.cached_usd(volume)) for volume in volumes.tolist()]
    axes.plot(volumes, alone, color=colour, linewidth=2.0, linestyle="--", label=f"{name}: database alone")
    axes.plot(volumes, cached, color=colour, linewidth=2.4, label=f"{name}: ANN cache, its operations, and the rest")
    at = cost.crossover_per_month()
    if at is not None and volumes[0] <= at <= volumes[-1]:
        amount = money.amount(cost.cached_usd(at))
        axes.plot(at, amount, marker, color=colour, markersize=10, zorder=5)
        axes.annotate(
            f"{at:,.0f} a month, {money.short(cost.cached_usd(at))}", (at, amount), xytext=(-9, 7),
            textcoords="offset points", ha="right", fontsize=LABEL_PT, color=INK, zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1.5},
        )  # fmt: skip


def _axes(axes: Axes, volumes: np.ndarray, money: Money) -> None:
    axes.set_xscale("log")
    ends = [float(np.asarray(line.get_ydata(), np.float64)[-1]) for line in axes.get_lines()[:-1]]  # but the claim's
    if max(ends) > 0:  # what is free has no logarithm
        axes.set_yscale("log")
    axes.set_xlim(volumes[0], volumes[-1])
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(lambda value, _position: f"{value:,.0f}")
    told = money.short
    axes.yaxis.set_major_formatter(lambda amount, _: told(amount * money.usd_per_unit).replace(f"{money.symbol} ", ""))
    axes.set_xlabel("retrievals a month")


def _most(evaluation: Evaluation, costs: dict[str, RetrievalCost]) -> float:
    """Return where the axis ends: behind the claim, every crossover, and the plan's volume."""
    crossovers = [at for cost in costs.values() if (at := cost.crossover_per_month()) is not None]
    return BEYOND * max(CLAIMED_PER_MONTH, *(month.requests for month in evaluation.months), *crossovers)


def _title(costs: dict[str, RetrievalCost]) -> str:
    found = {name: cost.crossover_per_month() for name, cost in costs.items()}
    known = {name: at for name, at in found.items() if at is not None}
    if not known:
        return "An ANN cache never costs less than the vector database alone"
    name = min(known, key=lambda each: known[each])
    return f"{name}: an ANN cache pays from {known[name]:,.0f} retrievals a month on"
