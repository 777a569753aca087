"""Calls kernel: a vendor's limits, slots, errors and outages, and its client's retries, as one loop over their moments.

The rules are those of `tco/sim/stations/managed_api.py`; buckets and back-off are the same code.
"""

from __future__ import annotations

from math import inf, isnan
from typing import Any, NamedTuple

import numpy as np

from tco.policies import backoff, token_bucket
from tco.sim.compiled.kernels.jit import jit, jit_apart, kernel, shared
from tco.sim.compiled.kernels.rings import (
    COMPLETED,
    FAILED,
    NONE,
    REJECTED,
    TIMED_OUT,
    Floats,
    _insert,
    _record,
    _remove,
)

refilled = shared(token_bucket.refilled)
fills_in_s = shared(token_bucket.fills_in_s)
jittered_s = shared(backoff.jittered_s)

TRIES, SWITCHES = 1, 2  # tables that may end too soon
SENT, OVER, DEADLINE = 0, 1, 2  # moments of a call: it is sent, its service is over, its patience ends in the line

TERMS = _record(
    f8="requests_capacity requests_per_s tokens_capacity tokens_per_s error_share jitter_share",
    i8="max_waiting max_retries",
    b1="limits_requests limits_tokens honours_wait",
)
"""What a vendor lets through, and how its client tries again; no limit to a queue: max_waiting below 0."""

DESK = _record(
    f8="requests requests_as_of_s tokens tokens_as_of_s",
    i8="free waiting moments order switch resent refused lost failed short over",
    b1="down",
)
"""State of a vendor: levels of buckets, free slots, calls in line, and counts; `short` names a table that ended."""

CALL = _record(
    f8="deadline_s tokens started_s first_token_s left_s",
    i8="ended",
    i4="after before retries",
    i1="outcome ends_as",
)
MOMENT = _record(f8="at_s", i8="order", i4="call kind")


class Tries(NamedTuple):
    """What each try of each call would meet, shape (tries, calls): first token and the rest, seconds; luck."""

    ttft_s: Floats
    decode_s: Floats
    error: Floats
    jitter: Floats


@jit
def _before(one: Any, at_s: float, order: int) -> bool:
    return bool(one.at_s < at_s or (one.at_s == at_s and one.order < order))


@jit
def _put(heap: Any, at: int, at_s: float, order: int, call: int, kind: int) -> None:
    heap[at].at_s, heap[at].order = at_s, order
    heap[at].call, heap[at].kind = call, kind


@jit_apart
def _note(desk: Any, heap: Any, at_s: float, kind: int, call: int) -> None:
    """Put a moment into the heap of those to come; of two at the same time the one that was noted first is first."""
    desk.order += 1
    _note_in_order(desk, heap, at_s, desk.order, kind, call)


@jit
def _note_in_order(desk: Any, heap: Any, at_s: float, order: int, kind: int, call: int) -> None:
    """Put a moment into the heap; of two at the same time the one of the lower order is first."""
    at = desk.moments
    desk.moments = at + 1
    while at > 0:
        up = (at - 1) >> 1
        if not (at_s < heap[up].at_s or (at_s == heap[up].at_s and order < heap[up].order)):
            break
        _put(heap, at, heap[up].at_s, heap[up].order, heap[up].call, heap[up].kind)
        at = up
    _put(heap, at, at_s, order, call, kind)


@jit_apart
def _drop_first(desk: Any, heap: Any) -> None:
    size = desk.moments - 1
    desk.moments = size
    at_s, order, call, kind = heap[size].at_s, heap[size].order, heap[size].call, heap[size].kind
    at, child = 0, 1
    while child < size:
        if child + 1 < size and _before(heap[child + 1], heap[child].at_s, heap[child].order):
            child += 1
        if not _before(heap[child], at_s, order):
            break
        _put(heap, at, heap[child].at_s, heap[child].order, heap[child].call, heap[child].kind)
        at = child
        child = 2 * at + 1
    if size:
        _put(heap, at, at_s, order, call, kind)


@kernel
def run_calls(
    settings: Any, desks: Any, full_s: Floats, switches_s: Floats, calls: Any, tries: Tries, heap: Any,
    entered_s: Floats,
) -> None:  # fmt: skip
    """Play calls that come in order of time; write how each went.

    Args:
        settings: one row of `TERMS`.
        desks: one row of `DESK`, as it is before the first call; counts are left in it.
        full_s: wait before each retry without jitter, shape (retries,).
        switches_s: when an outage begins or ends, rising.
        calls: with deadline and counted tokens, and one more as the mark of the line; the rest is filled.
        tries: times and luck; where more are needed than it has, `short` is set and nothing holds.
        heap: room for moments.
        entered_s: when each call comes, rising, shape (n,).
    """
    to, desk = settings[0], desks[0]
    n = len(entered_s)
    coming = 0
    while not desk.short:
        come_s = entered_s[coming] if coming < n else inf
        if desk.moments and heap[0].at_s < come_s:
            now_s, call, kind = heap[0].at_s, heap[0].call, heap[0].kind
            _drop_first(desk, heap)
            if kind == SENT:
                _send(to, desk, full_s, switches_s, calls, tries, heap, call, now_s)
            elif kind == OVER:
                _over(to, desk, full_s, calls, tries, heap, call, now_s)
            elif calls[call].after != NONE:
                _leave_line(desk, calls, call)
                _end(desk, calls, call, TIMED_OUT, now_s)
        elif coming < n:
            _send(to, desk, full_s, switches_s, calls, tries, heap, coming, come_s)
            coming += 1
        else:
            return


@jit
def _end(desk: Any, calls: Any, call: int, outcome: int, now_s: float) -> None:
    calls[call].outcome = outcome
    calls[call].left_s = now_s
    desk.over += 1
    calls[call].ended = desk.over
    if outcome != COMPLETED:
        calls[call].first_token_s = np.nan


@jit
def _leave_line(desk: Any, calls: Any, call: int) -> None:
    _remove(calls, call)
    calls[call].after = NONE
    desk.waiting -= 1


@jit
def _send(
    to: Any, desk: Any, full_s: Floats, switches_s: Floats, calls: Any, tries: Tries, heap: Any, call: int,
    now_s: float,
) -> None:  # fmt: skip
    if to.limits_tokens and not calls[call].retries and calls[call].tokens > to.tokens_capacity:
        _end(desk, calls, call, REJECTED, now_s)
        return
    while desk.switch < len(switches_s) and now_s >= switches_s[desk.switch]:
        desk.switch += 1
        desk.down = not desk.down
    if desk.switch == len(switches_s):
        desk.short = SWITCHES
        return
    if desk.down:
        desk.lost += 1
        _again(to, desk, full_s, calls, tries, heap, call, FAILED, 0.0, now_s)
        return
    wait_s = _wait_s(to, desk, calls[call].tokens, now_s)
    if wait_s != 0.0:
        desk.refused += 1
        _again(to, desk, full_s, calls, tries, heap, call, REJECTED, max(wait_s, 0.0), now_s)
    elif desk.free > 0:
        _serve(to, desk, calls, tries, heap, call, now_s)
    else:
        _insert(calls, call, calls[len(calls) - 1].before)
        desk.waiting += 1
        if calls[call].deadline_s < inf:
            _note(desk, heap, calls[call].deadline_s, DEADLINE, call)


@jit
def _wait_s(to: Any, desk: Any, tokens: float, now_s: float) -> float:
    """Return 0 where the call is let through; else how long it is asked to wait, below 0 where it is not told."""
    if desk.free <= 0 and 0 <= to.max_waiting <= desk.waiting:
        return -1.0
    wait_s = 0.0
    if to.limits_requests:
        elapsed_s = now_s - desk.requests_as_of_s
        desk.requests = refilled(desk.requests, to.requests_capacity, to.requests_per_s, elapsed_s)
        desk.requests_as_of_s = now_s
        wait_s = max(wait_s, fills_in_s(1.0, desk.requests, to.requests_capacity, to.requests_per_s))
    if to.limits_tokens:
        elapsed_s = now_s - desk.tokens_as_of_s
        desk.tokens = refilled(desk.tokens, to.tokens_capacity, to.tokens_per_s, elapsed_s)
        desk.tokens_as_of_s = now_s
        wait_s = max(wait_s, fills_in_s(tokens, desk.tokens, to.tokens_capacity, to.tokens_per_s))
    if wait_s == 0.0:
        desk.requests -= 1.0
        desk.tokens -= tokens
    return wait_s


@jit_apart
def _serve(to: Any, desk: Any, calls: Any, tries: Tries, heap: Any, call: int, now_s: float) -> None:
    desk.free -= 1
    if isnan(calls[call].started_s):
        calls[call].started_s = now_s
    number = calls[call].retries
    ttft_s = tries.ttft_s[number, call]
    errs = to.error_share > 0.0 and tries.error[number, call] < to.error_share
    calls[call].first_token_s = now_s + ttft_s
    service_s = ttft_s if errs else ttft_s + tries.decode_s[number, call]
    deadline_s = calls[call].deadline_s
    if now_s + service_s <= deadline_s:
        calls[call].ends_as = FAILED if errs else COMPLETED
    else:
        calls[call].ends_as = TIMED_OUT
        service_s = deadline_s - now_s
    _note(desk, heap, now_s + service_s, OVER, call)


@jit
def _over(to: Any, desk: Any, full_s: Floats, calls: Any, tries: Tries, heap: Any, call: int, now_s: float) -> None:
    desk.free += 1
    if desk.waiting:
        following = calls[len(calls) - 1].after
        _leave_line(desk, calls, following)
        _serve(to, desk, calls, tries, heap, following, now_s)
    outcome = calls[call].ends_as
    if outcome == FAILED:
        desk.failed += 1
    _again(to, desk, full_s, calls, tries, heap, call, outcome, 0.0, now_s)


@jit_apart
def _again(
    to: Any, desk: Any, full_s: Floats, calls: Any, tries: Tries, heap: Any, call: int, outcome: int, wait_s: float,
    now_s: float,
) -> None:  # fmt: skip
    """Send a call again, or end it."""
    number = calls[call].retries
    if outcome in (COMPLETED, TIMED_OUT) or number == to.max_retries:
        _end(desk, calls, call, outcome, now_s)
        return
    if number + 1 >= len(tries.ttft_s):
        desk.short = TRIES
        return
    asked_s = wait_s if to.honours_wait else 0.0
    resent_s = now_s + jittered_s(asked_s, full_s[number], to.jitter_share, tries.jitter[number, call])
    deadline_s = calls[call].deadline_s
    if resent_s >= deadline_s:
        _end(desk, calls, call, TIMED_OUT, now_s + (deadline_s - now_s))
        return
    calls[call].retries = number + 1
    desk.resent += 1
    _note(desk, heap, now_s + (resent_s - now_s), SENT, call)
