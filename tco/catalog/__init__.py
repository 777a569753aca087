"""Catalog: dated, sourced books of prices and performance, looked up by name.

The books are CSV files in `data/`, one row a figure; docs/derivations/ says how each follows from published data.
Prices are a book of their own, one file a family in `data/prices/`: see tco/catalog/prices.py.
"""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar

from tco.catalog.book import Price
from tco.catalog.prices import meters_of, names, price, price_names, price_steps
from tco.errors import CatalogError, suggestion
from tco.serving.facts import GpuFacts, ModelFacts, PrecisionFacts
from tco.serving.latency import ApiLatency
from tco.serving.step_time import Server

__all__ = ["Price", "meters_of", "names", "price", "price_names", "price_steps"]

Facts = TypeVar("Facts", ModelFacts, GpuFacts, PrecisionFacts)


@lru_cache
def _book(file: str) -> tuple[dict[str, str], ...]:
    text = (files("tco.catalog") / "data" / file).read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text)))


@lru_cache
def api_latencies() -> dict[str, ApiLatency]:
    """Measured API latencies by name."""
    fields = ("ttft_p50_s", "ttft_p95_s", "tpot_p50_s", "tpot_p95_s")
    return {
        row["name"]: ApiLatency(
            **{field: float(row[field]) for field in fields},
            ttft_table_s=_table(row["ttft_table_s"]),
            tpot_table_s=_table(row["tpot_table_s"]),
            source=_provenance(row),
        )
        for row in _book("api_latency.csv")
    }


def _table(text: str) -> tuple[tuple[float, float], ...] | None:
    """Read `0:0.18 0.5:0.2 1:0.56`; None where there is no table."""
    pairs = [pair.split(":") for pair in text.split()]
    return tuple((float(probability), float(value)) for probability, value in pairs) or None


@lru_cache
def servers() -> dict[str, Server]:
    """Measured step times of one replica by name."""
    return {
        row["name"]: Server(
            gpus_per_replica=int(row["gpus_per_replica"]),
            alpha_s=float(row["alpha_s"]),
            beta_s_per_prefill_token=float(row["beta_s_per_prefill_token"]),
            gamma_s_per_sequence=float(row["gamma_s_per_sequence"]),
            delta_s_per_context_token=float(row["delta_s_per_context_token"]),
            kv_capacity_tokens=int(row["kv_capacity_tokens"]),
            max_sequences=int(row["max_sequences"]),
            step_budget_tokens=max(2048, int(row["max_sequences"])),
            source=_provenance(row),
        )
        for row in _book("step_times.csv")
    }


def server_precision(name: str) -> str:
    """Return the name of the number format in which a server was measured."""
    return next(row["precision"] for row in _book("step_times.csv") if row["name"] == name)


@lru_cache
def hour_of_week_profiles() -> dict[str, tuple[float, ...]]:
    """Relative request rate in each of the week's 168 hours, Monday 00:00 first, mean 1."""
    profiles = {
        row["name"]: tuple(float(row[f"w{hour:03d}"]) for hour in range(168)) for row in _book("hour_of_week.csv")
    }
    return {"flat": (1.0,) * 168, **profiles}


@lru_cache
def models() -> dict[str, ModelFacts]:
    """Public shapes of models by name."""
    return _read("models.csv", ModelFacts)


@lru_cache
def gpus() -> dict[str, GpuFacts]:
    """Data sheets of GPUs by name."""
    return _read("gpus.csv", GpuFacts)


@lru_cache
def precisions() -> dict[str, PrecisionFacts]:
    """Number formats of weights by name."""
    return _read("precisions.csv", PrecisionFacts)


def model(name: str) -> ModelFacts:
    """Look up a model.

    Raises:
        CatalogError: when the catalog does not hold it; the nearest name is given.

    >>> model("llama-3.1-8b").layers
    32
    """
    return _look_up("model", name, models())


def gpu(name: str) -> GpuFacts:
    """Look up a GPU.

    Raises:
        CatalogError: when the catalog does not hold it; the nearest name is given.

    >>> gpu("h100-sxm").memory_gb
    80.0
    """
    return _look_up("GPU", name, gpus())


def precision(name: str) -> PrecisionFacts:
    """Look up a number format of weights.

    Raises:
        CatalogError: when the catalog does not hold it; the nearest name is given.

    >>> precision("int4").compute
    'fp16'
    """
    return _look_up("precision", name, precisions())


def _look_up(what: str, name: str, book: dict[str, Facts]) -> Facts:
    if name not in book:
        hint = suggestion(name, book)
        raise CatalogError(f"'{name}' is not a {what} of the catalog{'; ' + hint if hint else ''}")
    return book[name]


def _read(file: str, facts: type[Facts]) -> dict[str, Facts]:
    """Read a book of facts; an empty cell is unknown, and columns that the facts do not know are left to the tests."""
    known = [
        {key: cell for key, cell in row.items() if key in facts.model_fields and cell != ""} for row in _book(file)
    ]
    return {row["name"]: facts.model_validate_strings(row, strict=False) for row in known}


def _provenance(row: dict[str, str]) -> str:
    return f"{row['source']}, {row['source_date']}"
