"""The notes on cold starts say what the load levels show."""

from __future__ import annotations

import pytest

from tco.capacity.load_levels import cold_rps, paid_workers
from tco.decide.compare import compare
from tco.demand.forecast import week_profile
from tco.pipeline import Evaluation, evaluate
from tco.report.cold_starts import cold_start_notes
from tco.report.comparison import comparison_json
from tests.laws.build import DATED, api, rate_traffic, scene, serverless, static

WEEK = [1.8] * 84 + [0.2] * 84


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """One option by the second, one by the token, one without a platform."""
    price = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, **DATED}
    tiers = {"seconds": serverless(), "tokens": serverless(gpu_price=None, token_price=price), "api": api()}
    options = {"a": static(seconds=1.0), "b": static(tokens=1.0), "c": static(api=1.0)}
    return evaluate(scene(tiers, options, count=1000, traffic=rate_traffic(0.01, hour_of_week=WEEK)))


def test_each_platform_has_a_note_and_nothing_else_has(evaluation):
    """By option; paid workers only where seconds are what is paid."""
    notes = cold_start_notes(evaluation)

    assert ["a", "b"] == [note.partition(":")[0] for note in notes]
    assert ["Workers paid on average" in note for note in notes] == [True, False]


def test_the_figures_are_those_of_the_week(evaluation):
    """Share of cold requests weighted by the traffic of the hours, paid workers by the hours."""
    plan = evaluation.plans["a"]
    rates, (quiet, busy) = (0.002, 0.018), (plan.levels[0], plan.levels[-1])
    shares = [window.tiers["seconds"].counts_per_request["cold_requests"] for window in (quiet, busy)]
    week = week_profile(evaluation.scenario.traffic)
    note = cold_start_notes(evaluation)[0]

    assert rates == pytest.approx((quiet.rate_rps, busy.rate_rps))
    assert shares[0] > 0.4 > 0.1 > shares[1]
    assert f"{0.1 * shares[0] + 0.9 * shares[1]:.1%} of all requests wait" in note
    assert f"In the quietest hour {shares[0]:.1%} with a p95 of {quiet.e2e.p95_s:.1f} s (0.002 req/s)" in note
    paid = paid_workers(plan.levels, "seconds", 0.0).mean_over_week(0.01, week)
    assert f"Workers paid on average: {paid:.2f} to {paid:.2f}, of at most 20." in note
    assert cold_rps(plan.levels, "seconds").at(0.0) == 0.0


def test_programs_get_the_load_levels(evaluation):
    """The JSON of a platform's option has them, that of the others does not."""
    options = comparison_json(evaluation, compare(evaluation))["options"]

    assert len(evaluation.plans["a"].levels) == len(options[0]["load_levels"])
    assert "load_levels" not in options[2]
