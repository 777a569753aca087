"""Limits: percentiles of a window, of all requests or of a part of them, held against seconds."""

from __future__ import annotations

from tco.capacity.window import Window

Scope = str | tuple[str, str] | None  # a tier, a tier in a region, or None for all requests
Limit = tuple[Scope, str, float]  # (whose percentile, "e2e" or "ttft", seconds)


def value_s(window: Window, scope: Scope, metric: str) -> float | None:
    """Return a 95th percentile of a window, seconds; None where its scope has no requests."""
    if scope is None:
        return getattr(window, metric).p95_s  # type: ignore[no-any-return]
    if isinstance(scope, tuple):
        tier, region = scope
        return getattr(window.tiers[tier].regions[region], f"{metric}_p95_s")  # type: ignore[no-any-return]
    return getattr(window.tiers[scope], f"{metric}_p95_s")  # type: ignore[no-any-return]


def keeps(window: Window, limits: list[Limit]) -> bool:
    """Say whether every limit holds; a percentile without requests keeps any limit."""
    return all(
        reached is None or reached <= limit
        for scope, metric, limit in limits
        for reached in [value_s(window, scope, metric)]
    )
