"""Queue and utilisation of one option through its window: how many requests wait and are served, tier by tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tco.capacity.experiment import Experiment
from tco.capacity.figures import OptionFigures, TierFigures
from tco.report.charts import PALETTE, SOFT, heading, panels, rendered
from tco.report.numbers import few, share_used
from tco.sim.result import SimulationResult
from tco.sim.visits import Visits, read_visits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 120  # across the window; means of a bin, so that a spike of a second does not paint a minute
WAITING = PALETTE[1]
SERVICE = PALETTE[0]

Floats = NDArray[np.float64]


def mean_inside(begin_s: Floats, end_s: Floats, edges_s: Floats) -> Floats:
    """Mean number of spans under way in each stretch between edges, shape (edges - 1,).

    >>> mean_inside(np.array([0.0, 1.0]), np.array([2.0, 4.0]), np.array([0.0, 2.0, 4.0])).tolist()
    [1.5, 1.0]
    """
    held = [float((np.minimum(end_s, edge) - np.minimum(begin_s, edge)).sum()) for edge in edges_s]
    return np.diff(np.array(held)) / np.diff(edges_s)


def queue_timeline(found: Experiment, result: SimulationResult) -> dict[str, bytes]:
    """Draw the chart of one option from the stamps of its first replication; returns PNG and SVG bytes."""
    figures = next(entry for entry in found.figures if entry.option == result.option)
    visits = read_visits(result)
    edges_s = np.linspace(float(result.arrived_s[0]), float(result.arrived_s[-1]), BINS + 1)
    scale, unit = _scale(edges_s[-1] - edges_s[0])
    rows = len(result.tiers)
    height = 1.75 + 1.5 * rows
    with panels(rows, 1, 9.0, height, share_x=True) as (figure, axes):
        figure.subplots_adjust(left=0.075, right=0.8, top=1 - 1.15 / height, bottom=0.6 / height, hspace=0.3)
        for place, tier in enumerate(figures.tiers):
            _draw(axes[place], visits[tier.tier], edges_s, scale)
            name, *lines = _words(tier, figures)
            axes[place].annotate(name, (1.02, 1.0), xycoords="axes fraction", va="top", fontsize=9.5,
                                 fontweight="bold")  # fmt: skip
            axes[place].annotate("\n".join(lines), (1.02, 1.0), xycoords="axes fraction", xytext=(0, -15),
                                 textcoords="offset points", va="top", fontsize=9.5, linespacing=1.45)  # fmt: skip
        axes[-1].set_xlabel(f"{unit} since the first request")
        axes[-1].set_xlim(0, (edges_s[-1] - edges_s[0]) / scale)
        _legend(figure, 1 - 0.68 / height, untold=any(_untold(each) for each in visits.values()))
        heading(figure, _title(figures), f"{found.scenario.name}, {result.option} at {result.rate_rps:.3g} req/s: "
                "requests in each tier, first replication", height)  # fmt: skip
        return rendered(figure)


def _draw(axes: Axes, visits: Visits, edges_s: Floats, scale: float) -> None:
    at = (edges_s - edges_s[0]) / scale
    inside = _steps(mean_inside(visits.entered_s, visits.left_s, edges_s))
    # A visit whose service never began, or whose tier does not tell, is drawn as one that does not wait.
    started = np.where(np.isnan(visits.started_s), visits.entered_s, visits.started_s)
    waiting = _steps(mean_inside(visits.entered_s, started, edges_s))
    axes.fill_between(at, inside - waiting, color=SOFT if _untold(visits) else SERVICE, step="post", lw=0, alpha=0.85)
    axes.fill_between(at, inside - waiting, inside, color=WAITING, step="post", lw=0, alpha=0.9)
    axes.set_ylim(0, max(float(inside.max()) * 1.08, 1e-9))
    axes.locator_params(axis="y", nbins=4)
    axes.yaxis.set_major_formatter(lambda value, _position: f"{value:,g}")
    axes.grid(visible=False, axis="x")


def _steps(means: Floats) -> Floats:
    return np.append(means, means[-1])  # so that the last bin is drawn to its end


def _untold(visits: Visits) -> bool:
    return len(visits) > 0 and bool(np.isnan(visits.started_s).all())


def _words(tier: TierFigures, figures: OptionFigures) -> list[str]:
    """Name the tier, and say in a few lines what the picture cannot."""
    lines = [tier.tier]
    if tier.replicas is not None:
        lines.append(f"{tier.replicas} replica{'' if tier.replicas == 1 else 's'}")
    if figures.overloaded:
        lines.append(f"{tier.load.arrivals_rps:.3g} req/s arrive")
        if tier.load.capacity_rps is not None:
            lines.append(f"{tier.load.capacity_rps:.3g} req/s capacity")
        return lines
    if tier.load.used_share is not None:
        lines.append(f"{share_used(tier.load.used_share)} of capacity used")
    lines.append(f"{few(tier.inside or 0.0)} inside (mean)")
    lines.append("waiting not told" if tier.waiting is None else f"{few(tier.waiting)} of them waiting")
    return lines


def _legend(figure: Figure, top: float, *, untold: bool) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=SERVICE, label="in service"), Patch(color=WAITING, label="waiting")]
    if untold:
        handles.append(Patch(color=SOFT, label="either: the tier does not tell"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.012, top), ncols=3, frameon=False,
                  fontsize=9, labelcolor=SOFT, handlelength=1.0)  # fmt: skip


def _scale(span_s: float) -> tuple[float, str]:
    """Choose a unit of time that keeps the axis readable.

    >>> _scale(7200.0)
    (60.0, 'minutes')
    """
    for size, name in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if span_s >= 3 * size or (size < 3600.0 and span_s >= size):
            return size, name
    return 1.0, "seconds"


def _title(figures: OptionFigures) -> str:
    if figures.overloaded:
        worst = max(figures.overloaded, key=lambda load: load.arrivals_rps / (load.capacity_rps or 1.0))
        return f"Overload: {worst.describe()}"
    limited = [tier for tier in figures.tiers if tier.load.used_share is not None]
    if not limited:
        return f"{sum(tier.inside or 0.0 for tier in figures.tiers):.3g} requests are under way on average"
    fullest = max(limited, key=lambda tier: tier.load.used_share or 0.0)
    return f"{fullest.tier} runs at {share_used(fullest.load.used_share or 0.0)} of its capacity"
