"""Every measurement has a source and a date, and is a valid block."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from tco import catalog

ROOT = Path(__file__).parents[2]
BOOKS = ROOT / "tco/catalog/data"


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


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
