"""Closed loop: a number of clients ask one replica, each again as soon as it is answered, as benchmarks do.

`run_closed_loop` goes through the engine and the fleet's station and gives times. `trajectory` runs the same batch
without a clock: who is admitted in which step depends on lengths and limits alone, so it counts how often each part
of a step happens to a mean request, and a fit needs no further simulation. Both start from an empty server, because
the measured means contain that first crowd of prompts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.rng import Streams
from tco.scenario import Scenario
from tco.scenario.servers.explicit import Explicit
from tco.serving.roofline import KNOTS
from tco.serving.step_time import Server
from tco.sim.batching import Batch, Sequence
from tco.sim.engine import Clients, simulate

SHORTEST = 0.8  # lengths are uniform between this share of the stated one and all of it, as in most published runs
MOST_REQUESTS = 10_000  # of one run, unless twice the clients are more
UNLIMITED_TOKENS = 10**12
SEED = 1
OPTION = "loop"


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
    """

    clients: int
    input_tokens: int
    output_tokens: int
    requests_per_client: int = 10
    step_budget_tokens: int = 8192
    max_sequences: int | None = None
    kv_capacity_tokens: int = UNLIMITED_TOKENS

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


def lengths(stated: int, uniform: NDArray[np.float64], least: int) -> NDArray[np.int64]:
    """Spread lengths evenly between `SHORTEST` of the stated one and all of it, shape (n,)."""
    spread = stated * (SHORTEST + (1.0 - SHORTEST) * uniform)
    return np.maximum(np.rint(spread), least).astype(np.int64)


def loop_workload(loop: Loop) -> Workload:
    """Draw the requests of a run; arrival times are the clients' business."""
    streams = Streams(SEED)
    count = loop.requests
    return Workload(
        unit_arrivals=np.zeros(count),
        classes=("requests",),
        class_index=np.zeros(count, np.int64),
        input_tokens=lengths(loop.input_tokens, streams.uniform("input_tokens", count), 1),
        output_tokens=lengths(loop.output_tokens, streams.uniform("output_tokens", count), 2),
        interactive=np.ones(count, np.bool_),
        measured=np.ones(count, np.bool_),
        streams=streams,
    )


def run_closed_loop(server: Server, loop: Loop) -> tuple[float, float]:
    """Simulate a run with the engine; return mean time to first token and per output token, seconds.

    The server's limits are replaced by the loop's.
    """
    limits = {
        "max_sequences": loop.running,
        "step_budget_tokens": loop.budget,
        "kv_capacity_tokens": loop.kv_capacity,
    }
    workload = loop_workload(loop)
    scenario = fleet_scenario(server.model_copy(update=limits))
    result = simulate(scenario, OPTION, workload, 1.0, {"fleet": 1}, Clients(loop.clients))
    answered = result.outcome == Outcome.COMPLETED
    decode_s = (result.finished_s - result.first_token_s)[answered] / (workload.output_tokens[answered] - 1)
    return float(result.ttft_s(answered).mean()), float(decode_s.mean())


def fleet_scenario(server: Server, kv_reservation: str = "whole") -> Scenario:
    """Put a server behind a scenario that asks nothing else; its one option is `OPTION`, its one tier `fleet`.

    Args:
        server: step times and limits.
        kv_reservation: how the fleet hands out memory, `whole` or `as_needed`.
    """
    plain = _plain_scenario()
    changes = {"server": Explicit(**server.model_dump()), "kv_reservation": kv_reservation}
    return plain.model_copy(update={"tiers": {"fleet": plain.tiers["fleet"].model_copy(update=changes)}})


@lru_cache
def _plain_scenario() -> Scenario:
    dated = {"source": "not used: times alone are asked for", "source_date": "2026-11-24"}
    length = {"kind": "constant", "tokens": 1}
    server = {
        "gpus_per_replica": 1, "alpha_s": 1.0, "beta_s_per_prefill_token": 0.0, "gamma_s_per_sequence": 0.0,
        "delta_s_per_context_token": 0.0, "kv_capacity_tokens": 1, "max_sequences": 1, "source": "replaced",
    }  # fmt: skip
    people = {"engineer": {"loaded_year_usd_per_year": 1.0, **dated}}
    price = {"gpu_hour_usd_per_gpu_hour": 1.0, **dated}
    lengths_of = {"input_tokens": length, "output_tokens": length}
    return Scenario.model_validate({
        "name": "closed loop", "question": "How long do answers take at this concurrency?", "start": "2026-12",
        "horizon_months": 1, "traffic": {"requests_per_month": 1.0, "arrivals": {"kind": "poisson"}},
        "classes": {"requests": {"share": 1.0, "latency_class": "interactive", **lengths_of}},
        "tiers": {"fleet": {"kind": "gpu_fleet", "server": server, "price": price}},
        "options": {OPTION: {"router": {"kind": "static", "shares": {"fleet": 1.0}}, "people": {}}},
        "slo": {}, "finance": {"discount_fraction_per_year": 0.0}, "people": people, "simulation": {},
    })  # fmt: skip


def trajectory(loop: Loop) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count what happens to a mean request of a run.

    Returns:
        Before the first token, and per output token after it, each of shape (4 + 15,): steps, prompt tokens,
        sequences and context tokens of those steps, and steps by tokens, shared between the neighbouring `KNOTS`.
    """
    workload = loop_workload(loop)
    walk = _Walk(loop, workload.input_tokens.tolist(), workload.output_tokens.tolist())
    walk.run()
    steps, prompt, sequences, context = np.array(walk.stretches, np.float64).T
    parts = np.column_stack([
        steps, steps * prompt, steps * sequences, steps * context + sequences * steps * (steps - 1) / 2,
        steps[:, None] * hats(prompt + sequences),
    ])  # fmt: skip
    sums = np.vstack([np.zeros(parts.shape[1]), np.cumsum(parts, axis=0)])
    per_token = (sums[walk.ended] - sums[walk.first]) / (workload.output_tokens - 1)[:, None]
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
