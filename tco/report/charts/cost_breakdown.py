"""Cost of every option over the horizon, by account: where the money goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.decide.compare import Comparison, OptionSummary
from tco.pipeline import Evaluation
from tco.report.accounts import account_style
from tco.report.charts import INK, SOFT, WIDTH_IN, canvas, money_axis, place, rendered
from tco.report.charts.lettering import (
    LABEL_PT,
    LEADING,
    MARGIN_IN,
    folded,
    folded_heading,
    height_in,
    legend_above,
    legend_columns,
    width_in,
)
from tco.report.comparison import account_order, none_keeps, slo_words
from tco.report.money import Money
from tco.report.numbers import counted
from tco.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES_IN = 2.6  # room for the names of options at most; longer ones take more lines
TOTAL_IN = 0.9  # room for the total behind the longest bar
PITCH_IN = 0.62  # from bar to bar at least
AXIS_IN = 0.45  # below the bars: tick labels
BAR_SHARE = 0.62  # of the pitch
DARK_BELOW = 0.179  # relative luminance at which white and black letters have the same contrast (WCAG 2)


def cost_breakdown(evaluation: Evaluation, comparison: Comparison) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes."""
    money = Money.of(evaluation.scenario)
    options = comparison.options[::-1]  # the first option on top
    names = [folded(option.name, LABEL_PT, NAMES_IN) + slo_words(option, "\n") for option in options]
    left = MARGIN_IN + 0.15 + max(width_in(line, LABEL_PT) for name in names for line in name.split("\n"))
    across = WIDTH_IN - left - TOTAL_IN - MARGIN_IN
    rows_in = len(options) * max(PITCH_IN, max(height_in(name, LABEL_PT) for name in names) + 0.12)
    accounts = account_order(comparison)
    labels = [account_style(account).word for account in accounts]
    columns = legend_columns(labels, LABEL_PT, across + TOTAL_IN)
    legend_in = -(-len(labels) // columns) * LABEL_PT * 1.5 / 72 + 0.15
    head = folded_heading(_title(comparison, evaluation.scenario),
                   f"{evaluation.scenario.name}: undiscounted {money.currency} by account")  # fmt: skip
    with canvas(head.height_in + legend_in + rows_in + AXIS_IN) as (figure, [axes]):
        place(axes, left, AXIS_IN, across, rows_in)
        highest = max(option.total_usd for option in options) or 1.0
        axes.set_xlim(0, highest)
        handles = _bars(axes, options, accounts, across / highest, money)
        axes.set_yticks(range(len(options)), names, fontsize=LABEL_PT, linespacing=LEADING)
        axes.set_ylim(-0.5, len(options) - 0.5)
        money_axis(axes.xaxis, money)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        legend_above(axes, handles, labels, columns)
        head.draw(figure)
        return rendered(figure)


def _bars(
    axes: Axes, options: tuple[OptionSummary, ...], accounts: list[str], inches_per_usd: float, money: Money
) -> list[object]:
    """Draw one bar an option, its amounts written into it, or behind it where a part is too small."""
    handles: list[object] = []
    ends = [0.0] * len(options)
    small: list[list[str]] = [[] for _ in options]
    for account in accounts:
        style = account_style(account)
        widths = [option.accounts_usd.get(account, 0.0) for option in options]
        handles.append(axes.barh(range(len(options)), widths, left=ends, color=style.colour, height=BAR_SHARE,
                                 edgecolor="white", linewidth=0.8))  # fmt: skip
        for row, width in enumerate(widths):
            amount = money.short(width)
            if width * inches_per_usd > width_in(amount, LABEL_PT) + 0.12:
                axes.text(ends[row] + width / 2, row, amount, ha="center", va="center", fontsize=LABEL_PT,
                          color="white" if _luminance(style.colour) < DARK_BELOW else INK)  # fmt: skip
            elif width > 0:
                small[row].append(f"{style.word} {amount}")
            ends[row] += width
    for row, (end, parts) in enumerate(zip(ends, small, strict=True)):
        _total(axes, row, end, ", ".join(parts), inches_per_usd, money)
    return handles


def _total(axes: Axes, row: int, total_usd: float, parts: str, inches_per_usd: float, money: Money) -> None:
    amount = money.short(total_usd)
    axes.annotate(amount, (total_usd, row), xytext=(6, 0), textcoords="offset points", va="center",
                  fontsize=LABEL_PT + 0.5, fontweight="bold", annotation_clip=False)  # fmt: skip
    after = width_in(amount, LABEL_PT + 0.5, bold=True) + 0.2
    room = (axes.get_xlim()[1] - total_usd) * inches_per_usd + TOTAL_IN - after
    if parts and width_in(parts, LABEL_PT - 1) < room:
        axes.annotate(parts, (total_usd, row), xytext=(after * 72, 0), textcoords="offset points", va="center",
                      fontsize=LABEL_PT - 1, color=SOFT, annotation_clip=False, zorder=5,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 for black to 1 for white (WCAG 2)."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _title(comparison: Comparison, scenario: Scenario) -> str:
    over, money = f"over {counted(scenario.horizon_months, 'month')}", Money.of(scenario)
    if comparison.chosen is None:
        shown = min(comparison.options, key=lambda option: option.total_usd)
        return f"{none_keeps(comparison)}; the cheapest, {shown.name}, costs {_spent(shown, over, money)}"
    shown = comparison[comparison.chosen]
    return f"{shown.name} costs {_spent(shown, over, money)}"


def _spent(option: OptionSummary, over: str, money: Money) -> str:
    if option.total_usd <= 0:
        return f"nothing {over}"
    account = max(option.accounts_usd, key=lambda name: option.accounts_usd[name])
    part = option.accounts_usd[account] / option.total_usd
    share = "all" if part > 1 - 1e-9 else "nearly all" if part > 0.995 else f"{part:.0%}"
    return f"{money.short(option.total_usd)} {over}, {share} of it for {account_style(account).phrase}"
