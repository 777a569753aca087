"""Laws of placed tiers under load: each region carries what comes to it, whatever the regions do together."""

from __future__ import annotations

from typing import Any

import pytest

from tco.capacity.sizing import _Sizer, plan_fleet
from tco.capacity.tier_load import tier_loads
from tco.demand.forecast import forecast
from tco.demand.workload import draw_workload
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.visits import leaving_rps, read_visits
from tests.laws.build import in_regions, micro_batch

ONE_A_SECOND = {"max_batch": 1, "window_s": 0.0, "batch_fixed_s": 1.0, "batch_s_per_request": 0.0}


def sized(model: Scenario) -> dict[str, Any]:
    """Plan the option, and return the regions of its busiest window."""
    return plan_fleet(model, "it", draw_workload(model), forecast(model)).windows[-1].tiers["own"].regions


def test_every_region_carries_its_share():
    """Of 20.5 requests a second at 1 a replica, 19.475 need 20 and 1.025 need 2; 21 would carry them in one place."""
    model = in_regions(micro_batch(**ONE_A_SECOND), {"eu": 0.95, "us": 0.05}, 20.5, slo={"e2e_p95_s": 500.0})
    regions = sized(model)

    assert {"eu": 20, "us": 2} == {region: entry.replicas for region, entry in regions.items()}


def test_a_small_region_keeps_the_slo_too(monkeypatch):
    """Four percent of the users, 0.9 a second on a replica of 1, wait too long, unseen in the percentile of all."""
    model = in_regions(
        micro_batch(**ONE_A_SECOND), {"eu": 0.96, "us": 0.04}, 22.5, slo={"e2e_p95_s": 6.0},
        simulation={"window_requests": 5000},
    )  # fmt: skip
    seen = sized(model)
    monkeypatch.setattr(_Sizer, "_scopes", lambda self: (None, *self.tiers))
    unseen = sized(model)

    assert all(entry.e2e_p95_s <= 6.0 for entry in seen.values())
    assert 2 == seen["us"].replicas
    assert 1 == unseen["us"].replicas
    assert unseen["us"].e2e_p95_s > 6.0


def test_a_tier_is_as_full_as_its_fullest_region():
    """Of three replicas of 1 request a second two serve nine tenths of the users: full at 2 / 0.9 = 2.22, not at 3."""
    model = in_regions(micro_batch(**ONE_A_SECOND), {"eu": 0.9, "us": 0.1}, 2.0)
    workload = draw_workload(model)
    [fine] = tier_loads(model, simulate(model, "it", workload, 2.0, {"own": 3}))
    [full] = tier_loads(model, simulate(model, "it", workload, 2.5, {"own": 3}))

    assert 2 / 0.9 == pytest.approx(fine.capacity_rps, rel=2e-3)
    assert 0.9 == pytest.approx(fine.used_share, rel=2e-3)
    assert full.overloaded
    assert not fine.overloaded
    assert "arrivals 2.5 req/s exceed capacity 2.22 req/s of tier own, whose region eu is full first" == full.describe()


def test_a_queue_that_grows_in_one_region_is_seen(monkeypatch):
    """With 1.12 requests a second for 1, us grows by 11 % of them, all by 4 %: too little to tell by the sum."""
    monkeypatch.setattr("tco.capacity.tier_load._capacity_rps", lambda *_: None)
    model = in_regions(micro_batch(**ONE_A_SECOND), {"eu": 0.6, "us": 0.4}, 2.8, count=6000)
    result = simulate(model, "it", draw_workload(model), 2.8, {"own": 3})
    [load] = tier_loads(model, result)

    assert leaving_rps(result, read_visits(result)["own"]) is None
    assert "us" == load.fullest
    assert 1 / 0.4 == pytest.approx(load.capacity_rps, rel=0.05)
