"""Step skipping is exact: the replica's stamps are those of the naive stepper, with every feature on."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tco.serving.batching import Batch, Sequence
from tco.serving.step_time import Server
from tco.sim.clock import Clock
from tco.sim.replica import Answer, Replica
from tests.sim.naive import Job, Stepper

servers = st.builds(
    Server,
    gpus_per_replica=st.just(1),
    alpha_s=st.floats(0.001, 0.1),
    beta_s_per_prefill_token=st.sampled_from([0.0, 1e-5, 3.3e-4]),
    gamma_s_per_sequence=st.sampled_from([0.0, 1e-4, 7e-3]),
    delta_s_per_context_token=st.sampled_from([0.0, 1e-7, 3e-5]),
    fixed_s_by_tokens=st.sampled_from([(), ((3, 0.02), (9, 0.11)), ((1, 0.2), (40, 0.05))]),
    kv_capacity_tokens=st.integers(130, 600),
    max_sequences=st.integers(1, 6),
    step_budget_tokens=st.integers(6, 64),
    source=st.just("made up for the test"),
)


@st.composite
def jobs(draw: Any, plain: bool = False) -> list[Job]:
    """Requests that fit every server above; unless plain, of both kinds, some with a prefix, some speculating."""
    made, now = [], 0.0
    for index in range(draw(st.integers(1, 25))):
        # the odd shift keeps arrivals off step boundaries, where order is a matter of taste
        now += draw(st.floats(0.0, 3.0)) + 1e-7 * 3**0.5 * (index + 1)
        job = Job(now, draw(st.integers(1, 90)), draw(st.integers(1, 40)))
        if not plain:
            job.urgent = draw(st.booleans())
            job.cached_tokens = draw(st.integers(0, job.input_tokens - 1))
            job.patience_s = draw(st.sampled_from([0.0131, 0.177, 1.93, float("inf"), float("inf")]))
            if job.output_tokens > 1:
                job.decode_steps = draw(st.one_of(st.none(), st.integers(1, job.output_tokens - 1)))
                job.prompt_done_elsewhere = draw(st.integers(0, 3)) == 0
        made.append(job)
    return made


def replay(server: Server, rows: list[Job], grows: bool, per_decode: int) -> Replica:
    """Run jobs through one replica in SimPy, writing the stamps into them."""
    env = Clock()
    replica = Replica(env, Batch(server, grows, per_decode), [0], 0)

    def serve(job: Job):
        sequence = Sequence(job.input_tokens, job.output_tokens, Answer(env), job.urgent, job.cached_tokens)
        if job.decode_steps is not None:
            sequence.speculate(job.decode_steps)
        if job.prompt_done_elsewhere:
            sequence.prefilled_elsewhere(env.now)
        replica.submit(sequence)
        if job.patience_s < float("inf"):
            env.process(give_up(job, sequence))
        yield sequence.answer
        job.started_s, job.first_token_s = sequence.started_s, sequence.first_token_s
        if job.gave_up_s is None:
            job.finished_s = env.now

    def give_up(job: Job, sequence: Sequence):
        yield env.timeout(job.patience_s)
        if sequence.started_s is None:
            assert replica.withdraw(sequence)
            job.gave_up_s = env.now
            sequence.answer.tell()

    def source():
        for job in rows:
            yield env.timeout(job.arrived_s - env.now)
            env.process(serve(job))

    env.process(source())
    env.run()
    return replica


def equal(left: float | None, right: float | None) -> bool:
    """Both unknown, or the same to 1e-9."""
    return left is right or (left is not None and right is not None and abs(left - right) < 1e-9)


def agree(server: Server, rows: list[Job], grows: bool, per_decode: int) -> tuple[Replica, Stepper]:
    """Serve the same jobs both ways and hold every stamp against its twin."""
    twins = deepcopy(rows)
    replica = replay(server, rows, grows, per_decode)
    stepper = Stepper(server, grows, per_decode)
    stepper.run(twins)
    for fast, slow in zip(rows, twins, strict=True):
        for stamp in ("started_s", "first_token_s", "finished_s", "gave_up_s"):
            assert equal(getattr(slow, stamp), getattr(fast, stamp)), (stamp, slow, fast)
    assert stepper.preemptions == replica.batch.preemptions
    assert stepper.busy_s == pytest.approx(replica.busy_s, abs=1e-9)
    return replica, stepper


@given(server=servers, rows=jobs(plain=True))
def test_step_skipping_equals_stepping_token_by_token(server, rows):
    """Every stamp agrees to 1e-9, with chunked prefill, batch limit and KV limit on."""
    agree(server, rows, grows=False, per_decode=1)


@given(server=servers, rows=jobs(), grows=st.booleans(), per_decode=st.integers(1, 3))
@example(
    server=Server(
        gpus_per_replica=1, alpha_s=0.01, beta_s_per_prefill_token=1e-5, gamma_s_per_sequence=1e-4,
        delta_s_per_context_token=3e-5, kv_capacity_tokens=130, max_sequences=6, step_budget_tokens=64, source="test",
    ),
    rows=[Job(0.001 * k + 1e-7, 30, 40, urgent=k % 2 == 0) for k in range(1, 9)], grows=True, per_decode=1,
)  # fmt: skip
def test_step_skipping_is_exact_with_every_feature_on(server, rows, grows, per_decode):
    """Priority, preemption with recompute, prefix cache, speculation, prompts done elsewhere, and impatience."""
    agree(server, rows, grows, per_decode)


def test_preemption_happens_and_is_exact():
    """Eight growing sequences in a memory of 130 tokens push each other out; both ways agree how often."""
    server = Server(
        gpus_per_replica=1, alpha_s=0.01, beta_s_per_prefill_token=1e-5, gamma_s_per_sequence=1e-4,
        delta_s_per_context_token=3e-5, kv_capacity_tokens=130, max_sequences=6, step_budget_tokens=64, source="test",
    )  # fmt: skip
    rows = [Job(0.001 * k + 1e-7, 30, 40) for k in range(1, 9)]

    replica, _ = agree(server, rows, grows=True, per_decode=1)

    assert replica.batch.preemptions > 3
    assert not replica.batch.load()


@pytest.mark.parametrize("seed", [611, 2775, 5899])
def test_memory_that_is_filled_to_the_last_token_is_filled_on_both_ways(seed):
    """Speculated tokens are fractions, whose sums meet the memory's edge with different rounding on the two ways."""
    chance, now, rows = Random(seed), 0.0, []  # noqa: S311  # the three workloads that were found, not secrets
    for index in range(chance.randint(4, 14)):
        now += chance.choice([0.0, 0.01, 0.05, 0.2]) + 1e-7 * 3**0.5 * (index + 1)
        job = Job(now, chance.randint(1, 60), chance.choice([4, 7, 10, 13, 19, 28, 31, 40]))
        job.urgent = chance.random() < 0.6
        thirds = chance.random() < 0.3
        job.decode_steps = max((job.output_tokens - 1) // 3, 1) if thirds else chance.randint(1, job.output_tokens - 1)
        job.patience_s = chance.choice([0.0131, 0.177, float("inf")])
        rows.append(job)
    server = Server(
        gpus_per_replica=1, alpha_s=0.09765625, beta_s_per_prefill_token=chance.choice([0.0, 1e-5]),
        gamma_s_per_sequence=0.0, delta_s_per_context_token=0.0, kv_capacity_tokens=chance.randint(130, 170),
        max_sequences=chance.randint(2, 6), step_budget_tokens=chance.randint(6, 64), source="test",
    )  # fmt: skip

    agree(server, rows, grows=True, per_decode=chance.randint(1, 3))
