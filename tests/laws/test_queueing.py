"""Queueing theory: the engine's mean waits are those of Pollaczek-Khinchine and Erlang C, and each wait is Lindley's.

How the intervals are made. A case is `REPLICATIONS` independent runs (own arrivals, own service times, both drawn
independently), each warmed up before it is measured; the interval is Student's, around the mean of the runs' means.
Every case must lie within its 99.8 % interval, so that all 24 hold together; and of the 24 nominal 95 % intervals at
least 20 must cover (fewer has a chance below 1 %), so that a bias in many cases cannot hide in wide intervals. The
intervals are 12 to 34 % of the mean wide on either side; what makes the check sharp is that every single wait also
equals Lindley's recursion (Kiefer and Wolfowitz's for several servers).

Whether the intervals are honest was tried on the recursion with 150 fresh sets of seeds a case: nominal 95 % intervals
covered theory in 91 to 97 % of the sets, 99.8 % ones in 98 to 100 %, and over all 2 100 runs the mean was within one
standard error (0.5 %) of theory in every case, so the warm-up leaves no bias that matters. The slow test repeats it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import factorial, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from tco.demand.workload import Workload, draw_workload
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tests.laws.build import api, gpu, scene, server, static

Floats = NDArray[np.float64]

TOKENS_PER_SERVICE = 1_000_000  # one token is a millionth of the mean service time: rounding does not matter
REPLICATIONS = 14
STUDENT_95 = 2.1604  # Student's t with 13 degrees of freedom, two-sided 95 %
STUDENT_998 = 3.8520  # the same, 99.8 %: 24 cases together hold with 95 % (Bonferroni)
INSTANT = 1e-15

# Service laws with mean 1: how to draw them, and their squared coefficient of variation.
SERVICES: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float]] = {
    "deterministic": (lambda _, n: np.ones(n), 0.0),
    "exponential": (lambda chance, n: chance.standard_exponential(n), 1.0),
    # Two phases, 0.2 of mean 3 and 0.8 of mean 0.5: E[S^2] = 2 (0.2 x 9 + 0.8 x 0.25) = 4.
    "hyperexponential": (
        lambda chance, n: np.where(chance.random(n) < 0.2, 3.0, 0.5) * chance.standard_exponential(n),
        3.0,
    ),
}
LOADS = (0.3, 0.6, 0.8)


def pollaczek_khinchine_s(load: float, scv: float) -> float:
    """Mean wait in M/G/1 with mean service 1: load (1 + scv) / (2 (1 - load))."""
    return load * (1 + scv) / (2 * (1 - load))


def erlang_c_s(load: float, servers: int) -> float:
    """Mean wait in M/M/c with mean service 1, from the probability of waiting."""
    offered = load * servers
    waiting = offered**servers / factorial(servers) / (1 - load)
    chance = waiting / (sum(offered**k / factorial(k) for k in range(servers)) + waiting)
    return chance / (servers - offered)


def scenario(station: str, servers: int, count: int) -> Scenario:
    """One tier whose service time is a millionth of a second for each token."""
    if station == "api":
        pace = 1.0 / TOKENS_PER_SERVICE
        latency = {"ttft_p50_s": INSTANT, "ttft_p95_s": INSTANT, "tpot_p50_s": pace, "tpot_p95_s": pace}
        tier = api(latency={**latency, "source": "theory"}, max_concurrency=servers)
    else:
        roomy = {"kv_capacity_tokens": 10**12, "step_budget_tokens": 10**11, "max_sequences": 1}
        pace = {"alpha_s": INSTANT, "beta_s_per_prefill_token": 1.0 / TOKENS_PER_SERVICE}
        tier = {**gpu(), "server": server(**roomy, **pace, gamma_s_per_sequence=0.0, delta_s_per_context_token=0.0)}
    return scene({"own": tier}, {"own": static(own=1.0)}, count=count)


def with_services(workload: Workload, station: str, services: Floats) -> Workload:
    """Give each request the tokens that take its service time."""
    tokens = np.rint(services * TOKENS_PER_SERVICE).astype(np.int64)
    ones = np.ones_like(tokens)
    if station == "api":
        return replace(workload, input_tokens=ones, output_tokens=tokens + 1)  # the first token comes at once
    return replace(workload, input_tokens=tokens, output_tokens=ones)


@cache
def draws(law: str, count: int, seed: int) -> tuple[Workload, Floats]:
    """Poisson arrivals at rate 1 and independent services with mean 1."""
    workload = draw_workload(scenario("api", 1, count).model_copy(update={"seed": seed}))
    services = SERVICES[law][0](workload.streams.generator("theory: service"), count)
    return workload, np.maximum(np.rint(services * TOKENS_PER_SERVICE), 1) / TOKENS_PER_SERVICE


def waits_s(station: str, law: str, load: float, servers: int, count: int, seed: int) -> Floats:
    """Simulate one replication; return the wait of every measured request."""
    workload, services = draws(law, count, seed)
    workload = with_services(workload, station, services)
    result = simulate(scenario(station, servers, count), "own", workload, load * servers)
    return (result.finished_s - result.arrived_s - services)[workload.measured]


def lindley_s(workload: Workload, services: Floats, load: float) -> Floats:
    """Every wait in a first-come-first-served queue with one server: the walk's height above its lowest point."""
    gaps = np.diff(workload.unit_arrivals / load)
    walk = np.concatenate([[0.0], np.cumsum(services[:-1] - gaps)])
    return walk - np.minimum.accumulate(walk)


def kiefer_wolfowitz_s(workload: Workload, services: Floats, load: float, servers: int) -> Floats:
    """Every wait with several servers: take the one that is free first."""
    free = [0.0] * servers
    waits = []
    for arrived, service in zip((workload.unit_arrivals / (load * servers)).tolist(), services.tolist(), strict=True):
        first = min(range(servers), key=free.__getitem__)
        begun = max(arrived, free[first])
        waits.append(begun - arrived)
        free[first] = begun + service
    return np.array(waits)


def score(means: list[float], theory: float) -> float:
    """Distance of the runs' mean from theory, in standard errors."""
    return (float(np.mean(means)) - theory) / (float(np.std(means, ddof=1)) / sqrt(len(means)))


CASES = [
    *(("api", law, load, 1) for law in SERVICES for load in LOADS),
    *(("gpu", law, load, 1) for law in SERVICES for load in LOADS),
    *(("api", "exponential", load, servers) for servers in (2, 5) for load in LOADS),
]


def theory_s(law: str, load: float, servers: int) -> float:
    """What the wait should be."""
    return erlang_c_s(load, servers) if servers > 1 else pollaczek_khinchine_s(load, SERVICES[law][1])


@cache
def case_score(case: tuple[str, str, float, int], count: int) -> float:
    """Standard errors between engine and theory; each case has seeds of its own."""
    _, law, load, servers = case
    first = 1000 * (CASES.index(case) + 1)
    means = [float(waits_s(*case, count, first + k).mean()) for k in range(REPLICATIONS)]
    return score(means, theory_s(law, load, servers))


def count_for(load: float) -> int:
    """More requests where waits are more alike: at 80 % load a wait is remembered for about 90 services."""
    return {0.3: 1600, 0.6: 2000, 0.8: 3000}[load]


def test_the_formulas_are_those_of_the_books():
    """M/M/1 waits load/(1 - load), M/D/1 half of it; Erlang C with 2 servers at 80 % waits 1.7778 services."""
    assert pollaczek_khinchine_s(0.8, 1.0) == pytest.approx(4.0)
    assert pollaczek_khinchine_s(0.8, 0.0) == pytest.approx(2.0)
    assert erlang_c_s(0.8, 1) == pytest.approx(4.0)
    assert erlang_c_s(0.8, 2) == pytest.approx(0.64 / 0.36)  # rho^2 / (1 - rho^2)


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_mean_wait_is_that_of_theory(case):
    """Pollaczek-Khinchine and Erlang C at 30, 60 and 80 % load lie within the 99.8 % confidence interval."""
    assert abs(case_score(case, count_for(case[2]))) < STUDENT_998


def test_all_cases_together_are_not_biased():
    """Of the 24 nominal 95 % intervals at least 20 cover theory."""
    scores = [case_score(case, count_for(case[2])) for case in CASES]

    assert sum(abs(each) < STUDENT_95 for each in scores) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_mean_wait_is_that_of_theory_in_longer_runs(case):
    """The same with runs ten times as long, so that the intervals are a third as wide."""
    assert abs(case_score(case, 10 * count_for(case[2]))) < STUDENT_998


def test_the_comparison_bites():
    """Deterministic service held against the exponential's formula, or one server too many, is refused."""
    means = [float(waits_s("api", "deterministic", 0.6, 1, 1500, seed).mean()) for seed in range(5000, 5014)]
    assert abs(score(means, pollaczek_khinchine_s(0.6, 1.0))) > STUDENT_998

    means = [float(waits_s("api", "exponential", 0.6, 2, 1500, seed).mean()) for seed in range(5000, 5014)]
    assert abs(score(means, erlang_c_s(0.6, 3))) > STUDENT_998


@pytest.mark.parametrize("station", ["api", "gpu"])
@pytest.mark.parametrize("law", SERVICES)
def test_every_wait_is_lindleys(station, law):
    """Request by request, the engine equals the recursion written from the definition of the queue."""
    workload, services = draws(law, 2000, 77)
    result = simulate(scenario(station, 1, 2000), "own", with_services(workload, station, services), 0.9)

    np.testing.assert_allclose(
        result.finished_s - result.arrived_s - services, lindley_s(workload, services, 0.9), rtol=0, atol=1e-8
    )


@pytest.mark.parametrize("servers", [2, 5])
def test_every_wait_with_several_servers_is_kiefer_and_wolfowitzs(servers):
    """Request by request, the vendor's concurrency limit is a first-come-first-served queue with several servers."""
    workload, services = draws("hyperexponential", 2000, 78)
    result = simulate(scenario("api", servers, 2000), "own", with_services(workload, "api", services), 0.9 * servers)

    np.testing.assert_allclose(
        result.finished_s - result.arrived_s - services,
        kiefer_wolfowitz_s(workload, services, 0.9, servers),
        rtol=0,
        atol=1e-8,
    )


@pytest.mark.slow
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("law", SERVICES)
def test_intervals_cover_as_often_as_they_say(law, load):
    """With 150 fresh sets of runs the nominal 95 % interval covers theory at least 88 % of the time."""
    scores = []
    for block in range(150):
        seeds = range(100_000 + block * REPLICATIONS, 100_000 + (block + 1) * REPLICATIONS)
        means = [lindley_mean_s(law, load, count_for(load), seed) for seed in seeds]
        scores.append(score(means, pollaczek_khinchine_s(load, SERVICES[law][1])))

    assert 0.88 <= np.mean(np.abs(scores) < STUDENT_95)


def lindley_mean_s(law: str, load: float, count: int, seed: int) -> float:
    """Mean wait of a replication by the recursion, warmed up as the engine's."""
    workload, services = draws.__wrapped__(law, count, seed)
    return float(lindley_s(workload, services, load)[workload.measured].mean())
