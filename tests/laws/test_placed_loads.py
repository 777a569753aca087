"""Laws of placed tiers under load: each region carries what comes to it, whatever the regions do together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tco.capacity.overload import load_shares
from tco.capacity.sizing import _Sizer, plan_fleet
from tco.capacity.tier_load import tier_loads
from tco.capacity.vendor_load import vendor_overloads
from tco.capacity.window import RegionWindow, summarise
from tco.demand.forecast import forecast
from tco.demand.workload import draw_workload
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.visits import leaving_rps, read_visits
from tests.laws.build import api, in_regions, micro_batch, rate_traffic, scene, serverless

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


def test_a_vendor_limits_every_region_by_itself():
    """588 a minute in each are 9.8 a second: of 16, regions get 9.6 and 6.4, of 17 the larger gets 10.2."""
    tier = api(limits={"requests_per_minute": 588.0})
    found = [
        vendor_overloads(model, simulate(model, "it", draw_workload(model), rate_rps))
        for rate_rps in (16.0, 17.0)
        for model in [in_regions(tier, {"eu": 0.6, "us": 0.4}, rate_rps)]
    ]

    assert () == found[0]
    assert [pytest.approx(10.2 / 9.8, rel=1e-3)] == [each.load_share for each in found[1]]
    assert "limit of 9.8 req/s of tier own in eu (requests_per_minute 588)" in found[1][0].words


def test_slots_of_one_region_do_not_serve_another():
    """Two slots in each, 0.9 of them busy in eu and 0.3 in us: as full as eu, not 1.2 of one place."""
    model = in_regions(serverless(max_workers=1, requests_per_worker=2), {"eu": 0.75, "us": 0.25}, 2.0)
    window = summarise(model, simulate(model, "it", draw_workload(model), 0.2))
    regions = {
        region: RegionWindow(1, each_s, {"service_s": each_s}, 1.0, 1.0)
        for region, each_s in (("eu", 0.9), ("us", 0.3))
    }
    seen = replace(window.tiers["own"], regions=regions, counts_per_request={"service_s": 1.2})

    assert {"own": pytest.approx(0.9)} == load_shares(model, replace(window, tiers={"own": seen}, rate_rps=2.0))


def test_slots_of_the_fullest_region_are_the_capacity():
    """Ten slots each, of requests that take about 1 s: as many in all as fill those of the larger region, 10 / 0.6."""
    placed = in_regions(api(max_concurrency=10), {"eu": 0.6, "us": 0.4}, 5.0)
    whole = in_regions(api(max_concurrency=10), {"eu": 1.0}, 5.0)
    split, one = (tier_loads(model, simulate(model, "it", draw_workload(model), 5.0))[0] for model in (placed, whole))

    assert "eu" == split.fullest
    assert one.capacity_rps / 0.6 == pytest.approx(split.capacity_rps, rel=0.05)


def test_answers_on_their_way_hold_no_slot():
    """An API is as large for users 5 s away as for those next to it."""
    near = in_regions(api(max_concurrency=10), {"eu": 1.0}, 5.0)
    far = near.model_copy(update={"regions": near.regions.model_copy(update={"home_round_trip_s": 5.0})})
    loads = [tier_loads(model, simulate(model, "it", draw_workload(model), 5.0))[0] for model in (near, far)]

    assert loads[0].capacity_rps == pytest.approx(loads[1].capacity_rps)


def spilling(batch_s: float, home_round_trip_s: float, rate_rps: float) -> dict[str, float]:
    """Return the share of each region's users that are sent on from a replica in each that is full at one request."""
    regions = {
        "user_shares": {"eu": 0.6, "us": 0.4}, "home_round_trip_s": home_round_trip_s,
        "round_trips_s": {"eu": {"us": 30.0}}, "source": "made up",
    }  # fmt: skip
    option = {
        "router": {"kind": "spill_over", "first": "own", "then": "api", "full_at_requests": 1}, "people": {},
        "placement": {"tiers": {"own": ["eu", "us"], "api": ["eu", "us"]}},
    }  # fmt: skip
    tiers = {"own": micro_batch(**{**ONE_A_SECOND, "batch_fixed_s": batch_s}), "api": api()}
    model = scene(tiers, {"it": option}, count=8000, regions=regions, traffic=rate_traffic(rate_rps))
    result = simulate(model, "it", draw_workload(model), rate_rps, {"own": 2})
    spilled = result.visited("api")
    return {part.region or "": float(spilled[part.near].mean()) for part in result.parts("own")}


def test_spill_over_looks_at_the_region_that_would_serve():
    """Without a queue a server loses a / (1 + a) of what comes (Erlang): 0.6 / 1.6 = 0.375 in eu, 0.4 / 1.4 in us."""
    shares = spilling(1.0, 0.0, 1.0)

    assert 0.375 == pytest.approx(shares["eu"], abs=0.025)
    assert 0.4 / 1.4 == pytest.approx(shares["us"], abs=0.025)


def test_who_is_on_the_way_does_not_fill_a_tier():
    """Ten seconds there and back for a millisecond of work: about ten are on their way, and hardly anybody is there."""
    assert max(spilling(0.001, 10.0, 1.0).values()) < 0.01
