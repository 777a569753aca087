"""Prices of nothing are told by their key, and who serves until an option is built."""

from __future__ import annotations

from typing import Any

from tco.decide.compare import compare
from tco.pipeline import evaluate
from tco.report.finance import finance_notes
from tco.report.money_notes import money_notes
from tests.laws.build import DATED, api, cache, flat_api, gpu, scene, static


def noted(tiers: dict[str, Any], options: dict[str, Any], **changes: Any) -> list[str]:
    """The notes of a comparison."""
    return money_notes(evaluate(scene(tiers, options, count=200, **changes)))


def test_each_price_of_nothing_is_told():
    """Two tiers and a memory for nothing, by their keys; what costs something is not."""
    tiers = {"own": gpu(0.0), "bought": api(0.0, 4.0), "dear": flat_api(0.01)}
    price = {"lookup_usd_per_1k_lookups": 0.4, "storage_usd_per_gb_month": 0.0, **DATED}
    option = {**static(own=0.4, bought=0.4, dear=0.2), "cache": cache(0.1, price=price)}

    assert [
        "Counted at a price of 0: tiers.own.price (own GPU-hours); tiers.bought.price (bought input tokens); "
        "options.it.cache.price (cache storage)."
    ] == noted(tiers, {"it": option})


def test_a_price_of_another_gpu_is_told():
    """Step times of an H100 at the price of an A100, reserved as well as on demand; the same GPU's is not."""
    block = {"gpus": 1, "price": "gcp/h100-sxm/committed-1y", "term_months": 12}
    spot = {"share": 0.5, "price": "gcp/a100-80/spot", "between_interruptions_hours": 10.0, "restart_hours": 0.5}
    purchase = {"kind": "mix", "reserved": [block], "spot": spot}
    tier = {
        "kind": "gpu_fleet", "server": "llama-3.1-8b/h100-sxm/bf16", "price": "runpod/a100-80/on-demand",
        "purchase": purchase,
    }  # fmt: skip
    told = [note for note in noted({"own": tier}, {"it": static(own=1.0)}) if "simulated on" in note]

    assert [
        "tiers.own.purchase.spot.price is the price of a100-80 (gcp/a100-80/spot), while own is simulated on h100-sxm.",
        "tiers.own.price is the price of a100-80 (runpod/a100-80/on-demand), while own is simulated on h100-sxm.",
    ] == told


def test_views_that_differ_are_told():
    """Of a fleet prepaid for a year; not of one that is rented by the hour."""
    block = {"gpus": 1, "price": {"gpu_hour_usd_per_gpu_hour": 1.0, **DATED}, "term_months": 12}
    options = {name: static(**{name: 1.0}) for name in ("prepaid", "monthly")}
    tiers = {
        name: gpu(2.5, purchase={"kind": "mix", "reserved": [{**block, "upfront_share": share}]})
        for name, share in (("prepaid", 1.0), ("monthly", 0.0))
    }

    assert ["Costs of prepaid count"] == [note[:22] for note in noted(tiers, options) if "discounting" in note]


def test_nothing_is_told_where_everything_costs():
    """Nor of tiers that a contract pays."""
    contract = {"term_months": 1, "platform_usd_per_month": 100.0, **DATED}
    option = {**static(bought=1.0), "contract": contract}

    assert [] == noted({"bought": api(price={"included_in": "contract"})}, {"it": option})


def test_who_serves_until_an_option_is_built_is_told():
    """Months, and what of the option is not so before they are over."""
    built = {**static(own=1.0), "people": {"build_engineer_weeks": 8.0, "build_months": 2}, "meanwhile": "vendor"}
    (note,) = noted(
        {"bought": flat_api(0.002), "own": gpu()}, {"vendor": static(bought=1.0), "built": built}, horizon_months=3
    )

    assert note.startswith("built is built in 2 months, to 2027-01; until then vendor serves and is paid in its place.")
    assert note.endswith("told as if it served in every month: before, those of vendor hold.")


def test_what_is_owed_after_the_plan_is_told():
    """Eleven fees of a contract, five months of a GPU at $1 460; what ends with the plan is not."""
    contract = {"term_months": 12, "platform_usd_per_month": 100.0, **DATED}
    reserved = {"gpus": 1, "price": {"gpu_hour_usd_per_gpu_hour": 2.0, **DATED}, "term_months": 6}
    tiers = {
        "bought": api(price={"included_in": "contract"}),
        "own": gpu(purchase={"kind": "mix", "reserved": [reserved]}),
        "flat": flat_api(0.01),
    }
    options = {
        "vendor": {**static(bought=1.0), "contract": contract}, "built": static(own=1.0), "free": static(flat=1.0),
    }  # fmt: skip

    found = evaluate(scene(tiers, options, count=200))

    assert [
        "vendor: commitments run 11 months past the plan: $1,100 still owed.",
        "built: commitments run 5 months past the plan: $7,300 still owed.",
    ] == [note for note in finance_notes(found, compare(found)) if "still owed" in note]


def test_reservations_that_are_signed_later_than_dated_are_told():
    """Dated in the second of three months of building, signed in the fourth month; the other is dated then."""
    block = {"gpus": 1, "price": {"gpu_hour_usd_per_gpu_hour": 1.0, **DATED}, "term_months": 12}
    purchase = {"kind": "mix", "reserved": [{**block, "from_month": "2027-03"}, {**block, "from_month": "2027-01"}]}
    options = {
        "vendor": static(bought=1.0),
        "built": {**static(own=1.0), "people": {"build_months": 3}, "meanwhile": "vendor"},
    }
    tiers = {"bought": flat_api(0.01), "own": gpu(2.5, purchase=purchase)}
    told = [note for note in noted(tiers, options, start="2026-12", horizon_months=6) if "signs it" in note]

    assert ["tiers.own.purchase.reserved[1] is from 2027-01, and built signs it when it serves, in 2027-03."] == told
