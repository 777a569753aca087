"""Rings: the records of replicas and sequences, and the queues and heaps that they stand in, for numba.

Sequences are numbers, queues are rings of them, those of a replica that decode are a heap by their last step.
"""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.serving.step_time import Server
from tco.sim.compiled.kernels.jit import jit, jit_apart, kernel

NONE = -1
COMPLETED, REJECTED, FAILED, TIMED_OUT = 1, 3, 4, 5  # as in `Outcome`
SPILLED = 100  # no outcome: the call never came, because the tier was full
LEAST, ROUND_ROBIN, TWO = 0, 1, 2  # dispatch policies
WAITING, LATER, PREFILLING, QUEUES = 0, 1, 2, 3  # queues of a replica, and how many

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def _record(**kinds: str) -> np.dtype[Any]:
    return np.dtype([(name, kind) for kind, names in kinds.items() for name in names.split()], align=True)


SETTINGS = _record(
    f8="alpha_s beta_s gamma_s delta_s kv_capacity patience_s",
    i8="budget per_decode max_sequences max_queue spill_at dispatch",
    b1="grows",
)
"""What holds for every replica, as in `Batch` and `PoolSettings`; no limit: max_queue below 0, patience_s infinite.

`spill_at`: requests inside from which on those that may are sent elsewhere; below 0 nobody is.
"""

REPLICA = np.dtype(
    [
        *[(name, "f8") for name in ("began_s", "ends_s", "first_step_s", "context", "growth", "reserved", "busy_s")],
        *[
            (name, "i8")
            for name in (
                "steps", "steps_done", "ranks", "decoding", "prefill_tokens", "chunks", "prefilling", "load",
                "queued", "preemptions", "queues",
            )
        ],
        ("busy", "b1"),
    ],
    align=True,
)  # fmt: skip

SEQUENCE = _record(
    f8="held rate started_s first_token_s recomputed",
    i8="finish_step",
    i4="after before input_tokens output_tokens cached_tokens steps_left prefill_left rank place ended",
    b1="urgent spills",
)
"""A sequence: as narrow as it may be, because a run goes through hundreds of thousands of them."""


DECODING = _record(i8="last_step sequence")
"""A place in the heap of a replica's sequences that decode: in which step it is complete, and its number."""


def new_fleet(replicas: int, max_sequences: int, input_tokens: Ints, output_tokens: Ints) -> tuple[Any, Any, Any]:
    """Return idle replicas, sequences that have not come yet, and room for those that decode.

    Sequences are urgent, have nothing cached and get a token a step, until the caller says otherwise. Behind them stand
    the marks of the queues, three a replica: each queue is a ring that begins and ends with its mark.
    """
    n = len(input_tokens)
    reps, seqs = np.zeros(replicas, REPLICA), np.empty(n + QUEUES * replicas, SEQUENCE)
    reps["ends_s"] = inf
    reps["queues"] = n + QUEUES * np.arange(replicas)
    _fill(seqs, input_tokens, output_tokens)
    return reps, seqs, np.zeros((replicas, min(max_sequences, max(n, 1)) + 1), DECODING)


def server_settings(server: Server) -> tuple[Any, Floats]:
    """Return what holds for a server that serves as it is, without limits, and its fixed times by tokens."""
    settings = np.zeros(1, SETTINGS)
    figures = {
        "alpha_s": server.alpha_s, "beta_s": server.beta_s_per_prefill_token, "gamma_s": server.gamma_s_per_sequence,
        "delta_s": server.delta_s_per_context_token, "kv_capacity": server.kv_capacity_tokens, "patience_s": inf,
        "budget": server.step_budget_tokens, "max_sequences": server.max_sequences, "per_decode": 1, "max_queue": -1,
        "spill_at": -1,
    }  # fmt: skip
    for name, value in figures.items():
        settings[name] = value
    return settings, np.array(server.fixed_s_by_tokens, np.float64).reshape(-1, 2).T.copy()


@kernel
def _fill(seqs: Any, input_tokens: Ints, output_tokens: Ints) -> None:
    n = len(input_tokens)
    for s in range(len(seqs)):
        seq = seqs[s]
        tokens_in, tokens_out = (input_tokens[s], output_tokens[s]) if s < n else (0, 0)
        seq.input_tokens = seq.prefill_left = tokens_in
        seq.held = float(tokens_in)
        seq.output_tokens = seq.steps_left = tokens_out
        seq.started_s = seq.first_token_s = nan
        seq.rate, seq.recomputed, seq.urgent, seq.spills, seq.place = 1.0, 0.0, True, False, NONE
        seq.finish_step = seq.cached_tokens = seq.rank = seq.ended = 0
        seq.after = seq.before = s


# ---------------------------------------------------------------- queues


@jit
def _insert(seqs: Any, s: int, after: int) -> None:
    """Put a sequence into a ring, behind another one or behind the queue's own mark."""
    following = seqs[after].after
    seqs[s].before, seqs[s].after = after, following
    seqs[after].after = seqs[following].before = s


@jit
def _append(rep: Any, seqs: Any, kind: int, s: int) -> None:
    _insert(seqs, s, seqs[rep.queues + kind].before)


@jit
def _prepend(rep: Any, seqs: Any, kind: int, s: int) -> None:
    _insert(seqs, s, rep.queues + kind)


@jit
def _remove(seqs: Any, s: int) -> None:
    before, after = seqs[s].before, seqs[s].after
    seqs[before].after, seqs[after].before = after, before


@jit
def _first(rep: Any, seqs: Any, kind: int) -> Any:
    """Return the first sequence of a queue; the queue's own mark where it is empty."""
    return seqs[rep.queues + kind].after


# The heap is that of Python's heapq, step for step, so that sequences with the same last step leave in the same order.


@jit
def _set(row: Any, at: int, last_step: int, s: int) -> None:
    row[at].last_step = last_step
    row[at].sequence = s


@jit
def _rise(row: Any, top: int, at: int, last_step: int, s: int) -> None:
    while at > top:
        up = (at - 1) >> 1
        if not last_step < row[up].last_step:
            break
        _set(row, at, row[up].last_step, row[up].sequence)
        at = up
    _set(row, at, last_step, s)


@jit
def _sink(row: Any, at: int, size: int, last_step: int, s: int) -> None:
    top, child = at, 2 * at + 1
    while child < size:
        right = child + 1
        if right < size and not row[child].last_step < row[right].last_step:
            child = right
        _set(row, at, row[child].last_step, row[child].sequence)
        at = child
        child = 2 * at + 1
    _rise(row, top, at, last_step, s)


@jit
def _push(rep: Any, row: Any, last_step: int, s: int) -> None:
    at = rep.decoding
    rep.decoding = at + 1
    _rise(row, 0, at, last_step, s)


@jit
def _pop(rep: Any, row: Any) -> int:
    s = row[0].sequence
    size = rep.decoding - 1
    rep.decoding = size
    if size:
        _sink(row, 0, size, row[size].last_step, row[size].sequence)
    return int(s)


@jit_apart
def _pick_out(rep: Any, row: Any, s: int) -> None:
    """Take a sequence out of the middle of the heap."""
    at = 0
    while row[at].sequence != s:
        at += 1
    size = rep.decoding - 1
    rep.decoding = size
    for place in range(at, size):
        _set(row, place, row[place + 1].last_step, row[place + 1].sequence)
    for place in range(size // 2 - 1, -1, -1):
        _sink(row, place, size, row[place].last_step, row[place].sequence)
