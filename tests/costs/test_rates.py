"""Rates: list price, announced change, negotiated rate and yearly path, each by hand and in that order."""

from __future__ import annotations

from typing import Any

import pytest

from tco.costs.rates import Rates
from tco.pipeline import Evaluation, evaluate
from tests.laws.build import DATED, api, fixed, flat_api, gpu, scene, static

CHAT = {"chat": {"share": 1.0, "input_tokens": fixed(1000), "output_tokens": fixed(200)}}
NAME = "openai/gpt-4o"  # $2.50 and $10 a million


def plan(prices: dict[str, Any] | None = None, months: int = 14, **changes: Any) -> Evaluation:
    """One vendor at catalog prices and one fleet."""
    tiers = {"bought": api(price=NAME), "own": gpu(2.0)}
    options = {"it": static(bought=1.0), "own": static(own=1.0)}
    plain: dict[str, Any] = {"classes": CHAT, "slo": {"e2e_p95_s": 60.0}, "count": 200, "start": "2026-12"}
    more = {} if prices is None else {"prices": prices}
    return evaluate(scene(tiers, options, **{**plain, "horizon_months": months, **more, **changes}))


def unit_prices(found: Evaluation, item: str) -> list[float]:
    """Unit price of an item, month by month."""
    return found.ledger.loc[found.ledger["item"] == item, "unit_price_usd"].tolist()


def test_without_terms_every_month_has_the_list_price():
    """$2.50 in, $10 out."""
    assert [2.5] * 14 == unit_prices(plan(), "bought input tokens")
    assert [10.0] * 14 == unit_prices(plan(), "bought output tokens")


def test_a_discount_holds_for_its_months_and_its_name():
    """20 % off in the first three months: $2.00, then $2.50; GPUs are not touched."""
    rate = {"name": NAME, "until_month": "2027-02", "discount_share": 0.2, **DATED}
    found = plan({"negotiated": [rate]})

    assert [2.0] * 3 + [2.5] * 11 == pytest.approx(unit_prices(found, "bought input tokens"))
    assert [8.0] * 3 + [10.0] * 11 == pytest.approx(unit_prices(found, "bought output tokens"))
    assert unit_prices(plan(), "own GPU-hours") == unit_prices(found, "own GPU-hours")
    noted = found.ledger[found.ledger["item"] == "bought input tokens"]["price_note"].tolist()
    assert ["0.2 off 2.5: made up for the test, 2026-11-23"] * 3 + [""] * 11 == noted


def test_a_contract_fixes_its_figures_against_list_changes_and_paths():
    """Input at $1.50 by contract; output is listed, 10 % dearer from 2027-06, and falls 19 % a year."""
    terms = {
        "negotiated": [{"name": NAME, "figures": {"input_usd_per_mtok": 1.5}, **DATED}],
        "announced": [{"name": NAME, "from_month": "2027-06", "change_fraction": 0.1, **DATED}],
        "paths": [{"account": "serving:api", "change_fraction_per_year": -0.19, "source": "made up"}],
    }
    found = plan(terms)
    output = unit_prices(found, "bought output tokens")

    assert [1.5] * 14 == unit_prices(found, "bought input tokens")
    assert (10.0, 11.0 * 0.9, 11.0 * 0.81) == pytest.approx((output[0], output[6], output[12]))
    assert {"2026-11-23"} == set(found.ledger.loc[found.ledger["item"] == "bought input tokens", "source_date"])


def test_announced_figures_replace_the_list_price_and_discounts_follow():
    """From 2027-01 $4 a million; a quarter off is $3; before it is $1.875."""
    terms = {
        "announced": [{"name": NAME, "from_month": "2027-01", "figures": {"input_usd_per_mtok": 4.0}, **DATED}],
        "negotiated": [{"name": NAME, "discount_share": 0.25, **DATED}],
    }

    assert [1.875, 3.0] == pytest.approx(unit_prices(plan(terms, 2), "bought input tokens"))


def test_two_announcements_add_up_in_order_of_their_months():
    """-50 % from 2027-01 and +10 % from 2027-02, whichever is written first."""
    later = {"name": NAME, "from_month": "2027-02", "change_fraction": 0.1, **DATED}
    earlier = {"name": NAME, "from_month": "2027-01", "change_fraction": -0.5, **DATED}

    assert [2.5, 1.25, 1.375] == pytest.approx(
        unit_prices(plan({"announced": [later, earlier]}, 3), "bought input tokens")
    )


def test_an_account_is_announced_and_drifts_with_all_below_it():
    """All of `serving` 20 % less from 2027-01; inline prices too; people are not touched."""
    change = {"account": "serving", "from_month": "2027-01", "change_fraction": -0.2, **DATED}
    found = plan({"announced": [change]}, 2)

    assert [2.5, 2.0] == pytest.approx(unit_prices(found, "bought input tokens"))
    assert [2.0, 1.6] == pytest.approx(unit_prices(found, "own GPU-hours"))


def test_the_longest_path_counts_and_a_review_moves_in_steps():
    """`serving` falls 50 % a year, `serving:gpu` rises 21 % a year and is reviewed every 6 months."""
    paths = [
        {"account": "serving", "change_fraction_per_year": -0.5, "source": "made up"},
        {"account": "serving:gpu", "change_fraction_per_year": 0.21, "reviewed_every_months": 6, "source": "made up"},
    ]
    found = plan({"paths": paths}, 13)

    assert [2.0] * 6 + [2.2] * 6 + [2.42] == pytest.approx(unit_prices(found, "own GPU-hours"))
    assert 1.25 == pytest.approx(unit_prices(found, "bought input tokens")[12])


def test_doubling_a_price_doubles_its_account_and_no_other():
    """+100 % from the first month on one account."""
    plain = plan().ledger.groupby("account")["cost_usd"].sum()
    change = {"account": "serving:api", "from_month": "2026-12", "change_fraction": 1.0, **DATED}
    doubled = plan({"announced": [change]}).ledger.groupby("account")["cost_usd"].sum()

    assert 2 * plain["serving:api"] == pytest.approx(doubled["serving:api"])
    assert plain["serving:gpu"] == doubled["serving:gpu"]


def test_blind_drift_grows_what_is_paid_by_volume_and_stops():
    """44 % a year: 20 % after 6 months, 44 % after 12 and ever since; the fleet's hours do not drift."""
    drift = {"rise_fraction_per_year": 0.44, "source": "brief S15"}
    found = plan(months=15, blind_drift=drift)
    lines = found.ledger[found.ledger["account"] == "serving:drift"]
    tokens = lines[lines["item"] == "bought input tokens, drift"].set_index("month")

    assert {"it"} == set(lines["option"])
    assert 0 not in tokens.index
    assert [0.2 * 375, 0.44 * 375, 0.44 * 375] == pytest.approx([tokens["cost_usd"][month] for month in (6, 12, 14)])


def test_blind_drift_is_over_where_somebody_measures():
    """The option with telemetry has none of it, and pays for the telemetry."""
    price = {"telemetry_usd_per_1k_requests": 0.1, "ingest_usd_per_gb": 0.5, "platform_usd_per_month": 20.0, **DATED}
    watched = {**static(bought=1.0), "observability": {"price": price, "bytes_per_request": 2000.0}}
    tiers = {"bought": flat_api(0.01)}
    drift = {"rise_fraction_per_year": 0.9, "source": "brief S15"}
    found = evaluate(
        scene(tiers, {"blind": static(bought=1.0), "seen": watched}, classes=CHAT, slo={}, count=200,
              horizon_months=2, blind_drift=drift)
    )  # fmt: skip
    by_option = found.ledger.groupby(["option", "account"])["cost_usd"].sum()

    assert ("seen", "serving:drift") not in by_option.index
    assert 1500 * (1.9 ** (1 / 12) - 1) == pytest.approx(by_option["blind", "serving:drift"])
    assert 2 * (150 * 0.1 + 0.3 * 0.5 + 20.0) == pytest.approx(by_option["seen", "platform:observability"])


def test_crossovers_and_telemetry_use_the_first_months_rates():
    """What is computed beside the ledger pays the negotiated price as well."""
    from tco.costs.request_tokens import token_costs

    found = plan({"negotiated": [{"name": NAME, "discount_share": 0.2, **DATED}]}, 1)
    cost = token_costs(found.scenario, ("bought",))["bought"]

    assert cost is not None
    assert 1e-6 * (1000 * 2.0 + 200 * 8.0) == pytest.approx(cost.of(1000, 200))
    assert 2.0 == pytest.approx(Rates(found.scenario).price(NAME, "input", "usd_per_mtok").value)
