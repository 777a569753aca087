"""Every scenario of `scenarios/levers/` shows its lever: it loads, runs, and its header says what to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tco import evaluate, load_scenario
from tco.decide.compare import compare
from tco.decide.flow import trace_flow
from tco.finance.totals import through

LEVERS = sorted((Path(__file__).parents[1] / "scenarios/levers").glob("*.yaml"))


@pytest.fixture(scope="module", params=LEVERS, ids=lambda path: path.stem)
def lever(request):
    """A lever's scenario, evaluated."""
    return request.param, evaluate(load_scenario(request.param))


def test_there_are_levers():
    """An empty list would pass every check below."""
    assert {"fallback", "sensitivity", "spill-over", "product-tiers", "ab-test", "escalation", "own-hardware"} <= {
        path.stem for path in LEVERS
    }


def test_its_header_says_what_to_look_at(lever):
    """A question first, then where to look."""
    header = [line for line in lever[0].read_text(encoding="utf-8").splitlines() if line.startswith("#")]

    assert any(line.startswith("# Question: ") for line in header)
    assert any(line.startswith("# Look at: ") for line in header)


def test_it_pulls(lever):
    """Its options differ in what serving costs, in how good or in how quick their answers are, people left out."""
    options = compare(lever[1]).options
    figures = {
        (
            round(sum(usd for account, usd in option.accounts_usd.items() if not account.startswith("people:")), 2),
            option.success_share, option.e2e_p95_s, option.ttft_p95_s,
        )
        for option in options
    }  # fmt: skip

    assert len(options) > 1
    assert len(options) == len(figures)


def test_its_paths_are_a_tree_of_all_requests(lever):
    """At every step, as many requests go on or end as came; ends together are all requests."""
    for option in lever[1].scenario.options:
        flow = trace_flow(lever[1], option)
        ends = 0
        for _, step in flow.root.walk():
            if step.is_end:
                ends += step.requests
            else:
                assert step.requests == sum(each.requests for each in step.branches.values())

        assert flow.root.requests == ends


def test_its_steps_cost_what_the_ledger_says(lever):
    """What the steps and the rest cost a request is the option's total over all requests."""
    requests = sum(month.requests for month in lever[1].months)
    for option in lever[1].scenario.options:
        flow = trace_flow(lever[1], option)
        steps = sum(flow.cost_usd_per_request(step) or 0.0 for _, step in flow.root.walk())
        total = through(lever[1].ledger.query("option == @option"))["cost_usd"].sum()

        assert pytest.approx(total / requests, rel=1e-9) == steps + flow.other_usd_per_request
