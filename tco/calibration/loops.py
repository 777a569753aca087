"""Closed loop in step space: how often each part of a step happens to a mean request of a benchmark run.

A number of clients ask one replica, each again as soon as it is answered. Who is admitted in which step depends on
lengths and limits alone, so `trajectory` runs the production batch without a clock, and a fit needs no further
simulation; `sim/closed_loop.py` runs the same loop through the engine. Both start from an empty server, because the
measured means contain that first crowd of prompts. See docs/decisions/0011-closed-loops-in-step-space.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.calibration.measured import LENGTH_SHARE
from tco.rng import Streams
from tco.serving.batching import Batch, Sequence
from tco.serving.roofline import KNOTS
from tco.serving.step_time import Server

MOST_REQUESTS = 10_000  # of one run, unless twice the clients are more
UNLIMITED_TOKENS = 10**12
SEED = 1


class Loop(NamedTuple):
    """One closed-loop run.

    Attributes:
        clients: how many ask at once.
        input_tokens: stated prompt length.
        output_tokens: stated answer length.
        requests_per_client: how long the run is; the shorter, the more of it is the first crowd.
        step_budget_tokens: most tokens of a step.
        max_sequences: most sequences that run at once; None for as many as there are clients.
        kv_capacity_tokens: tokens of context that fit.
        length_share: mean lengths as a share of the stated ones, 0.5 to 1; lengths spread evenly up to the stated one.
    """

    clients: int
    input_tokens: int
    output_tokens: int
    requests_per_client: int = 10
    step_budget_tokens: int = 8192
    max_sequences: int | None = None
    kv_capacity_tokens: int = UNLIMITED_TOKENS
    length_share: float = LENGTH_SHARE

    @property
    def requests(self) -> int:
        """Requests of the run."""
        return max(min(self.clients * self.requests_per_client, MOST_REQUESTS), 2 * self.clients)

    @property
    def running(self) -> int:
        """Most sequences that run at once."""
        return min(self.clients, self.max_sequences or self.clients)

    @property
    def budget(self) -> int:
        """Tokens of a step, one for each running sequence at least."""
        return max(self.step_budget_tokens, self.running)

    @property
    def kv_capacity(self) -> int:
        """Tokens that fit, the longest request at least: a run in which all are turned away measures nothing."""
        return max(self.kv_capacity_tokens, self.input_tokens + self.output_tokens)


def loop_streams() -> Streams:
    """Return the chance of every run: loops differ in what they are, not in luck."""
    return Streams(SEED)


def loop_lengths(loop: Loop) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw prompt and answer lengths of a run's requests, tokens, shapes (requests,)."""
    streams, count = loop_streams(), loop.requests
    return (
        lengths(loop.input_tokens, loop.length_share, streams.uniform("input_tokens", count), 1),
        lengths(loop.output_tokens, loop.length_share, streams.uniform("output_tokens", count), 2),
    )


def lengths(stated: int, share: float, uniform: NDArray[np.float64], least: int) -> NDArray[np.int64]:
    """Spread lengths of a mean share evenly up to the stated one, shape (n,)."""
    shortest = 2.0 * share - 1.0
    spread = stated * (shortest + (1.0 - shortest) * uniform)
    return np.maximum(np.rint(spread), least).astype(np.int64)


def trajectory(loop: Loop) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count what happens to a mean request of a run.

    Returns:
        Before the first token, and per output token after it, each of shape (4 + 15,): steps, prompt tokens,
        sequences and context tokens of those steps, and steps by tokens, shared between the neighbouring `KNOTS`.
    """
    inputs, outputs = loop_lengths(loop)
    walk = _Walk(loop, inputs.tolist(), outputs.tolist())
    walk.run()
    steps, prompt, sequences, context = np.array(walk.stretches, np.float64).T
    parts = np.column_stack([
        steps, steps * prompt, steps * sequences, steps * context + sequences * steps * (steps - 1) / 2,
        steps[:, None] * hats(prompt + sequences),
    ])  # fmt: skip
    sums = np.vstack([np.zeros(parts.shape[1]), np.cumsum(parts, axis=0)])
    per_token = (sums[walk.ended] - sums[walk.first]) / (outputs - 1)[:, None]
    return (sums[walk.first] - sums[walk.sent]).mean(0), per_token.mean(0)


def hats(tokens: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share each number of tokens between its neighbouring `KNOTS`, shape (n, 15): straight lines, level outside."""
    knots = np.array(KNOTS, np.float64)
    inside = np.clip(tokens, knots[0], knots[-1])
    low = np.clip(np.searchsorted(knots, inside, side="right") - 1, 0, len(knots) - 2)
    share = (inside - knots[low]) / (knots[low + 1] - knots[low])
    found = np.zeros((len(tokens), len(knots)))
    rows = np.arange(len(tokens))
    found[rows, low] = 1.0 - share
    found[rows, low + 1] = share
    return found


class _Walk:
    """The batch of a run with steps of one second, and positions in the list of stretches as stamps."""

    def __init__(self, loop: Loop, inputs: list[int], outputs: list[int]) -> None:
        self.batch = Batch(_counting_server(loop))
        self.inputs, self.outputs = inputs, outputs
        count = len(inputs)
        self.sent, self.first, self.ended = [0] * count, [0] * count, [0] * count
        self.stretches: list[tuple[int, int, int, float]] = []  # steps, prompt tokens, sequences, context at the start
        self._following = 0
        for _ in range(loop.clients):
            self._send(0.0)

    def run(self) -> None:
        """Go from stretch to stretch until every request is answered."""
        batch, stretches, at = self.batch, self.stretches, {0.0: 0}
        while batch.busy:
            now = batch.ends_s
            steps = round(now - batch.started_s)
            stretches.append((steps, batch.prefill_tokens, len(batch.decoding), batch.context))
            at[now] = len(stretches)
            complete = batch.finish(now)
            batch.plan(now)
            for sequence in complete:
                number = sequence.answer
                self.first[number], self.ended[number] = at[sequence.first_token_s or 0.0], at[now]
                self._send(now)

    def _send(self, now: float) -> None:
        """Let a client ask, as the station does: an idle replica starts at once."""
        number = self._following
        if number == len(self.inputs):
            return
        self._following += 1
        self.sent[number] = len(self.stretches)
        self.batch.join(Sequence(self.inputs[number], self.outputs[number], number))
        if self.batch.busy:
            self.batch.cut(now)
        else:
            self.batch.plan(now)


def _counting_server(loop: Loop) -> Server:
    return Server(
        gpus_per_replica=1,
        alpha_s=1.0,
        beta_s_per_prefill_token=0.0,
        gamma_s_per_sequence=0.0,
        delta_s_per_context_token=0.0,
        kv_capacity_tokens=loop.kv_capacity,
        max_sequences=loop.running,
        step_budget_tokens=loop.budget,
        source="counts steps",
    )
