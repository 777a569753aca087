"""Fleet kernel: continuous batching of several replicas as one loop over arrays, for numba.

The rules are those of `tco/serving/batching.py` and `tco/sim/pool.py`, whose docstrings explain them; the arithmetic of
step times is the same code (`stretch_s`, `steps_to_reach`). Sequences are numbers, queues are rings of them, those of a
replica that decode are a heap by their last step. A test runs both engines on random scenarios.
"""

from __future__ import annotations

from math import ceil, inf, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.policies.dispatch import shortest_of_two
from tco.serving import step_time
from tco.serving.batching import ROUNDING
from tco.sim.compiled.jit import jit, shared

stretch_s = shared(step_time.stretch_s)
steps_to_reach = shared(step_time.steps_to_reach)
two_of = shared(shortest_of_two.two_of)

NONE = -1
COMPLETED, REJECTED, TIMED_OUT = 1, 3, 5  # as in `Outcome`
LEAST, ROUND_ROBIN, TWO = 0, 1, 2  # dispatch policies
WAITING, LATER, PREFILLING, QUEUES = 0, 1, 2, 3  # queues of a replica, and how many

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def _record(**kinds: str) -> np.dtype[Any]:
    return np.dtype([(name, kind) for kind, names in kinds.items() for name in names.split()], align=True)


SETTINGS = _record(
    f8="alpha_s beta_s gamma_s delta_s kv_capacity patience_s",
    i8="budget per_decode max_sequences max_queue dispatch",
    b1="grows",
)
"""What holds for every replica, as in `Batch` and `PoolSettings`; no limit: max_queue below 0, patience_s infinite."""

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
    i8="after before input_tokens output_tokens cached_tokens steps_left prefill_left finish_step rank place ended",
    b1="urgent",
)


def new_fleet(replicas: int, max_sequences: int, input_tokens: Ints, output_tokens: Ints) -> tuple[Any, Any, Ints]:
    """Return idle replicas, sequences that have not come yet, and room for those that decode.

    Sequences are urgent, have nothing cached and get a token a step, until the caller says otherwise. Behind them stand
    the marks of the queues, three a replica: each queue is a ring that begins and ends with its mark.
    """
    n = len(input_tokens)
    reps, seqs = np.zeros(replicas, REPLICA), np.zeros(n + QUEUES * replicas, SEQUENCE)
    reps["ends_s"] = inf
    reps["queues"] = n + QUEUES * np.arange(replicas)
    seqs["input_tokens"][:n] = seqs["held"][:n] = seqs["prefill_left"][:n] = input_tokens
    seqs["output_tokens"][:n] = seqs["steps_left"][:n] = output_tokens
    seqs["started_s"] = seqs["first_token_s"] = np.nan
    seqs["rate"], seqs["urgent"], seqs["place"] = 1.0, True, NONE
    seqs["after"] = seqs["before"] = np.arange(len(seqs))
    return reps, seqs, np.zeros((replicas, min(max_sequences, max(n, 1)) + 1), np.int64)


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
def _rise(seqs: Any, row: Any, top: int, at: int) -> None:
    s = row[at]
    key = seqs[s].finish_step
    while at > top:
        up = (at - 1) >> 1
        if not key < seqs[row[up]].finish_step:
            break
        row[at] = row[up]
        at = up
    row[at] = s


@jit
def _sink(seqs: Any, row: Any, at: int, size: int) -> None:
    top, s = at, row[at]
    child = 2 * at + 1
    while child < size:
        right = child + 1
        if right < size and not seqs[row[child]].finish_step < seqs[row[right]].finish_step:
            child = right
        row[at] = row[child]
        at = child
        child = 2 * at + 1
    row[at] = s
    _rise(seqs, row, top, at)


@jit
def _push(rep: Any, seqs: Any, row: Any, s: int) -> None:
    at = rep.decoding
    rep.decoding = at + 1
    row[at] = s
    _rise(seqs, row, 0, at)


@jit
def _pop(rep: Any, seqs: Any, row: Any) -> int:
    s = row[0]
    size = rep.decoding - 1
    rep.decoding = size
    if size:
        row[0] = row[size]
        _sink(seqs, row, 0, size)
    return int(s)


@jit
def _pick_out(rep: Any, seqs: Any, row: Any, s: int) -> None:
    """Take a sequence out of the middle of the heap."""
    at = 0
    while row[at] != s:
        at += 1
    size = rep.decoding - 1
    rep.decoding = size
    for place in range(at, size):
        row[place] = row[place + 1]
    for place in range(size // 2 - 1, -1, -1):
        _sink(seqs, row, place, size)


# ---------------------------------------------------------------- the batch


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
    s = seqs[rep.queues + WAITING].after
    return s if s != rep.queues + WAITING else seqs[rep.queues + LATER].after


@jit
def _need(to: Any, seqs: Any, s: int) -> Any:
    if not to.grows:
        return float(seqs[s].input_tokens + seqs[s].output_tokens)
    return float(seqs[s].held + (1.0 if isnan(seqs[s].first_token_s) else seqs[s].rate))


@jit
def _decode(rep: Any, seqs: Any, row: Any, s: int) -> None:
    rep.context += seqs[s].held
    rep.growth += seqs[s].rate
    seqs[s].finish_step = rep.steps_done + seqs[s].steps_left
    _push(rep, seqs, row, s)


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
    seqs[s].rank = rep.ranks
    if isnan(seqs[s].started_s):
        seqs[s].started_s = now_s
    if seqs[s].prefill_left == 0:
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
    at = seqs[mark].after
    while room > laid:
        if at == mark:
            if not may_admit or rep.queued == 0:
                break
            admitted = _admit(to, rep, seqs, row, now_s)
            if admitted == NONE:
                break
            if seqs[admitted].prefill_left == 0:
                room -= to.per_decode
                continue
            at = admitted
        left = seqs[at].prefill_left
        take = min(left, room - laid)
        laid += take
        if take < left:
            break
        rep.chunks += 1
        at = seqs[at].after
    rep.prefill_tokens = laid
    if rep.chunks or laid == 0:
        return 1 if laid else 0
    return int((seqs[_first(rep, seqs, PREFILLING)].prefill_left - 1) // laid)


@jit
def _youngest(rep: Any, seqs: Any, row: Any) -> int:
    """Return the sequence that is preempted first: of those that are not urgent, or else of all, the last admitted."""
    best = NONE
    s = _first(rep, seqs, PREFILLING)
    while s != rep.queues + PREFILLING:
        if best == NONE or _younger(seqs, s, best):
            best = s
        s = seqs[s].after
    for at in range(rep.decoding):
        s = row[at]
        if best == NONE or _younger(seqs, s, best):
            best = s
    return int(best)


@jit
def _younger(seqs: Any, one: int, other: int) -> bool:
    if seqs[one].urgent != seqs[other].urgent:
        return not seqs[one].urgent
    return bool(seqs[one].rank > seqs[other].rank)


@jit
def _preempt(to: Any, rep: Any, seqs: Any, row: Any, s: int) -> None:
    rep.preemptions += 1
    if seqs[s].finish_step:
        _pick_out(rep, seqs, row, s)
        done = seqs[s].steps_left - (seqs[s].finish_step - rep.steps_done)
        seqs[s].held = seqs[s].held + seqs[s].rate * done
        seqs[s].steps_left = seqs[s].finish_step - rep.steps_done
        seqs[s].finish_step = 0
        if rep.decoding == 0:
            rep.context = rep.growth = 0.0
        else:
            rep.context -= seqs[s].held
            rep.growth -= seqs[s].rate
    else:
        _remove(seqs, s)
        rep.prefilling -= 1
        rep.reserved -= _need(to, seqs, s)
    again = ceil(seqs[s].held - ROUNDING) - seqs[s].cached_tokens
    seqs[s].recomputed += again - seqs[s].prefill_left
    seqs[s].prefill_left = again
    _prepend(rep, seqs, WAITING if seqs[s].urgent else LATER, s)
    rep.queued += 1


@jit
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
        to_next_end = seqs[row[0]].finish_step - rep.steps_done
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
    while rep.decoding and seqs[row[0]].finish_step <= done:
        s = _pop(rep, seqs, row)
        total = seqs[s].input_tokens + seqs[s].output_tokens
        rep.context -= total
        rep.growth -= seqs[s].rate
        if not to.grows:
            rep.reserved -= total
        _complete(rep, seqs, s, tally, now_s, finished_s, outcome)
    if rep.decoding == 0:
        rep.context = rep.growth = 0.0
    if rep.prefill_tokens:
        _end_prefill(to, rep, seqs, row, steps, tally, now_s, finished_s, outcome)


@jit
def _complete(rep: Any, seqs: Any, s: int, tally: Ints, now_s: float, finished_s: Floats, outcome: Any) -> None:
    finished_s[s] = now_s
    outcome[s] = COMPLETED
    rep.load -= 1
    tally[1] += 1
    seqs[s].ended = tally[1]


@jit
def _end_prefill(
    to: Any, rep: Any, seqs: Any, row: Any, steps: int, tally: Ints, now_s: float, finished_s: Floats, outcome: Any
) -> None:
    spent = rep.prefill_tokens * steps
    for _ in range(rep.chunks):
        s = _first(rep, seqs, PREFILLING)
        spent -= seqs[s].prefill_left
        _remove(seqs, s)
        rep.prefilling -= 1
        if to.grows:
            rep.reserved -= _need(to, seqs, s)
        seqs[s].prefill_left = 0
        seqs[s].steps_left -= 1
        if isnan(seqs[s].first_token_s):
            seqs[s].first_token_s = now_s
            seqs[s].held += 1.0
        else:
            seqs[s].held += seqs[s].rate
        if seqs[s].steps_left:
            _decode(rep, seqs, row, s)
            continue
        if not to.grows:
            rep.reserved -= seqs[s].input_tokens + seqs[s].output_tokens
        _complete(rep, seqs, s, tally, now_s, finished_s, outcome)
    if spent:
        seqs[_first(rep, seqs, PREFILLING)].prefill_left -= spent
    rep.prefill_tokens = 0
    rep.chunks = 0


# ---------------------------------------------------------------- the fleet


@jit
def _choose(to: Any, reps: Any, tally: Ints, chance: float) -> int:
    replicas = len(reps)
    if to.dispatch == LEAST:
        best = 0
        for r in range(1, replicas):
            if reps[r].load < reps[best].load:
                best = r
        return best
    if to.dispatch == ROUND_ROBIN:
        place = tally[0] % replicas
        tally[0] = place + 1
        return int(place)
    one, other = two_of(replicas, chance)
    return one if reps[one].load <= reps[other].load else other


@jit
def _full(to: Any, reps: Any) -> Any:
    waiting = 0
    for r in range(len(reps)):
        waiting += reps[r].queued
        if reps[r].load < to.max_sequences and reps[r].queued == 0:
            return False
    return waiting >= to.max_queue


@jit
def run_fleet(
    settings: Any,
    table: Floats,
    reps: Any,
    seqs: Any,
    heap: Any,
    entered_s: Floats,
    chances: Floats,
    finished_s: Floats,
    outcome: Any,
) -> None:
    """Serve sequences that come in order of time; write when each left and how.

    Args:
        settings: what holds for every replica, one row of `SETTINGS`.
        table: tokens of a step and its fixed time, shape (2, points); no points where `alpha_s` holds for all.
        reps: idle replicas; how long each worked is left in them.
        seqs: sequences, of `new_fleet`; stamps of begin and first token are left in them.
        heap: room for those that decode.
        entered_s: when each comes, rising, shape (n,).
        chances: one uniform variate each, for dispatch by two choices.
        finished_s: filled with when each left.
        outcome: filled with how.
    """
    to = settings[0]
    n, replicas = len(entered_s), len(reps)
    coming, impatient = 0, 0
    tally = np.zeros(2, np.int64)  # the replica whose turn it is; sequences that are complete
    while True:
        r, wake_s = 0, inf
        for place in range(replicas):
            if reps[place].ends_s < wake_s:
                r, wake_s = place, reps[place].ends_s
        come_s = entered_s[coming] if coming < n else inf
        give_up_s = inf
        if to.patience_s < inf:
            while impatient < coming and (outcome[impatient] or not isnan(seqs[impatient].started_s)):
                impatient += 1
            if impatient < coming:
                give_up_s = entered_s[impatient] + to.patience_s
        if wake_s <= come_s and wake_s <= give_up_s:
            if wake_s == inf:
                return
            reps[r].busy_s += wake_s - reps[r].began_s
            _finish(to, reps[r], seqs, heap[r], tally, wake_s, finished_s, outcome)
            _plan(to, table, reps[r], seqs, heap[r], wake_s)
        elif come_s <= give_up_s:
            _come(to, table, reps, seqs, heap, coming, come_s, tally, chances, finished_s, outcome)
            coming += 1
        else:
            _give_up(to, reps, seqs, impatient, give_up_s, finished_s, outcome)


@jit
def _come(
    to: Any,
    table: Floats,
    reps: Any,
    seqs: Any,
    heap: Any,
    s: int,
    now_s: float,
    tally: Ints,
    chances: Floats,
    finished_s: Floats,
    outcome: Any,
) -> None:
    too_large = seqs[s].input_tokens + seqs[s].output_tokens > to.kv_capacity
    if too_large or (to.max_queue >= 0 and _full(to, reps)):
        outcome[s] = REJECTED
        finished_s[s] = now_s
        return
    r = _choose(to, reps, tally, chances[s])
    seqs[s].place = r
    _append(reps[r], seqs, WAITING if seqs[s].urgent else LATER, s)
    reps[r].queued += 1
    reps[r].load += 1
    if not reps[r].busy:
        _plan(to, table, reps[r], seqs, heap[r], now_s)
    elif _head(reps[r], seqs) == s:
        _cut(to, reps[r], seqs, now_s)


@jit
def _give_up(to: Any, reps: Any, seqs: Any, s: int, now_s: float, finished_s: Floats, outcome: Any) -> None:
    r = seqs[s].place
    blocked = _head(reps[r], seqs) == s
    _remove(seqs, s)
    reps[r].queued -= 1
    reps[r].load -= 1
    outcome[s] = TIMED_OUT
    finished_s[s] = now_s
    if blocked:
        _cut(to, reps[r], seqs, now_s)
