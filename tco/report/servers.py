"""Servers in a report: where each fleet's step times come from, what fits, and the quality its number format keeps."""

from __future__ import annotations

from typing import Any, cast

from tco.scenario import Scenario
from tco.scenario.server import Served, precision_of, server_of
from tco.scenario.tiers import Tier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.scenario.tiers.serverless import Serverless

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
    narrow = {entry["precision"]: entry for entry in facts.values() if entry["precision"] not in WIDE}
    if narrow:
        kept = "; ".join(f"{name} {_quality(entry)}" for name, entry in narrow.items())
        notes.append(f"Quality that number formats keep against 16 bits, as published: {kept}.")
    return notes


def _quality(entry: dict[str, Any]) -> str:
    if entry["quality_share"] is None:
        return "unknown"
    return f"{entry['quality_share']:.1%} ({entry['quality_benchmark']})"
