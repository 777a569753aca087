"""Charts: one file a chart. The only home of matplotlib, imported when a chart is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# After Paul Tol's "bright" and "muted" schemes, darkened so that labels in the same colour can be read on white.
PALETTE = (
    "#4477AA", "#CC4455", "#228833", "#997700", "#AA3377", "#2299BB", "#332288", "#666633", "#117733", "#882255",
)  # fmt: skip
INK, SOFT, GRID = "#222222", "#666666", "#E5E5E5"
DPI = 150


@contextmanager
def canvas(width_in: float = 9.0, height_in: float = 5.0) -> Iterator[tuple[Figure, Axes]]:
    """Open a figure in the house style: no frame, light grid, text kept as text in SVG."""
    with panels(1, 1, width_in, height_in) as (figure, axes):
        yield figure, axes[0]


@contextmanager
def panels(
    rows: int, columns: int, width_in: float = 9.0, height_in: float = 5.0, *, share_x: bool = False
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Open a figure of several charts in the house style; the axes come row by row."""
    import matplotlib as mpl  # a second of start-up that only a chart should pay

    mpl.use("agg")
    import matplotlib.pyplot as plt

    style: dict[str, Any] = {
        "font.family": "DejaVu Sans", "font.size": 10.5, "axes.edgecolor": SOFT, "axes.labelcolor": SOFT,
        "text.color": INK, "xtick.color": SOFT, "ytick.color": SOFT, "axes.spines.top": False,
        "axes.spines.right": False, "axes.grid": True, "grid.color": GRID, "axes.axisbelow": True,
        "svg.fonttype": "none", "svg.hashsalt": "tco", "figure.dpi": DPI,
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


def rendered(figure: Figure) -> dict[str, bytes]:
    """Return the figure as PNG and SVG; the same figure gives the same bytes."""
    files = {}
    for kind in ("png", "svg"):
        stream = BytesIO()
        metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
        figure.savefig(stream, format=kind, metadata=metadata)
        files[kind] = stream.getvalue()
    return files


def spread_labels(positions: list[float], least_gap: float) -> list[float]:
    """Move labels apart so that no two are nearer than `least_gap`, keeping their order and their middle.

    >>> spread_labels([0.0, 0.1, 5.0], 1.0)
    [-0.45, 0.55, 5.0]
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    groups: list[list[int]] = [[index] for index in order]

    def middle(group: list[int]) -> float:
        return sum(positions[index] for index in group) / len(group)

    merged = True
    while merged:
        merged = False
        for left, right in zip(range(len(groups)), range(1, len(groups)), strict=False):
            room = (len(groups[left]) + len(groups[right])) / 2 * least_gap
            if middle(groups[right]) - middle(groups[left]) < room - 1e-12:
                groups[left] += groups.pop(right)
                merged = True
                break
    spread = list(positions)
    for group in groups:
        start = middle(group) - (len(group) - 1) / 2 * least_gap
        for place, index in enumerate(group):
            spread[index] = round(start + place * least_gap, 12)
    return spread
