"""Checks that span blocks: they look at the raw mapping, so that they can speak beside every other fault."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from pydantic_core import InitErrorDetails, PydanticCustomError

MAX_VOLUME_REQUESTS = 1e15  # a month beyond this is a slip of the pen in the growth


def cross_faults(data: Any) -> list[InitErrorDetails]:
    """Fault what single blocks cannot see: growth that overflows, lengths without a trace, unknown availability."""
    found = [*_overflow(data), *_trace_lengths(data), *_unknown_availability(data)]
    return [
        InitErrorDetails(type=PydanticCustomError("cross", "{text}", {"text": text}), loc=loc, input=None)
        for loc, text in found
    ]


def _dig(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else getattr(data, key, None)
    return data


def _number(data: Any, *keys: str) -> float | None:
    value = _dig(data, *keys)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _overflow(data: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    growth = _number(data, "traffic", "growth_fraction_per_month")
    first = _number(data, "traffic", "requests_per_month")
    months = _number(data, "horizon_months") or 36.0
    if growth is None or first is None or not -1 < growth <= 1 or not 1 <= months <= 120:
        return
    last = first * (1.0 + growth) ** (months - 1)
    if last > MAX_VOLUME_REQUESTS:
        yield (
            ("traffic", "growth_fraction_per_month"),
            f"{growth:g} makes {last:.3g} requests in month {months:.0f}; allowed: at most "
            f"{MAX_VOLUME_REQUESTS:g} in a month",
        )


def _trace_lengths(data: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    if _dig(data, "traffic", "arrivals", "kind") == "trace":
        return
    for name in _dig(data, "classes") or {}:
        for field in ("input_tokens", "output_tokens"):
            if _dig(data, "classes", name, field, "kind") == "trace":
                yield (
                    ("classes", name, field, "kind"),
                    "'trace' takes lengths from a trace file, but traffic.arrivals.kind is not 'trace'",
                )


def _unknown_availability(data: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    if _dig(data, "slo", "availability_fraction") is None:
        return
    tiers = _dig(data, "tiers")
    for name, tier in tiers.items() if isinstance(tiers, dict) else ():
        if _dig(tier, "availability_fraction") is None:
            yield (
                ("tiers", name, "availability_fraction"),
                "missing; needed because slo.availability_fraction is set: unknown is not zero",
            )
