"""Patil, arXiv:2606.11690 (2026-06-10): dollars per million answer tokens of Llama 3.1 8B on one H100, by its load."""

from __future__ import annotations

from functools import cache

import pytest

from tco.finance.tier_costs import TierCost, tier_costs
from tests.studies.cash import played

NAME = "patil-2026-load"
HOURS = 730 * 3600.0
# Set-up C1 (fp16) by offered rate: requests a second that it got through, C_eff, underutilisation penalty, median s.
FP16 = {
    1: (0.99667, 7.599, 24.45, 1.711),
    5: (4.91024, 1.5424, 4.962, 2.160),
    10: (9.62674, 0.7867, 2.531, 2.662),
    25: (20.56676, 0.3683, 1.185, 7.127),
}
NAIVE = {"fp16": 0.3108, "fp8": 0.2378}  # C_naive: at saturation, 6 237.6 and 8 155.1 tokens a second


@cache
def at(rate_rps: float, precision: str = "fp16") -> tuple[TierCost, float | None]:
    """The GPU's cost by the token, and the median time of a request, at a rate."""
    changes = {"traffic__requests_per_month": rate_rps * HOURS, "tiers__h100__server__only__precision": precision}
    found = played(NAME, **changes)
    (cost,) = tier_costs(found.scenario, found.ledger, found.meters, found.plans["one-h100"], found.months)
    return cost, found.plans["one-h100"].window(0).e2e.p50_s


@pytest.mark.parametrize("offered", FP16)
def test_cost_at_a_load(offered):
    """$6.98 / (0.99667 x 256 x 3 600) x 1e6 = $7.599: the price over what came out."""
    delivered, published, _, _ = FP16[offered]

    assert pytest.approx(published, rel=0.001) == at(delivered)[0].usd_per_output_mtok


@pytest.mark.parametrize("offered", FP16)
def test_times_at_a_load(offered):
    """Medians within 6 %, of runs that the step times were fitted to."""
    delivered, _, _, median_s = FP16[offered]

    assert pytest.approx(median_s, rel=0.06) == at(delivered)[1]


@pytest.mark.parametrize(("precision", "tolerance"), [("fp16", 0.07), ("fp8", 0.16)])
def test_cost_at_saturation_is_predicted(precision, tolerance):
    """No saturated run is among those fitted, at most 147 (fp16) and 81 (fp8) of 256 places were taken in them.

    fp16: $0.326 against $0.311. fp8: $0.202 against $0.238; the fewer clients were measured, the further the line goes.
    """
    full = at(9.62674, precision)[0].full_usd_per_output_mtok

    assert full is not None
    assert pytest.approx(NAIVE[precision], rel=tolerance) == full
    assert full != pytest.approx(NAIVE[precision], rel=0.03)  # predicted, not put in


@pytest.mark.parametrize("offered", FP16)
def test_underutilisation_penalty(offered):
    """The study's 1 / U, which is one over the load: 24.4, 5.0, 2.5 and 1.2, each as far off as saturation is."""
    delivered, _, penalty, _ = FP16[offered]
    load = at(delivered)[0].load_share

    assert load is not None
    assert pytest.approx(penalty, rel=0.07) == 1.0 / load


def test_busy_is_not_full():
    """At 10 requests a second the GPU is at work all the time, and could do 2.3 times as much."""
    cost = at(9.62674)[0]

    assert cost.used_share is not None
    assert cost.load_share is not None
    assert cost.used_share > 0.99
    assert cost.load_share < 0.5
