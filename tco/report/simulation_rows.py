"""The simulation as flat rows and as JSON."""

from __future__ import annotations

from typing import Any

from tco.capacity.experiment import Experiment
from tco.capacity.figures import AsyncFigures, OptionFigures, Percentiles, TierFigures, difference
from tco.capacity.saturate import Probe, Saturation
from tco.sim.statistics import CONFIDENCE, Interval

SCHEMA_VERSION = 1


def simulation_json(found: Experiment) -> dict[str, Any]:
    """Write the simulation for programs; keys are stable within a `schema_version`, months count from 0."""
    scenario, question = found.scenario, found.question
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "month": found.month.index,
        "period": found.month.label,
        "rate_rps": found.month.peak_rps,
        **({"from_hour": stretch.from_hour, "hours": stretch.hours} if (stretch := question.stretch) else {}),
        "trace": None if found.trace is None else found.trace.name,
        "slo": {"e2e_p95_s": scenario.slo.e2e_p95_s, "ttft_p95_s": scenario.slo.ttft_p95_s},
        "confidence_fraction": CONFIDENCE,
        "precision_fraction": question.stop.precision,
        "options": [_option_json(found, entry) for entry in found.figures],
        "saturation": [_saturation_json(entry) for entry in found.saturations],
    }


def _option_json(found: Experiment, entry: OptionFigures) -> dict[str, Any]:
    first = next((other for other in found.figures if not other.overloaded), entry)
    paired = None if entry is first else difference(entry, first)
    return {
        **flat_row(entry),
        "replicas": entry.replicas,
        "missed_limits": list(found.missed[entry.option]),
        "overload": [
            {"tier": load.tier, "arrivals_rps": load.arrivals_rps, "capacity_rps": load.capacity_rps}
            for load in entry.overloaded
        ],
        "p95_difference": None
        if paired is None
        else {
            "against": first.option,
            **_interval_json("e2e_p95_difference", paired.difference),
            "variance_ratio": paired.variance_ratio,
        },
        "tiers": {tier.tier: _tier_json(tier) for tier in entry.tiers},
        "async_calls": None if entry.jobs is None else _jobs_json(entry.jobs),
    }


def _jobs_json(jobs: AsyncFigures) -> dict[str, Any]:
    return {
        "requests": jobs.calls,
        "held_requests": jobs.held,
        "answered_requests": jobs.answered,
        "missed_deadlines": jobs.missed,
        **_percentiles_json("e2e", jobs.e2e),
    }


def flat_row(entry: OptionFigures) -> dict[str, Any]:
    """Write one option as one row."""
    return {
        "option": entry.option,
        "rate_rps": entry.rate_rps,
        "overloaded": bool(entry.overloaded),
        "replications": entry.replications,
        "requests": entry.requests,
        "judged_requests": entry.judged,
        "precision_reached": entry.precision_reached,
        "engine": " and ".join(dict.fromkeys(engine for engine, _ in entry.engines)),
        "engine_why": " and ".join(dict.fromkeys(why for _, why in entry.engines)),
        **_percentiles_json("e2e", entry.e2e),
        **_percentiles_json("ttft", entry.ttft),
        **_percentiles_json("tpot", entry.tpot),
        "goodput_rps": entry.goodput_rps,
        "within_slo_share": None if entry.within_share is None else entry.within_share.estimate,
        "output_tokens_per_s": entry.output_tokens_per_s,
        **{f"{name}_share": share for name, share in entry.outcome_shares.items()},
    }


def _percentiles_json(name: str, times: Percentiles) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for percent in ("p50", "p95", "p99"):
        found.update(_interval_json(f"{name}_{percent}", getattr(times, percent)))
    return found


def _interval_json(name: str, interval: Interval | None) -> dict[str, float | None]:
    return {
        f"{name}_s": None if interval is None else interval.estimate,
        f"{name}_ci_low_s": None if interval is None else interval.low,
        f"{name}_ci_high_s": None if interval is None else interval.high,
    }


def _tier_json(tier: TierFigures) -> dict[str, Any]:
    return {
        "replicas": tier.replicas,
        "visits_per_request": tier.visits_share,
        "served_share": tier.served_share,
        "arrivals_rps": tier.load.arrivals_rps,
        "capacity_rps": tier.load.capacity_rps,
        "capacity_used_share": tier.load.used_share,
        "busy_share": tier.busy_share,
        "inside_requests": tier.inside,
        "waiting_requests": tier.waiting,
        "wait_mean_s": tier.wait_mean_s,
        "wait_p95_s": tier.wait_p95_s,
        "output_tokens_per_s": tier.output_tokens_per_s,
        **_percentiles_json("e2e", tier.e2e),
        **_percentiles_json("ttft", tier.ttft),
    }


def _saturation_json(entry: Saturation) -> dict[str, Any]:
    return {
        "option": entry.option,
        "replicas": entry.replicas,
        "holds_rps": entry.holds_rps,
        "fails_rps": entry.fails_rps,
        "binds": list(entry.binds),
        "capacity_used_shares": entry.used_shares,
        "busy_shares": entry.busy_shares,
        "probes": [probe_row(entry.option, probe) for probe in entry.probes],
    }


def probe_row(option: str, probe: Probe) -> dict[str, Any]:
    """Write one rate of a saturation search as one row."""
    return {
        "option": option,
        "rate_rps": probe.rate_rps,
        **_interval_json("e2e_p95", probe.e2e_p95),
        **_interval_json("ttft_p95", probe.ttft_p95),
        "unanswered_share": probe.unanswered_share,
        "holds": not probe.failures,
    }
