"""Servers of which only tokens a second are stated: the figures come out again, and impossible ones are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tco.capacity.throughput import carried_rps
from tco.report.servers import server_notes
from tco.scenario.servers.throughput import Throughput
from tests.laws.build import DATED, fixed, scene, static

STATED = {"kind": "throughput", "gpus_per_replica": 8, "prompt_tokens_per_s": 50_000.0, "answer_tokens_per_s": 4_000.0,
          "max_sequences": 100, "source": "made up for the test"}  # fmt: skip


def node(**changes) -> Throughput:
    """A node that writes 4 000 tokens a second for 100 users, 40 for each."""
    return Throughput.model_validate({**STATED, **changes})


def test_a_full_replica_writes_what_is_stated():
    """Requests of 200 answer tokens: 4 000 / 200 = 20 a second, and next to nothing for prompts of one token."""
    assert pytest.approx(20.0, rel=0.01) == carried_rps(node().resolve(), [(1, 200)])
    assert pytest.approx(20.0, rel=0.01) == carried_rps(node(lone_user_tokens_per_s=100.0).resolve(), [(1, 200)])


def test_prompts_take_their_share_of_the_same_second():
    """1 000 / 50 000 + 200 / 4 000 = 0.07 s of a replica for each request: 14.3 a second."""
    assert pytest.approx(1 / 0.07, rel=0.01) == carried_rps(node().resolve(), [(1000, 200)])


def test_a_user_alone():
    """One answer under way: a step of 1/100 s; with 100 of them 100 / 4 000 s."""
    server = node(lone_user_tokens_per_s=100.0).resolve()

    assert pytest.approx(0.01) == server.alpha_s + server.gamma_s_per_sequence
    assert pytest.approx(0.025) == server.alpha_s + 100 * server.gamma_s_per_sequence


def test_without_one_every_step_is_as_long():
    """100 / 4 000 = 25 ms, whoever is there."""
    server = node().resolve()

    assert (0.025, 0.0) == (server.alpha_s, server.gamma_s_per_sequence)


@pytest.mark.parametrize(
    ("lone", "said"),
    [(30.0, "alone nobody is slower"), (4000.0, "which 100 users get together"), (5000.0, "is not below")],
)
def test_what_cannot_be_is_refused(lone, said):
    """Slower alone than in company, or faster than all together."""
    with pytest.raises(ValidationError, match=said):
        node(lone_user_tokens_per_s=lone)


def test_one_sequence_is_one_user():
    """There, alone and in company are the same."""
    assert pytest.approx(1 / 50.0) == node(max_sequences=1, answer_tokens_per_s=50.0).resolve().alpha_s


def test_a_report_says_that_latencies_are_not_known():
    """The tier is named."""
    tier = {"kind": "gpu_fleet", "server": STATED, "price": {"gpu_hour_usd_per_gpu_hour": 2.0, **DATED}}
    chat = {"chat": {"share": 1.0, "input_tokens": fixed(100), "output_tokens": fixed(50)}}
    (note,) = server_notes(scene({"stated": tier}, {"it": static(stated=1.0)}, classes=chat))

    assert note.startswith("Of stated tokens a second are stated, and no latencies")
