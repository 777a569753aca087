"""Latency of every option as a cumulative distribution: first token and end to end, with the SLO's limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tco.capacity.experiment import Experiment
from tco.report.charts import INK, PALETTE, SOFT, heading, panels, rendered
from tco.report.numbers import seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID_PERCENT = np.concatenate([np.linspace(0, 90, 181), np.linspace(90.1, 100, 100)])  # finer where the limits are
P95 = 95

Floats = NDArray[np.float64]


def latency_cdf(found: Experiment, times: Mapping[str, tuple[Floats, Floats]]) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes.

    Args:
        found: the experiment.
        times: by option, percentiles `GRID_PERCENT` of the first token and end to end, seconds.
    """
    slo = found.scenario.slo
    with panels(1, 2, 9.6, 5.0) as (figure, axes):
        figure.subplots_adjust(left=0.075, right=0.975, top=0.78, bottom=0.13, wspace=0.12)
        for place, (name, limit_s) in enumerate(
            (("first token", slo.ttft_p95_s), ("last token (end to end)", slo.e2e_p95_s))
        ):
            for (_, pair), colour in zip(times.items(), PALETTE * 10, strict=False):
                axes[place].plot(pair[place], GRID_PERCENT, color=colour, lw=2.0, solid_capstyle="round")
            _finish(axes[place], name, limit_s)
        axes[0].set_ylabel("share of requests answered by then")
        axes[1].tick_params(labelleft=False)
        handles = axes[0].get_lines()[: len(times)]
        figure.legend(handles, list(times), loc="upper left", bbox_to_anchor=(0.012, 0.86), ncols=5, frameon=False,
                      fontsize=9.5, labelcolor=INK, handlelength=1.2, columnspacing=1.4)  # fmt: skip
        heading(figure, _title(found), _subtitle(found))
        return rendered(figure)


def _finish(axes: Axes, name: str, limit_s: float | None) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _position: _tick(value))
    axes.xaxis.set_minor_formatter(lambda _value, _position: "")
    axes.set_xlabel(f"time to the {name}, log scale")
    axes.set_ylim(0, 101)
    axes.set_yticks([0, 25, 50, 75, P95])
    axes.yaxis.set_major_formatter(lambda value, _position: f"{value:.0f} %")
    axes.axhline(P95, color=SOFT, lw=0.8)
    if limit_s is not None:
        axes.axvline(limit_s, color=SOFT, lw=1.1, ls="--")
        axes.annotate(f"SLO {limit_s:g} s", (limit_s, 2), xytext=(-4, 0), textcoords="offset points",
                      rotation=90, ha="right", va="bottom", fontsize=9, color=SOFT)  # fmt: skip


def _tick(value: float) -> str:
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"


def _title(found: Experiment) -> str:
    known = [entry for entry in found.figures if entry.e2e.p95 is not None]
    limit_s = found.scenario.slo.e2e_p95_s
    fastest = min(known, key=lambda entry: entry.e2e.p95.estimate if entry.e2e.p95 else 0.0)
    best = seconds(fastest.e2e.p95.estimate if fastest.e2e.p95 else None)
    if limit_s is None or len(known) == 1:
        return f"{fastest.option} answers 95 % of requests in {best}"
    kept = sum(entry.e2e.p95 is not None and entry.e2e.p95.estimate <= limit_s for entry in known)
    keep = "every option keeps" if kept == len(known) else f"{kept} of {len(known)} options keep"
    return f"{fastest.option} ends 95 % of answers in {best}; {keep} to {limit_s:g} s"


def _subtitle(found: Experiment) -> str:
    over = [entry.option for entry in found.figures if entry.overloaded]
    left_out = f"; overloaded and left out: {', '.join(over)}" if over else ""
    return (
        f"{found.scenario.name} at {found.month.peak_rps:.3g} req/s: interactive requests after the warm-up{left_out}"
    )
