"""Seen: what was seen of an option in a stretch or in a month, and how stretches are merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tco.capacity.histogram import Histogram
from tco.capacity.window import TierWindow, Window

MEANS = (
    "cached_share", "degraded_share", "false_hit_share", "retrievals_per_request", "lookups_per_request",
    "lookup_tokens_per_request", "retries_per_request", "answer_tokens_per_request", "ann_answers_per_request",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of an option in a stretch or in a month.

    Attributes:
        window: means and shares.
        e2e: times of the judged requests, end to end.
        ttft: the same to the first token.
        peak_e2e: of those that came in the busiest hour of the week.
        peak_ttft: the same to the first token.
        hours: hours in which somebody who waits came.
        lost_hours: of these, the ones in which more than a twentieth missed the latency SLO.
    """

    window: Window
    e2e: Histogram
    ttft: Histogram
    peak_e2e: Histogram
    peak_ttft: Histogram
    hours: int
    lost_hours: int


def add(one: Seen, other: Seen) -> Seen:
    """Merge two stretches of a month; means are weighted by requests."""
    a, b = one.window, other.window
    n, m = a.requests, b.requests

    def mean(x: float, y: float) -> float:
        return (x * n + y * m) / (n + m)

    def known(x: float | None, y: float | None) -> float | None:
        return None if x is None or y is None else mean(x, y)

    def both(x: dict[str, float], y: dict[str, float]) -> dict[str, float]:
        return {name: mean(x.get(name, 0.0), y.get(name, 0.0)) for name in dict.fromkeys([*x, *y])}

    means: dict[str, Any] = {name: mean(getattr(a, name), getattr(b, name)) for name in MEANS}
    window = replace(
        a,
        requests=n + m,
        judged=a.judged + b.judged,
        tiers={name: _tier(tier, b.tiers[name], mean, known, both) for name, tier in a.tiers.items()},
        unanswered=both(a.unanswered, b.unanswered),
        availability=known(a.availability, b.availability),
        success_share=known(a.success_share, b.success_share),
        bad_answers_per_request=known(a.bad_answers_per_request, b.bad_answers_per_request),
        decisions_per_request=both(a.decisions_per_request, b.decisions_per_request),
        engine=_either(a.engine, b.engine),
        engine_why=_either(a.engine_why, b.engine_why),
        **means,
    )
    return Seen(
        window, one.e2e + other.e2e, one.ttft + other.ttft, one.peak_e2e + other.peak_e2e,
        one.peak_ttft + other.peak_ttft, one.hours + other.hours, one.lost_hours + other.lost_hours,
    )  # fmt: skip


def _either(one: str, other: str) -> str:
    """Name both where they differ, each once.

    >>> _either(_either("compiled", "simpy"), "compiled")
    'compiled and simpy'
    """
    return " and ".join(dict.fromkeys([*one.split(" and "), *other.split(" and ")]))


def _tier(
    one: TierWindow,
    other: TierWindow,
    mean: Callable[[float, float], float],
    known: Callable[[float | None, float | None], float | None],
    both: Callable[[dict[str, float], dict[str, float]], dict[str, float]],
) -> TierWindow:
    return replace(
        one,
        visits_per_request=mean(one.visits_per_request, other.visits_per_request),
        served_share=mean(one.served_share, other.served_share),
        input_tokens_per_request=mean(one.input_tokens_per_request, other.input_tokens_per_request),
        output_tokens_per_request=mean(one.output_tokens_per_request, other.output_tokens_per_request),
        busy_share=known(one.busy_share, other.busy_share),
        counts_per_request=both(one.counts_per_request, other.counts_per_request),
        e2e_p95_s=_later(one.e2e_p95_s, other.e2e_p95_s),
        ttft_p95_s=_later(one.ttft_p95_s, other.ttft_p95_s),
    )


def _later(one: float | None, other: float | None) -> float | None:
    known = [each for each in (one, other) if each is not None]
    return max(known) if known else None
