"""Step skipping is exact: the replica's stamps are those of the naive stepper."""

from __future__ import annotations

import simpy
from hypothesis import given
from hypothesis import strategies as st

from tco.serving.step_time import Server
from tco.sim.batching import Batch, Sequence
from tco.sim.stations.gpu_fleet import Answer, Replica
from tests.sim.naive import Job, step_through

servers = st.builds(
    Server,
    gpus_per_replica=st.just(1),
    alpha_s=st.floats(0.001, 0.1),
    beta_s_per_prefill_token=st.sampled_from([0.0, 1e-5, 3.3e-4]),
    gamma_s_per_sequence=st.sampled_from([0.0, 1e-4, 7e-3]),
    delta_s_per_context_token=st.sampled_from([0.0, 1e-7, 3e-5]),
    kv_capacity_tokens=st.integers(130, 600),
    max_sequences=st.integers(1, 6),
    step_budget_tokens=st.integers(6, 64),
    source=st.just("made up for the test"),
)
requests = st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(1, 90), st.integers(1, 40)), min_size=1, max_size=25)


def replay(server: Server, rows: list[tuple[float, int, int]]) -> list[tuple[float | None, float]]:
    """Run rows of (gap, input, output) through one replica in SimPy; return first-token and finish stamps."""
    env = simpy.Environment()
    replica = Replica(env, Batch(server), [0], 0)
    stamps: list[tuple[float | None, float]] = [(None, 0.0)] * len(rows)

    def job(index: int, tokens_in: int, tokens_out: int):
        sequence = Sequence(tokens_in, tokens_out, Answer(env))
        replica.submit(sequence)
        yield sequence.answer
        stamps[index] = (sequence.first_token_s, env.now)

    def source():
        for index, (gap_s, tokens_in, tokens_out) in enumerate(rows):
            yield env.timeout(gap_s)
            env.process(job(index, tokens_in, tokens_out))

    env.process(source())
    env.run()
    return stamps


@given(server=servers, rows=requests)
def test_step_skipping_equals_stepping_token_by_token(server, rows):
    """Every stamp agrees to 1e-9, with chunked prefill, batch limit and KV limit on."""
    arrivals, now = [], 0.0
    for index, (gap_s, tokens_in, tokens_out) in enumerate(rows):
        now += gap_s + 1e-7 * 3**0.5 * (
            index + 1
        )  # keeps arrivals off step boundaries, where order is a matter of taste
        arrivals.append(Job(now, tokens_in, tokens_out))
    gaps = [b.arrived_s - a.arrived_s for a, b in zip([Job(0.0, 1, 1), *arrivals], arrivals, strict=False)]
    fast = replay(server, [(gap, j.input_tokens, j.output_tokens) for gap, j in zip(gaps, arrivals, strict=True)])

    step_through(server, arrivals)

    for job, (first_token_s, finished_s) in zip(arrivals, fast, strict=True):
        assert abs(job.first_token_s - first_token_s) < 1e-9
        assert abs(job.finished_s - finished_s) < 1e-9
