"""Sweeps: the same rows on any number of processes, and the front that is really a front."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.decide.compare import compare
from tco.decide.sweep import pareto, plain, run_sweep
from tco.decide.vary import parse_axis
from tco.errors import UsageError
from tco.pipeline import evaluate
from tco.report.document import Table
from tco.report.sweep import sweep_document
from tco.scenario import Scenario
from tco.scenario.loader import load_scenario

COPILOT = Path(__file__).parents[2] / "scenarios/support-copilot.yaml"


@pytest.fixture(scope="module")
def loaded():
    """The shipped scenario."""
    return load_scenario(COPILOT)


def sweep(loaded, *texts, jobs=1):
    """Run a sweep from its texts."""
    values = plain(loaded.scenario)
    return run_sweep(loaded, [parse_axis(text, values) for text in texts], jobs)


def test_plain_values_validate_to_the_same_scenario(loaded):
    """What a sweep starts from is the scenario itself."""
    assert loaded.scenario == Scenario.model_validate(plain(loaded.scenario))


def test_rows_do_not_depend_on_the_number_of_processes(loaded):
    """Same input, same bytes, on one process and on two."""
    spec = "options.routed.router.shares.small=0:1:0.5"

    assert sweep(loaded, spec, jobs=1).rows == sweep(loaded, spec, jobs=2).rows


def test_a_point_at_the_written_value_is_the_comparison(loaded):
    """Two ways to the same number agree."""
    row = sweep(loaded, "options.routed.router.shares.small=0.7").rows[0]

    assert compare(evaluate(loaded))["routed"].total_usd == pytest.approx(row["total_usd"], rel=1e-12)


def test_only_options_that_a_path_touches_are_evaluated(loaded):
    """A routing share of one option leaves the others alone; the traffic concerns all."""
    assert {"routed"} == {row["option"] for row in sweep(loaded, "options.routed.router.shares.small=0.5").rows}
    rows = sweep(loaded, "traffic.requests_per_month=1000,2000").rows
    assert 4 * 2 == len(rows)


def test_every_traffic_has_a_front_of_its_own(loaded):
    """Nobody chooses the traffic, so less of it is not a better plan."""
    rows = sweep(loaded, "traffic.requests_per_month=100000,1000000").rows

    assert {100_000.0, 1_000_000.0} == {row["traffic.requests_per_month"] for row in rows if row["pareto"]}


def test_a_point_that_is_no_scenario_is_told_with_its_fault(loaded):
    """A share of 1.5 is refused with key and limit."""
    with pytest.raises(UsageError, match=r"shares\.small.*at most 1"):
        sweep(loaded, "options.routed.router.shares.small=1.5")


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8) | st.none()), max_size=30))
def test_pareto_equals_the_definition(pairs):
    """A pair is on the front exactly when no other is at least as good in both and better in one."""
    expected = [
        second is not None
        and not any(s is not None and f <= first and s <= second and (f < first or s < second) for f, s in pairs)
        for first, second in pairs
    ]

    assert expected == pareto(pairs)


def test_a_row_says_which_limits_it_misses(loaded):
    """Not only that it misses some: a first-token limit of a millisecond, and none end to end."""
    slo = loaded.scenario.slo.model_copy(update={"ttft_p95_s": 0.001})
    strict = replace(loaded, scenario=loaded.scenario.model_copy(update={"slo": slo}))
    found = sweep(strict, "options.routed.router.shares.small=0.7")
    table = next(part for part in sweep_document(found, strict.scenario).sections if isinstance(part, Table))

    assert "ttft_p95_s" == found.rows[0]["slo_missed"]
    assert "missed: TTFT" in table.rows[0]
