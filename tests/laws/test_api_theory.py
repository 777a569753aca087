"""Managed API against theory: Erlang B, M/M/c/K and patience, through the engine and a scenario's own keys.

Made like tests/laws/test_queueing.py: `REPLICATIONS` independent warmed-up runs a case, Student's 99.8 % interval
around the mean of their means.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, factorial

import numpy as np
import pytest

from tco.domain import Outcome
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tests.laws.build import api, scene, static
from tests.laws.test_queueing import INSTANT, REPLICATIONS, STUDENT_998, TOKENS_PER_SERVICE, draws, score

COUNT = 2000


def erlang_b(offered: float, servers: int) -> float:
    """Chance of being lost, by the recursion B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1))."""
    lost = 1.0
    for c in range(1, servers + 1):
        lost = offered * lost / (c + offered * lost)
    return lost


def mmck(offered: float, servers: int, room: int) -> tuple[float, float]:
    """Blocking, and mean wait of those who get in, of M/M/c/K with mean service 1, from the states' probabilities."""
    weights = [
        offered**n / factorial(n) if n <= servers else offered**n / (factorial(servers) * servers ** (n - servers))
        for n in range(room + 1)
    ]
    p = [weight / sum(weights) for weight in weights]
    waiting = sum((n - servers) * p[n] for n in range(servers, room + 1))
    return p[room], waiting / (offered * (1 - p[room]))


def scenario(servers: int, **changes: object) -> Scenario:
    """A vendor whose service time is a millionth of a second for each token."""
    pace = 1.0 / TOKENS_PER_SERVICE
    latency = {"ttft_p50_s": INSTANT, "ttft_p95_s": INSTANT, "tpot_p50_s": pace, "tpot_p95_s": pace}
    tier = api(latency={**latency, "source": "theory"}, max_concurrency=servers, **changes)
    return scene({"own": tier}, {"own": static(own=1.0)}, count=COUNT)


def runs(
    law: str, offered: float, servers: int, first_seed: int, count: int = REPLICATIONS, **changes: object
) -> list[SimulationResult]:
    """Independent replications at an offered load in services per service time."""
    found = []
    for seed in range(first_seed, first_seed + count):
        workload, services = draws(law, COUNT, seed)
        tokens = np.rint(services * TOKENS_PER_SERVICE).astype(np.int64) + 1  # the first token comes at once
        workload = replace(workload, input_tokens=np.ones_like(tokens), output_tokens=tokens)
        found.append(simulate(scenario(servers, **changes), "own", workload, offered))
    return found


def lost_shares(results: list[SimulationResult], outcome: Outcome = Outcome.REJECTED) -> list[float]:
    """Share of the measured requests that ended so, run by run."""
    return [float((each.outcome[each.workload.measured] == outcome).mean()) for each in results]


def test_the_formulas_are_those_of_the_books():
    """Erlang's tables give 0.1991 for 4 erlang on 5 lines; M/M/1/2 at load 1 blocks a third; no room is Erlang B."""
    assert 0.19907 == pytest.approx(erlang_b(4.0, 5), abs=5e-6)
    assert (1 / 3, 0.5) == pytest.approx(mmck(1.0, 1, 2))  # of two who get in, one waits one service
    assert (erlang_b(4.0, 5), 0.0) == pytest.approx(mmck(4.0, 5, 5))


@pytest.mark.parametrize(
    ("law", "offered", "servers"),
    [("exponential", 1.0, 1), ("exponential", 4.0, 5), ("deterministic", 4.0, 5), ("hyperexponential", 4.0, 5)],
)
def test_no_room_to_wait_is_erlang_b(law, offered, servers):
    """With max_queue_requests 0 the share refused is Erlang B, whatever the law of the service time."""
    shares = lost_shares(runs(law, offered, servers, 9000, max_queue_requests=0))

    assert abs(score(shares, erlang_b(offered, servers))) < STUDENT_998


@pytest.mark.parametrize(("offered", "servers", "queue"), [(0.8, 1, 3), (1.5, 1, 4), (4.0, 5, 5)])
def test_a_short_queue_is_mmck(offered, servers, queue):
    """Refused share and mean wait are those of M/M/c/K with K = servers + room to wait."""
    results = runs("exponential", offered, servers, 9100, max_queue_requests=queue)
    blocking, wait_s = mmck(offered, servers, servers + queue)
    waits = [
        float((each.started_s - each.arrived_s)[each.workload.measured & each.answered].mean()) for each in results
    ]

    assert abs(score(lost_shares(results), blocking)) < STUDENT_998
    assert abs(score(waits, wait_s)) < STUDENT_998


def test_clients_that_give_up_are_those_of_the_loss_formula():
    """Where nobody waits, a client gives up when its service is longer than its patience: exp(-patience) of them."""
    shares = lost_shares(runs("exponential", 1.0, 200, 9200, timeout_s=2.0), Outcome.TIMED_OUT)

    assert abs(score(shares, exp(-2.0))) < STUDENT_998


def test_a_queue_from_which_clients_leave_at_their_deadline():
    """On one server at load 1.5, whoever is served began before the deadline, and who leaves does so exactly then."""
    (result,) = runs("exponential", 1.5, 1, 9300, count=1, timeout_s=3.0)
    gone = result.outcome == Outcome.TIMED_OUT
    stay_s = result.finished_s - result.arrived_s

    assert 0.2 < gone.mean() < 0.6
    assert [3.0] * int(gone.sum()) == pytest.approx(stay_s[gone].tolist())
    assert stay_s[~gone].max() <= 3.0 + 1e-9


def test_the_comparison_bites():
    """One line more or less in the formula is refused."""
    shares = lost_shares(runs("exponential", 4.0, 5, 9000, max_queue_requests=0))

    assert abs(score(shares, erlang_b(4.0, 4))) > STUDENT_998
    assert abs(score(shares, erlang_b(4.0, 6))) > STUDENT_998
