"""Labels at the points of a sweep: one for points that coincide, none over another or over a point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tco.report.charts import INK
from tco.report.charts.lettering import LABEL_PT, POINTS_PER_IN, height_in, width_in

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tco.decide.vary import Axis

Row = dict[str, Any]
Place = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, right, top, inches

SAME_IN = 0.09  # points nearer than their marks are wide look like one
MARK_IN = 0.07  # half a mark
GAP_IN = 0.05
MOST_TOLD = 3  # combinations that one label lists


def label_points(axes: Axes, front: Sequence[Row], drawn: Sequence[Row], varied: Sequence[Axis]) -> None:
    """Write at the points of the front what the varied keys are there.

    A label that finds no free place beside its point is left out; the table and the CSV have every point.

    Args:
        axes: with its limits and its place in the figure final.
        front: rows to label, along the front.
        drawn: every row that has a point.
        varied: the keys, in the order of the figures in a label.
    """
    places = [_inches(axes, row) for row in front]
    taken = [_mark(*_inches(axes, row)) for row in drawn]
    right, top = _inches(axes, {"e2e_p95_s": axes.get_xlim()[1], "total_usd": axes.get_ylim()[1]})
    for (x, y), members in _outwards_in(_clusters(front, places)):
        text = told(members, varied)
        size = (width_in(text, LABEL_PT), height_in(text, LABEL_PT))
        for box in _beside(x, y, *size):
            inside = box[0] > 0 and box[1] > 0 and box[2] < right and box[3] < top
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                corner = (box[0] * POINTS_PER_IN, box[1] * POINTS_PER_IN)
                axes.annotate(text, corner, xycoords="axes points", fontsize=LABEL_PT, color=INK, zorder=4)
                break


def told(rows: Sequence[Row], varied: Sequence[Axis]) -> str:
    """Say what the varied keys are at points that coincide: a key that makes no difference is `any`.

    >>> from tco.decide.vary import Axis
    >>> share, least = Axis("s", ("s",), (0.0, 0.5)), Axis("m", ("m",), (1, 2, 3))
    >>> told([{"s": 0.0, "m": 1}, {"s": 0.5, "m": 1}], [share, least])
    'any, 1'
    >>> told([{"s": 0.5, "m": 1}, {"s": 0.5, "m": 2}], [share, least])
    '0.5, 1 or 2'
    >>> told([{"s": 0.0, "m": 1}, {"s": 0.5, "m": 2}], [share, least])
    '0, 1; 0.5, 2'
    """
    values = [list(dict.fromkeys(row[axis.name] for row in rows)) for axis in varied]
    combinations = list(dict.fromkeys(tuple(row[axis.name] for axis in varied) for row in rows))
    count = 1
    for found in values:
        count *= len(found)
    if count == len(combinations):
        return ", ".join(_values(found, axis) for found, axis in zip(values, varied, strict=True))
    more = f"; {len(combinations) - MOST_TOLD} more" if len(combinations) > MOST_TOLD else ""
    return "; ".join(", ".join(map(_value, combination)) for combination in combinations[:MOST_TOLD]) + more


def _values(found: Sequence[Any], axis: Axis) -> str:
    if len(found) > 1 and len(found) == len(axis.values):
        return "any"
    if len(found) > MOST_TOLD:
        return f"{_value(found[0])} to {_value(found[-1])}"
    return " or ".join(map(_value, found))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.6g}"


def _inches(axes: Axes, row: Row) -> tuple[float, float]:
    """Return a point's place from the lower left corner of the axes, inches."""
    across, up = axes.transAxes.inverted().transform(axes.transData.transform((row["e2e_p95_s"], row["total_usd"])))
    figure = axes.get_figure(root=True)
    box = axes.get_position()
    wide, high = figure.get_size_inches() if figure is not None else (1.0, 1.0)
    return float(across * box.width * wide), float(up * box.height * high)


def _clusters(rows: Sequence[Row], places: Sequence[Place]) -> list[tuple[Place, list[Row]]]:
    """Put rows whose points look like one together, under the place of the first."""
    clusters: list[tuple[Place, list[Row]]] = []
    for row, (x, y) in zip(rows, places, strict=True):
        for (other_x, other_y), members in clusters:
            if abs(other_x - x) < SAME_IN and abs(other_y - y) < SAME_IN and members[0]["option"] == row["option"]:
                members.append(row)
                break
        else:
            clusters.append(((x, y), [row]))
    return clusters


def _outwards_in(clusters: list[Any]) -> list[Any]:
    """Order the two ends of the front first, then its middle, and so on: what matters most gets its label first."""
    order, step = [0, len(clusters) - 1], len(clusters)
    while step > 1:
        step = (step + 1) // 2
        order += range(step, len(clusters), step)
    return [clusters[index] for index in dict.fromkeys(order)]


def _beside(x: float, y: float, wide: float, high: float) -> Iterator[Box]:
    """Yield places around a point: below it to the left, where no point of the front can be, then the other corners."""
    away = MARK_IN + GAP_IN
    for left, bottom in (
        (x - away - wide, y - away / 2 - high), (x + away, y + away / 2), (x - away - wide, y - high / 2),
        (x + away, y - high / 2), (x + away, y - away / 2 - high), (x - away - wide, y + away / 2),
    ):  # fmt: skip
        yield left, bottom, left + wide, bottom + high


def _mark(x: float, y: float) -> Box:
    return x - MARK_IN, y - MARK_IN, x + MARK_IN, y + MARK_IN


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
