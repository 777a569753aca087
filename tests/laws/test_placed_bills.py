"""Laws of what placed tiers cost: every region has workers and replicas of its own, and all of them are paid."""

from __future__ import annotations

import pytest

from tco import evaluate
from tco.capacity.load_levels import paid_workers
from tco.demand.workload import draw_workload
from tco.sim.engine import simulate
from tests.laws.build import in_regions, serverless

MONTH_S = 730 * 3600


def test_workers_kept_warm_are_paid_in_every_region():
    """Two each in three regions, one of which has no users: 6 x 2 628 000 s."""
    tier = serverless(min_workers=2, max_workers=2)
    ledger = evaluate(in_regions(tier, {"eu": 0.7, "us": 0.3, "ap": 0.0}, 1.0)).ledger
    seconds = ledger.query("unit == 'GPU-seconds'")

    assert [pytest.approx(6 * MONTH_S)] == seconds["quantity"].tolist()


def test_without_traffic_the_floor_of_every_region_is_paid():
    """Two workers in each of three regions are 6, at any load that they carry and at none."""
    model = in_regions(serverless(min_workers=2, max_workers=2), {"eu": 0.7, "us": 0.3, "ap": 0.0}, 1.0)
    curve = paid_workers(evaluate(model).plans["it"].levels, "own", 2)

    assert [6.0, 6.0, 6.0] == [pytest.approx(curve.at(rate_rps)) for rate_rps in (0.0, 0.5, 1.0)]


def test_workers_that_start_are_paid_in_every_region():
    """One each, which a request every second or two keeps from its 5 idle minutes: 2 x 2 628 000 s, not one."""
    tier = serverless(max_workers=1, requests_per_worker=64)
    ledger = evaluate(in_regions(tier, {"eu": 0.6, "us": 0.4}, 1.0)).ledger
    seconds = ledger.query("unit == 'GPU-seconds'")

    assert [pytest.approx(2 * MONTH_S)] == seconds["quantity"].tolist()


def test_worker_seconds_of_regions_add_up_and_spans_do_not():
    """The settled part of a window with 2 workers in each of two regions: 4 worker-seconds a second."""
    model = in_regions(serverless(min_workers=2, max_workers=2), {"eu": 0.5, "us": 0.5}, 1.0)
    books = simulate(model, "it", draw_workload(model), 1.0).books["own"]
    regions = [entry.counts for entry in books.regions.values()]

    assert 4.0 == pytest.approx(books.counts["steady_worker_s"] / books.counts["steady_s"])
    assert sum(counts["service_s"] for counts in regions) == pytest.approx(books.counts["service_s"])
    assert min(counts["steady_s"] for counts in regions) <= books.counts["steady_s"]
    assert books.counts["steady_s"] <= max(counts["steady_s"] for counts in regions)
