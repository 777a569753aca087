"""Laws of the simulation: nothing is lost, stamps are in order, chance belongs to the request and not to the option."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.pipeline import evaluate
from tco.report.bundle import ledger_rows
from tco.report.formats.csv import csv_text
from tco.scenario import Scenario
from tco.sim.checks import check_books
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tco.sim.stations import Call, Station
from tco.sim.stations.gpu_fleet import GpuFleetStation
from tests.laws.build import api, cache, chat, escalation, fixed, gpu, retrieval, scene, server, static

TIERS = {"small": gpu(), "large": api(), "narrow": api(max_concurrency=2)}
EVERYTHING = {**escalation(0.3, "small", "large"), "cache": cache(0.25), "retrieval": retrieval()}
SMALL_KV = {"kv_capacity_tokens": 600}


def run(scenario: Scenario, option: str, rate_rps: float = 2.0, **replicas: int) -> SimulationResult:
    """Draw the workload and simulate an option."""
    return simulate(scenario, option, draw_workload(scenario), rate_rps, replicas)


def stamps(result: SimulationResult) -> list[bytes]:
    """Everything that a run says about its requests, as bytes."""
    arrays = (result.outcome, result.served_by, result.arrived_s, result.first_token_s, result.finished_s)
    return [each.tobytes() for each in arrays]


def every_e2e_s(result: SimulationResult) -> np.ndarray:
    """End-to-end times of all requests, judged or not."""
    return result.e2e_s(np.ones(len(result), np.bool_))


@st.composite
def scenarios(draw: Any) -> Scenario:
    """Small scenarios with every kind of station; some requests may be too large for the GPUs."""
    fleet = gpu(
        min_replicas=draw(st.integers(1, 3)),
        server={
            "max_sequences": draw(st.sampled_from([1, 2, 16])),
            "kv_capacity_tokens": draw(st.sampled_from([600, 3000, 20_000])),
        },
    )
    limited = api(max_concurrency=draw(st.sampled_from([None, 1, 3])))
    first, then = draw(st.permutations(["own", "bought"]))
    share = draw(st.sampled_from([0.0, 0.2, 1.0]))
    router = draw(
        st.sampled_from([escalation(share, first, then), static(own=1 - share, bought=share), static(bought=1.0)])
    )
    before = {}
    if draw(st.booleans()):
        before["cache"] = cache(draw(st.sampled_from([0.0, 0.3, 1.0])))
    if draw(st.booleans()):
        before["retrieval"] = retrieval()
    return scene(
        {"own": fleet, "bought": limited},
        {"it": {**router, **before}},
        count=200,
        seed=draw(st.integers(0, 2**32)),
        traffic={
            "requests_per_month": 1000.0,
            "arrivals": {"kind": "gamma", "interarrival_cv": draw(st.sampled_from([0.5, 1.0, 8.0]))},
        },
    )


# ---------------------------------------------------------------- nothing is lost


@settings(max_examples=60, deadline=None)
@given(scenario=scenarios(), rate=st.sampled_from([0.05, 2.0, 40.0]))
def test_arrived_is_the_sum_of_outcomes(scenario, rate):
    """Every request ends once: cached, completed or rejected; and what stations took in, they gave out."""
    result = run(scenario, "it", rate)

    counts = {outcome: int((result.outcome == outcome).sum()) for outcome in Outcome}
    assert len(result) == counts[Outcome.CACHED] + counts[Outcome.COMPLETED] + counts[Outcome.REJECTED]
    for books in result.books.values():
        assert books.arrived == books.completed + books.unanswered
    served = {tier: int((result.served_by == index).sum()) for index, tier in enumerate(result.tiers)}
    assert counts[Outcome.COMPLETED] == sum(served.values())
    if "cache" in result.books:
        assert len(result) == result.books["cache"].completed
        assert len(result) - counts[Outcome.CACHED] == sum(books_of_first_stop(result))


def books_of_first_stop(result: SimulationResult) -> list[int]:
    """What the stations right behind the cache took in."""
    if "retrieval" in result.books:
        return [result.books["retrieval"].arrived]
    return [sum(1 for tried in result.tried if tried)]


@settings(max_examples=40, deadline=None)
@given(scenario=scenarios(), rate=st.sampled_from([0.05, 2.0, 40.0]))
def test_littles_law(scenario, rate):
    """Mean number inside = rate of arrivals x mean time inside, with the number counted by the stations."""
    result = run(scenario, "it", rate)
    observed_s = result.finished_s.max() - result.arrived_s.min()

    mean_inside = sum(books.presence_s for books in result.books.values()) / observed_s
    arrivals_per_s = len(result) / observed_s
    assert mean_inside == pytest.approx(arrivals_per_s * every_e2e_s(result).mean(), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(scenario=scenarios(), rate=st.sampled_from([0.05, 2.0, 40.0]))
def test_stamps_are_in_order(scenario, rate):
    """Arrived, first token, finished; rejected requests have no first token, and nobody has a NaN outcome."""
    result = run(scenario, "it", rate)
    answered = result.answered

    assert (np.diff(result.arrived_s) >= 0).all()
    assert (result.arrived_s[answered] <= result.first_token_s[answered]).all()
    assert (result.first_token_s[answered] <= result.finished_s[answered]).all()
    assert np.isnan(result.first_token_s[~answered]).all()


def test_stations_count_the_tokens_that_requests_bring():
    """A fully escalated run pays the prompt and the answer at both tiers, and nothing else."""
    scenario = scene(TIERS, {"it": escalation(1.0, "small", "large")}, count=400)
    result = run(scenario, "it", small=2)

    for tier in ("small", "large"):
        assert int(result.workload.input_tokens.sum()) == result.books[tier].input_tokens
        assert int(result.workload.output_tokens.sum()) == result.books[tier].output_tokens


# ---------------------------------------------------------------- the guard bites


@pytest.fixture(scope="module")
def sound() -> SimulationResult:
    """A run that every check accepts."""
    result = run(scene(TIERS, {"it": EVERYTHING}, count=300), "it", small=1)
    check_books(result)
    return result


def changed(array: np.ndarray, position: int, value: Any) -> np.ndarray:
    """Copy an array with one entry replaced."""
    copy = array.copy()
    copy[position] = value
    return copy


def completed(result: SimulationResult) -> int:
    """A request that a tier answered."""
    return int(np.flatnonzero(result.outcome == Outcome.COMPLETED)[0])


def test_a_lost_request_is_caught(sound):
    """A request that never ended stops the run."""
    planted = replace(sound, outcome=changed(sound.outcome, 7, Outcome.IN_FLIGHT))

    with pytest.raises(SimulationError, match="300 requests arrived, 299 ended"):
        check_books(planted)


def test_a_request_that_a_station_swallows_is_caught(monkeypatch):
    """A station that never tells one request of its answer stops the run; the rows alone would not show it."""
    visit = GpuFleetStation.visit

    def swallow(self: GpuFleetStation, call: Call) -> Any:
        if call.request == 5:
            self.enter()
            yield self.env.event()
        yield from visit(self, call)

    monkeypatch.setattr(GpuFleetStation, "visit", swallow)

    with pytest.raises(SimulationError, match="200 requests arrived, 199 ended"):
        run(scene(TIERS, {"it": static(small=1.0)}, count=200), "it")


@pytest.mark.parametrize("station", ["cache", "retrieval", "small", "large"])
def test_a_station_that_forgets_a_departure_is_caught(sound, station):
    """Arrived must be completed and refused, at every station."""
    books = sound.books[station]
    planted = replace(sound, books={**sound.books, station: replace(books, completed=books.completed - 1)})

    with pytest.raises(SimulationError, match=f"station {station} took in"):
        check_books(planted)


def test_a_station_that_books_no_departures_is_caught(monkeypatch):
    """The same, planted in the station itself."""

    def forget(self: Station, call: Call) -> None:
        self._inside -= 1
        call.outcome = Outcome.COMPLETED

    monkeypatch.setattr(GpuFleetStation, "leave", forget)

    with pytest.raises(SimulationError, match="station small took in 200 requests, answered 0"):
        run(scene(TIERS, {"it": static(small=1.0)}, count=200), "it")


def test_a_visit_that_the_station_did_not_see_is_caught(sound):
    """What requests say they tried is what the stations counted."""
    nowhere = changed(sound.path, completed(sound), len(sound.known_paths))

    with pytest.raises(SimulationError, match="requests say they tried small"):
        check_books(replace(sound, path=nowhere, known_paths=[*sound.known_paths, ()]))


@pytest.mark.parametrize(
    ("stamp", "value"), [("first_token_s", -1.0), ("first_token_s", np.nan), ("first_token_s", 1e9), ("finished_s", 0)]
)
def test_stamps_out_of_order_are_caught(sound, stamp, value):
    """A first token before the arrival, none at all, or after the end; an end before the arrival."""
    position = completed(sound)
    planted = replace(sound, **{stamp: changed(getattr(sound, stamp), position, value)})

    with pytest.raises(SimulationError, match="stamps out of order"):
        check_books(planted)


def test_an_unknown_end_of_a_rejected_request_is_caught():
    """A NaN does not slip through a comparison."""
    result = run(scene({"own": gpu(server=SMALL_KV)}, {"it": static(own=1.0)}), "it")
    position = int(np.flatnonzero(result.outcome == Outcome.REJECTED)[0])
    planted = replace(result, finished_s=changed(result.finished_s, position, np.nan))

    with pytest.raises(SimulationError):
        check_books(planted)


def test_a_request_that_is_nowhere_for_a_second_is_caught(sound):
    """Little's law: a second more between the stamps than the stations held."""
    position = completed(sound)
    planted = replace(sound, finished_s=changed(sound.finished_s, position, sound.finished_s[position] + 1.0))

    with pytest.raises(SimulationError, match="Little's law"):
        check_books(planted)


# ---------------------------------------------------------------- same seed, same bytes

SAY_DIGEST = """
import hashlib, json, sys
from tco.demand.workload import draw_workload
from tco.pipeline import evaluate
from tco.report.bundle import ledger_rows
from tco.report.formats.csv import csv_text
from tco.scenario import Scenario
from tco.sim.engine import simulate

scenario = Scenario.model_validate_json(sys.stdin.read())
result = simulate(scenario, "it", draw_workload(scenario), 2.0, {"small": 2})
stamps = b"".join(a.tobytes() for a in (result.outcome, result.arrived_s, result.first_token_s, result.finished_s))
ledger = csv_text(ledger_rows(evaluate(scenario), {}))
sys.stdout.write(hashlib.sha256(stamps + ledger.encode()).hexdigest())
"""


def digest_elsewhere(scenario: Scenario, hash_seed: str) -> str:
    """Simulate and evaluate in a fresh process; return the digest of stamps and ledger."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-c", SAY_DIGEST],
        input=json.dumps(scenario.model_dump(mode="json")),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_same_seed_same_bytes():
    """Two runs agree in every stamp, and two evaluations in every byte of the ledger."""
    scenario = scene(TIERS, {"it": EVERYTHING, "other": static(large=1.0)}, count=300)

    assert stamps(run(scenario, "it", small=2)) == stamps(run(scenario, "it", small=2))
    assert csv_text(ledger_rows(evaluate(scenario), {})) == csv_text(ledger_rows(evaluate(scenario), {}))


def test_same_seed_same_bytes_in_another_process():
    """Neither the process nor Python's hash seed changes a byte."""
    scenario = scene(TIERS, {"it": EVERYTHING, "other": static(large=1.0)}, count=300)

    assert digest_elsewhere(scenario, "0") == digest_elsewhere(scenario, "4711")


def test_another_seed_gives_other_bytes():
    """The seed is used: arrivals, lengths and luck all change."""
    one, other = (run(scene(TIERS, {"it": EVERYTHING}, count=300, seed=seed), "it") for seed in (1, 2))

    assert stamps(one) != stamps(other)
    for what in ("unit_arrivals", "input_tokens", "output_tokens"):
        assert getattr(one.workload, what).tolist() != getattr(other.workload, what).tolist()


def test_another_replication_gives_other_bytes():
    """Replications of one seed are different runs."""
    scenario = scene(TIERS, {"it": EVERYTHING}, count=300)

    assert (
        draw_workload(scenario, replication=1).unit_arrivals.tolist() != draw_workload(scenario).unit_arrivals.tolist()
    )


# ---------------------------------------------------------------- options do not touch each other


def lines_of(scenario: Scenario, option: str) -> str:
    """An option's part of the ledger, as CSV."""
    rows = [row for row in ledger_rows(evaluate(scenario), {}) if row["option"] == option]
    assert rows
    return csv_text(rows)


def test_adding_an_option_changes_no_other_options_numbers():
    """Beside other options, before or after them, an option's ledger is the same to the byte."""
    it = {"it": EVERYTHING}
    others = {"apis": static(large=0.5, narrow=0.5), "cached": {**static(small=1.0), "cache": cache(0.6)}}
    changes: dict[str, Any] = {"count": 300, "horizon_months": 2}
    alone = lines_of(scene(TIERS, it, **changes), "it")

    assert alone == lines_of(scene(TIERS, {**it, **others}, **changes), "it")
    assert alone == lines_of(scene(TIERS, {**others, **it}, **changes), "it")


def test_adding_a_tier_that_no_one_uses_changes_nothing():
    """Names and order of tiers carry no chance."""
    more = {"unused": gpu(usd_per_hour=99.0), **TIERS}

    assert stamps(run(scene(TIERS, {"it": EVERYTHING}), "it")) == stamps(run(scene(more, {"it": EVERYTHING}), "it"))


def test_options_meet_the_same_requests():
    """Arrivals and lengths are the same objects for every option; an API that is slow for one request is for all."""
    scenario = scene(TIERS, {"one": static(large=1.0), "two": {**static(large=1.0), "retrieval": retrieval()}})
    one, two = run(scenario, "one"), run(scenario, "two")

    assert one.arrived_s.tolist() == two.arrived_s.tolist()
    own_share = every_e2e_s(two) - every_e2e_s(one)
    assert own_share.min() > 0  # the retrieval on top, nothing else
    assert own_share.max() < 1.0


# ---------------------------------------------------------------- more capacity, more load


@st.composite
def fleets(draw: Any) -> tuple[Scenario, float, int]:
    """A fleet under any load, a rate, and a number of replicas."""
    tier = gpu(
        server={
            "max_sequences": draw(st.sampled_from([1, 2, 4, 16])),
            "gamma_s_per_sequence": draw(st.sampled_from([0.0, 1e-4, 5e-3])),
            "step_budget_tokens": draw(st.sampled_from([64, 128, 512])),
        }
    )
    arrivals = {"kind": "gamma", "interarrival_cv": draw(st.sampled_from([0.5, 1.0, 3.0]))}
    scenario = scene(
        {"own": tier},
        {"it": static(own=1.0)},
        count=draw(st.sampled_from([200, 400])),
        seed=draw(st.integers(0, 10**6)),
        traffic={"requests_per_month": 1000.0, "arrivals": arrivals},
    )
    return scenario, draw(st.floats(0.1, 50.0)), draw(st.integers(1, 3))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(case=fleets())
def test_more_replicas_never_wait_longer(case):
    """With twice the replicas and the same arrivals, neither the mean nor the p95 end to end is longer.

    What does not hold is the same for every request: joining the replica with the fewest requests looks at counts,
    not at work, so with more replicas a request can land behind a longer one (8 times as long was seen). Nor does it
    hold to the last digit for one replica more: in 300 random cases the mean never rose, the p95 did in 8, by 3 %.
    The tolerance is what 300 random cases of doubling did not need.
    """
    scenario, rate, replicas = case
    few, many = (run(scenario, "it", rate, own=count) for count in (replicas, 2 * replicas))

    assert every_e2e_s(many).mean() <= every_e2e_s(few).mean() * (1 + 1e-9)
    assert np.percentile(every_e2e_s(many), 95) <= np.percentile(every_e2e_s(few), 95) * 1.01


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(case=fleets(), factor=st.floats(1.05, 3.0))
def test_a_higher_rate_never_waits_shorter(case, factor):
    """The same requests squeezed together take no less time on average.

    To 0.1 %: which request joins which replica changes with the rate (1 of 300 random cases fell, by 0.002 %). For
    the p95 of a few hundred requests the law does not hold: it fell in 21 of 300, by up to 9 %.
    """
    scenario, rate, replicas = case
    calm, busy = (run(scenario, "it", each, own=replicas) for each in (rate, rate * factor))

    assert every_e2e_s(calm).mean() <= every_e2e_s(busy).mean() * (1 + 1e-3)


# ---------------------------------------------------------------- policies do what they say


@pytest.mark.parametrize("count", [200, 1000, 5000])
def test_static_shares_are_exact(count):
    """A 70/20/10 split is met to one request in either direction for each edge."""
    scenario = scene(TIERS, {"it": static(small=0.7, large=0.2, narrow=0.1)}, count=count)
    result = run(scenario, "it", 1.0)

    for index, share in enumerate((0.7, 0.2, 0.1)):
        assert abs((result.served_by == index).mean() - share) <= 2 / count


def test_shares_by_class_are_those_of_the_class():
    """A class with shares of its own follows them; the classes themselves come in their shares."""
    classes = {"chat": chat(0.75), "code": chat(0.25)}
    router = {"kind": "static", "shares": {"small": 1.0}, "by_class": {"code": {"small": 0.4, "large": 0.6}}}
    scenario = scene(TIERS, {"it": {"router": router, "people": {}}}, count=4000, classes=classes)
    result = run(scenario, "it", 1.0)
    code = result.workload.class_index == 1

    assert abs(code.mean() - 0.25) <= 2 / 4000
    assert (result.served_by[~code] == 0).all()
    # Within a class the points are a sample of the even ones; 4 standard errors of a plain draw would be 0.062.
    assert abs((result.served_by[code] == 1).mean() - 0.6) < 0.02


@pytest.mark.parametrize("share", [0.0, 0.15, 0.5, 1.0])
def test_escalation_pays_both_tiers(share):
    """Visits are 1 + share in all: every request pays the first tier, the escalated ones the second as well."""
    count = 2000
    scenario = scene(TIERS, {"it": escalation(share, "large", "narrow")}, count=count)
    result = run(scenario, "it", 0.5)
    visits = [books.completed / count for books in result.books.values()]

    assert visits[0] == 1.0
    assert abs(sum(visits) - (1 + share)) <= 2 / count


def test_escalating_nothing_is_the_first_tier_alone():
    """At share 0 every stamp is that of the one-tier option."""
    scenario = scene(TIERS, {"escalating": escalation(0.0, "small", "large"), "alone": static(small=1.0)})

    assert stamps(run(scenario, "escalating")) == stamps(run(scenario, "alone"))


def test_escalating_everything_answers_by_the_second_tier_alone():
    """At share 1 every answer comes from the second tier, and the first costs what it costs alone."""
    scenario = scene(TIERS, {"escalating": escalation(1.0, "small", "large"), "alone": static(small=1.0)})
    both, alone = run(scenario, "escalating"), run(scenario, "alone")

    assert (both.served_by == 1).all()
    assert both.books["small"] == replace(alone.books["small"], busy_share=both.books["small"].busy_share)
    assert (every_e2e_s(both) > every_e2e_s(alone)).all()


@pytest.mark.parametrize("hit_share", [0.0, 0.3, 1.0])
def test_cache_hits_are_exact_and_touch_no_tier(hit_share):
    """A cached request is looked up and ends there: no retrieval, no tier, no tokens."""
    count = 2000
    option = {**static(large=1.0), "cache": cache(hit_share), "retrieval": retrieval()}
    result = run(scene(TIERS, {"it": option}, count=count), "it")
    cached = result.outcome == Outcome.CACHED

    assert abs(cached.mean() - hit_share) <= 2 / count
    assert count == result.books["cache"].completed
    assert count - cached.sum() == result.books["retrieval"].completed == result.books["large"].completed
    assert all(not tried for tried, hit in zip(result.tried, cached.tolist(), strict=True) if hit)
    assert (result.served_by[cached] == -1).all()
    assert int(result.workload.output_tokens[~cached].sum()) == result.books["large"].output_tokens


@pytest.mark.parametrize("order", [("person", "batch"), ("batch", "person")])
def test_async_requests_do_not_count_in_the_judged_latencies(order):
    """Only requests with a person waiting are judged, whichever class is written first and whoever arrives first."""
    lengths = {"person": fixed(10), "batch": fixed(400)}
    kinds = {"person": "interactive", "batch": "async"}
    classes = {name: chat(0.5, kinds[name], output_tokens=lengths[name]) for name in order}
    for seed in range(6):
        result = run(scene(TIERS, {"it": static(large=1.0)}, classes=classes, seed=seed), "it")

        assert set(result.workload.output_tokens[result.judged]) == {10}
        people = result.workload.class_index == order.index("person")
        assert int(result.judged.sum()) == int((people & result.workload.measured).sum())


def test_without_a_person_waiting_nothing_is_judged():
    """All requests async: no latency figure, rather than one that is made up."""
    result = run(scene(TIERS, {"it": static(large=1.0)}, classes={"batch": chat(1.0, "async")}), "it")

    assert not result.judged.any()
    assert len(result.e2e_s()) == 0


def test_the_warm_up_is_not_judged():
    """The first tenth of the requests is left out, and counts in every volume."""
    result = run(scene(TIERS, {"it": static(large=1.0)}, count=1000), "it")

    assert not result.judged[:100].any()
    assert result.judged[100:].all()
    assert result.books["large"].completed == 1000


def test_a_request_larger_than_the_kv_cache_is_rejected_and_counted():
    """Exactly the requests that no empty replica could hold are turned away, at once and without tokens."""
    result = run(scene({"own": gpu(server=SMALL_KV)}, {"it": static(own=1.0)}), "it")
    workload = result.workload
    too_large = workload.input_tokens + workload.output_tokens > 600

    assert 0 < too_large.sum() < len(result)
    assert ((result.outcome == Outcome.REJECTED) == too_large).all()
    assert result.books["own"].rejected == too_large.sum()
    assert (result.finished_s == result.arrived_s)[too_large].all()
    assert int(workload.output_tokens[~too_large].sum()) == result.books["own"].output_tokens


def test_requests_may_arrive_at_the_same_instant():
    """Rows of a trace with equal time stamps are served; rounding in the clock does not send it backwards."""
    scenario = scene({"own": gpu()}, {"it": static(own=1.0)}, count=200)
    early, together = 0.20901700688508196, 1.967287698218872  # early + (together - early) rounds to above together
    assert early + (together - early) > together
    arrivals = np.concatenate([[early], np.full(199, together)])
    workload = replace(draw_workload(scenario), unit_arrivals=arrivals)

    result = simulate(scenario, "it", workload, 1.0)

    assert result.answered.all()


def test_a_vendor_serves_no_more_at_once_than_its_limit():
    """Requests wait for a slot in order, every slot is given back, and never are more than the limit in service."""
    scenario = scene({"own": api(max_concurrency=2)}, {"it": static(own=1.0)}, count=300)
    limited = run(scenario, "it", 50.0)
    free = run(scene({"own": api()}, {"it": static(own=1.0)}, count=300), "it", 50.0)
    service_s = every_e2e_s(free)
    begun_s = limited.finished_s - service_s

    assert limited.answered.all()
    assert (np.diff(begun_s) >= -1e-9).all()
    for moment in begun_s[::10]:
        assert ((begun_s <= moment) & (limited.finished_s > moment + 1e-9)).sum() <= 2


def test_the_fleet_sends_each_request_to_the_replica_with_the_fewest():
    """Two requests at once on two replicas do not share one."""
    tier = {**gpu(), "server": server(max_sequences=1)}
    scenario = scene({"own": tier}, {"it": static(own=1.0)}, count=200)
    workload = replace(draw_workload(scenario), unit_arrivals=np.repeat(np.arange(100) * 1000.0, 2))

    one, two = (simulate(scenario, "it", workload, 1.0, {"own": count}) for count in (1, 2))

    assert (every_e2e_s(two)[1::2] < every_e2e_s(one)[1::2]).all()
    assert every_e2e_s(two)[::2].tolist() == pytest.approx(every_e2e_s(one)[::2].tolist())
