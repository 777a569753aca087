"""Laws of placement: the way is added and nothing else changes; regions do not help each other out; egress by steps."""

from __future__ import annotations

from operator import truediv
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tco import evaluate
from tco.demand.workload import draw_workload
from tco.scenario import Scenario
from tco.scenario.placement import Regions
from tco.sim.engine import simulate
from tco.sim.placed import split_replicas
from tests.laws.build import DATED, api, chat, edge, gpu, rate_traffic, scene, static
from tests.scenario.texts import faults_in, plant

REGIONS = {
    "user_shares": {"eu": 0.6, "us": 0.4},
    "home_round_trip_s": 0.02,
    "round_trips_s": {"us": {"eu": 0.1}},
    "source": "made up",
}


def placed(*regions: str, tier: str = "own", **egress: Any) -> dict[str, Any]:
    """An option with one tier in some regions."""
    return {**static(**{tier: 1.0}), "placement": {"tiers": {tier: list(regions)}, **egress}}


def world(options: dict[str, Any], **changes: Any) -> Scenario:
    """Users in two regions, and a fleet for them."""
    return scene({"own": gpu()}, options, count=2000, **{"regions": REGIONS, "traffic": rate_traffic(4.0), **changes})


def run(model: Scenario, option: str, replicas: int = 4, rate_rps: float = 4.0):
    """Simulate an option."""
    return simulate(model, option, draw_workload(model), rate_rps, {"own": replicas})


def test_without_a_way_one_place_is_no_place():
    """A round trip of 0 to the only region changes no stamp."""
    regions = {"user_shares": {"eu": 1.0}, "home_round_trip_s": 0.0, "source": "made up"}
    model = world({"placed": placed("eu"), "plain": static(own=1.0)}, regions=regions)
    here, nowhere = run(model, "placed"), run(model, "plain")

    assert (here.finished_s == nowhere.finished_s).all()
    assert (here.first_token_s == nowhere.first_token_s).all()


def test_an_api_far_away_answers_one_round_trip_later():
    """Each user's own round trip is added to the first token and to the last, to 1e-9."""
    model = scene(
        {"own": api()}, {"far": placed("us"), "plain": static(own=1.0)}, count=2000, regions=REGIONS,
    )  # fmt: skip
    far, plain = run(model, "far"), run(model, "plain")
    users = np.array(far.workload.regions(REGIONS["user_shares"]))
    trip_s = np.where(users == "us", 0.02, 0.1)

    assert abs((users == "eu").mean() - 0.6) <= 1 / 2000
    assert np.abs(far.finished_s - plain.finished_s - trip_s).max() < 1e-9
    assert np.abs(far.first_token_s - plain.first_token_s - trip_s).max() < 1e-9


def test_each_user_goes_to_the_nearest_region():
    """With a fleet in both, 1 200 of 2 000 requests come to the station in eu, 800 to that in us, by the short way."""
    model = world({"both": placed("eu", "us"), "plain": static(own=1.0)})
    both = run(model, "both", replicas=50)
    came = {region: books.arrived for region, books in both.books["own"].regions.items()}
    places = both.places["own"]
    users = both.workload.regions(REGIONS["user_shares"])

    assert {"eu": pytest.approx(1200, abs=1), "us": pytest.approx(800, abs=1)} == came
    assert users == [places.regions[place] for place in places.served_in]
    assert (places.one_way_s == 0.01).all()
    assert 0.02 == pytest.approx(float((both.started_s - both.arrived_s).min()) * 2, abs=1e-6)
    assert both.answered.all()


def test_split_fleets_wait_longer_than_one_of_the_same_size():
    """Two replicas in one region wait less than one in each of two, which cannot help each other, at a busy load."""
    model = world({"both": placed("eu", "us"), "one": placed("eu")})
    split, whole = run(model, "both", 2, 8.0), run(model, "one", 2, 8.0)
    inside = [result.finished_s - result.arrived_s for result in (split, whole)]
    ways = 0.02, 0.6 * 0.02 + 0.4 * 0.1

    assert inside[0].mean() - ways[0] > inside[1].mean() - ways[1]


def test_a_replicated_fleet_needs_a_replica_in_each_region():
    """However little traffic there is; the central one makes do with one."""
    model = world({"both": placed("eu", "us"), "one": placed("eu")}, slo={"e2e_p95_s": 20.0})
    plans = evaluate(model).plans

    assert {"own": 1} == plans["one"].replicas[0]
    assert {"own": 2} == plans["both"].replicas[0]


@pytest.mark.parametrize(("replicas", "split"), [(1, (1, 1)), (2, (1, 1)), (5, (3, 2)), (10, (6, 4)), (3, (2, 1))])
def test_replicas_are_split_by_users(replicas, split):
    """Six tenths of the users are nearest to the one, four to the other; each has one at least."""
    near = Regions(**REGIONS).near_shares(("eu", "us"))

    assert dict(zip(("eu", "us"), split, strict=True)) == split_replicas(near, replicas)


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.9, 0.06, 0.04), (1.0, 0.0, 0.0), (0.34, 0.33, 0.33)])
def test_no_split_leaves_the_fullest_region_emptier(shares):
    """Tried against every way to put 3 to 9 replicas in three regions; and one more replica takes none away."""
    near, before = dict(zip("abc", shares, strict=True)), (1, 1, 1)
    for replicas in range(3, 10):
        ways = [(a, b, replicas - a - b) for a in range(1, replicas) for b in range(1, replicas - a)]
        split = tuple(split_replicas(near, replicas).values())

        assert split in ways
        assert all(now >= then for now, then in zip(split, before, strict=True))
        assert min(max(map(truediv, shares, way)) for way in ways) == max(map(truediv, shares, split))
        before = split


def test_egress_is_charged_step_by_step():
    """146 000 000 answers of 1 000 tokens of 10 bytes are 1 460 GB: 100 free, 900 at 0.09, 460 at 0.05: $104."""
    steps = [{"from_gb": 0.0, "egress_usd_per_gb": 0.0}, {"from_gb": 100.0, "egress_usd_per_gb": 0.09},
             {"from_gb": 1000.0, "egress_usd_per_gb": 0.05}]  # fmt: skip
    egress = {"bytes_per_token": 10.0, "price": {"steps": steps, **DATED}}
    lengths = {
        "input_tokens": {"kind": "constant", "tokens": 10},
        "output_tokens": {"kind": "constant", "tokens": 1000},
    }
    model = scene(
        {"own": api()}, {"it": placed("eu", egress=egress)}, count=300, regions=REGIONS,
        classes={"chat": {"share": 1.0, **lengths}}, traffic={**rate_traffic(1.0), "requests_per_month": 146e6},
    )  # fmt: skip
    lines = evaluate(model).ledger.query("account == 'network:egress'")

    assert [100.0, 900.0, pytest.approx(460.0)] == lines["quantity"].tolist()
    assert [0.0, pytest.approx(81.0), pytest.approx(23.0)] == lines["cost_usd"].tolist()


BLOCK = (
    "regions: {user_shares: {eu: 0.5, us: 0.5}, home_round_trip_s: 0.02, round_trips_s: {eu: {us: 0.1}}, "
    "source: ours}\n"
)
ROUTER = "    router: {kind: static, shares: {api: 1.0}}\n"


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        ("", "{tiers: {api: [asia]}}", "options.buy.placement.tiers.api[0]", "'asia' is not one of the scenario's"),
        ("", "{tiers: {gpu: [eu]}}", "options.buy.placement.tiers", "tier 'api' stands nowhere"),
        ("", "{tiers: {api: []}}", "options.buy.placement.tiers.api", "at least 1"),
        ("", "{tiers: {api: [eu, eu]}}", "options.buy.placement.tiers.api", "'eu' stands twice"),
        ("round_trips_s: {eu: {us: 0.1}}, ", "{tiers: {api: [eu]}}", "regions", "no way between 'eu' and 'us'"),
        ("eu: 0.5, us: 0.5", "{tiers: {api: [eu]}}", "regions.user_shares", "no shares"),
        (BLOCK, "{tiers: {api: [eu]}}", "regions", "missing; needed because option 'buy' has a placement"),
    ],
)  # fmt: skip
def test_an_impossible_placement_is_refused(tmp_path, old, new, where, words):
    """Regions without a way, tiers without a place, and places that are no regions."""
    regions = BLOCK.replace(old, "") if old else BLOCK
    text = plant("options:\n", regions + "options:\n").text
    text = plant(ROUTER, f"{ROUTER}    placement: {new}\n", text).text

    assert any(fault.key == where and words in fault.message for fault in faults_in(tmp_path, text)), faults_in(
        tmp_path, text
    )


def test_egress_steps_begin_at_nothing_and_rise(tmp_path):
    """So that every GB has one price."""
    price = "{steps: [{from_gb: 5, egress_usd_per_gb: 0.1}], source: ours, source_date: 2026-01-31}"
    text = plant("options:\n", BLOCK + "options:\n").text
    new = f"{ROUTER}    placement: {{tiers: {{api: [eu]}}, egress: {{bytes_per_token: 4, price: {price}}}}}\n"
    faults = faults_in(tmp_path, plant(ROUTER, new, text).text)

    assert ["the first step begins at 5 GB; it must begin at 0"] == [fault.message for fault in faults]


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        (gpu(failures={"mtbf_hours": 500.0, "mttr_hours": 4.0}), "tier 'own' has failures and stands in 2 regions"),
        (gpu(async_window={"from_hour": 22.0, "to_hour": 6.0}), "has async_window and stands in 2"),
        (
            gpu(disaggregation={"prefill_share": 0.5, "transfer_s_per_context_token": 0.0}, min_replicas=2),
            "has disaggregation and stands in 2 regions; allowed: one region",
        ),
        (edge(), "has devices and stands in 2 regions"),
        (gpu(max_replicas=1), "has max_replicas 1 and stands in 2 regions; allowed: at least one replica in each"),
    ],
)
def test_what_is_counted_for_one_place_stands_in_one(tier, words):
    """In two regions it is refused with its name; in one it may stand."""
    setting: dict[str, Any] = {"regions": REGIONS}
    if "async_window" in tier:
        setting["classes"] = {"chat": chat(0.5), "jobs": chat(0.5, "async")}

    with pytest.raises(ValidationError, match=words):
        scene({"own": tier}, {"both": placed("eu", "us")}, **setting)
    assert scene({"own": tier}, {"one": placed("eu")}, **setting).options["one"].regions_of("own") == 1
