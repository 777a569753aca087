"""The shipped price book: whole, looked up by name and day, and what was published."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tco import catalog
from tco.catalog.meters import KINDS, METERS, THRESHOLD
from tco.catalog.prices import shipped_book
from tco.catalog.reading import read_book
from tco.errors import CatalogError
from tco.units import SUFFIXES

ROOT = Path(__file__).parents[2]
BOOKS = ROOT / "tco/catalog/data/prices"
PUBLISHED = ROOT.parent / "shared/data/prices"
TODAY = date(2026, 11, 27)  # the day on which the newest rows of the shipped book were read
ROWS = shipped_book().rows
needs_published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="../shared/data is not here")


def published(file: str) -> list[dict[str, str]]:
    """Read a CSV file of raw data."""
    with (PUBLISHED / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("kind", KINDS)
def test_every_family_is_whole_and_in_its_file(kind):
    """Value, unit of its meter, source, a date that is not in the future; and nothing else's prices."""
    book = read_book(BOOKS / f"{kind}.csv", TODAY)

    assert {kind} == {row.kind for row in book.rows}


def test_the_book_is_as_wide_as_asked():
    """APIs, serverless, GPU-hours of every kind and segment, owned hardware, stores, traffic, operations, people."""
    names = {kind: {row.name for row in ROWS if row.kind == kind} for kind in KINDS}
    ways = Counter(name.rpartition("/")[2] for name in names["gpu"])

    assert len(names["api"]) >= 50
    assert all(
        ways[way] >= 3 for way in ("on-demand", "spot", "committed-1y", "committed-3y", "marketplace", "serverless")
    )
    assert {"hyperscaler", "neocloud", "marketplace", "serverless"} == {
        row.segment for row in ROWS if row.kind == "gpu"
    }
    assert min(len(each) for each in names.values()) >= 6
    assert set(METERS) == {row.meter for row in ROWS}


def test_every_meter_of_money_has_a_unit_with_words():
    """What a price is per is in the table of units, so that heads of tables can say it."""
    units = {meter.unit for meter in METERS.values()} - {"gpus", "fraction_per_year"}

    assert set() == {unit for unit in units if f"_{unit}" not in SUFFIXES}


def test_every_price_is_found_by_name():
    """As the book has it, with its provenance."""
    for row in shipped_book().current():
        steps = dict(catalog.price_steps(row.name, row.meter))

        assert row.price() == steps[row.start]
        assert row.name in catalog.price_names(row.meter)


def test_a_price_on_a_day_is_the_newest_that_is_not_after_it():
    """Mistral Large 4 took 4.18 USD per million output tokens from 20 to 28 October 2026, and 2.10 from then on."""
    name = "mistral/mistral-large-4"

    assert 4.18 == catalog.price(name, "output", date(2026, 10, 20)).value
    assert 4.18 == catalog.price(name, "output", date(2026, 10, 28)).value
    assert 2.10 == catalog.price(name, "output", date(2026, 10, 29)).value
    assert 2.10 == catalog.price(name, "output").value


def test_a_price_before_the_first_row_is_unknown():
    """It is not that of the first row, nor zero."""
    with pytest.raises(CatalogError, match=r"no price for 'output' on 2026-10-19; the first .* is of 2026-10-20"):
        catalog.price("mistral/mistral-large-4", "output", date(2026, 10, 19))


def test_a_price_with_steps_is_no_single_price():
    """The first step of egress is free, so taking it for the price would make all traffic free."""
    with pytest.raises(CatalogError, match=r"no single price for 'egress': it changes from 0, 100, 10,240"):
        catalog.price("aws/internet-egress", "egress")


def test_a_price_without_steps_has_one():
    """Whoever asks for steps need not know whether there are any."""
    ((start, price),) = catalog.price_steps("us/industrial", "energy")

    assert (0.0, catalog.price("us/industrial", "energy")) == (start, price)


def test_prices_come_in_the_sets_that_blocks_need():
    """An API charges for input, too; a database and a cache also store; a server has its GPUs and its power."""
    needs = {
        "output": ["input"], "query": ["storage", "minimum"], "lookup": ["storage"], "server": ["gpus", "power"],
        "input_above_tier": ["input", THRESHOLD], "batch_output": ["batch_input"],
    }  # fmt: skip
    for meter, others in needs.items():
        for name in catalog.price_names(meter):
            assert [] == [other for other in others if name not in catalog.price_names(other)]


@pytest.mark.parametrize("name", ["openai/gpt-6-astro", "nobody/nothing"])
def test_an_unknown_price_is_an_error(name):
    """Never zero; a near name is offered where there is one."""
    with pytest.raises(CatalogError, match=f"'{name}' has no price for 'output'") as caught:
        catalog.price(name, "output")

    assert ("did you mean 'openai/gpt-6-astra'?" in str(caught.value)) == (name == "openai/gpt-6-astro")


def test_a_figure_that_nobody_sells_at_says_so():
    """Placeholders and claims are marked, so that a report can tell them from quotes."""
    placeholders = [row for row in ROWS if row.name.startswith("gpu-price-index/") and row.meter != "power"]

    assert len(placeholders) > 10
    assert [] == [row.name for row in placeholders if "placeholder" not in row.note and row.meter != "gpus"]
    assert "claim by the vendor" in shipped_book().newest("lenovo/8x-h100", "server")[0].note


# Meter to column of the published table of API prices.
API_COLUMNS = {
    "input": "input_per_mtok", "cached_input": "cached_input_per_mtok", "output": "output_per_mtok",
    "cache_write": "cache_write_per_mtok", "cache_write_1h": "cache_write_1h_per_mtok",
    "batch_input": "batch_input_per_mtok", "batch_output": "batch_output_per_mtok",
    THRESHOLD: "tier_above_input_tokens", "input_above_tier": "input_per_mtok_above_tier",
    "output_above_tier": "output_per_mtok_above_tier",
}  # fmt: skip

# Models of the published table of GPU prices that the catalog calls otherwise.
GPU_NAMES = {
    "A100-80GB": "a100-80", "A100-40GB": "a100-40", "H200": "h200-sxm", "B200": "b200-sxm", "B300": "b300-sxm",
    "A100-80GB-PCIe": "a100-80-pcie",
}  # fmt: skip


@needs_published
def test_api_prices_are_those_published():
    """Every token price of that day stands in the published table, in the row of the model, the column of its meter."""
    table = {(row["provider"], row["model"]): row for row in published("llm_api.csv")}
    ours = [row for row in ROWS if row.meter in API_COLUMNS and row.source_date == "2026-11-20"]

    assert len(ours) > 250
    for row in ours:
        provider, _, model = row.name.partition("/")
        assert float(table[provider, row.listed_as or model][API_COLUMNS[row.meter]]) == row.value, row.name


@needs_published
def test_gpu_prices_are_those_published():
    """Every GPU-hour stands in the published table, for the same provider, GPU and way of paying."""
    table = {
        (
            re.split(r"[ .]", row["provider"].removeprefix("DataCrunch/"))[0].lower(),
            GPU_NAMES.get(row["gpu"], row["gpu"].lower()),
            _way(row),
            row["segment"],
            float(row["usd_per_gpu_hour"]),
        )
        for row in published("gpu_hourly.csv")
        if row["usd_per_gpu_hour"]
    }
    ours = {(*row.name.split("/"), row.segment, row.value) for row in ROWS if row.meter == "gpu_hour"}

    assert len(ours) > 120
    assert set() == ours - table


def _way(row: dict[str, str]) -> str:
    if row["segment"] == "marketplace":
        return "marketplace"
    return row["pricing"].replace("_", "-").replace("rental-3y", "committed-3y")


@needs_published
@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("software_developer_median_wage", "us/software-engineer-p50"),
        ("software_developer_p75_wage", "us/software-engineer-p75"),
        ("software_developer_p90_wage", "us/software-engineer-p90"),
        ("ai_engineer_median_base_san_francisco", "us/ai-engineer-sf"),
        ("data_scientist_median_wage", "us/data-scientist-p50"),
        ("data_scientist_p90_wage", "us/data-scientist-p90"),
    ],
)
def test_loaded_costs_follow_from_published_wages(item, name):
    """Benefits are 30 % of the whole, so the whole is the wage over 0.7, to the dollar."""
    (wage,) = [float(row["value"]) for row in published("engineer_cost.csv") if row["item"] == item]

    assert round(wage / 0.7) == catalog.price(name, "loaded_year").value


@needs_published
def test_storage_prices_are_those_published():
    """A GB-month of each vendor stands in the published table; that of ElastiCache is 730 hours at its hourly price."""
    table = {
        (row["provider"].lower(), float(row["price_usd"]))
        for row in published("vector_db.csv")
        if row["unit"] in ("GB-month", "GiB-month")
    }
    ours = {(row.name.split("/")[0], row.value) for row in ROWS if row.meter == "storage"}

    assert {("aws", 91.25), ("aws", 61.32)} == ours - table


@needs_published
def test_egress_steps_are_those_published():
    """Each step of the three large clouds, with the volume from which it holds."""
    table = {
        (row["provider"].split()[0].lower(), float(row["tier_from_gb"]), float(row["usd_per_gb"]))
        for row in published("egress.csv")
    }
    ours = {(row.name.split("/")[0], row.start, row.value) for row in ROWS if row.meter == "egress"}

    assert len(ours) >= 15
    assert {("pinecone", 0.0, 0.0)} == ours - table  # its first 100 GB are in the plan, says the note


@needs_published
def test_servers_are_those_published():
    """Price and power of each server stand in the published table."""
    table = {(row["metric"], float(row["value"])) for row in published("hardware_capex.csv")}
    metrics = {"server": "capex", "power": "max_power"}
    ours = {(metrics[row.meter], row.value) for row in ROWS if row.meter in metrics}

    assert {("capex", 317_000.0)} == ours - table  # Thinkmate's, which the table lacks
