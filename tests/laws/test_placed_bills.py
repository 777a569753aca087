"""Laws of what placed tiers cost: every region has workers and replicas of its own, and all of them are paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tco import evaluate
from tco.capacity.load_levels import paid_workers
from tco.capacity.scaling import fleet_hours
from tco.capacity.window import RegionWindow, summarise
from tco.demand.workload import draw_workload
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.sim.engine import simulate
from tests.laws.build import gpu, in_regions, serverless

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


TARGET = {"kind": "target", "target_utilisation": 0.5}  # of 16 sequences: 8 requests a replica


def test_a_scaled_fleet_keeps_a_replica_in_every_region():
    """A request in 50 s leaves each of three nearly empty all month: 3 x 730 h. One place would need one."""
    model = in_regions(gpu(scaling=TARGET), {"eu": 0.34, "us": 0.33, "ap": 0.33}, 0.02)
    hours = evaluate(model).ledger.query("unit == 'GPU-hours'")

    assert [pytest.approx(3 * 730)] == hours["quantity"].tolist()


def test_scaling_is_asked_in_every_region():
    """30 and 10 inside want 4 and 2 replicas, a quarter of that 1 and 1: 6 and 2, half a week each, 4 starts of 1 h.

    Asked for all 40 at once it would be 5 and 2.
    """
    tier = GpuFleet.model_validate(gpu(scaling={**TARGET, "startup_s": 3600.0}))
    regions = {
        region: RegionWindow(replicas, share, {"inside_s": inside_s}, 1.0, 1.0)
        for region, replicas, share, inside_s in (("eu", 4, 0.75, 30.0), ("us", 2, 0.25, 10.0))
    }
    model = in_regions(gpu(scaling=TARGET), {"eu": 0.75, "us": 0.25}, 1.0)
    window = summarise(model, simulate(model, "it", draw_workload(model), 1.0, {"own": 6}))
    seen = replace(window.tiers["own"], regions=regions, counts_per_request={"inside_s": 40.0})
    week = [1.0] * 84 + [0.25] * 84
    found = fleet_hours(tier, "own", 6, replace(window, tiers={"own": seen}), 1.0, week)

    assert 730 * (84 * 6 + 84 * 2 + 4) / 168 == pytest.approx(found.replica_hours)
    assert "2 to 6 replicas x 1 GPU by the hour of the week, 4 starts of 3600 s a week, target scaling" == found.basis
