"""Coverage: small plans are simulated whole, large ones by windows, and everybody is told which and why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tco.capacity import coverage
from tco.capacity.coverage import coverage_of
from tco.demand.forecast import forecast
from tco.pipeline import evaluate_months
from tco.report.document import Text
from tco.report.every_request import every_request_sections
from tco.scenario import Scenario
from tco.sim import run
from tests.cli.conftest import tco  # noqa: F401  # a fixture
from tests.laws.build import cache, flat_api, gpu, scene
from tests.report.small import write_small

ONLY = {"router": {"kind": "static", "shares": {"own": 1.0}}, "people": {}}


def plan(requests: float = 10_000.0, months: int = 3, **changes) -> Scenario:
    """A fleet behind one option, or two."""
    traffic = {"requests_per_month": requests, "arrivals": {"kind": "poisson"}}
    options = {"it": ONLY, **changes.pop("options", {})}
    return scene(
        {"own": gpu(), "api": flat_api(0.01)}, options, traffic=traffic, slo={}, horizon_months=months, count=500,
        **changes,
    )  # fmt: skip


def chosen(scenario: Scenario, *, replays: bool = False) -> tuple[bool, str]:
    """Whether every request is simulated, and why."""
    found = coverage_of(scenario, forecast(scenario), replays=replays)
    return found.every, found.why


def test_a_small_plan_is_simulated_whole():
    """30 000 requests are done in no time."""
    assert (True, "30,000 requests take no longer than some ten seconds") == chosen(plan())


@pytest.mark.parametrize(("requests", "every"), [(9_999_999.0, True), (10_000_010.0, False)])
def test_the_bound_counts_the_requests_of_all_options(requests, every):
    """At 30 million requests of three months and one option it is just kept; two options exceed it at half of that."""
    assert chosen(plan(requests))[0] is every
    assert chosen(plan(requests / 2, options={"other": ONLY}))[0] is every


def test_what_is_not_compiled_counts_for_more():
    """What spills over from a vendor goes through SimPy: 40 times the time."""
    requests = coverage.MOST_WORK / 3 / 20
    router = {"kind": "spill_over", "first": "api", "then": "own", "full_at_requests": 3}

    assert chosen(plan(requests))[0]
    every, why = chosen(plan(requests, options={"other": {"router": router, "people": {}}}))
    assert not every
    assert "not all of it is compiled" in why


@pytest.mark.parametrize(("questions", "every"), [(1_000, True), (10_000_000, False)])
def test_a_cache_of_many_questions_takes_long_to_fill(questions, every):
    """It is filled anew for every stretch of requests, of which 1.5 million have 39."""
    policy = {"kind": "exact", "popularity": {"questions": questions, "exponent": 0.9, "source": "made up"}}
    scenario = plan(500_000.0, options={"it": {**ONLY, "cache": cache(0.1, policy=policy)}})

    found, why = chosen(scenario)
    assert every is found
    assert every or "a cache of many questions is filled" in why


def test_a_cache_that_is_played_several_times_is_named():
    """All of it is compiled, and yet takes long."""
    policy = {"kind": "exact", "popularity": {"questions": 1_000, "exponent": 0.9, "source": "made up"}}
    every, why = chosen(plan(2_000_000.0, options={"it": {**ONLY, "cache": cache(0.1, policy=policy)}}))

    assert not every
    assert "a cache that remembers is played several times" in why


@pytest.mark.parametrize(("asked", "every"), [("every_request", True), ("windows", False)])
def test_who_asks_gets_what_was_asked_for(asked, every):
    """Whatever the volume."""
    for requests in (1_000.0, 1e9):
        assert (every, "asked for") == chosen(plan(requests, simulation={"window_requests": 500, "coverage": asked}))


def test_a_trace_is_not_as_long_as_a_plan():
    """It is replayed as a window."""
    every, why = chosen(plan(), replays=True)

    assert not every
    assert "replay a trace" in why


def test_both_ways_say_which_it_was():
    """The evaluation carries it, for the reports."""
    whole = evaluate_months(plan())
    windows = evaluate_months(plan(simulation={"window_requests": 500, "coverage": "windows"}))

    assert whole.every is not None
    assert whole.coverage is not None
    assert windows.every is None
    assert windows.coverage is not None


def test_reports_say_which_and_how_to_get_the_other(tco, tmp_path, monkeypatch):  # noqa: F811
    """Every request with what windows had said beside it; windows with the reason."""
    scenario = write_small(tmp_path)

    assert "All 30,000 requests of 3 months were simulated" in " ".join(tco("compare", scenario).out.split())
    monkeypatch.setattr(coverage, "MOST_WORK", 1000)
    said = " ".join(tco("compare", scenario).out.split())
    assert "Windows stand for the months: 2 x 30,000 requests are more than 1,000" in said
    assert "`--every-request` simulates them all" in said
    assert "Windows stand" not in tco("compare", scenario, "--windows").out


@pytest.mark.parametrize("asked", [(), ("--windows",), ("--every-request",)])
def test_a_total_is_explained_to_the_cent_of_the_comparison(tco, tmp_path, asked):  # noqa: F811
    """`tco explain` simulates what `tco compare` does, for one option as well."""
    scenario = write_small(tmp_path)
    compared = json.loads(tco("compare", scenario, *asked, "--format", "json").out)["options"]
    for option in compared:
        explained = json.loads(
            tco("explain", scenario, "total", "--option", option["option"], *asked, "--format", "json").out
        )

        assert option["total_usd"] == pytest.approx(explained["options"][0]["total_usd"], rel=1e-12)


def test_one_option_is_explained_as_the_whole_scenario_is_compared(tco, tmp_path, monkeypatch):  # noqa: F811
    """Alone it would be simulated whole; with its neighbour windows stand for it."""
    monkeypatch.setattr(coverage, "MOST_WORK", 45_000)
    scenario = write_small(tmp_path)
    by_windows = json.loads(tco("explain", scenario, "total", "--windows", "--option", "one", "--format", "json").out)

    assert by_windows == json.loads(tco("explain", scenario, "total", "--option", "one", "--format", "json").out)


def test_without_numba_it_is_said_once_and_windows_may_stand_in(tco, tmp_path, monkeypatch):  # noqa: F811
    """A machine that cannot compile says so on stderr, and in the reason where that changes what is simulated."""
    missing = "numba cannot be loaded (ImportError: made up)"
    for module in (coverage, run):
        monkeypatch.setattr(module, "unavailable", lambda: missing)
    scenario = write_small(tmp_path, requests=100_000)
    for most, told in ((10**9, "All 300,000 requests"), (10**6, f"longer than some ten seconds, as {missing}")):
        monkeypatch.setattr(coverage, "MOST_WORK", most)
        answer = tco("compare", scenario)

        assert 0 == answer.code
        assert 1 == answer.err.count(missing)
        assert told in " ".join(answer.out.split())


@pytest.mark.parametrize(
    ("kept", "lost_minutes", "told"), [(["it"], 120, True), (["it"], 60, False), ([], 120, False)],
)  # fmt: skip
def test_lost_minutes_beside_a_kept_slo_are_explained(kept, lost_minutes, told):
    """Two hours of three months; one is not worth a word, and whoever misses the SLO needs none."""
    whole = evaluate_months(plan())
    assert whole.every is not None
    months = (replace(whole.every.seen["it"][0], lost_minutes=lost_minutes), *whole.every.seen["it"][1:])
    lost = replace(whole, every=replace(whole.every, seen={"it": months}))
    said = " ".join(each.text for each in every_request_sections(lost, kept) if isinstance(each, Text))

    assert told is ("it (0.09%): the SLO is kept and yet minutes are lost" in said)
    assert told is ("With 13.7 requests an hour, a single one that is late may lose it" in said)
