"""Ledger: lines worked by hand, totals that tie over every cut, and prices that touch their own account only."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.costs.ledger import COLUMNS, price_meters
from tco.domain import Meter
from tco.errors import CatalogError
from tco.finance.totals import by_account_usd, monthly_usd
from tco.pipeline import Evaluation, evaluate
from tco.scenario import Scenario
from tco.scenario.prices import InlineTokenPrice, resolve
from tests.laws.build import DATED, api, cache, escalation, fixed, flat_api, gpu, retrieval, scene, static

CHAT = {"chat": {"share": 1.0, "input_tokens": fixed(1000), "output_tokens": fixed(200)}}


def lines(scenario: Scenario, *meters: tuple[str, str, float, str]) -> list[dict[str, Any]]:
    """Price meters of month 0 of option `it`: subject, item, quantity, unit."""
    ledger = price_meters(scenario, [Meter("it", 0, *meter, "by hand") for meter in meters])
    return ledger.to_dict("records")


def line(evaluation: Evaluation, item: str, month: int = 0) -> dict[str, Any]:
    """The only line of an item in a month."""
    ledger = evaluation.ledger
    (found,) = ledger[(ledger["item"] == item) & (ledger["month"] == month)].to_dict("records")
    return found


def one_option(tiers: dict[str, Any], option: dict[str, Any], **changes: Any) -> Evaluation:
    """Evaluate option `it` on 150 000 requests of 1 000 tokens in and 200 out."""
    plain: dict[str, Any] = {"classes": CHAT, "slo": {"e2e_p95_s": 60.0}, "count": 200}
    return evaluate(scene(tiers, {"it": option}, **{**plain, **changes}))


# ---------------------------------------------------------------- worked by hand


def test_a_gpu_line():
    """730 h x 2 GPUs x $2.50 = $3 650.00."""
    evaluation = one_option({"own": gpu(2.5, server={"gpus_per_replica": 2})}, static(own=1.0))

    gpu_line = line(evaluation, "own GPU-hours")
    assert 1460.0 == gpu_line["quantity"]
    assert "GPU-hours" == gpu_line["unit"]
    assert 2.5 == gpu_line["unit_price_usd"]
    assert 3650.00 == gpu_line["cost_usd"]
    assert 3650.00 == evaluation.ledger["cost_usd"].sum()


def test_a_fleet_line():
    """3 replicas x 2 GPUs x 730 h = 4 380 GPU-hours at $2.50 are $10 950.00, busy or not."""
    evaluation = one_option({"own": gpu(2.5, min_replicas=3, server={"gpus_per_replica": 2})}, static(own=1.0))

    assert 4380.0 == line(evaluation, "own GPU-hours")["quantity"]
    assert 10_950.00 == line(evaluation, "own GPU-hours")["cost_usd"]


def test_token_lines():
    """150 000 requests of 1 000 + 200 tokens are 150 + 30 million; at $1 and $4 a million $150 and $120."""
    evaluation = one_option({"bought": api(1.0, 4.0)}, static(bought=1.0))

    assert 150.0 == pytest.approx(line(evaluation, "bought input tokens")["quantity"], rel=1e-12)
    assert 30.0 == pytest.approx(line(evaluation, "bought output tokens")["quantity"], rel=1e-12)
    assert 150.00 == pytest.approx(line(evaluation, "bought input tokens")["cost_usd"], rel=1e-12)
    assert 120.00 == pytest.approx(line(evaluation, "bought output tokens")["cost_usd"], rel=1e-12)


def test_a_request_price_line_and_the_60_40_split():
    """Brief C3: 60 % at $0.0005 and 40 % at $0.02 is $0.0083 a request, $1 245 for 150 000."""
    tiers = {"cheap": flat_api(0.0005), "dear": flat_api(0.02)}
    evaluation = one_option(tiers, static(cheap=0.6, dear=0.4), count=1000)

    assert 90_000 == pytest.approx(line(evaluation, "cheap requests")["quantity"], rel=1e-12)
    assert 45.00 == pytest.approx(line(evaluation, "cheap requests")["cost_usd"], rel=1e-12)
    assert 1200.00 == pytest.approx(line(evaluation, "dear requests")["cost_usd"], rel=1e-12)
    assert 1245.00 == pytest.approx(evaluation.ledger["cost_usd"].sum(), rel=1e-12)
    assert 0.0083 == pytest.approx(evaluation.ledger["cost_usd"].sum() / 150_000, rel=1e-12)


def test_escalation_lines():
    """Every request pays $0.0005, one in five $0.02 as well: $75 + $600."""
    tiers = {"cheap": flat_api(0.0005), "dear": flat_api(0.02)}
    evaluation = one_option(tiers, escalation(0.2, "cheap", "dear"), count=1000)

    assert 75.00 == pytest.approx(line(evaluation, "cheap requests")["cost_usd"], rel=1e-12)
    assert 600.00 == pytest.approx(line(evaluation, "dear requests")["cost_usd"], rel=1e-12)


def test_vector_lines_below_the_minimum():
    """150 thousand queries at $0.10 are $15, 10 GB at $0.30 are $3; $50 is the least: the unused part is $32."""
    price = {"query_usd_per_1k_queries": 0.1, "storage_usd_per_gb_month": 0.3, "minimum_usd_per_month": 50.0, **DATED}
    option = {**static(bought=1.0), "retrieval": retrieval(price=price)}
    evaluation = one_option({"bought": flat_api(0.0)}, option)

    assert 15.00 == pytest.approx(line(evaluation, "vector queries")["cost_usd"])
    assert 3.00 == pytest.approx(line(evaluation, "vector storage")["cost_usd"])
    assert 0.64 == pytest.approx(line(evaluation, "vector minimum, unused part")["quantity"])
    assert 32.00 == pytest.approx(line(evaluation, "vector minimum, unused part")["cost_usd"])


def test_vector_lines_above_the_minimum():
    """At two queries a request and $0.50 a thousand, $150 and $3 are used: nothing is topped up."""
    option = {**static(bought=1.0), "retrieval": retrieval(queries_per_request=2.0)}
    evaluation = one_option({"bought": flat_api(0.0)}, option)

    assert 150.00 == pytest.approx(line(evaluation, "vector queries")["cost_usd"])
    assert 153.00 == pytest.approx(evaluation.ledger["cost_usd"].sum())
    assert "vector minimum, unused part" not in set(evaluation.ledger["item"])


def test_cache_lines():
    """150 thousand lookups at $0.40 are $60, 150 million prompt tokens at $0.02 are $3, 2 GB at $25 are $50."""
    option = {**static(bought=1.0), "cache": cache(0.25)}
    evaluation = one_option({"bought": flat_api(0.002)}, option, count=400)

    assert 60.00 == pytest.approx(line(evaluation, "cache lookups")["cost_usd"])
    assert 3.00 == pytest.approx(line(evaluation, "cache embeddings")["cost_usd"])
    assert 50.00 == line(evaluation, "cache storage")["cost_usd"]
    assert 225.00 == pytest.approx(line(evaluation, "bought requests")["cost_usd"])  # three quarters of $300


def test_people_lines():
    """At $260 000 a year, 13 weeks once are $65 000 and half an engineer is $10 833.33 a month."""
    option = {**static(bought=1.0), "people": {"build_engineer_weeks": 13.0, "run_engineer_fte": 0.5}}
    evaluation = one_option({"bought": flat_api(0.0)}, option, horizon_months=3)

    assert 65_000.00 == line(evaluation, "engineers, build")["cost_usd"]
    assert [0] == evaluation.ledger[evaluation.ledger["item"] == "engineers, build"]["month"].tolist()
    for month in range(3):
        assert 10_833.33 == round(line(evaluation, "engineers, run", month)["cost_usd"], 2)


def test_growth_reaches_the_ledger():
    """At 10 % growth the third month of a $300 bill is $363."""
    traffic = {"requests_per_month": 150_000.0, "growth_fraction_per_month": 0.1, "arrivals": {"kind": "poisson"}}
    evaluation = one_option({"bought": flat_api(0.002)}, static(bought=1.0), traffic=traffic, horizon_months=3)

    assert [300.0, 330.0, 363.0] == pytest.approx(monthly_usd(evaluation.ledger, evaluation.scenario)["it"].tolist())


def test_meters_are_priced_one_by_one():
    """The pricing itself, without a simulation: 3 x $4 and 0.5 x $2."""
    scenario = scene({"bought": api(4.0, 2.0)}, {"it": static(bought=1.0)})
    meters = [
        ("tiers.bought", "input_tokens", 3.0, "Mtok"),
        ("tiers.bought", "output_tokens", 0.5, "Mtok"),
        ("tiers.bought", "requests", 77.0, "requests"),
    ]

    assert [12.0, 1.0] == [row["cost_usd"] for row in lines(scenario, *meters)]


def test_names_with_dots_find_their_block():
    """Dots are allowed in names of tiers and options, and the ledger's keys still lead to the right block."""
    tiers = {"llama-3.1": gpu(3.0)}
    option = {"router": {"kind": "static", "shares": {"llama-3.1": 1.0}}, "people": {}, "cache": cache(0.0)}
    ledger = evaluate(scene(tiers, {"v1.2": option}, count=200)).ledger

    assert 2190.00 == ledger[ledger["account"] == "serving:gpu"]["cost_usd"].sum()
    assert "options.v1.2.cache.price" in set(ledger["scenario_key"])
    assert "tiers.llama-3.1.price" in set(ledger["scenario_key"])


# ---------------------------------------------------------------- totals


@st.composite
def evaluations(draw: Any) -> Evaluation:
    """Small scenarios with every kind of cost and any price."""
    usd = st.floats(0.0, 100.0)
    tiers = {"own": gpu(draw(usd)), "bought": api(draw(usd), draw(usd)), "flat": flat_api(draw(st.floats(0.0, 0.1)))}
    share = draw(st.floats(0.0, 1.0))
    people = {"build_engineer_weeks": draw(st.floats(0, 50)), "run_engineer_fte": draw(st.floats(0, 3))}
    options = {
        "hybrid": {**static(own=share, bought=1 - share), "people": people, "retrieval": retrieval()},
        "escalating": {**escalation(share, "flat", "bought"), "cache": cache(share)},
        "flat": static(flat=1.0),
    }
    growth = draw(st.floats(-0.2, 0.2))
    volume = draw(st.floats(1.0, 1e7))
    traffic = {
        "requests_per_month": volume,
        "growth_fraction_per_month": growth,
        "arrivals": {"kind": "poisson"},
    }
    return evaluate(scene(tiers, options, count=200, horizon_months=draw(st.integers(1, 4)), traffic=traffic))


@settings(max_examples=15, deadline=None)
@given(evaluation=evaluations())
def test_totals_are_equal_over_every_cut(evaluation):
    """By option, month, account or item, and by the tables the reports use: one total, to 1e-9."""
    ledger, scenario = evaluation.ledger, evaluation.scenario
    total = sum(quantity * price for quantity, price in zip(ledger["quantity"], ledger["unit_price_usd"], strict=True))

    for cut in ("option", "month", "period", "account", "item", "scenario_key", ["option", "month", "account"]):
        assert total == pytest.approx(ledger.groupby(cut)["cost_usd"].sum().sum(), rel=1e-9)
    months = monthly_usd(ledger, scenario)
    accounts = by_account_usd(ledger, scenario)
    assert total == pytest.approx(sum(path.sum() for path in months.values()), rel=1e-9)
    for option in scenario.options:
        assert months[option].sum() == pytest.approx(sum(accounts[option].values()), rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(evaluation=evaluations())
def test_every_line_says_where_it_comes_from(evaluation):
    """Source, date, scenario key and basis on every line, and quantity x unit price = cost, never negative."""
    ledger = evaluation.ledger

    assert list(COLUMNS) == list(ledger.columns)
    assert (ledger["cost_usd"] == ledger["quantity"] * ledger["unit_price_usd"]).all()
    assert (ledger["cost_usd"] >= 0).all()
    for column in ("source", "source_date", "scenario_key", "basis", "unit", "account", "price_name"):
        assert ledger[column].str.len().min() > 0
    for day in set(ledger["source_date"]):
        assert date.fromisoformat(day)
    for key in set(ledger["scenario_key"]):
        assert key_exists(evaluation.scenario, key), key


def key_exists(scenario: Scenario, key: str) -> bool:
    """Follow a dotted scenario key."""
    found: Any = scenario.model_dump()
    for part in key.split("."):
        if part not in found:
            return False
        found = found[part]
    return True


# ---------------------------------------------------------------- prices


EVERY_PRICE = {
    "own": ("tiers", "own", "price", "gpu_hour_usd_per_gpu_hour"),
    "input": ("tiers", "bought", "price", "input_usd_per_mtok"),
    "output": ("tiers", "bought", "price", "output_usd_per_mtok"),
    "flat": ("tiers", "flat", "price", "request_usd_per_request"),
    "lookup": ("options", "it", "cache", "price", "lookup_usd_per_1k_lookups"),
    "embedding": ("options", "it", "cache", "embedding", "input_usd_per_mtok"),
    "engineer": ("people", "engineer", "loaded_year_usd_per_year"),
    "query": ("options", "it", "retrieval", "price", "query_usd_per_1k_queries"),
}
ITEMS = {
    "own": {"own GPU-hours"},
    "input": {"bought input tokens"},
    "output": {"bought output tokens"},
    "flat": {"flat requests"},
    "lookup": {"cache lookups"},
    "embedding": {"cache embeddings"},
    "engineer": {"engineers, build", "engineers, run"},
    "query": {"vector queries"},
}


def whole() -> dict[str, Any]:
    """A scenario that uses every price, above the vector store's minimum, as plain values."""
    option = {
        **static(own=0.4, bought=0.4, flat=0.2),
        "cache": cache(0.2),
        "retrieval": retrieval(queries_per_request=4.0),
        "people": {"build_engineer_weeks": 4.0, "run_engineer_fte": 0.2},
    }
    tiers = {"own": gpu(), "bought": api(), "flat": flat_api(0.002)}
    return scene(tiers, {"it": option}, count=200, horizon_months=2).model_dump(mode="json")


def costs(plain: dict[str, Any]) -> pd.Series:
    """Evaluate and add up by item."""
    return evaluate(Scenario.model_validate(plain)).ledger.groupby("item")["cost_usd"].sum()


@pytest.mark.parametrize("name", EVERY_PRICE)
def test_doubling_a_price_doubles_its_account_only(name):
    """The lines of the price double, every other line stays as it is to the last bit."""
    plain, dearer = whole(), whole()
    block = dearer
    *path, key = EVERY_PRICE[name]
    for part in path:
        block = block[part]
    block[key] *= 2

    before, after = costs(plain), costs(dearer)

    assert ITEMS[name] <= set(before.index)
    for item in before.index:
        factor = 2 if item in ITEMS[name] else 1
        assert factor * before[item] == after[item], item


def test_almost_no_traffic_leaves_the_fixed_costs():
    """One request a month: GPUs, engineers, storage and the vector minimum, and less than a cent for the rest."""
    option = {
        **static(own=0.5, bought=0.5),
        "cache": cache(0.2),
        "retrieval": retrieval(),
        "people": {"run_engineer_fte": 0.12},
    }
    traffic = {"requests_per_month": 1.0, "arrivals": {"kind": "poisson"}}
    evaluation = one_option({"own": gpu(2.5), "bought": api()}, option, traffic=traffic)

    fixed_usd = 730 * 2.5 + 260_000 * 0.12 / 12 + 2.0 * 25.0 + 50.0  # GPU, people, cache memory, vector minimum
    assert fixed_usd == pytest.approx(evaluation.ledger["cost_usd"].sum(), abs=0.01)


def test_an_unknown_price_is_an_error_and_not_zero():
    """A name that the catalog lacks, a meter that the price lacks, or another unit than is multiplied by."""
    with pytest.raises(CatalogError, match="no price for 'output'"):
        resolve("nobody/nothing", "output", "usd_per_mtok")
    with pytest.raises(CatalogError, match="states no 'cached_input_usd_per_mtok'"):
        resolve(
            InlineTokenPrice(input_usd_per_mtok=1.0, output_usd_per_mtok=1.0, **DATED), "cached_input", "usd_per_mtok"
        )
    with pytest.raises(CatalogError, match="is usd_per_mtok, not usd_per_request"):
        resolve("openai/gpt-4o", "output", "usd_per_request")


def test_an_unknown_price_stops_the_ledger():
    """Not even a scenario that was changed behind the checks gets a free tier."""
    scenario = scene({"bought": api()}, {"it": static(bought=1.0)})
    tier = scenario.tiers["bought"].model_copy(update={"price": "nobody/nothing"})
    planted = scenario.model_copy(update={"tiers": {"bought": tier}})

    with pytest.raises(CatalogError, match="nobody/nothing"):
        lines(planted, ("tiers.bought", "input_tokens", 1.0, "Mtok"))
