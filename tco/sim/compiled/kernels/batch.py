"""Batch kernel: continuous batching of one replica as functions over its record, for numba.

The rules are those of `tco/serving/batching.py`, whose docstrings explain them; the arithmetic of step times is the
same code (`stretch_s`, `steps_to_reach`). A test runs both engines on random scenarios.
"""

from __future__ import annotations

from math import ceil, inf, isnan
from typing import Any

import numpy as np

from tco.serving import step_time
from tco.serving.batching import ROUNDING
from tco.sim.compiled.kernels.jit import jit, jit_apart, shared
from tco.sim.compiled.kernels.rings import (
    COMPLETED,
    LATER,
    NONE,
    PREFILLING,
    WAITING,
    Floats,
    Ints,
    _append,
    _at,
    _first,
    _pick_out,
    _pop,
    _prepend,
    _push,
    _remove,
)

stretch_s = shared(step_time.stretch_s)
steps_to_reach = shared(step_time.steps_to_reach)


@jit
def _fixed_s(to: Any, table: Floats, tokens: int) -> Any:
    xs, ys = table[0], table[1]
    size = len(xs)
    if size == 0:
        return to.alpha_s
    at = np.searchsorted(xs, tokens, side="right")
    if at == size:
        return float(ys[size - 1])
    low = xs[at - 1] if at else 0.0
    low_s = ys[at - 1] if at else to.alpha_s
    return float(low_s + (ys[at] - low_s) * (tokens - low) / (xs[at] - low))


@jit
def _head(rep: Any, seqs: Any) -> Any:
    """Return the sequence that is admitted next; NONE where nobody waits."""
    if rep.queued == 0:
        return NONE
    s = _first(rep, seqs, WAITING)
    return s if s != rep.queues + WAITING else _first(rep, seqs, LATER)


@jit
def _need(to: Any, seqs: Any, s: int) -> Any:
    seq = _at(seqs, s)
    if not to.grows:
        return float(seq.input_tokens + seq.output_tokens)
    return float(seq.held + (1.0 if isnan(seq.first_token_s) else seq.rate))


@jit
def _decode(rep: Any, seqs: Any, row: Any, s: int) -> None:
    seq = _at(seqs, s)
    rep.context += seq.held
    rep.growth += seq.rate
    seq.finish_step = rep.steps_done + seq.steps_left
    _push(rep, row, seq.finish_step, s)


@jit
def _admit(to: Any, rep: Any, seqs: Any, row: Any, now_s: float) -> Any:
    s = _head(rep, seqs)
    if s == NONE or rep.decoding + rep.prefilling >= to.max_sequences:
        return NONE
    need = _need(to, seqs, s)
    free = to.kv_capacity - rep.reserved
    if to.grows:
        free = free - rep.context - rep.growth
    if need > free + ROUNDING:
        return NONE
    _remove(seqs, s)
    rep.queued -= 1
    rep.ranks += 1
    seq = _at(seqs, s)
    seq.rank = rep.ranks
    if isnan(seq.started_s):
        seq.started_s = now_s
    if seq.prefill_left == 0:
        if not to.grows:
            rep.reserved += need
        _decode(rep, seqs, row, s)
        return s
    rep.reserved += need
    _append(rep, seqs, PREFILLING, s)
    rep.prefilling += 1
    return s


@jit
def _lay_prefill(to: Any, rep: Any, seqs: Any, row: Any, room: int, now_s: float, may_admit: bool) -> int:
    rep.chunks = 0
    laid = 0
    mark = rep.queues + PREFILLING
    at = _first(rep, seqs, PREFILLING)
    while room > laid:
        if at == mark:
            if not may_admit or rep.queued == 0:
                break
            admitted = _admit(to, rep, seqs, row, now_s)
            if admitted == NONE:
                break
            if _at(seqs, admitted).prefill_left == 0:
                room -= to.per_decode
                continue
            at = admitted
        seq = _at(seqs, at)
        left = seq.prefill_left
        take = min(left, room - laid)
        laid += take
        if take < left:
            break
        rep.chunks += 1
        at = seq.after
    rep.prefill_tokens = laid
    if rep.chunks or laid == 0:
        return 1 if laid else 0
    return int((_at(seqs, _first(rep, seqs, PREFILLING)).prefill_left - 1) // laid)


@jit_apart
def _youngest(rep: Any, seqs: Any, row: Any) -> int:
    """Return the sequence that is preempted first: of those that are not urgent, or else of all, the last admitted."""
    best = NONE
    s = _first(rep, seqs, PREFILLING)
    while s != rep.queues + PREFILLING:
        if best == NONE or _younger(seqs, s, best):
            best = s
        s = _at(seqs, s).after
    for at in range(rep.decoding):
        s = _at(row, at).sequence
        if best == NONE or _younger(seqs, s, best):
            best = s
    return int(best)


@jit
def _younger(seqs: Any, one: int, other: int) -> bool:
    mine, theirs = _at(seqs, one), _at(seqs, other)
    if mine.urgent != theirs.urgent:
        return not mine.urgent
    return bool(mine.rank > theirs.rank)


@jit_apart
def _preempt(to: Any, rep: Any, seqs: Any, row: Any, s: int) -> None:
    rep.preemptions += 1
    seq = _at(seqs, s)
    if seq.finish_step:
        _pick_out(rep, row, s)
        done = seq.steps_left - (seq.finish_step - rep.steps_done)
        seq.held = seq.held + seq.rate * done
        seq.steps_left = seq.finish_step - rep.steps_done
        seq.finish_step = 0
        if rep.decoding == 0:
            rep.context = rep.growth = 0.0
        else:
            rep.context -= seq.held
            rep.growth -= seq.rate
    else:
        _remove(seqs, s)
        rep.prefilling -= 1
        rep.reserved -= _need(to, seqs, s)
    again = ceil(seq.held - ROUNDING) - seq.cached_tokens
    seq.recomputed += again - seq.prefill_left
    seq.prefill_left = again
    _prepend(rep, seqs, WAITING if seq.urgent else LATER, s)
    rep.queued += 1


@jit_apart
def _make_room(to: Any, rep: Any, seqs: Any, row: Any) -> bool:
    preempted = False
    while rep.context + rep.growth > to.kv_capacity - rep.reserved + ROUNDING:
        _preempt(to, rep, seqs, row, _youngest(rep, seqs, row))
        preempted = True
    return preempted


@jit
def _plan(to: Any, table: Floats, rep: Any, seqs: Any, row: Any, now_s: float) -> bool:
    preempted = to.grows and _make_room(to, rep, seqs, row)
    steps = 0
    if rep.prefilling or (rep.queued and not preempted):
        room = to.budget - to.per_decode * rep.decoding
        steps = _lay_prefill(to, rep, seqs, row, room, now_s, not preempted)
    running = rep.decoding
    if running:
        to_next_end = _at(row, 0).last_step - rep.steps_done
        steps = min(steps, to_next_end) if steps else to_next_end
        if to.grows:
            if preempted:
                steps = 1
            else:
                free = to.kv_capacity - rep.reserved
                steps = min(steps, int((free - rep.context) / rep.growth + ROUNDING))
    elif rep.prefill_tokens == 0:
        rep.busy = False
        rep.ends_s = inf
        return False
    rep.steps = steps
    prefill = rep.prefill_tokens
    fixed_s = _fixed_s(to, table, to.per_decode * running + prefill)
    first_s = fixed_s + to.beta_s * prefill + to.gamma_s * running + to.delta_s * rep.context
    rep.first_step_s = first_s
    rep.began_s = now_s
    rep.ends_s = now_s + (first_s if steps == 1 else stretch_s(first_s, to.delta_s * rep.growth, steps))
    rep.busy = True
    return True


@jit
def _cut(to: Any, rep: Any, seqs: Any, now_s: float) -> bool:
    s = _head(rep, seqs)
    if rep.steps == 1 or rep.prefill_tokens or s == NONE:
        return False
    running = rep.decoding
    if running >= to.max_sequences or to.per_decode * running >= to.budget:
        return False
    growth_s = to.delta_s * rep.growth
    steps = steps_to_reach(now_s - rep.began_s, rep.first_step_s, growth_s)
    if steps >= rep.steps:
        return False
    used = rep.context + rep.growth * (steps + 1) if to.grows else 0.0
    if _need(to, seqs, s) > to.kv_capacity - rep.reserved - used + ROUNDING:
        return False
    rep.steps = steps
    rep.ends_s = rep.began_s + stretch_s(rep.first_step_s, growth_s, steps)
    return True


@jit
def _finish(
    to: Any, rep: Any, seqs: Any, row: Any, tally: Ints, now_s: float, finished_s: Floats, outcome: Any
) -> None:
    """End the stretch; sequences that are complete get their stamp and leave the load."""
    steps = rep.steps
    rep.steps_done += steps
    done = rep.steps_done
    rep.context += rep.growth * steps
    while rep.decoding and _at(row, 0).last_step <= done:
        s = _pop(rep, row)
        seq = _at(seqs, s)
        total = seq.input_tokens + seq.output_tokens
        rep.context -= total
        rep.growth -= seq.rate
        if not to.grows:
            rep.reserved -= total
        _complete(rep, seqs, s, tally, now_s, finished_s, outcome)
    if rep.decoding == 0:
        rep.context = rep.growth = 0.0
    if rep.prefill_tokens:
        _end_prefill(to, rep, seqs, row, steps, tally, now_s, finished_s, outcome)


@jit
def _complete(rep: Any, seqs: Any, s: int, tally: Ints, now_s: float, finished_s: Floats, outcome: Any) -> None:
    finished_s[np.uintp(s)] = now_s
    outcome[np.uintp(s)] = COMPLETED
    rep.load -= 1
    tally[1] += 1
    _at(seqs, s).ended = tally[1]


@jit
def _end_prefill(
    to: Any, rep: Any, seqs: Any, row: Any, steps: int, tally: Ints, now_s: float, finished_s: Floats, outcome: Any
) -> None:
    spent = rep.prefill_tokens * steps
    for _ in range(rep.chunks):
        s = _first(rep, seqs, PREFILLING)
        seq = _at(seqs, s)
        spent -= seq.prefill_left
        _remove(seqs, s)
        rep.prefilling -= 1
        if to.grows:
            rep.reserved -= _need(to, seqs, s)
        seq.prefill_left = 0
        seq.steps_left -= 1
        if isnan(seq.first_token_s):
            seq.first_token_s = now_s
            seq.held += 1.0
        else:
            seq.held += seq.rate
        if seq.steps_left:
            _decode(rep, seqs, row, s)
            continue
        if not to.grows:
            rep.reserved -= seq.input_tokens + seq.output_tokens
        _complete(rep, seqs, s, tally, now_s, finished_s, outcome)
    if spent:
        _at(seqs, _first(rep, seqs, PREFILLING)).prefill_left -= spent
    rep.prefill_tokens = 0
    rep.chunks = 0


@jit_apart
def _line_up(to: Any, table: Floats, reps: Any, seqs: Any, heap: Any, r: int, s: int, now_s: float) -> None:
    """Put a sequence at the end of a replica's line; an idle one begins, a busy one may cut its stretch short."""
    seq, rep = _at(seqs, s), _at(reps, r)
    seq.place = r
    _append(rep, seqs, WAITING if seq.urgent else LATER, s)
    rep.queued += 1
    rep.load += 1
    if not rep.busy:
        _plan(to, table, rep, seqs, heap[r], now_s)
    elif _head(rep, seqs) == s:
        _cut(to, rep, seqs, now_s)


@jit
def _first_waiting(to: Any, seqs: Any, outcome: Any, impatient: int, coming: int) -> int:
    """Go on to the first of those who came that still waits and may give up; `coming` where there is none."""
    if to.patience_s == inf:
        return coming
    while impatient < coming and (outcome[impatient] or not isnan(_at(seqs, impatient).started_s)):
        impatient += 1
    return impatient
