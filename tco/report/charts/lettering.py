"""Lettering: how wide a text is, where it breaks, how labels keep apart, and the heading over a chart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tco.report.charts import FONT, SOFT, WIDTH_IN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS_PER_IN = 72.0
LEADING = 1.22  # distance of lines over the size of the letters
TITLE_PT, SUBTITLE_PT, LABEL_PT = 15.0, 11.0, 10.5
MARGIN_IN = 0.25
# A text may break after a space or a mark, but not within a number.
_PIECES = re.compile(r".+?(?:\s+|[\-_](?!\s)|[./,:](?![\d\s])|$)", re.DOTALL)


def width_in(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Measure one line of text, inches."""
    from matplotlib.font_manager import FontProperties  # only a chart should pay for it
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, size=size_pt, weight="bold" if bold else "normal")
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) / POINTS_PER_IN


def height_in(text: str, size_pt: float) -> float:
    """Return the room that a text of one or more lines takes, inches."""
    return (text.count("\n") + 1) * size_pt * LEADING / POINTS_PER_IN


def folded(text: str, size_pt: float, room_in: float, *, bold: bool = False) -> str:
    r"""Break a text into lines that fit, after spaces and marks where there are any; nothing is cut off.

    >>> folded("all of it for API tokens", 10, 1.0)
    'all of it for API\ntokens'
    >>> folded("a-long-name: $44.65k", 10, 0.7)
    'a-long-\nname:\n$44.65k'
    """
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        rest = piece
        if line and width_in((line + rest).rstrip(), size_pt, bold=bold) > room_in:
            lines.append(line.rstrip())
            line = ""
        while len(rest) > 1 and width_in(rest.rstrip(), size_pt, bold=bold) > room_in:
            fits = max(n for n in range(1, len(rest)) if n == 1 or width_in(rest[:n], size_pt, bold=bold) <= room_in)
            lines.append(rest[:fits])
            rest = rest[fits:]
        line += rest
    return "\n".join([*lines, line.rstrip()])


@dataclass(frozen=True, slots=True)
class Heading:
    """The finding on top, and what is shown below it, folded to the chart's width."""

    title: str
    subtitle: str

    @property
    def height_in(self) -> float:
        """Room from the figure's upper edge to what follows, inches."""
        return MARGIN_IN + height_in(self.title, TITLE_PT) + height_in(self.subtitle, SUBTITLE_PT) + 0.15

    def draw(self, figure: Figure) -> None:
        """Write both, flush left."""
        up = figure.get_size_inches()[1]
        style: dict[str, Any] = {"va": "top", "linespacing": LEADING}
        left = MARGIN_IN / WIDTH_IN
        figure.text(left, 1 - MARGIN_IN / up, self.title, fontsize=TITLE_PT, fontweight="bold", **style)
        below = MARGIN_IN + height_in(self.title, TITLE_PT) + 0.05
        figure.text(left, 1 - below / up, self.subtitle, fontsize=SUBTITLE_PT, color=SOFT, **style)


def folded_heading(title: str, subtitle: str) -> Heading:
    """Fold a title and a subtitle to the chart's width."""
    room = WIDTH_IN - 2 * MARGIN_IN
    return Heading(folded(title, TITLE_PT, room, bold=True), folded(subtitle, SUBTITLE_PT, room))


def legend_columns(labels: Sequence[str], size_pt: float, room_in: float) -> int:
    """Return how many legend entries fit beside each other.

    >>> legend_columns(["a", "b"], 10, 8.0), legend_columns([], 10, 8.0)
    (2, 1)
    """
    widest = max((width_in(label, size_pt) for label in labels), default=0.0) + 0.6  # its mark and the gap
    return max(1, min(len(labels), int(room_in / widest)))


def legend_above(axes: Axes, handles: Sequence[Any], labels: Sequence[str], columns: int) -> None:
    """Put a legend right above a panel, flush left."""
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, fontsize=LABEL_PT,
        labelcolor=SOFT, handlelength=1.2, columnspacing=1.4, borderaxespad=0.3, borderpad=0.0, handletextpad=0.5,
    )  # fmt: skip


def spread(positions: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels as little as possible (least squares) so that none overlaps another or leaves a range.

    Labels keep their order. Isotonic regression of the positions less the stack of heights below each, by pooling
    adjacent violators (Ayer et al. 1955), clipped to the range.

    Args:
        positions: wanted middles.
        heights: height of each label, in the unit of the positions.
        low: lower edge of the range.
        high: its upper edge; a stack that is higher than the range sticks out at the bottom.

    >>> spread([0.0, 0.1, 5.0], [1.0, 1.0, 1.0], -9, 9)
    [-0.45, 0.55, 5.0]
    >>> spread([0.0, 0.1], [1.0, 1.0], 0, 9)
    [0.5, 1.5]
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    offsets, top = [], 0.0
    for index in order:
        offsets.append(top + heights[index] / 2)
        top += heights[index]
    pools: list[list[float]] = []
    for index, offset in zip(order, offsets, strict=True):
        pools.append([positions[index] - offset])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    starts = [_mean(pool) for pool in pools for _ in pool]
    placed = [0.0] * len(positions)
    for index, offset, start in zip(order, offsets, starts, strict=True):
        placed[index] = round(min(max(start, low), high - top) + offset, 9)
    return placed


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
