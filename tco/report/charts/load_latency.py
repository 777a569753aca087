"""Load against latency: how the 95th percentile of every option grows with the rate, up to where the SLO breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.capacity.experiment import Experiment
from tco.capacity.saturate import Probe, Saturation
from tco.report.charts import INK, PALETTE, SOFT, heading, panels, rendered
from tco.sim.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ABOVE = 1.35  # how far above the limit the picture goes, as a share of it
WIDE = 5.0  # ratio of the highest rates above which a linear axis would squeeze the lowest one


def load_latency(found: Experiment) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes."""
    slo = found.scenario.slo
    height = 4.6 + 0.22 * len(found.saturations)
    with panels(1, 2, 9.6, height) as (figure, axes):
        top = 1 - (1.05 + 0.22 * len(found.saturations)) / height
        figure.subplots_adjust(left=0.075, right=0.975, top=top, bottom=0.6 / height, wspace=0.2)
        for chart, name, words, limit_s in (
            (axes[0], "ttft_p95", "first token", slo.ttft_p95_s),
            (axes[1], "e2e_p95", "end to end", slo.e2e_p95_s),
        ):
            for entry, colour in zip(found.saturations, PALETTE * 10, strict=False):
                _curve(chart, entry, name, colour)
            _finish(chart, found, name, words, limit_s)
        handles = [axes[0].plot([], [], color=colour, lw=2.0)[0]
                   for _, colour in zip(found.saturations, PALETTE * 10, strict=False)]  # fmt: skip
        figure.legend(handles, [_label(entry) for entry in found.saturations], loc="upper left",
                      bbox_to_anchor=(0.012, 1 - 0.64 / height), ncols=1, frameon=False, fontsize=9.5,
                      labelcolor=INK, handlelength=1.2, columnspacing=1.6)  # fmt: skip
        heading(figure, _title(found), f"{found.scenario.name}: p95 against the rate, bands are 95 % intervals; a "
                "circle marks the highest rate that keeps the SLO", height)  # fmt: skip
        return rendered(figure)


def _curve(axes: Axes, entry: Saturation, name: str, colour: str) -> None:
    known: list[tuple[Probe, Interval]] = [
        (probe, interval) for probe in entry.probes for interval in [getattr(probe, name)] if interval is not None
    ]
    rates = [probe.rate_rps for probe, _ in known]
    axes.plot(rates, [interval.estimate for _, interval in known], color=colour, lw=2.0, zorder=3)
    banded = [(probe.rate_rps, i.low, i.high) for probe, i in known if i.low is not None and i.high is not None]
    if banded:
        at_rps, low, high = (list(column) for column in zip(*banded, strict=True))
        axes.fill_between(at_rps, low, high, color=colour, alpha=0.15, lw=0, zorder=2)
    at = entry.at
    if at is not None and entry.fails_rps is not None and getattr(at, name) is not None:
        axes.plot(at.rate_rps, getattr(at, name).estimate, "o", markersize=8, markerfacecolor="white",
                  markeredgecolor=colour, markeredgewidth=2, zorder=4)  # fmt: skip


def _finish(axes: Axes, found: Experiment, name: str, words: str, limit_s: float | None) -> None:
    _rates(axes, found)
    axes.set_title(f"p95 {words}", loc="left", fontsize=10.5, color=INK)
    axes.yaxis.set_major_formatter(lambda value, _position: "0" if value == 0 else f"{value:g} s")
    kept = [
        getattr(probe, name).estimate
        for entry in found.saturations
        for probe in entry.probes
        if getattr(probe, name) is not None and not probe.failures
    ]
    top = 1.15 * max(kept, default=1.0)
    if limit_s is not None:
        top = max(top, ABOVE * limit_s)
        axes.axhline(limit_s, color=SOFT, lw=1.1, ls="--")
        axes.annotate(f"SLO {limit_s:g} s", (0.0, limit_s), xycoords=("axes fraction", "data"), xytext=(4, 4),
                      textcoords="offset points", fontsize=9, color=SOFT)  # fmt: skip
    axes.set_ylim(0, top)


def _rates(axes: Axes, found: Experiment) -> None:
    """Show the rates around the limits; an option without one runs through from edge to edge."""
    limits = [entry.holds_rps for entry in found.saturations if entry.holds_rps is not None and entry.fails_rps]
    axes.set_xlabel("requests per second")
    if limits and max(limits) <= WIDE * min(limits):
        axes.set_xlim(0, 1.12 * max(limits))
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _position: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda _value, _position: "")
    axes.set_xlabel("requests per second, log scale")
    if limits:
        axes.set_xlim(0.15 * min(limits), 1.5 * max(limits))


def _label(entry: Saturation) -> str:
    if entry.holds_rps is None:
        return f"{entry.option}: misses the SLO at every rate tried"
    if entry.fails_rps is None:
        return f"{entry.option}: no limit found up to {entry.holds_rps:,.0f} req/s"
    fleet = ", ".join(f"{count} x {tier}" for tier, count in entry.replicas.items())
    binds = entry.binds[0].partition(" (")[0] if entry.binds else "no reason known"
    return f"{entry.option}{f' ({fleet})' if fleet else ''}: {entry.holds_rps:.3g} req/s, then {binds}"


def _title(found: Experiment) -> str:
    limited = [entry for entry in found.saturations if entry.holds_rps is not None and entry.fails_rps is not None]
    if not limited:
        return "No option has a limit within the rates tried"
    first = min(limited, key=lambda entry: entry.holds_rps or 0.0)
    if len(found.saturations) == 1:
        return f"{first.option} keeps the SLO up to {first.holds_rps:.3g} req/s"
    return f"{first.option} is full first, at {first.holds_rps:.3g} req/s"
