"""Plain: scenarios of one queue, written out of the blocks that a user's YAML has, and validated as that is.

A service time is told in tokens: a request of n tokens takes n times a tiny fixed time. With a mean of 100 000 tokens
the rounding to whole tokens is a hundred-thousandth of the mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log
from typing import Any

from tco.scenario import Scenario
from tco.units import HOURS_PER_MONTH, SECONDS_PER_HOUR

TOKENS = 100_000  # of a mean service time; the longest possible length is a hundred times that
HEAVY_TOKENS = 2_000  # where the law has a heavy tail: the longest length is then 5 000 times the mean
INSTANT_S = 1e-15  # stands for 0 where a time must be above 0
DATED = {"source": "closed form, nothing is bought", "source_date": "2026-01-01"}
Plain = dict[str, Any]


def constant(tokens: int) -> Plain:
    """Every request has the same length."""
    return {"kind": "constant", "tokens": tokens}


def exponential(tokens: float) -> Plain:
    """Lengths of the law without memory."""
    return {"kind": "exponential", "mean_tokens": float(tokens)}


def request_class(share: float = 1.0, **changes: Any) -> Plain:
    """A class of requests of one token, in which `changes` replace keys."""
    return {"share": share, "input_tokens": constant(1), "output_tokens": constant(1), **changes}


def api(seconds_per_token: float, **changes: Any) -> Plain:
    """A managed API that takes a fixed time for each output token after the first."""
    latency = {
        "ttft_p50_s": INSTANT_S, "ttft_p95_s": INSTANT_S, "tpot_p50_s": seconds_per_token,
        "tpot_p95_s": seconds_per_token, "source": "closed form",
    }  # fmt: skip
    return {"kind": "managed_api", "price": {"request_usd_per_request": 0.0, **DATED}, "latency": latency, **changes}


def slow_api(mean_s: float, **changes: Any) -> Plain:
    """A managed API whose first token takes exponential time, drawn anew at every call; the rest takes none.

    The law is a table of 600 quantiles, which is a hundredth of a percent above the mean it stands for.
    """
    steps = [0.05 * step for step in range(1, 600)]  # up to 30 means
    table = [[0.0, INSTANT_S], *([1.0 - exp(-x), x * mean_s] for x in steps), [1.0, 30.0 * mean_s]]
    described = api(INSTANT_S, **changes)
    latency = {**described["latency"], "ttft_p50_s": log(2.0) * mean_s, "ttft_p95_s": log(20.0) * mean_s}
    return {**described, "latency": {**latency, "ttft_table_s": table}}


def gpu(kv_capacity_tokens: int, max_sequences: int, **step: float) -> Plain:
    """A GPU fleet of one replica that never runs short of memory or budget."""
    server = {
        "gpus_per_replica": 1, "alpha_s": INSTANT_S, "beta_s_per_prefill_token": 0.0, "gamma_s_per_sequence": 0.0,
        "delta_s_per_context_token": 0.0, "kv_capacity_tokens": kv_capacity_tokens, "max_sequences": max_sequences,
        "step_budget_tokens": kv_capacity_tokens, "source": "closed form", **step,
    }  # fmt: skip
    return {"kind": "gpu_fleet", "price": {"gpu_hour_usd_per_gpu_hour": 0.0, **DATED}, "server": server}


def static(tier: str) -> Plain:
    """Send every request to one tier."""
    return {"kind": "static", "shares": {tier: 1.0}}


def one_after_the_other(tiers: Iterable[str]) -> Plain:
    """Send every request from tier to tier: by escalation where there are two, by a cascade where there are more."""
    names = list(tiers)
    if len(names) == 2:
        return {"kind": "escalation", "first": names[0], "then": names[1], "escalated_share": 1.0}
    if len(names) == 1:
        return static(names[0])
    never_confident = [1.0] * (len(names) - 1)
    return {"kind": "cascade", "tiers_in_order": names, "confidence_thresholds": never_confident, "auc_fraction": 0.5}


def scenario(
    tiers: dict[str, Plain],
    router: Plain,
    rate_rps: float,
    *,
    classes: dict[str, Plain],
    arrivals: str = "poisson",
    warmup_share: float = 0.0,
    **traffic: Any,
) -> Scenario:
    """Validate a scenario with one option, `queue`.

    Args:
        tiers: tiers by name, as in YAML.
        router: the option's router, as in YAML.
        rate_rps: mean arrival rate, requests per second.
        classes: request classes by name, as in YAML.
        arrivals: kind of the arrival process.
        warmup_share: share of the requests that is not measured.
        traffic: further keys of the traffic block.
    """
    per_month = rate_rps * HOURS_PER_MONTH * SECONDS_PER_HOUR
    plain = {
        "name": "queue", "question": "Does the simulation reproduce the closed form?", "start": "2026-01",
        "horizon_months": 1, "slo": {}, "finance": {"discount_fraction_per_year": 0.0},
        "traffic": {"requests_per_month": per_month, "arrivals": {"kind": arrivals}, **traffic},
        "people": {"engineer": {"loaded_year_usd_per_year": 1.0, **DATED}},
        "simulation": {"warmup_share": warmup_share},
        "classes": classes, "tiers": tiers, "options": {"queue": {"router": router, "people": {}}},
    }  # fmt: skip
    return Scenario.model_validate(plain)
