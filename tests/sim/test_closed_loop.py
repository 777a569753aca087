"""Closed loops: the walk without a clock tells what the engine measures."""

from __future__ import annotations

import numpy as np
import pytest

from tco import catalog
from tco.calibration.loops import Loop, hats, lengths, trajectory
from tco.serving.roofline import KNOTS, Deployment, pieces, roofline_server
from tco.serving.table_fit import ROOFLINE, columns
from tco.sim.closed_loop import loop_workload, run_closed_loop

MOE = Deployment(catalog.model("qwen3-30b-a3b"), catalog.gpu("h100-sxm"), catalog.precision("fp8"), 2)
SERVER = roofline_server(MOE)


@pytest.mark.parametrize(
    "loop",
    [
        Loop(1, 100, 20),
        Loop(16, 700, 50),
        Loop(24, 3000, 30, step_budget_tokens=512),
        Loop(24, 700, 50, max_sequences=5),
        Loop(24, 700, 50, kv_capacity_tokens=6_000),
        Loop(200, 20, 12, requests_per_client=2),
    ],
)
def test_a_trajectory_times_the_pieces_of_a_step_is_what_the_engine_measures(loop):
    """Means are linear in the pieces, with chunked prompts and every limit on, to 1e-9."""
    before, after = trajectory(loop)

    ttft_s, tpot_s = run_closed_loop(SERVER, loop)

    assert ttft_s == pytest.approx(columns(before, pieces(MOE)) @ ROOFLINE, rel=1e-9)
    assert tpot_s == pytest.approx(columns(after, pieces(MOE)) @ ROOFLINE, rel=1e-9)


def test_the_overhead_of_a_first_token_holds_up_the_request_alone():
    """A single client's time per token does not change; its first token is later by just that."""
    slow = SERVER.model_copy(update={"first_token_overhead_s": 0.25})
    ttft_s, tpot_s = run_closed_loop(SERVER, Loop(1, 100, 20))

    assert run_closed_loop(slow, Loop(1, 100, 20)) == pytest.approx((ttft_s + 0.25, tpot_s), rel=1e-9)


def test_a_scheduler_that_looks_up_every_so_many_steps_holds_up_newcomers():
    """By so many mean steps where others run, a little less as fewer run at once; not at all where nobody does."""
    lazy = SERVER.model_copy(update={"first_token_overhead_steps": 20.0})
    alone, busy = Loop(1, 100, 20), Loop(8, 100, 200)
    ttft_s, tpot_s = run_closed_loop(SERVER, busy)

    late_s, _ = run_closed_loop(lazy, busy)

    assert run_closed_loop(SERVER, alone) == run_closed_loop(lazy, alone)
    assert 0.8 * 20 * tpot_s < late_s - ttft_s < 20 * tpot_s


def test_a_limit_makes_requests_wait():
    """Fewer at once decode faster, and wait longer for it."""
    free, held = (run_closed_loop(SERVER, Loop(24, 700, 50, max_sequences=most)) for most in (None, 5))

    assert held[0] > free[0]
    assert held[1] < free[1]


def test_lengths_are_even_between_four_fifths_and_all():
    """Mean 0.9 of the stated length, ends included."""
    workload = loop_workload(Loop(100, 1000, 500))

    assert 900 == pytest.approx(workload.input_tokens.mean(), abs=1)
    assert 450 == pytest.approx(workload.output_tokens.mean(), abs=1)
    assert (800, 1000) == (workload.input_tokens.min(), workload.input_tokens.max())
    assert [2] == lengths(1, 0.9, np.array([0.5]), 2).tolist()


def test_hats_share_tokens_between_their_neighbours():
    """6 tokens lie halfway between 4 and 8; beyond the ends the last one counts."""
    shares = hats(np.array([6.0, 0.0, 1e6]))

    assert {4: 0.5, 8: 0.5} == {KNOTS[at]: shares[0, at] for at in np.flatnonzero(shares[0])}
    assert [1.0, 1.0] == [shares[1, 0], shares[2, -1]]
