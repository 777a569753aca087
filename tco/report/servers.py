"""Servers in a report: where each fleet's step times come from, what fits, and the quality its number format keeps."""

from __future__ import annotations

from typing import Any, cast

from tco.lengths import LengthDistribution
from tco.scenario import Scenario
from tco.scenario.server import Served, precision_of, server_of
from tco.scenario.tiers import Tier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.scenario.tiers.serverless import Serverless

GRID = 1000  # points at which a length distribution is averaged
WIDE = (None, "fp16", "bf16")  # formats that quality is not measured against, but by


def server_facts(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """List what stands behind each GPU fleet and each serverless worker, by tier; what is not known is None."""
    return {name: _facts(cast("Served", tier)) for name, tier in scenario.tiers.items() if _is_served(tier)}


def _is_served(tier: Tier) -> bool:
    return isinstance(tier, GpuFleet) or (isinstance(tier, Serverless) and tier.server is not None)


def _facts(tier: Served) -> dict[str, Any]:
    server, precision = server_of(tier), precision_of(tier)
    return {
        "kind": "catalog" if isinstance(tier.server, str) else tier.server.kind_name(),
        "source": server.source,
        "gpus_per_replica": server.gpus_per_replica,
        "kv_capacity_tokens": server.kv_capacity_tokens,
        "precision": precision.name if precision else None,
        "quality_share": precision.quality_share if precision else None,
        "quality_benchmark": precision.quality_benchmark if precision else None,
    }


def server_notes(scenario: Scenario) -> list[str]:
    """Say which step times are computed rather than measured, and what quality the number formats keep."""
    facts = server_facts(scenario)
    notes = []
    computed = [name for name, entry in facts.items() if entry["kind"] == "roofline"]
    if computed:
        notes.append(
            f"Step times of {', '.join(computed)} are computed from data sheets, not measured, with efficiencies seen "
            "on H100, H200 and B200; check them with a benchmark before you buy."
        )
    stated = [name for name, entry in facts.items() if entry["kind"] == "throughput"]
    if stated:
        notes.append(
            f"Of {', '.join(stated)} tokens a second are stated, and no latencies: what they take at other loads is a "
            "straight line between one user and all."
        )
    notes += _left_ranges(scenario)
    narrow = {entry["precision"]: entry for entry in facts.values() if entry["precision"] not in WIDE}
    if narrow:
        kept = "; ".join(f"{name} {_quality(entry)}" for name, entry in narrow.items())
        notes.append(f"Quality that number formats keep against 16 bits, as published: {kept}.")
    return notes


def _left_ranges(scenario: Scenario) -> list[str]:
    """Say which measured step times are used for other lengths, or more at once, than they were measured with."""
    notes = []
    for name, tier in scenario.tiers.items():
        server = server_of(cast("Served", tier)) if _is_served(tier) else None
        if server is None or (held := server.measured) is None:
            continue
        outside = [
            f"{what} of {called}, {mean_tokens:,.0f} tokens on average"
            for called, request_class in scenario.classes.items()
            for what, lengths, least, most in (
                ("prompts", request_class.input_tokens, held.least_input_tokens, held.most_input_tokens),
                ("answers", request_class.output_tokens, held.least_output_tokens, held.most_output_tokens),
            )
            if lengths is not None
            and (mean_tokens := _mean_tokens(lengths)) is not None
            and not least <= mean_tokens <= most
        ]
        if server.max_sequences > held.most_sequences:
            outside.append(f"up to {server.max_sequences:,} at once")
        if outside:
            notes.append(
                f"Step times of {name} were measured with {held.least_sequences:,} to {held.most_sequences:,} requests "
                f"at once, prompts of {held.least_input_tokens:,} to {held.most_input_tokens:,} and answers of "
                f"{held.least_output_tokens:,} to {held.most_output_tokens:,} tokens; outside that: "
                f"{'; '.join(outside)}."
            )
    return notes


def _mean_tokens(lengths: LengthDistribution) -> float | None:
    """Return the mean length, tokens; None where a trace has the lengths."""
    import numpy as np

    if lengths.kind_name() == "trace":
        return None
    return float(lengths.quantile((np.arange(GRID) + 0.5) / GRID).mean())


def _quality(entry: dict[str, Any]) -> str:
    if entry["quality_share"] is None:
        return "unknown"
    return f"{entry['quality_share']:.1%} ({entry['quality_benchmark']})"
