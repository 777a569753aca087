"""Verdicts: what keeps the SLO, what is compared with what, and what the recommendation says of it."""

from __future__ import annotations

from typing import Any

import pytest

from tco.decide.compare import Comparison, compare
from tco.decide.verdict import build_verdicts
from tco.pipeline import evaluate
from tco.report.comparison import break_even
from tco.report.recommendation import recommendation
from tests.laws.build import DATED, HOURS, api, chat, fixed, flat_api, gpu, scene, static

SHORT = {"input_tokens": fixed(100), "output_tokens": fixed(20)}


def judged(
    tiers: dict[str, Any], options: dict[str, Any], rate_rps: float = 1.0, **changes: Any
) -> tuple[Comparison, str]:
    """Compare options at a flat rate; return the comparison and its recommendation."""
    traffic = {"requests_per_month": rate_rps * HOURS, "arrivals": {"kind": "poisson"}}
    scenario = scene(tiers, options, count=400, traffic=traffic, **changes)
    comparison = compare(evaluate(scenario))
    return comparison, recommendation(comparison, scenario)


def test_a_fleet_that_cannot_carry_the_load_is_not_kept_though_its_short_window_looks_fine():
    """One replica allowed where several are needed: the queue would grow all hour, whatever five minutes show."""
    tiers = {"own": gpu(max_replicas=1, server={"max_sequences": 1}), "bought": flat_api(0.01)}
    options = {"own": static(own=1.0), "bought": static(bought=1.0)}
    found, text = judged(tiers, options, rate_rps=20.0, slo={"e2e_p95_s": 1e6})

    (overload,) = [check for check in found["own"].checks if not check.kept]
    assert "load_share" == overload.limit_name
    assert overload.value > 2
    assert "bought" == found.chosen
    assert "No way to build keeps the SLO, so buy: bought" in text


def test_an_option_that_rejects_everything_is_neither_baseline_nor_build():
    """It costs next to nothing to start, and answers nobody."""
    tiers = {"own": gpu(0.001, server={"kv_capacity_tokens": 50}), "bought": flat_api(0.01)}
    options = {"own": static(own=1.0), "bought": static(bought=1.0)}
    found, text = judged(tiers, options, classes={"chat": {**chat(), **SHORT}}, slo={"e2e_p95_s": 60.0})

    assert "bought" == found.baseline
    assert "bought" == found.chosen
    assert "building pays" not in text


def test_building_is_held_against_the_cheapest_way_to_buy():
    """Of two vendors at $100 and $300, a build of $150 is 1.5 times the first."""
    tiers = {"own": gpu(150 / 730), "dear": flat_api(300 / HOURS), "cheap": flat_api(100 / HOURS)}
    options = {name: static(**{name: 1.0}) for name in tiers}
    found, _ = judged(tiers, options, classes={"chat": {**chat(), **SHORT}}, slo={"e2e_p95_s": 60.0})

    assert "cheap" == found.vendor
    assert 1.5 == pytest.approx(found["own"].build_ratio, rel=1e-9)


def test_a_free_vendor_is_still_a_way_to_buy():
    """No ratio to nothing, but a verdict."""
    tiers = {"own": gpu(2.5), "free": flat_api(0.0)}
    found, text = judged(tiers, {name: static(**{name: 1.0}) for name in tiers})

    assert "buy" == found["own"].verdict
    assert "($1,825 against $0)" in text
    assert "so buy" in text


def test_without_a_person_waiting_the_latency_limits_do_not_apply():
    """Async classes only: options are ranked by what they cost."""
    tiers = {"dear": flat_api(0.02), "cheap": flat_api(0.01)}
    options = {name: static(**{name: 1.0}) for name in tiers}
    found, _ = judged(tiers, options, classes={"job": chat(latency_class="async")}, slo={"e2e_p95_s": 0.001})

    assert "cheap" == found.chosen
    assert () == found["cheap"].checks


def test_without_limits_nothing_is_said_to_be_kept():
    """There is no SLO to keep."""
    _, text = judged({"only": flat_api(0.01)}, {"it": static(only=1.0)}, slo={})

    assert "SLO" not in text
    assert text.startswith("Choose it: it costs $26,280")


def test_twins_are_equal():
    """The same cost in every month is neither a month of break-even nor a saving of 0 %."""
    found, text = judged({"only": flat_api(0.01)}, {"one": static(only=1.0), "two": static(only=1.0)}, slo={})

    assert "equal" == break_even(found["two"], found)
    assert "as much in present value as two" in text


def test_the_saving_is_that_of_present_value():
    """$60 against $100 is 40 % less."""
    tiers = {"a": flat_api(60 / HOURS), "b": flat_api(100 / HOURS)}
    _, text = judged(tiers, {name: static(**{name: 1.0}) for name in tiers})

    assert "40% less in present value than b" in text


def test_availability_is_that_of_the_worst_tier_path():
    """Half the requests find 99 %, half 95 %: 97 %, below a limit of 98 %."""
    tiers = {"good": api(availability_fraction=0.99), "bad": api(availability_fraction=0.95)}
    found, _ = judged(tiers, {"it": static(good=0.5, bad=0.5)}, slo={"availability_fraction": 0.98})
    (check,) = found["it"].checks

    assert 0.97 == pytest.approx(check.value, abs=1e-12)
    assert check.kept is False


OWNED = {
    "kind": "owned", "server": {"server_usd_per_server": 48_000.0, **DATED}, "gpus_per_server": 8, "life_months": 48,
    "residual_share": 0.0, "operations": {"operations_usd_per_server_hour": 1.0, **DATED}, "energy": None,
    "colocation": None,
}  # fmt: skip


def owning_and_renting() -> tuple[dict[str, Any], dict[str, Any]]:
    """A server at $1 000 a month and $730 of operations, eight GPUs rented at $4, and rented at $3."""
    own = {key: value for key, value in gpu(purchase=OWNED).items() if key != "price"}
    tiers = {"own": own, "dear": gpu(4.0, min_replicas=8), "cheap": gpu(3.0, min_replicas=8)}
    return tiers, {name: static(**{name: 1.0}) for name in tiers}


def test_owned_servers_are_held_against_rented_ones_where_nothing_is_bought():
    """$1 730 a month against eight times 730 x $3 = $17 520."""
    found, text = judged(*owning_and_renting(), slo={}, horizon_months=4)

    assert ("own or rent", "cheap", True, False) == (
        found.contest, found.vendor, found["own"].is_build, found["cheap"].is_build,
    )  # fmt: skip
    assert 1730 / 17_520 == pytest.approx(found["own"].build_ratio)
    assert "The cheapest way to own, own, costs 0.10 x the cheapest way to rent, cheap" in text
    assert text.endswith("so owning pays within the horizon.")


def test_another_option_can_be_named_to_hold_building_against():
    """The dearer rent."""
    tiers, options = owning_and_renting()
    classes = {"chat": chat(**SHORT)}
    found = compare(evaluate(scene(tiers, options, count=400, slo={}, classes=classes, horizon_months=4)), "dear")

    assert "dear" == found.vendor
    assert 1730 / (8 * 730 * 4) == pytest.approx(found["own"].build_ratio)
    assert found["dear"].build_ratio is None


def test_options_that_all_rent_have_nothing_to_be_held_against():
    """Nobody owns."""
    tiers = {"dear": gpu(4.0), "cheap": gpu(3.0)}
    found, text = judged(tiers, {name: static(**{name: 1.0}) for name in tiers}, slo={})

    assert (None, "build or buy") == (found.vendor, found.contest)
    assert "Every option is built, so there is no build-or-buy choice to make here." in text


def test_a_delay_counts_a_twelfth_of_what_a_years_commitment_lacks():
    """$60 000 a year are $5 000 a month, in the year's last month as in the first; the GPU costs $1 825."""
    contract = {"term_months": 12, "platform_usd_per_month": 1000.0, "commitment_usd_per_year": 60_000.0, **DATED}
    tiers = {"service": api(price={"included_in": "contract"}), "own": gpu(2.5)}
    options = {"vendor": {**static(service=1.0), "contract": contract}, "built": static(own=1.0)}
    found = evaluate(scene(tiers, options, count=200, horizon_months=12))
    (verdict,) = build_verdicts(found, compare(found))

    assert 3175.0 == pytest.approx(verdict.delay.first_usd)
    assert 3175.0 == pytest.approx(verdict.delay.last_usd)
