"""Lines kernel: micro-batches from one line, and devices with a line each, as loops over their calls."""

from __future__ import annotations

from math import inf, log1p
from typing import Any, NamedTuple

from tco.scenario.tiers import micro_batch
from tco.sim.compiled.kernels.jit import jit, kernel, shared
from tco.sim.compiled.kernels.rings import COMPLETED, NONE, REJECTED, TIMED_OUT, Floats, Ints, _record

mean_batch_s = shared(micro_batch.mean_batch_s)

BENCH = _record(
    f8="window_s patience_s fixed_s each_s token_s busy_s",
    i8="most max_waiting free waiting head batches",
    b1="exponential",
)
"""Terms of a micro-batch tier and its state; no limit to the line: max_waiting below 0."""


class Line(NamedTuple):
    """The calls of a micro-batch tier, shape (n,).

    Attributes:
        bench: one row of `BENCH`.
        ends_s: when each replica's batch is over, infinite where it is idle, shape (replicas,).
        first: the first call of each replica's batch, shape (replicas,).
        following: who comes behind each call in its line or its batch; NONE behind the last.
        entered_s: when each comes, rising.
        tokens: prompt tokens.
        luck: uniform variate of a batch whose first call it is.
        started_s: filled with the begin of its batch.
        left_s: filled with when it left.
        outcome: filled with how.
    """

    bench: Any
    ends_s: Floats
    first: Ints
    following: Ints
    entered_s: Floats
    tokens: Ints
    luck: Floats
    started_s: Floats
    left_s: Floats
    outcome: Any


@kernel
def run_batches(line: Line) -> None:
    """Serve all calls, which come in order of time."""
    to, n = line.bench[0], len(line.entered_s)
    coming = last = 0
    while True:
        come_s = line.entered_s[coming] if coming < n else inf
        r = 0
        for other in range(1, len(line.ends_s)):
            if line.ends_s[other] < line.ends_s[r]:
                r = other
        give_up_s = line.entered_s[to.head] + to.patience_s if to.waiting else inf
        window_s = line.entered_s[to.head] + to.window_s if to.waiting and to.free else inf
        now_s = min(come_s, line.ends_s[r], give_up_s, window_s)
        if now_s == inf:
            return
        if now_s == come_s:
            if 0 <= to.max_waiting <= to.waiting:
                line.outcome[coming], line.left_s[coming] = REJECTED, now_s
            else:
                if to.waiting:
                    line.following[last] = coming
                else:
                    to.head = coming
                last = coming
                to.waiting += 1
            coming += 1
        elif now_s == line.ends_s[r]:
            _end_batch(line, r, now_s)
        elif now_s == give_up_s:
            line.outcome[to.head], line.left_s[to.head] = TIMED_OUT, now_s
            to.head = line.following[to.head]
            to.waiting -= 1
            continue
        while to.free and to.waiting and (to.waiting >= to.most or now_s >= line.entered_s[to.head] + to.window_s):
            _begin_batch(line, now_s)


@jit
def _begin_batch(line: Line, now_s: float) -> None:
    to, r = line.bench[0], 0
    while line.ends_s[r] < inf:
        r += 1
    size, tokens, call, last = min(to.waiting, to.most), 0, to.head, to.head
    line.first[r] = call
    for _ in range(size):
        line.started_s[call] = now_s
        tokens += line.tokens[call]
        last, call = call, line.following[call]
    line.following[last] = NONE
    to.waiting -= size
    batch_s = mean_batch_s(to.fixed_s, to.each_s, to.token_s, size, tokens)
    if to.exponential:
        batch_s *= -log1p(-line.luck[to.head])
    to.head = call
    to.free -= 1
    to.batches += 1
    to.busy_s += batch_s
    line.ends_s[r] = now_s + batch_s


@jit
def _end_batch(line: Line, r: int, now_s: float) -> None:
    call = line.first[r]
    while call != NONE:
        line.outcome[call], line.left_s[call] = COMPLETED, now_s
        call = line.following[call]
    line.ends_s[r] = inf
    line.bench[0].free += 1


@kernel
def run_devices(free_s: Floats, device: Ints, entered_s: Floats, service_s: Floats, started_s: Floats) -> None:
    """Serve each call at its device, in order.

    Args:
        free_s: when each place of each device is free, shape (devices, places).
        device: of each call, shape (n,).
        entered_s: when each comes, rising.
        service_s: how long it is served.
        started_s: filled with the begin of its service.
    """
    for call in range(len(device)):
        places = free_s[device[call]]
        best = 0
        for place in range(1, len(places)):
            if places[place] < places[best]:
                best = place
        started_s[call] = max(places[best], entered_s[call])
        places[best] = started_s[call] + service_s[call]
