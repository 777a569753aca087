"""Charts: one file a chart. The only home of matplotlib, imported when a chart is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from tco.report.accounts import BLUE, BROWN, GREEN, NAVY, ORANGE, PINK, SKY, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from tco.report.money import Money

PALETTE = (BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, NAVY, BROWN)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # seven against eight colours: a pair returns after 56 options
INK, SOFT, GRID = "#222222", "#5F5F5F", "#E5E5E5"
FONT = "DejaVu Sans"
DPI = 150
WIDTH_IN = 12.0  # about a slide's width, so that points are points on a slide


@contextmanager
def canvas(height_in: float, count: int = 1) -> Iterator[tuple[Figure, list[Axes]]]:
    """Open a figure of slide width with some charts beside each other."""
    with panels(1, count, WIDTH_IN, height_in) as opened:
        yield opened


@contextmanager
def panels(
    rows: int, columns: int, width_in: float = 9.0, height_in: float = 5.0, *, share_x: bool = False
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Open a figure of several charts in the house style: no frame, light grid, text kept as text in SVG, `$` a dollar.

    The axes come row by row.
    """
    import matplotlib as mpl  # a second of start-up that only a chart should pay

    mpl.use("agg")
    import matplotlib.pyplot as plt

    style: dict[str, Any] = {
        "font.family": FONT, "font.size": 10.5, "axes.edgecolor": SOFT, "axes.labelcolor": SOFT,
        "text.color": INK, "xtick.color": SOFT, "ytick.color": SOFT, "axes.spines.top": False,
        "axes.spines.right": False, "axes.grid": True, "grid.color": GRID, "axes.axisbelow": True,
        "svg.fonttype": "none", "svg.hashsalt": "tco", "figure.dpi": DPI, "text.parse_math": False,
        "ytick.alignment": "center",
    }  # fmt: skip
    with mpl.rc_context(style):  # type: ignore[arg-type]  # the stubs want literal keys
        figure, axes = plt.subplots(rows, columns, figsize=(width_in, height_in), sharex=share_x, squeeze=False)
        try:
            yield figure, axes.ravel().tolist()
        finally:
            plt.close(figure)


def heading(figure: Figure, title: str, subtitle: str, height_in: float = 5.0) -> None:
    """Put the finding on top, and what is shown below it, both flush left; taller figures keep the same distances."""
    figure.text(0.02, 1 - 0.175 / height_in, title, fontsize=13.5, fontweight="bold", va="top")
    figure.text(0.02, 1 - 0.475 / height_in, subtitle, fontsize=10, color=SOFT, va="top")


def place(axes: Axes, left_in: float, bottom_in: float, width_in: float, height_in: float) -> None:
    """Put a panel at a place in inches from the figure's lower left corner."""
    across, up = axes.get_figure(root=True).get_size_inches()  # type: ignore[union-attr]  # axes are on a figure
    axes.set_position((left_in / across, bottom_in / up, width_in / across, height_in / up))


def colour_and_marker(number: int) -> tuple[str, str]:
    """Return what tells the option of this number apart: a colour, and a shape for those who see colours alike."""
    return PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]


def money_axis(axis: Axis, money: Money, say: Callable[[float], str] | None = None) -> None:
    """Write an axis of USD in the plan's currency, with ticks at its own round amounts.

    A sign stands at every tick, a code (CHF) in the chart's heading only.

    Args:
        axis: of amounts in USD.
        money: how they are told.
        say: how one is written; short when left out.
    """
    from matplotlib.ticker import AutoLocator

    class Converted(AutoLocator):
        def tick_values(self, vmin: float, vmax: float) -> Any:
            return np.asarray(super().tick_values(money.amount(vmin), money.amount(vmax))) * money.usd_per_unit

    written = say or money.short
    axis.set_major_formatter(lambda usd, _position: written(usd).replace(f"{money.symbol} ", ""))  # a code is long
    axis.set_major_locator(Converted())


def rendered(figure: Figure) -> dict[str, bytes]:
    """Return the figure as PNG and SVG; the same figure gives the same bytes."""
    files = {}
    for kind in ("png", "svg"):
        stream = BytesIO()
        metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
        figure.savefig(stream, format=kind, metadata=metadata)
        files[kind] = stream.getvalue()
    return files
