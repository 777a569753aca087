"""Every point of a sweep, cost against latency, with the Pareto front drawn and labelled."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from tco.decide.sweep import CHOSEN
from tco.report.charts import GRID, INK, PALETTE, SOFT, canvas, heading, rendered
from tco.report.numbers import short_name, short_usd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tco.decide.sweep import Sweep
    from tco.scenario import Scenario

MOST_LABELS = 9  # more labels on the front than this would run into each other


def sweep_front(sweep: Sweep, scenario: Scenario) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes."""
    drawn = [row for row in sweep.rows if row["e2e_p95_s"] is not None]
    front = sorted(
        (row for row in drawn if row["pareto"]), key=lambda row: (*map(str, _met(row, sweep)), row["e2e_p95_s"])
    )
    with canvas() as (figure, axes):
        figure.subplots_adjust(left=0.1, right=0.95, top=0.8, bottom=0.12)
        _points(axes, drawn)
        for number, (_, members) in enumerate(groupby(front, key=lambda row: _met(row, sweep))):
            line = list(members)
            axes.plot(
                [row["e2e_p95_s"] for row in line], [row["total_usd"] for row in line], color=INK, lw=1.2, zorder=2,
                label="Pareto front" if number == 0 else None,
            )  # fmt: skip
        _labels(axes, front, sweep)
        limit = scenario.slo.e2e_p95_s
        if limit is not None and drawn and limit < 1.5 * max(row["e2e_p95_s"] for row in drawn):
            axes.axvline(limit, color=SOFT, lw=1, ls="--")
            axes.annotate("SLO", (limit, 1.0), xycoords=("data", "axes fraction"), xytext=(-4, -4),
                          textcoords="offset points", ha="right", va="top", color=SOFT, fontsize=9)  # fmt: skip
        axes.set_xlabel("p95 end to end in the busiest hour, seconds")
        axes.set_ylim(0, max((row["total_usd"] for row in drawn), default=1.0) * 1.12)
        axes.set_xlim(left=0)
        axes.margins(x=0.12)
        axes.yaxis.set_major_formatter(lambda value, _position: short_usd(value))
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=5, frameon=False, fontsize=9, labelcolor=SOFT)
        varied = " and ".join(short_name(axis.name) for axis in sweep.axes)
        months = scenario.horizon_months
        heading(figure, _title(front, drawn), f"{scenario.name}: {months}-month cost against latency, varying {varied}")
        return rendered(figure)


def _title(front: list[dict[str, Any]], drawn: list[dict[str, Any]]) -> str:
    if len(front) == 1:
        return f"One of {len(drawn)} points is both cheapest and fastest"
    return f"{len(front)} of {len(drawn)} points are worth choosing between"


def _met(row: dict[str, Any], sweep: Sweep) -> tuple[Any, ...]:
    return tuple(row[axis.name] for axis in sweep.axes if axis.path[0] not in CHOSEN)


def _points(axes: Axes, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(row["option"] for row in rows))
    for name, colour in zip(names, PALETTE * 10, strict=False):
        for kept, face in ((True, colour), (False, GRID)):
            chosen = [row for row in rows if row["option"] == name and row["slo_kept"] is kept]
            if chosen:
                axes.scatter(
                    [row["e2e_p95_s"] for row in chosen], [row["total_usd"] for row in chosen], s=42, zorder=3,
                    facecolor=face, edgecolor=colour, linewidth=1.2, label=name if kept else f"{name}, misses SLO",
                )  # fmt: skip


def _labels(axes: Axes, front: list[dict[str, Any]], sweep: Sweep) -> None:
    stride = -(-len(front) // MOST_LABELS) if front else 1
    for row in front[::stride]:
        values = ", ".join(
            value if isinstance(value, str) else f"{value:.3g}" for value in (row[axis.name] for axis in sweep.axes)
        )
        axes.annotate(values, (row["e2e_p95_s"], row["total_usd"]), xytext=(-7, -5), textcoords="offset points",
                      fontsize=8.5, color=INK, ha="right", va="top")  # fmt: skip
