"""Replications, overload and saturation: independent of processes, told by rates, and where theory says."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from tco.capacity import replicate
from tco.capacity.experiment import Question, run_experiment
from tco.capacity.replicate import Load, Runner, Stop
from tco.capacity.saturate import saturate
from tco.capacity.tier_load import tier_loads
from tco.demand.workload import draw_workload
from tco.errors import UsageError
from tco.sim.engine import simulate
from tests.laws.build import api, chat, fixed, gpu, rate_traffic, scene, static

INSTANT = 1e-9
PACE_S = 1e-4  # a token; ten thousand of them are the mean service of a second


@pytest.fixture(autouse=True)
def _short_probes(monkeypatch):
    """Search with few requests a rate, where a test does not ask for more."""
    monkeypatch.setattr("tco.capacity.saturate.PROBE_REQUESTS", 1000)


def exponential_lengths():
    """Answer lengths whose service time is exponential with mean 1 s: a table of the exponential's quantiles."""
    shares = [*np.linspace(0, 0.98, 99), 0.985, 0.99, 0.9925, 0.995, 0.9975, 0.999, 0.9999]
    table = [[round(float(u), 6), max(1.0, round(-log(1 - u) / PACE_S, 1))] for u in shares]
    return {"kind": "quantiles", "source": "theory", "table": [*table, [1, 100_000.0]]}


def one_server(**changes):
    """M/M/1: one slot at a vendor whose service is exponential with mean 1 s."""
    latency = {"ttft_p50_s": INSTANT, "ttft_p95_s": INSTANT, "tpot_p50_s": PACE_S, "tpot_p95_s": PACE_S}
    tier = api(latency={**latency, "source": "theory"}, max_concurrency=1)
    classes = {"chat": chat(input_tokens=fixed(1), output_tokens=exponential_lengths())}
    return scene({"one": tier}, {"one": static(one=1.0)}, classes=classes, **changes)


def question(**changes):
    """Ask for two replications of everything."""
    plain = {
        "options": (),
        "month": 0,
        "rate_rps": None,
        "replicas": {},
        "stop": Stop(None, 2, 10**9),
        "saturates": False,
    }
    return Question(**{**plain, **changes})


def test_figures_do_not_depend_on_the_number_of_processes(monkeypatch):
    """Two processes give the same samples as one, bit by bit, in the order of the replications."""
    monkeypatch.setattr(replicate, "WORTH_A_POOL", 1)
    scenario = scene({"own": gpu()}, {"own": static(own=1.0)}, count=400)
    load = Load("own", 3.0, {"own": 1})
    with Runner(scenario, jobs=1) as alone, Runner(scenario, jobs=2) as together:
        one, two = alone.samples(load, [0, 1, 2, 3]), together.samples(load, [0, 1, 2, 3])

    assert [0, 1, 2, 3] == [sample.replication for sample in two]
    for left, right in zip(one, two, strict=True):
        np.testing.assert_array_equal(left.e2e_s, right.e2e_s)
        np.testing.assert_array_equal(left.tiers["own"].wait_s, right.tiers["own"].wait_s)


def test_replications_differ_and_the_first_is_the_one_that_is_priced():
    """Replication 0 is the comparison's own window; others have other numbers."""
    scenario = scene({"own": gpu()}, {"own": static(own=1.0)}, count=400)
    runner = Runner(scenario)
    first, second = (runner.run(Load("own", 1.0, {"own": 1}), number) for number in (0, 1))
    priced = simulate(scenario, "own", draw_workload(scenario), 1.0, {"own": 1})

    np.testing.assert_array_equal(priced.finished_s, first.finished_s)
    assert not np.array_equal(first.finished_s, second.finished_s)


def test_the_p95_of_one_server_is_that_of_theory():
    """At 60 % load the sojourn's p95 is ln 20 / 0.4 = 7.49 s, inside the interval that is shown."""
    scenario = one_server(count=5000, traffic=rate_traffic(0.6))
    with Runner(scenario) as runner:
        found = run_experiment(runner, question(stop=Stop(None, 8, 10**9))).figures[0]

    assert found.e2e.p95.low <= log(20) / 0.4 <= found.e2e.p95.high
    assert 0.6 == pytest.approx(found.tiers[0].load.used_share, rel=0.02)
    assert 0.9 == pytest.approx(found.tiers[0].waiting, rel=0.25)  # load^2 / (1 - load)


@pytest.mark.parametrize(("rate_rps", "over"), [(0.8, False), (1.3, True)])
def test_overload_is_told_by_the_rates(rate_rps, over):
    """A server of one request a second carries 0.8 and not 1.3, however short the window is."""
    scenario = one_server(count=600)
    loads = tier_loads(scenario, simulate(scenario, "one", draw_workload(scenario), rate_rps))

    assert over == loads[0].overloaded
    assert 1.0 == pytest.approx(loads[0].capacity_rps, rel=0.05)


def test_an_overload_shows_no_latency():
    """Unknown, not the length of the window; the sentence holds both rates and the tier."""
    with Runner(one_server(count=600)) as runner:
        found = run_experiment(runner, question(rate_rps=1.5)).figures[0]

    assert found.e2e.p95 is None
    assert found.goodput_rps is None
    assert found.tiers[0].wait_mean_s is None
    assert found.overloaded[0].describe().startswith("arrivals 1.5 req/s exceed capacity")


def test_a_tier_without_a_known_limit_is_caught_by_its_growth(monkeypatch):
    """Where no capacity can be worked out, the number inside that grows all the time gives the overload away."""
    monkeypatch.setattr("tco.capacity.tier_load._capacity_rps", lambda *_: None)
    scenario = one_server(count=1500)
    loads = [tier_loads(scenario, simulate(scenario, "one", draw_workload(scenario), rate))[0] for rate in (0.8, 1.6)]

    assert [False, True] == [load.overloaded for load in loads]
    assert 1.0 == pytest.approx(loads[1].capacity_rps, rel=0.1)


def test_a_window_that_ends_before_the_first_answer_is_no_overload():
    """A vendor without limits that gets a thousand requests in a third of a second has nobody waiting."""
    scenario = scene({"a": api()}, {"a": static(a=1.0)}, count=300)
    load = tier_loads(scenario, simulate(scenario, "a", draw_workload(scenario), 1000.0))[0]

    assert load.capacity_rps is None


def test_the_highest_rate_is_where_theory_puts_it():
    """p95 = ln 20 / (1 - rate) stays below 10 s up to 0.700 requests a second; the limit binds, not the capacity."""
    scenario = one_server(count=6000, slo={"e2e_p95_s": 10.0})
    with Runner(scenario) as runner:
        found = saturate(runner, "one", 0.1, {})

    assert 1 - log(20) / 10 == pytest.approx(found.holds_rps, rel=0.08)
    assert found.fails_rps <= 1.021 * found.holds_rps
    assert found.binds[0].startswith("end-to-end p95 limit of 10 s")


def test_without_an_slo_the_capacity_binds():
    """A fleet carries up to its measured throughput, and the tier is named."""
    scenario = scene({"own": gpu()}, {"own": static(own=1.0)}, count=2000)
    with Runner(scenario) as runner:
        found = saturate(runner, "own", 1.0, {"own": 1})

    assert found.binds[0].startswith("capacity of tier own")
    assert 0.98 <= found.used_shares["own"] <= 1.0


def test_nothing_binds_what_has_no_limit():
    """A vendor without limits holds at every rate tried, and says so instead of a number."""
    scenario = scene({"a": api()}, {"a": static(a=1.0)}, count=300)
    with Runner(scenario) as runner:
        found = saturate(runner, "a", 1.0, {})

    assert (None, ()) == (found.fails_rps, found.binds)


def test_a_limit_that_never_holds_is_said():
    """No rate is low enough for an answer in a microsecond."""
    scenario = scene({"a": api()}, {"a": static(a=1.0)}, count=300, slo={"ttft_p95_s": 1e-6})
    with Runner(scenario) as runner:
        found = saturate(runner, "a", 1.0, {})

    assert found.holds_rps is None
    assert found.binds[0].startswith("first-token p95 limit")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": ("owm",)}, "'owm' is not an option; known: own\n    hint: did you mean 'own'"),
        ({"replicas": {"a": 2}}, "'a' is not a fleet tier of the chosen options; known: own"),
        ({"month": 7}, "--month 8 is outside the plan; allowed: 1 to 1"),
    ],
)
def test_what_the_scenario_does_not_have_is_named(changes, message):
    """Place, found, allowed, next."""
    scenario = scene({"own": gpu()}, {"own": static(own=1.0)}, count=300)
    with Runner(scenario) as runner, pytest.raises(UsageError) as error:
        run_experiment(runner, question(**changes))

    assert message in str(error.value)
