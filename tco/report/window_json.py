"""A simulated window for programs."""

from __future__ import annotations

from typing import Any

from tco.capacity.window import Window


def window_json(window: Window) -> dict[str, Any]:
    """Write a window; keys are stable within a `schema_version` of the comparison."""
    return {
        "rate_rps": window.rate_rps,
        "replicas": window.replicas,
        "requests": window.requests,
        "engine": window.engine,
        "judged": window.judged,
        **{f"e2e_p{p}_s": getattr(window.e2e, f"p{p}_s") for p in (50, 95, 99)},
        **{f"ttft_p{p}_s": getattr(window.ttft, f"p{p}_s") for p in (50, 95, 99)},
        "cached_share": window.cached_share,
        **{f"{name}_share": window.unanswered.get(name, 0.0) for name in ("rejected", "failed", "timed_out")},
        "availability_fraction": window.availability,
        "success_share": window.success_share,
        "degraded_share": window.degraded_share,
        "false_hit_share": window.false_hit_share,
        "retries_per_request": window.retries_per_request,
        "decisions_per_request": window.decisions_per_request,
        "tiers": {
            name: {
                "visits_per_request": tier.visits_per_request,
                "served_share": tier.served_share,
                "input_tokens_per_request": tier.input_tokens_per_request,
                "output_tokens_per_request": tier.output_tokens_per_request,
                "busy_share": tier.busy_share,
                **({"counts_per_request": tier.counts_per_request} if tier.counts_per_request else {}),
            }
            for name, tier in window.tiers.items()
        },
    }
