"""Every row of the books is a figure with a unit, a source and a date, and is what was published."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from tco import catalog
from tco.errors import CatalogError

ROOT = Path(__file__).parents[2]
BOOKS = ROOT / "tco/catalog/data"
PUBLISHED = ROOT.parent / "shared/data/prices"

UNITS = {
    "input": "usd_per_mtok", "cached_input": "usd_per_mtok", "output": "usd_per_mtok",
    "batch_input": "usd_per_mtok", "batch_output": "usd_per_mtok", "input_above_tier": "usd_per_mtok",
    "output_above_tier": "usd_per_mtok", "tier_above_input_tokens": "tokens", "gpu_hour": "usd_per_gpu_hour",
    "query": "usd_per_1k_queries", "lookup": "usd_per_1k_lookups", "storage": "usd_per_gb_month",
    "minimum": "usd_per_month", "loaded_year": "usd_per_year", "memory": "usd_per_gb_month",
}  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PRICES = rows(BOOKS / "prices.csv")
needs_published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="../shared/data is not here")


def wrong_in(row: dict[str, str]) -> list[str]:
    """Say which cells of a price are not as they must be."""
    checks = {
        "name": lambda text: text == text.strip().lower() and "/" in text,
        "value": lambda text: 0 <= float(text) < float("inf"),
        "unit": lambda text: text == UNITS[row["meter"]],
        "source": lambda text: len(text) >= 3,
        "source_date": lambda text: date.fromisoformat(text).isoformat() == text,
    }
    return [name for name, holds in checks.items() if not _passes(holds, row[name])]


def _passes(holds, text: str) -> bool:
    try:
        return holds(text)
    except (ValueError, KeyError):
        return False


def test_every_price_is_whole():
    """Value, unit of its meter, source and ISO date."""
    assert [] == [(row["name"], row["meter"], wrong) for row in PRICES if (wrong := wrong_in(row))]
    assert set(UNITS) == {row["meter"] for row in PRICES}


@pytest.mark.parametrize(
    ("cell", "text"),
    [("value", "-1"), ("value", ""), ("value", "nan"), ("unit", "usd"), ("source", ""), ("source_date", "2026-10"),
     ("source_date", "20261010"), ("source_date", ""), ("name", "Free Model")],
)  # fmt: skip
def test_a_price_that_is_not_whole_is_caught(cell, text):
    """Planted in the first row."""
    assert [cell] == wrong_in({**PRICES[0], cell: text})


def test_no_price_is_there_twice():
    """The second would silently win."""
    keys = [(row["name"], row["meter"]) for row in PRICES]

    assert len(keys) == len(set(keys))


def test_every_price_is_found_by_name():
    """As the book has it, with its provenance."""
    for row in PRICES:
        found = catalog.price(row["name"], row["meter"])

        assert (float(row["value"]), row["unit"], row["source"], row["source_date"], row["name"]) == (
            found.value, found.unit, found.source, found.source_date, found.name,
        )  # fmt: skip
        assert row["name"] in catalog.price_names(row["meter"])


def test_what_can_be_chosen_is_complete():
    """A name offered for a block has every price that the block needs."""
    needs = {"output": ["input"], "query": ["storage", "minimum"], "lookup": ["storage"]}
    for meter, others in needs.items():
        for name in catalog.price_names(meter):
            assert [] == [other for other in others if name not in catalog.price_names(other)]


@pytest.mark.parametrize("name", ["openai/gpt-6-astro", "nobody/nothing"])
def test_an_unknown_price_is_an_error(name):
    """Never zero; a near name is offered where there is one."""
    with pytest.raises(CatalogError, match=f"'{name}' has no price for 'output'") as caught:
        catalog.price(name, "output")

    assert ("did you mean 'openai/gpt-6-astra'?" in str(caught.value)) == (name == "openai/gpt-6-astro")


@pytest.mark.parametrize("book", ["api_latency.csv", "step_times.csv", "hour_of_week.csv"])
def test_every_measurement_has_a_source_and_a_date(book):
    """And a name of its own."""
    found = rows(BOOKS / book)

    assert len(found) == len({row["name"] for row in found}) > 0
    for row in found:
        assert row["source"]
        assert row["source_date"] == date.fromisoformat(row["source_date"]).isoformat()


def test_every_measurement_is_a_valid_block():
    """The models of inline blocks accept every row: quantiles in order, budgets that cover the batch."""
    assert {row["name"] for row in rows(BOOKS / "api_latency.csv")} == set(catalog.api_latencies())
    assert {row["name"] for row in rows(BOOKS / "step_times.csv")} == set(catalog.servers())
    for name, server in catalog.servers().items():
        assert server.kv_capacity_tokens > 8192, name


# Meter to column of the published table of API prices.
API_COLUMNS = {
    "input": "input_per_mtok", "cached_input": "cached_input_per_mtok", "output": "output_per_mtok",
    "batch_input": "batch_input_per_mtok", "batch_output": "batch_output_per_mtok",
    "tier_above_input_tokens": "tier_above_input_tokens", "input_above_tier": "input_per_mtok_above_tier",
    "output_above_tier": "output_per_mtok_above_tier",
}  # fmt: skip


# Models of the published table of GPU prices that the catalog calls otherwise.
GPU_NAMES = {"A100-80GB": "a100-80", "H200": "h200-sxm", "B200": "b200-sxm"}


def published_as(row: dict[str, str]) -> str:
    """Name a model as its vendor lists it, which the note says where the catalog's name is a common one."""
    listed = re.search(r"listed as (\S+?)[;,]?(?:\s|$)", row["note"])
    return listed[1] if listed else row["name"].partition("/")[2]


@needs_published
def test_api_prices_are_those_published():
    """Every token price stands in the published table, in the row of the model and the column of its meter."""
    published = {(row["provider"], row["model"]): row for row in rows(PUBLISHED / "llm_api.csv")}
    ours = [row for row in PRICES if row["meter"] in API_COLUMNS]

    assert len(ours) > 100
    for row in ours:
        theirs = published[row["name"].partition("/")[0], published_as(row)][API_COLUMNS[row["meter"]]]
        assert float(theirs) == float(row["value"]), row["name"]


@needs_published
def test_gpu_prices_are_those_published():
    """Every GPU-hour stands in the published table, for the same provider, GPU and way of paying."""
    published = {
        (
            re.split(r"[ .]", row["provider"].removeprefix("DataCrunch/"))[0].lower(),
            GPU_NAMES.get(row["gpu"], row["gpu"].lower()),
            row["pricing"].replace("_", "-"),
            float(row["usd_per_gpu_hour"]),
        )
        for row in rows(PUBLISHED / "gpu_hourly.csv")
        if row["usd_per_gpu_hour"]
    }
    ours = {(*row["name"].split("/"), float(row["value"])) for row in PRICES if row["meter"] == "gpu_hour"}

    assert len(ours) > 50
    assert set() == ours - published


@needs_published
@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("software_developer_median_wage", "us/software-engineer-p50"),
        ("software_developer_p75_wage", "us/software-engineer-p75"),
        ("software_developer_p90_wage", "us/software-engineer-p90"),
        ("ai_engineer_median_base_san_francisco", "us/ai-engineer-sf"),
    ],
)
def test_loaded_costs_follow_from_published_wages(item, name):
    """Benefits are 30 % of the whole, so the whole is the wage over 0.7, to the dollar."""
    (wage,) = [float(row["value"]) for row in rows(PUBLISHED / "engineer_cost.csv") if row["item"] == item]

    assert round(wage / 0.7) == catalog.price(name, "loaded_year").value


@needs_published
def test_storage_prices_are_those_published():
    """A GB-month of each vendor stands in the published table."""
    published = {
        (row["provider"].lower(), float(row["price_usd"]))
        for row in rows(PUBLISHED / "vector_db.csv")
        if row["unit"] == "GB-month"
    }
    ours = {(row["name"].split("/")[0], float(row["value"])) for row in PRICES if row["meter"] == "storage"}

    assert set() == ours - published
