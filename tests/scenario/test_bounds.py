"""Every number of a scenario has a bound, so that nothing overflows between a valid file and its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Annotated, Any

import pytest
from pydantic import Field

from tco.pipeline import evaluate
from tco.plugin import Frozen
from tco.scenario.loader import load_scenario
from tco.scenario.schema import scenario_schema
from tests.scenario.texts import INLINE, faults_in, plant


def open_ended(schema: Any, path: str = "") -> Iterator[str]:
    """Name the numbers of a JSON schema that may grow without end."""
    if isinstance(schema, dict):
        of_number = schema.get("type") in ("number", "integer") and not {"const", "enum"} & set(schema)
        if of_number and not {"maximum", "exclusiveMaximum"} & set(schema):
            yield path
    items = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for name, inner in items:
        yield from open_ended(inner, f"{path}/{name}")


def test_every_number_has_an_upper_bound():
    """In the schema, as people see it."""
    assert [] == list(open_ended(json.loads(scenario_schema())))


def test_the_guard_sees_a_number_without_a_bound():
    """Planted in a model: alone, optional, and in a list."""

    class Planted(Frozen):
        bare: float = 1.0
        least: Annotated[int, Field(ge=1)] | None = None
        many: tuple[float, ...] = ()
        bounded: Annotated[float, Field(le=1)] = 1.0

    found = [path.split("/")[2] for path in open_ended(Planted.model_json_schema())]

    assert ["bare", "least", "many"] == found


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("input_usd_per_mtok: 2.5", "input_usd_per_mtok: §1.0e+308", "at most 1000000000"),
        ("gpu_hour_usd_per_gpu_hour: 2.5", "gpu_hour_usd_per_gpu_hour: §1.0e+308", "at most 1000000000"),
        ("run_engineer_fte: 0.05", "run_engineer_fte: §1.0e+308", "at most 100000"),
        ("hour_of_week: flat", "hour_of_week: [§" + "1.0e+308, " * 168 + "]", "at most 1e+18"),
        ("storage_gb: 5", "storage_gb: §1.0e+300", "at most 1e+18"),
        ("e2e_p95_s: 45", "e2e_p95_s: §1.0e-300", "at least 1e-18"),
        ("lookup: {p50_s: 0.02,", "lookup: {p50_s: §1.0e-300,", "at least 1e-18"),
        ("e2e_p95_s: 45", "e2e_p95_s: §0", "above 0"),
    ],
)
def test_a_number_that_would_overflow_is_refused(tmp_path, old, new, allowed):
    """Where it stands, with the bound."""
    planted = plant(old, new)
    fault = faults_in(tmp_path, planted.text)[0]

    assert planted.place == (fault.line, fault.column)
    assert fault.message.endswith(f"; allowed: {allowed}")


def test_the_largest_figures_make_finite_totals(tmp_path):
    """A trillion requests a month at a billion dollars a token price, with every engineer there is."""
    text = INLINE[: INLINE.index("  mix:\n")]
    for old, new in (
        ("shares: {api: 1.0}", "shares: {api: 1.0, gpu: 0.0}"),
        ("requests_per_month: 150000", "requests_per_month: 1000000000000"),
        ("input_usd_per_mtok: 2.5", "input_usd_per_mtok: 1000000000"),
        ("tokens: 1000}", "tokens: 10000000}"),
        ("loaded_year_usd_per_year: 250000", "loaded_year_usd_per_year: 1000000000"),
        ("build_engineer_weeks: 1, run_engineer_fte: 0.05", "build_engineer_weeks: 1000000, run_engineer_fte: 100000"),
    ):
        text = plant(old, new, text).text
    path = tmp_path / "large.yaml"
    path.write_text(text)
    costs = evaluate(load_scenario(path)).ledger["cost_usd"]

    assert isfinite(costs.sum())
    assert costs.sum() > 1e20
