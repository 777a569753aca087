"""Every request: what a plan's months look like when nothing is left out, and how far windows were from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from tco.capacity.coverage import COST_APART, MOST_APART, P95_APART
from tco.capacity.histogram import ERROR
from tco.capacity.horizon import JUDGED_REQUESTS, MonthSeen
from tco.finance.totals import monthly_usd
from tco.pipeline import Evaluation, EveryRequest
from tco.report.document import Column, Table, Text
from tco.report.money import Money
from tco.report.numbers import counted, seconds
from tco.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

TOLD_SHARE = 0.0005  # of the minutes: more are not lost beside a kept SLO without a word
FEW_AN_HOUR = 20.0  # requests, of which one is a twentieth
MINUTES_PER_MONTH = HOURS_PER_MONTH * SECONDS_PER_HOUR / SECONDS_PER_MINUTE


def every_request_sections(evaluation: Evaluation, kept: Collection[str]) -> list[Text | Table]:
    """Show the worst month and its busiest hours, minutes lost, and what windows had said; nothing without it.

    Args:
        evaluation: the evaluation.
        kept: options that keep the SLO.
    """
    every, coverage = evaluation.every, evaluation.coverage
    if every is None:
        if coverage is None or coverage.why == "asked for":
            return []
        ask = "" if evaluation.trace is not None else "; `--every-request` simulates them all"
        told = (
            f"Windows stand for the months: {coverage.why}{ask}. "
            f"In the plans shipped with tco that moves an option's cost by {COST_APART[0]:.3%} at the median and "
            f"{COST_APART[1]:.1%} at most ({MOST_APART}), the p95 of the busiest hour in the worst "
            f"month by {P95_APART[0]:.0%} and {P95_APART[1]:.0%}."
        )
        return [Text(told, "note")]
    money = Money.of(evaluation.scenario)
    columns = (
        Column("Every request", numeric=False), Column("p95"), Column("p95, busiest hour"), Column("By windows"),
        Column("Minutes lost"), Column("Cost"),
    )  # fmt: skip
    rows = tuple(
        (
            name, seconds(_worst(seen, "e2e_p95_s")), seconds(busiest_p95_s(evaluation, name)),
            seconds(busiest_p95_s(every.by_windows, name)), _lost(seen), _against(evaluation, every, name),
        )
        for name, seen in every.seen.items()
    )  # fmt: skip
    requests = sum(month.requests for month in next(iter(every.seen.values())))
    costs = ", ".join(f"{name} {money.whole(_total(every.by_windows, name))}" for name in every.seen)
    months = counted(len(evaluation.months), "month")
    told = (
        f"All {counted(requests, 'request')} of {months} were simulated in every option, with the fleets that windows "
        f"had sized. p95: of the worst month, and of the week's busiest hour in its worst month, within {ERROR:.1%}; "
        "by windows: what a window said of that hour, n/a where windows stand for hours of every load. Minutes lost: "
        "of hours in which more than a twentieth got no answer, or none within the latency SLO; their share of the "
        f"plan. Cost: against that by windows, {costs}."
    )
    notes = [told, *_kept_but_lost(every, kept)]
    return [Table("", columns, rows), *(Text(note, "note") for note in notes)]


def simulated(evaluation: Evaluation) -> str:
    """Say in a few words what latencies rest on."""
    plans = evaluation.plans.values()
    if evaluation.every is not None:
        follow = [plan.option for plan in plans if plan.levels]
        they = "which follows" if len(follow) == 1 else "which follow"
        others = f"; of {', '.join(follow)}, {they} the load, from windows of the week's loads" if follow else ""
        return f"every request, at least {JUDGED_REQUESTS:,} of busiest hours where a plan has as many{others}"
    windows = sum(len({window.rate_rps for window in plan.judged}) for plan in plans)
    drawn = counted(next(iter(plans)).windows[0].requests, "request")
    source = f"the {drawn} of {evaluation.trace.name}" if evaluation.trace else drawn
    return f"{source} a window, {counted(windows, 'window')}"


def _worst(seen: tuple[MonthSeen, ...], field: str) -> float | None:
    known = [value for value in (getattr(month, field) for month in seen) if value is not None]
    return max(known) if known else None


def busiest_p95_s(evaluation: Evaluation, option: str) -> float | None:
    """Return the p95 of the busiest hour in the worst month, by what stands for the months.

    None where nobody waits, and of windows where a tier follows the load: there they stand for hours of every load.
    """
    if evaluation.every is None and evaluation.plans[option].levels:
        return None
    known = [window.e2e.p95_s for window in evaluation.plans[option].windows if window.e2e.p95_s is not None]
    return max(known) if known else None


def _lost(seen: tuple[MonthSeen, ...]) -> str:
    return f"{sum(month.lost_minutes for month in seen):,} ({_lost_share(seen):.2%})"


def _lost_share(seen: tuple[MonthSeen, ...]) -> float:
    return sum(month.lost_minutes for month in seen) / (MINUTES_PER_MONTH * len(seen))


def _kept_but_lost(every: EveryRequest, kept: Collection[str]) -> Iterator[str]:
    """Say how an option can keep the SLO and lose hours nevertheless, where any does."""
    lost = {name: seen for name, seen in every.seen.items() if name in kept and _lost_share(seen) >= TOLD_SHARE}
    if not lost:
        return
    names = ", ".join(f"{name} ({_lost_share(seen):.2%})" for name, seen in lost.items())
    hourly = min(sum(month.requests for month in seen) / (HOURS_PER_MONTH * len(seen)) for seen in lost.values())
    few = f" With {hourly:.3g} requests an hour, a single one that is late may lose it." if hourly < FEW_AN_HOUR else ""
    yield (
        f"{names}: the SLO is kept and yet minutes are lost, because it is judged by the p95 of many busiest hours "
        f"together, and a lost hour by itself.{few}"
    )


def _total(evaluation: Evaluation, option: str) -> float:
    return float(monthly_usd(evaluation.ledger, evaluation.scenario)[option].sum())


def _against(evaluation: Evaluation, every: EveryRequest, option: str) -> str:
    windows = _total(every.by_windows, option)
    return f"{_total(evaluation, option) / windows - 1:+.2%}".replace("-0.00%", "+0.00%") if windows else "-"


def every_request_json(evaluation: Evaluation) -> dict[str, Any]:
    """Write the months of every option for programs."""
    every, coverage = evaluation.every, evaluation.coverage
    told = {} if coverage is None else {"coverage": "every_request" if coverage.every else "windows"}
    if coverage is not None:
        told["coverage_why"] = coverage.why
    if every is None:
        return told
    return {
        **told,
        "every_request": {
            name: {
                "total_usd_by_windows": _total(every.by_windows, name),
                "months": [
                    {
                        "month": month.month, "requests": month.requests, "e2e_p95_s": month.e2e_p95_s,
                        "ttft_p95_s": month.ttft_p95_s, "busiest_hour_e2e_p95_s": month.peak_e2e_p95_s,
                        "busiest_hour_ttft_p95_s": month.peak_ttft_p95_s, "lost_minutes": month.lost_minutes,
                    }
                    for month in seen
                ],
            }
            for name, seen in every.seen.items()
        }
    }  # fmt: skip
