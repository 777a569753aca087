"""What steps cost is what the ledger says is used up, under contracts, payments ahead and while an option is built."""

from __future__ import annotations

from math import fsum

import pytest

from tco.decide.flow import Flow, trace_flow
from tco.finance.totals import monthly_usd
from tco.pipeline import evaluate
from tests.laws.build import DATED, api, flat_api, gpu, scene, static

CONTRACT = {
    "term_months": 12, "platform_usd_per_month": 100.0, "commitment_usd_per_year": 3600.0, "upfront_share": 0.5,
    **DATED,
}  # fmt: skip


def total_usd_per_request(flow: Flow) -> float:
    """All steps and the rest."""
    return flow.other_usd_per_request + fsum(flow.cost_usd_per_request(step) or 0.0 for _, step in flow.root.walk())


def test_what_is_paid_ahead_is_not_counted_beside_its_use():
    """Three months of $100 under a contract of which half a year is paid at once."""
    scenario = scene(
        {"bought": api(price={"included_in": "contract"})}, {"it": {**static(bought=1.0), "contract": CONTRACT}},
        count=200, horizon_months=3,
    )  # fmt: skip

    assert 300.0 / 450_000 == pytest.approx(total_usd_per_request(trace_flow(evaluate(scenario), "it")))


def test_an_option_that_is_built_is_explained_with_what_runs_meanwhile():
    """The scenario of it and of the other option: their bills together are the ledger's."""
    built = {**static(own=1.0), "people": {"build_engineer_weeks": 8.0, "build_months": 2}, "meanwhile": "vendor"}
    options = {"vendor": static(bought=1.0), "idle": static(bought=1.0), "built": built}
    scenario = scene({"bought": flat_api(0.002), "own": gpu()}, options, count=200, horizon_months=3)
    evaluation = evaluate(scenario.only(["built"]))
    usd = monthly_usd(evaluation.ledger, evaluation.scenario)["built"]

    assert [20_300.0, 20_300.0, 1825.0] == pytest.approx(usd.tolist())
    assert usd.sum() / 450_000 == pytest.approx(total_usd_per_request(trace_flow(evaluation, "built")))
