"""Cost of a request against the share of good answers, one labelled point an option."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.decide.compare import Comparison, OptionSummary
from tco.pipeline import Evaluation
from tco.report.charts import GRID, INK, WIDTH_IN, canvas, colour_and_marker, money_axis, place, rendered
from tco.report.charts.lettering import LABEL_PT, MARGIN_IN, folded_heading, height_in, spread
from tco.report.money import Money
from tco.report.numbers import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT_IN, HIGH_IN, AXIS_IN = 1.0, 4.4, 0.65
WIDE_IN = WIDTH_IN - LEFT_IN - 2 * MARGIN_IN
NEAR = 0.2  # of the width: labels of points nearer than that could cover each other
HEADROOM = 1.12
LEAST_RANGE = 0.05  # of success: five points, so that noise does not look like a difference


def quality_front(evaluation: Evaluation, comparison: Comparison) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes, nothing where no option's quality is known."""
    known = [option for option in comparison.options if option.success_share is not None]
    if not known:
        return {}
    front = [option for option in known if not any(_better(other, option) for other in known)]
    unknown = len(comparison.options) - len(known)
    left_out = f"; {counted(unknown, 'option', 'options')} of unknown quality left out" if unknown else ""
    head = folded_heading(
        _finding(front, known),
        f"{evaluation.scenario.name}: cost of a request against good answers; the line joins options that no other "
        f"beats in both; filled: keeps the SLO{left_out}",
    )
    with canvas(head.height_in + HIGH_IN + AXIS_IN) as (figure, [axes]):
        place(axes, LEFT_IN, AXIS_IN, WIDE_IN, HIGH_IN)
        _axes(axes, known, Money.of(evaluation.scenario))
        front.sort(key=lambda option: option.cost_usd_per_request)
        axes.plot([each.cost_usd_per_request for each in front], [each.success_share or 0.0 for each in front],
                  color=INK, lw=1.2, zorder=2)  # fmt: skip
        names = [option.name for option in comparison.options]
        for option in known:
            colour, marker = colour_and_marker(names.index(option.name))
            axes.scatter([option.cost_usd_per_request], [option.success_share or 0.0], s=58, zorder=3, marker=marker,
                         facecolor=colour if option.slo_kept else GRID, edgecolor=colour, linewidth=1.4)  # fmt: skip
        _front_labels(axes, front)
        _labels(axes, [option for option in known if option.name not in {each.name for each in front}])
        head.draw(figure)
        return rendered(figure)


def _finding(front: list[OptionSummary], known: list[OptionSummary]) -> str:
    if len(known) == 1:
        return f"{known[0].name} answers {known[0].success_share:.1%} well"
    if len(front) == 1:
        return f"No option is cheaper than {front[0].name}, and none answers better"
    return f"{len(front)} of {counted(len(known), 'option')} are worth choosing between"


def _better(one: OptionSummary, other: OptionSummary) -> bool:
    """Say whether one is no dearer and no worse than another, and cheaper or better."""
    mine = (one.cost_usd_per_request, -(one.success_share or 0.0))
    theirs = (other.cost_usd_per_request, -(other.success_share or 0.0))
    return mine != theirs and mine[0] <= theirs[0] and mine[1] <= theirs[1]


def _axes(axes: Axes, known: list[OptionSummary], money: Money) -> None:
    shares = [option.success_share or 0.0 for option in known]
    room = max(max(shares) - min(shares), LEAST_RANGE) * (HEADROOM - 1)
    middle, half = (max(shares) + min(shares)) / 2, max(max(shares) - min(shares), LEAST_RANGE) / 2 + room
    axes.set_ylim(middle - half, middle + half)
    axes.set_xlim(0, max(option.cost_usd_per_request for option in known) * HEADROOM or 1.0)
    axes.locator_params(axis="y", nbins=8, prune="upper")  # the topmost tick would touch the heading
    axes.set_xlabel(f"cost of a request over the horizon, {money.currency}")
    axes.set_ylabel("good answers")
    money_axis(axes.xaxis, money, money.each)
    axes.yaxis.set_major_formatter(lambda value, _position: f"{100 * value:.4g}%")


def _front_labels(axes: Axes, front: list[OptionSummary]) -> None:
    """Write names above and left of the front, where no option can be; below right where the axis is too near."""
    for option in front:
        left = option.cost_usd_per_request > NEAR * axes.get_xlim()[1]
        axes.annotate(
            f"{option.name} {option.success_share:.1%}", (option.cost_usd_per_request, option.success_share or 0.0),
            xytext=(-5, 5) if left else (8, -6), textcoords="offset points", ha="right" if left else "left",
            va="bottom" if left else "center", fontsize=LABEL_PT, color=INK, zorder=4,
        )  # fmt: skip


def _labels(axes: Axes, known: list[OptionSummary]) -> None:
    """Write each name beside its point; names of points near each other are moved apart."""
    (low, high), right = axes.get_ylim(), axes.get_xlim()[1]
    line = height_in("x", LABEL_PT) / HIGH_IN * (high - low)
    across = sorted(known, key=lambda option: option.cost_usd_per_request)
    clusters: list[list[OptionSummary]] = []
    for option in across:
        near = clusters and option.cost_usd_per_request - clusters[-1][0].cost_usd_per_request < NEAR * right
        if near:
            clusters[-1].append(option)
        else:
            clusters.append([option])
    for cluster in clusters:
        cluster.sort(key=lambda option: option.success_share or 0.0)
        heights = spread([option.success_share or 0.0 for option in cluster], [line] * len(cluster), low, high)
        for option, height in zip(cluster, heights, strict=True):
            left = option.cost_usd_per_request > 0.8 * right
            axes.annotate(
                f"{option.name} {option.success_share:.1%}", (option.cost_usd_per_request, height),
                xytext=(-8 if left else 8, 0), textcoords="offset points", ha="right" if left else "left", va="center",
                fontsize=LABEL_PT, color=INK, zorder=4,
            )  # fmt: skip
