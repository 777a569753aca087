"""Building blocks of small scenarios, written out so that a test shows only what it is about."""

from __future__ import annotations

from typing import Any

from tco.scenario import Scenario

DATED = {"source": "made up for the test", "source_date": "2026-11-23"}
HOURS = 730 * 3600.0  # seconds of a month


def fixed(tokens: int) -> dict[str, Any]:
    """Every request has the same length."""
    return {"kind": "constant", "tokens": tokens}


def spread(p50: float, p95: float, most: float) -> dict[str, Any]:
    """Log-normal lengths."""
    return {"kind": "lognormal", "p50_tokens": p50, "p95_tokens": p95, "max_tokens": most}


def chat(share: float = 1.0, latency_class: str = "interactive", **changes: Any) -> dict[str, Any]:
    """A class of requests of middling length."""
    lengths = {"input_tokens": spread(300, 900, 2000), "output_tokens": spread(60, 200, 500)}
    return {"share": share, "latency_class": latency_class, **lengths, **changes}


def server(**changes: Any) -> dict[str, Any]:
    """One replica, fast and roomy."""
    return {
        "gpus_per_replica": 1, "alpha_s": 0.01, "beta_s_per_prefill_token": 1e-4, "gamma_s_per_sequence": 1e-4,
        "delta_s_per_context_token": 1e-7, "kv_capacity_tokens": 20_000, "max_sequences": 16,
        "step_budget_tokens": 512, "source": "made up for the test", **changes,
    }  # fmt: skip


def gpu(usd_per_hour: float = 2.5, **changes: Any) -> dict[str, Any]:
    """A GPU fleet; changes go to the tier, those under `server` to its replica."""
    price = {"gpu_hour_usd_per_gpu_hour": usd_per_hour, **DATED}
    return {"kind": "gpu_fleet", "price": price, **changes, "server": server(**changes.get("server", {}))}


def api(input_usd: float = 1.0, output_usd: float = 4.0, **changes: Any) -> dict[str, Any]:
    """A managed API that answers quickly."""
    latency = {"ttft_p50_s": 0.3, "ttft_p95_s": 0.6, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"}
    price = {"input_usd_per_mtok": input_usd, "output_usd_per_mtok": output_usd, **DATED}
    return {"kind": "managed_api", "price": price, "latency": latency, **changes}


def flat_api(usd_per_request: float, **changes: Any) -> dict[str, Any]:
    """A managed API at a price per request."""
    return api(price={"request_usd_per_request": usd_per_request, **DATED}, **changes)


def static(**shares: float) -> dict[str, Any]:
    """An option that splits its requests in fixed shares."""
    return {"router": {"kind": "static", "shares": shares}, "people": {}}


def escalation(share: float, first: str, then: str) -> dict[str, Any]:
    """An option that asks a second tier for a share of the requests."""
    return {"router": {"kind": "escalation", "first": first, "then": then, "escalated_share": share}, "people": {}}


def cache(hit_share: float, **changes: Any) -> dict[str, Any]:
    """A semantic cache."""
    return {
        "policy": {"kind": "fixed", "hit_share": hit_share},
        "lookup": {"p50_s": 0.02, "p95_s": 0.05},
        "embedding": {"input_usd_per_mtok": 0.02, "output_usd_per_mtok": 0.0, **DATED},
        "price": {"lookup_usd_per_1k_lookups": 0.4, "storage_usd_per_gb_month": 25.0, **DATED},
        "storage_gb": 2.0,
        **changes,
    }


def retrieval(**changes: Any) -> dict[str, Any]:
    """A vector store."""
    return {
        "price": {
            "query_usd_per_1k_queries": 0.5, "storage_usd_per_gb_month": 0.3, "minimum_usd_per_month": 50.0, **DATED,
        },
        "latency": {"p50_s": 0.05, "p95_s": 0.1},
        "queries_per_request": 1.0,
        "storage_gb": 10.0,
        **changes,
    }  # fmt: skip


def scene(tiers: dict[str, Any], options: dict[str, Any], *, count: int = 1000, **changes: Any) -> Scenario:
    """A scenario of one month and one class, in which `changes` replace whole blocks."""
    plain: dict[str, Any] = {
        "name": "test", "question": "Does the law hold?", "start": "2026-12", "horizon_months": 1,
        "traffic": {"requests_per_month": 150_000.0, "arrivals": {"kind": "poisson"}},
        "classes": {"chat": chat()},
        "slo": {}, "finance": {"discount_fraction_per_year": 0.0},
        "people": {"engineer": {"loaded_year_usd_per_year": 260_000.0, **DATED}},
        "simulation": {"window_requests": count},
    }  # fmt: skip
    return Scenario.model_validate({**plain, "tiers": tiers, "options": options, **changes})


def rate_traffic(rate_rps: float, **changes: Any) -> dict[str, Any]:
    """Poisson traffic with a flat week at a rate."""
    return {"requests_per_month": rate_rps * HOURS, "arrivals": {"kind": "poisson"}, **changes}


def micro_batch(**changes: Any) -> dict[str, Any]:
    """A micro-batching tier that takes 20 ms a batch and 1 ms a request."""
    return {
        "kind": "micro_batch", "max_batch": 8, "window_s": 0.01, "batch_fixed_s": 0.02, "batch_s_per_request": 0.001,
        "source": "made up for the test", "price": {"gpu_hour_usd_per_gpu_hour": 0.8, **DATED}, **changes,
    }  # fmt: skip


def edge(**changes: Any) -> dict[str, Any]:
    """Four devices that read 1 000 and write 50 tokens a second, at a tenth of a cent a request."""
    speed = {"prefill_tokens_per_s": 1000.0, "decode_tokens_per_s": 50.0, "source": "made up for the test"}
    price = {"request_usd_per_request": 0.001, **DATED}
    return {"kind": "edge", "devices": 4, "speed": speed, "price": price, **changes}


def serverless(**changes: Any) -> dict[str, Any]:
    """A platform that scales from zero: 20 s cold, 5 minutes idle, 4 requests a worker, $0.001 a GPU-second."""
    latency = {"ttft_p50_s": 0.3, "ttft_p95_s": 0.6, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"}
    return {
        "kind": "serverless", "latency": latency, "requests_per_worker": 4, "max_workers": 20, "idle_timeout_s": 300.0,
        "cold_start": {"p50_s": 20.0, "p95_s": 40.0}, "gpu_price": {"gpu_second_usd_per_gpu_s": 0.001, **DATED},
        **changes,
    }  # fmt: skip


def in_regions(tier: dict[str, Any], shares: dict[str, float], rate_rps: float, **changes: Any) -> Scenario:
    """A scenario whose one option, `it`, has the tier `own` in every region of users, all 0.1 s apart."""
    names = list(shares)
    trips = {one: dict.fromkeys(names[place + 1 :], 0.1) for place, one in enumerate(names[:-1])}
    regions = {"user_shares": shares, "home_round_trip_s": 0.02, "round_trips_s": trips, "source": "made up"}
    option = {**static(own=1.0), "placement": {"tiers": {"own": names}}}
    setting = {"count": 2000, "regions": regions, "traffic": rate_traffic(rate_rps), **changes}
    return scene({"own": tier}, {"it": option}, **setting)
