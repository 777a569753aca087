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
ENDED_BITS = 32  # of the order of ends within a replica
SPILLED, PROBED = 100, 101  # no outcomes: a call that never came, because the tier was full; or that only looked
LEAST, ROUND_ROBIN, TWO = 0, 1, 2  # dispatch policies
WAITING, LATER, PREFILLING, QUEUES = 0, 1, 2, 3  # queues of a replica, and how many

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
NO_TOKENS, NO_FLAGS = np.zeros(0, np.int64), np.zeros(0, np.bool_)


def _record(**kinds: str) -> np.dtype[Any]:
    return np.dtype([(name, kind) for kind, names in kinds.items() for name in names.split()], align=True)


SETTINGS = _record(
    f8="alpha_s beta_s gamma_s delta_s kv_capacity patience_s",
    i8="budget per_decode max_sequences max_queue dispatch",
    b1="grows",
)
"""What holds for every replica, as in `Batch` and `PoolSettings`; no limit: max_queue below 0, patience_s infinite.
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
    i4="after before input_tokens output_tokens cached_tokens steps_left prefill_left rank place ended spill_at",
    b1="urgent probes",
)
"""A sequence: as narrow as it may be, because a run goes through hundreds of thousands of them.

`spill_at`: requests inside from which on it is sent elsewhere, below 0 never; `probes`: it only looks whether it is.
"""


DECODING = _record(i8="last_step sequence")
"""A place in the heap of a replica's sequences that decode: in which step it is complete, and its number."""


def new_fleet(
    replicas: int,
    max_sequences: int,
    input_tokens: Ints,
    output_tokens: Ints,
    cached_tokens: Ints = NO_TOKENS,
    urgent: Flags = NO_FLAGS,
) -> tuple[Any, Any, Any]:
    """Return idle replicas, sequences that have not come yet, and room for those that decode.

    Sequences get a token a step, until the caller says otherwise. Behind them stand the marks of the queues, three a
    replica: each queue is a ring that begins and ends with its mark.

    Args:
        replicas: how many.
        max_sequences: most that one replica serves at a time.
        input_tokens: prompts, shape (n,).
        output_tokens: answers, shape (n,).
        cached_tokens: tokens of each prompt that need not be read, shape (n,); empty where there are none.
        urgent: who goes before the others, shape (n,); empty where all do.
    """
    n = len(input_tokens)
    reps, seqs = np.zeros(replicas, REPLICA), np.empty(n + QUEUES * replicas, SEQUENCE)
    reps["ends_s"] = inf
    reps["queues"] = n + QUEUES * np.arange(replicas)
    _fill(seqs, input_tokens, output_tokens, cached_tokens, urgent)
    return reps, seqs, np.zeros((replicas, min(max_sequences, max(n, 1)) + 1), DECODING)


def server_settings(server: Server, **limits: float) -> tuple[Any, Floats]:
    """Return what holds for a server, without limits but those that are given, and its fixed times by tokens."""
    figures: dict[str, float] = {
        "alpha_s": server.alpha_s, "beta_s": server.beta_s_per_prefill_token, "gamma_s": server.gamma_s_per_sequence,
        "delta_s": server.delta_s_per_context_token, "kv_capacity": server.kv_capacity_tokens, "patience_s": inf,
        "budget": server.step_budget_tokens, "max_sequences": server.max_sequences, "per_decode": 1, "max_queue": -1,
        "dispatch": LEAST, "grows": False,
    }  # fmt: skip
    figures.update(limits)
    settings = np.array([tuple(figures[name] for name in SETTINGS.names or ())], SETTINGS)
    return settings, np.array(server.fixed_s_by_tokens, np.float64).reshape(-1, 2).T.copy()


@kernel
def _fill(seqs: Any, input_tokens: Ints, output_tokens: Ints, cached_tokens: Ints, urgent: Flags) -> None:
    n = len(input_tokens)
    for s in range(len(seqs)):
        seq = seqs[s]
        tokens_in, tokens_out = (input_tokens[s], output_tokens[s]) if s < n else (0, 0)
        cached = cached_tokens[s] if s < len(cached_tokens) else 0
        seq.input_tokens, seq.output_tokens, seq.cached_tokens = tokens_in, tokens_out, cached
        seq.prefill_left, seq.steps_left = tokens_in - cached, tokens_out
        seq.held = float(tokens_in)
        seq.started_s = seq.first_token_s = nan
        seq.rate, seq.recomputed, seq.probes, seq.place = 1.0, 0.0, False, NONE
        seq.urgent = urgent[s] if s < len(urgent) else True
        seq.finish_step = seq.rank = seq.ended = 0
        seq.spill_at = NONE
        seq.after = seq.before = s


@kernel
def read_out(
    seqs: Any, outcome: Any, started_s: Floats, first_token_s: Floats, cached_tokens: Ints, ended: Ints
) -> float:
    """Read what is left in sequences of those that came; return how many tokens were computed again.

    Args:
        seqs: the sequences.
        outcome: how each ended, shape (n,).
        started_s: filled with when each began, shape (n,).
        first_token_s: filled with when each that is complete had its first token, NaN for others.
        cached_tokens: filled with how much of its prompt was not read, 0 for others.
        ended: filled with the order in which they ended, of those that ended at the same moment, shape (n,): replica by
            replica, as many of them may play on before another one does.
    """
    recomputed = 0.0
    for s in range(len(outcome)):
        seq, done = seqs[s], outcome[s] == COMPLETED
        started_s[s] = seq.started_s
        first_token_s[s] = seq.first_token_s if done else nan
        cached_tokens[s] = seq.cached_tokens if done else 0
        ended[s] = (seq.place << ENDED_BITS) + seq.ended if seq.ended else 0
        recomputed += seq.recomputed
    return recomputed


# ---------------------------------------------------------------- queues


@jit
def _at(records: Any, place: int) -> Any:
    """Return the record at a place, counted from the front: for a number that may be negative numba asks each time."""
    return records[np.uintp(place)]


@jit
def _insert(seqs: Any, s: int, after: int) -> None:
    """Put a sequence into a ring, behind another one or behind the queue's own mark."""
    seq, one = _at(seqs, s), _at(seqs, after)
    following = one.after
    seq.before, seq.after = after, following
    one.after = _at(seqs, following).before = s


@jit
def _append(rep: Any, seqs: Any, kind: int, s: int) -> None:
    _insert(seqs, s, _at(seqs, rep.queues + kind).before)


@jit
def _prepend(rep: Any, seqs: Any, kind: int, s: int) -> None:
    _insert(seqs, s, rep.queues + kind)


@jit
def _remove(seqs: Any, s: int) -> None:
    seq = _at(seqs, s)
    before, after = seq.before, seq.after
    _at(seqs, before).after, _at(seqs, after).before = after, before


@jit
def _first(rep: Any, seqs: Any, kind: int) -> Any:
    """Return the first sequence of a queue; the queue's own mark where it is empty."""
    return _at(seqs, rep.queues + kind).after


# The heap is that of Python's heapq, step for step, so that sequences with the same last step leave in the same order.


@jit
def _set(row: Any, at: int, last_step: int, s: int) -> None:
    place = _at(row, at)
    place.last_step = last_step
    place.sequence = s


@jit
def _rise(row: Any, top: int, at: int, last_step: int, s: int) -> None:
    while at > top:
        up = (at - 1) >> 1
        above = _at(row, up)
        if not last_step < above.last_step:
            break
        _set(row, at, above.last_step, above.sequence)
        at = up
    _set(row, at, last_step, s)


@jit
def _sink(row: Any, at: int, size: int, last_step: int, s: int) -> None:
    top, child = at, 2 * at + 1
    while child < size:
        right = child + 1
        if right < size:  # a sum and no branch: which of the two is less, nobody can foresee
            child = right - int(_at(row, child).last_step < _at(row, right).last_step)
        below = _at(row, child)
        _set(row, at, below.last_step, below.sequence)
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
    s = _at(row, 0).sequence
    size = rep.decoding - 1
    rep.decoding = size
    if size:
        last = _at(row, size)
        _sink(row, 0, size, last.last_step, last.sequence)
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
