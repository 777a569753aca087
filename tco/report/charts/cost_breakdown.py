"""Cost of every option over the horizon, by account: where the money goes."""

from __future__ import annotations

from tco.decide.compare import Comparison
from tco.pipeline import Evaluation
from tco.report.charts import PALETTE, SOFT, canvas, heading, rendered
from tco.report.comparison import ACCOUNT_WORDS, account_order
from tco.report.numbers import short_usd


def cost_breakdown(evaluation: Evaluation, comparison: Comparison) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes."""
    options = comparison.options[::-1]  # the first option on top
    highest = max(option.total_usd for option in options)
    with canvas(height_in=2.2 + 0.62 * len(options)) as (figure, axes):
        figure.subplots_adjust(left=0.25, right=0.9, top=0.76, bottom=0.16)
        left = [0.0] * len(options)
        for account, colour in zip(account_order(comparison), PALETTE * 10, strict=False):
            widths = [option.accounts_usd.get(account, 0.0) for option in options]
            label = ACCOUNT_WORDS.get(account, account)
            axes.barh(range(len(options)), widths, left=left, color=colour, height=0.62, label=label)
            for row, width in enumerate(widths):
                if width > 0.09 * highest:
                    axes.text(left[row] + width / 2, row, short_usd(width), ha="center", va="center",
                              color="white", fontsize=9)  # fmt: skip
            left = [start + width for start, width in zip(left, widths, strict=True)]
        for row, total in enumerate(left):
            axes.text(total + highest * 0.012, row, short_usd(total), va="center", fontsize=9.5, fontweight="bold")
        axes.set_yticks(range(len(options)), [option.name for option in options])
        axes.set_xlim(0, highest * 1.08)
        axes.xaxis.set_major_formatter(lambda value, _position: short_usd(value))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=6, frameon=False, fontsize=9, labelcolor=SOFT,
            handlelength=1.0, columnspacing=1.2, borderaxespad=0.2,
        )  # fmt: skip
        months = evaluation.scenario.horizon_months
        heading(figure, _title(comparison, months), f"{evaluation.scenario.name}: undiscounted USD by account")
        return rendered(figure)


def _title(comparison: Comparison, months: int) -> str:
    shown = comparison[comparison.chosen] if comparison.chosen else comparison[comparison.baseline]
    account = max(shown.accounts_usd, key=lambda name: shown.accounts_usd[name])
    part = shown.accounts_usd[account] / shown.total_usd if shown.total_usd else 0.0
    words = ACCOUNT_WORDS.get(account, account)
    return f"{shown.name}: {short_usd(shown.total_usd)} in {months} months, {part:.0%} of it {words}"
