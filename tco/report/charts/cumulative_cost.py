"""Cumulative cost of every option, month by month; the cheap ones enlarged beside it where dear ones dwarf them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tco.decide.compare import Comparison, OptionSummary
from tco.pipeline import Evaluation
from tco.report.charts import GRID, INK, SOFT, WIDTH_IN, canvas, colour_and_marker, money_axis, place, rendered
from tco.report.charts.break_even import circle, say_break_even
from tco.report.charts.lettering import (
    LABEL_PT,
    LEADING,
    MARGIN_IN,
    folded,
    folded_heading,
    height_in,
    spread,
    width_in,
)
from tco.report.comparison import none_keeps, slo_words
from tco.report.money import Money
from tco.report.numbers import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CONTENDER_RATIO = 2.5  # an option that costs no more than this many times the cheapest is still a contender
ENLARGE_BELOW = 0.5  # contenders that fill less of the axis than this are drawn again on an axis of their own
LABEL_ROOM_IN, TICKS_IN, LEADER_IN = 1.9, 0.75, 0.3
LEAST_HEIGHT_IN, AXIS_IN, PANEL_TITLE_IN = 3.7, 0.65, 0.3


@dataclass(frozen=True, slots=True)
class _Label:
    """Words beside the end of a line; without an option they stand for the grey band."""

    text: str
    end_usd: float
    option: OptionSummary | None = None

    @property
    def height_in(self) -> float:
        return height_in(self.text, LABEL_PT) + 0.08


@dataclass(frozen=True, slots=True)
class _Panel:
    """One set of axes: its labels, and the amount at its upper edge."""

    title: str
    labels: list[_Label]
    top_usd: float

    @property
    def named(self) -> list[OptionSummary]:
        return [label.option for label in self.labels if label.option is not None]


def cumulative_cost(evaluation: Evaluation, comparison: Comparison) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes."""
    money = Money.of(evaluation.scenario)
    panels = _panels(comparison, money)
    high = max(LEAST_HEIGHT_IN, *(sum(label.height_in for label in panel.labels) for panel in panels))
    lines = [line for panel in panels for label in panel.labels for line in label.text.split("\n")]
    labels_in = max(width_in(line, LABEL_PT, bold=True) for line in lines)
    wide = (WIDTH_IN - 2 * MARGIN_IN) / len(panels) - TICKS_IN - LEADER_IN - labels_in
    head = folded_heading(_title(comparison, money), _subtitle(evaluation, comparison))
    with canvas(head.height_in + PANEL_TITLE_IN + high + AXIS_IN, len(panels)) as (figure, sets):
        for number, (axes, panel) in enumerate(zip(sets, panels, strict=True)):
            left = MARGIN_IN + number * (WIDTH_IN - 2 * MARGIN_IN) / len(panels) + TICKS_IN
            place(axes, left, AXIS_IN, wide, high)
            _axes(axes, evaluation, panel)
            _lines(axes, comparison, panel)
            _labels(axes, comparison, panel, wide, high)
        if len(panels) > 1:
            sets[0].axhspan(0, panels[1].top_usd, color=GRID, alpha=0.6, zorder=0)
        say_break_even(sets[-1], evaluation, comparison, panels[-1].named, (wide, high))
        head.draw(figure)
        return rendered(figure)


def _panels(comparison: Comparison, money: Money) -> list[_Panel]:
    """Return one panel; two when the contenders would be squeezed into the lower part of one."""
    options = list(comparison.options)
    highest = max(option.total_usd for option in options)
    least = min(option.total_usd for option in options)
    contenders = [option for option in options if option.total_usd <= CONTENDER_RATIO * least]
    top = max(option.total_usd for option in contenders)
    if len(contenders) < 2 or not 0 < top < ENLARGE_BELOW * highest:
        return [_Panel("", [_label(option, money) for option in options], highest * 1.05 or 1.0)]
    others = [option for option in options if option not in contenders]
    band = folded(f"{counted(len(contenders), 'option')}, enlarged on the right", LABEL_PT, LABEL_ROOM_IN)
    return [
        _Panel("All options", [*(_label(option, money) for option in others), _Label(band, top)], highest * 1.05),
        _Panel(f"Those within {CONTENDER_RATIO:g} times the cheapest",
               [_label(option, money) for option in contenders], top * 1.08),
    ]  # fmt: skip


def _label(option: OptionSummary, money: Money) -> _Label:
    """Name an option with its total, what there is to know about the SLO, and its break-even."""
    at = option.break_even_month
    even = "" if at is None else "never above baseline" if at == 0 else f"ahead from month {at + 1}"
    facts = ", ".join(part for part in (f"{money.short(option.total_usd)}{slo_words(option, ', ')}", even) if part)
    name = folded(option.name, LABEL_PT, LABEL_ROOM_IN, bold=True)
    return _Label(f"{name}\n{folded(facts, LABEL_PT, LABEL_ROOM_IN, bold=True)}", option.total_usd, option)


def _axes(axes: Axes, evaluation: Evaluation, panel: _Panel) -> None:
    months = evaluation.scenario.horizon_months
    axes.set_xlim((1, months) if months > 1 else (0.5, 1.5))
    step = 1 if months <= 12 else 6 if months <= 48 else 12
    axes.set_xticks([1, *(month for month in range(step, months + 1, step) if month > 1)])
    axes.set_ylim(0, panel.top_usd)
    money_axis(axes.yaxis, Money.of(evaluation.scenario))
    axes.set_xlabel(f"month (1 is {evaluation.months[0].label})")
    axes.grid(visible=False, axis="x")
    axes.set_title(panel.title, loc="left", fontsize=LABEL_PT + 0.5, color=SOFT)


def _lines(axes: Axes, comparison: Comparison, panel: _Panel) -> None:
    """Draw every option's path up to the panel's edge, its last month marked."""
    for number, option in enumerate(comparison.options):
        colour, marker = colour_and_marker(number)
        path = np.cumsum(option.monthly_usd)
        if path[-1] > panel.top_usd:
            continue
        chosen = option.name == comparison.chosen
        months = np.arange(1, len(path) + 1)
        axes.plot(months, path, color=colour, linewidth=3.2 if chosen else 2.0, zorder=3 if chosen else 2)
        axes.plot(months[-1], path[-1], marker, color=colour, markersize=8, clip_on=False, zorder=4)
        if option.break_even_month:
            circle(axes, option, colour)


def _labels(axes: Axes, comparison: Comparison, panel: _Panel, wide: float, high: float) -> None:
    ends = [label.end_usd / panel.top_usd * high for label in panel.labels]
    places = spread(ends, [label.height_in for label in panel.labels], -0.15, high + PANEL_TITLE_IN)
    colours = {option.name: colour_and_marker(number)[0] for number, option in enumerate(comparison.options)}
    last = 1.0 if panel.named[0].monthly_usd.size > 1 else 0.5  # where the lines end, share of the width
    for label, end, y in zip(panel.labels, ends, places, strict=True):
        chosen = label.option is not None and label.option.name == comparison.chosen
        colour = colours[label.option.name] if label.option else SOFT
        axes.annotate(
            label.text, (last + 0.07 / wide, end / high), xycoords="axes fraction",
            xytext=(1.0 + LEADER_IN / wide, y / high), textcoords="axes fraction", va="center", fontsize=LABEL_PT,
            color=INK if label.option else SOFT, fontweight="bold" if chosen else "normal",
            annotation_clip=False, linespacing=LEADING,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 1.0, "shrinkA": 0, "shrinkB": 0,
                        "relpos": (0, 0.5)},
        )  # fmt: skip


def _title(comparison: Comparison, money: Money) -> str:
    if comparison.chosen is None:
        return none_keeps(comparison)
    best = comparison[comparison.chosen]
    what = "keeps the SLO at the lowest present value" if best.checks else "has the lowest present value"
    return f"{best.name} {what}: {money.short(best.npv_usd)}, {money.short(best.total_usd)} undiscounted"


def _subtitle(evaluation: Evaluation, comparison: Comparison) -> str:
    crosses = any(option.break_even_month for option in comparison.options)
    mark = f"; a circle marks the month from which an option is ahead of {comparison.baseline}" if crosses else ""
    return f"{evaluation.scenario.name}: cumulative cost, undiscounted {Money.of(evaluation.scenario).currency}{mark}"
