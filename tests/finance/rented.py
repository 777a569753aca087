"""One fleet come by in several ways, small enough to be worked by hand and quick to evaluate."""

from __future__ import annotations

from typing import Any

from tco.pipeline import Evaluation, evaluate
from tests.laws.build import DATED, chat, fixed, flat_api, gpu, rate_traffic, scene, static

MONTHS = 14  # a year and a bit, so that commitments and servers outlive it


def hour(usd: float) -> dict[str, Any]:
    """The price of a GPU-hour."""
    return {"gpu_hour_usd_per_gpu_hour": usd, **DATED}


def owned(**changes: Any) -> dict[str, Any]:
    """Servers of two GPUs at $250,000, 10 % left after 48 months, 10 kW at $0.10 a kWh and $100 a kW-month."""
    return {
        "kind": "owned", "server": {"server_usd_per_server": 250_000.0, **DATED}, "gpus_per_server": 2,
        "life_months": 48, "residual_share": 0.1, "power_kw": 10.0, "pue_ratio": 1.0,
        "energy": {"energy_usd_per_kwh": 0.1, **DATED}, "colocation": {"colocation_usd_per_kw_month": 100.0, **DATED},
        **changes,
    }  # fmt: skip


def reserved(**changes: Any) -> dict[str, Any]:
    """Two GPUs for a year at $1.50, half of it upfront; signed again when it is over."""
    block = {"gpus": 2, "price": hour(1.5), "term_months": 12, "upfront_share": 0.5, **changes}
    return {"kind": "mix", "reserved": [block]}


def fleet(purchase: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """Two GPUs that are always on, come by in a way; rented on demand at $2.50 where that is none."""
    tier = gpu(2.5, min_replicas=2, max_replicas=2, **changes)
    if purchase is None:
        return tier
    tier = {**tier, "purchase": purchase}
    return {name: value for name, value in tier.items() if name != "price" or purchase["kind"] != "owned"}


WAYS = {"rented": None, "reserved": reserved(), "owned": owned()}


def ways(*, only: tuple[str, ...] = (), purchases: dict[str, Any] = WAYS, **changes: Any) -> Evaluation:
    """Evaluate the fleet in every way, and a vendor at ten cents a request, under one request in 20 seconds."""
    tiers = {name: fleet(purchase) for name, purchase in purchases.items()}
    options = {name: static(**{name: 1.0}) for name in tiers}
    options["vendor"] = static(vendor=1.0)
    if "owned" in options:
        options["owned"]["people"] = {"build_engineer_weeks": 4.0, "run_engineer_fte": 0.1}
    classes = {"chat": chat(input_tokens=fixed(800), output_tokens=fixed(200))}
    plain: dict[str, Any] = {
        "count": 400, "horizon_months": MONTHS, "classes": classes, "traffic": rate_traffic(0.05),
        "finance": {"discount_fraction_per_year": 0.08},
    }  # fmt: skip
    chosen = {name: option for name, option in options.items() if not only or name in only}
    return evaluate(scene({**tiers, "vendor": flat_api(0.1)}, chosen, **{**plain, **changes}))
