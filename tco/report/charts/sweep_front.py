"""Every point of a sweep, cost against latency, with the Pareto front drawn and labelled."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from tco.decide.sweep import CHOSEN
from tco.report.charts import GRID, INK, SOFT, WIDTH_IN, canvas, colour_and_marker, money_axis, place, rendered
from tco.report.charts.lettering import (
    LABEL_PT,
    MARGIN_IN,
    POINTS_PER_IN,
    Heading,
    folded_heading,
    legend_above,
    legend_columns,
)
from tco.report.charts.point_labels import label_points
from tco.report.money import Money
from tco.report.numbers import counted, short_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tco.decide.sweep import Sweep
    from tco.scenario import Scenario

LEFT_IN, HIGH_IN, AXIS_IN = 1.0, 4.4, 0.65
WIDE_IN = WIDTH_IN - LEFT_IN - 2 * MARGIN_IN
HEADROOM = 1.12  # an axis ends this far above the largest value
Row = dict[str, Any]


def sweep_front(sweep: Sweep, scenario: Scenario) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes. Without any p95, cost is drawn against what was varied."""
    drawn = [row for row in sweep.rows if row["e2e_p95_s"] is not None]
    front = sorted(
        (row for row in drawn if row["pareto"]), key=lambda row: (*map(str, _met(row, sweep)), row["e2e_p95_s"])
    )
    marks = _marks(drawn or sweep.rows)
    names = [*marks, *(["Pareto front"] if front else [])]
    columns = legend_columns(names, LABEL_PT, WIDE_IN)
    legend_in = -(-len(names) // columns) * LABEL_PT * 1.5 / POINTS_PER_IN + 0.2
    head = _heading(sweep, scenario, front, drawn)
    with canvas(head.height_in + legend_in + HIGH_IN + AXIS_IN) as (figure, [axes]):
        place(axes, LEFT_IN, AXIS_IN, WIDE_IN, HIGH_IN)
        axes.set_ylim(0, max(row["total_usd"] for row in drawn or sweep.rows) * HEADROOM or 1.0)
        money_axis(axes.yaxis, Money.of(scenario))
        across = _latency_axis(axes, drawn, scenario) if drawn else _varied_axis(axes, sweep)
        handles = _points(axes, marks, across)
        if front:
            handles.append(_front(axes, front, sweep))
            label_points(axes, front, drawn, sweep.axes)
        legend_above(axes, handles, names, columns)
        head.draw(figure)
        return rendered(figure)


def _latency_axis(axes: Axes, drawn: list[Row], scenario: Scenario) -> dict[int, float]:
    """Lay out the axis across as p95; return each row's place by the row's identity."""
    across = {id(row): float(row["e2e_p95_s"]) for row in drawn}
    highest = max(across.values())
    limit = scenario.slo.e2e_p95_s
    shown = limit is not None and limit < 1.5 * highest
    axes.set_xlim(0, max(highest, limit if shown and limit is not None else 0.0) * HEADROOM or 1.0)
    axes.set_xlabel("p95 end to end in the busiest hour, seconds")
    if shown and limit is not None:
        axes.axvline(limit, color=SOFT, lw=1.2, ls="--")
        axes.annotate("SLO", (limit, 1.0), xycoords=("data", "axes fraction"), xytext=(-4, -4),
                      textcoords="offset points", ha="right", va="top", color=SOFT, fontsize=LABEL_PT)  # fmt: skip
    return across


def _varied_axis(axes: Axes, sweep: Sweep) -> dict[int, float]:
    """Lay out the axis across as the first varied key, in the order of its values."""
    axis = sweep.axes[0]
    axes.set_xlabel(axis.name)
    axes.set_xticks(range(len(axis.values)), [value if isinstance(value, str) else f"{value:.6g}"
                                              for value in axis.values])  # fmt: skip
    axes.set_xlim(-0.5, len(axis.values) - 0.5)
    return {id(row): float(axis.values.index(row[axis.name])) for row in sweep.rows}


def _heading(sweep: Sweep, scenario: Scenario, front: list[Row], drawn: list[Row]) -> Heading:
    varied = " and ".join(short_names([axis.path for axis in sweep.axes]))
    cost = f"{scenario.name}: {scenario.horizon_months}-month cost in {scenario.currency}"
    if not drawn:
        return folded_heading("No interactive request is answered, so no p95 to choose by", f"{cost}, varying {varied}")
    unknown = len(sweep.rows) - len(drawn)
    left_out = f"; {counted(unknown, 'point has', 'points have')} no p95 and cannot be drawn" if unknown else ""
    shown = f"{cost} against latency, varying {varied} (the figures at the points){left_out}"
    return folded_heading(_title(front, drawn), shown)


def _title(front: list[Row], drawn: list[Row]) -> str:
    """Count outcomes, not points: points that differ only in what does not matter to an option coincide."""
    worth, different = len({_outcome(row) for row in front}), len({_outcome(row) for row in drawn})
    if worth == 1:
        return f"One of {counted(different, 'outcome')} is both cheapest and fastest"
    return f"{worth} of {counted(different, 'outcome')} are worth choosing between"


def _outcome(row: Row) -> tuple[Any, ...]:
    return row["option"], row["total_usd"], row["e2e_p95_s"]


def _met(row: Row, sweep: Sweep) -> tuple[Any, ...]:
    return tuple(row[axis.name] for axis in sweep.axes if axis.path[0] not in CHOSEN)


def _marks(rows: list[Row]) -> dict[str, list[Row]]:
    """Sort rows by what their mark looks like: the option, and whether it misses the SLO."""
    options = dict.fromkeys(row["option"] for row in rows)
    missed = ", misses SLO" if rows and rows[0]["e2e_p95_s"] is not None else ", not known to keep SLO"
    named = {(name, kept): name if kept else name + missed for name in options for kept in (True, False)}
    marks: dict[str, list[Row]] = {label: [] for label in named.values()}
    for row in rows:
        marks[named[row["option"], row["slo_kept"]]].append(row)
    return {label: members for label, members in marks.items() if members}


def _points(axes: Axes, marks: dict[str, list[Row]], across: dict[int, float]) -> list[Any]:
    options = dict.fromkeys(row["option"] for members in marks.values() for row in members)
    numbers = {name: number for number, name in enumerate(options)}
    handles = []
    for members in marks.values():
        colour, marker = colour_and_marker(numbers[members[0]["option"]])
        handles.append(axes.scatter(
            [across[id(row)] for row in members], [row["total_usd"] for row in members], s=58, zorder=3, marker=marker,
            facecolor=colour if members[0]["slo_kept"] else GRID, edgecolor=colour, linewidth=1.4,
        ))  # fmt: skip
    return handles


def _front(axes: Axes, front: list[Row], sweep: Sweep) -> Any:
    """Draw one line for each value of the keys that nobody chooses."""
    for _, members in groupby(front, key=lambda row: _met(row, sweep)):
        line = list(members)
        (drawn,) = axes.plot([row["e2e_p95_s"] for row in line], [row["total_usd"] for row in line],
                             color=INK, lw=1.2, zorder=2)  # fmt: skip
    return drawn
