"""The bare recurrence: one fleet without features, for the compiled engine to be held against.

Continuous batching as docs/simulation.md has it, in one function with one array a quantity: no priority, patience,
preemption, queue limit, failure or scaling; memory reserved whole, least-loaded dispatch. What a program without
features does on this machine, so its time is the yardstick. `benchmarks/compiled.py` times it beside the engine and
checks that both give the same stamps.
"""

from __future__ import annotations

from math import ceil, inf, sqrt
from typing import Any

import numpy as np
from numba import njit


@njit(error_model="numpy")
def _sift_up(keys: Any, seqs: Any, at: int, key: int, s: int) -> None:
    while at > 0:
        up = (at - 1) >> 1
        if keys[up] <= key:
            break
        keys[at], seqs[at] = keys[up], seqs[up]
        at = up
    keys[at], seqs[at] = key, s


@njit(error_model="numpy")
def _sift_down(keys: Any, seqs: Any, size: int) -> None:
    key, s, at, child = keys[size], seqs[size], 0, 1
    while child < size:
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at], seqs[at] = keys[child], seqs[child]
        at = child
        child = 2 * at + 1
    keys[at], seqs[at] = key, s


@njit(error_model="numpy")
def recur(  # noqa: PLR0915  # one function, as a yardstick without calls
    alpha: float, beta: float, gamma: float, delta: float, room: int, budget: int, most: int, come: Any, tokens_in: Any,
    tokens_out: Any, replicas: int, first_s: Any, left_s: Any,
) -> None:  # fmt: skip
    """Fill when each request had its first token and when it left."""
    n = len(come)
    ends, began, step = np.full(replicas, inf), np.zeros(replicas), np.zeros(replicas)
    context, held = np.zeros(replicas), np.zeros(replicas)
    steps, done, running, load, prefill, whole = np.zeros((6, replicas), np.int64)
    queue, last, reading, newest = np.full((4, replicas), -1)
    keys, seqs = np.zeros((replicas, most + 1), np.int64), np.zeros((replicas, most + 1), np.int64)
    following, unread = np.full(n, -1), tokens_in.copy()
    for s in range(n + 1):
        come_s = come[s] if s < n else inf
        for r in range(replicas):
            while ends[r] <= come_s and ends[r] < inf:
                now = ends[r]
                done[r] += steps[r]
                context[r] += running[r] * steps[r]
                while running[r] and keys[r, 0] <= done[r]:
                    over = seqs[r, 0]
                    running[r] -= 1
                    _sift_down(keys[r], seqs[r], running[r])
                    context[r] -= tokens_in[over] + tokens_out[over]
                    held[r] -= tokens_in[over] + tokens_out[over]
                    load[r] -= 1
                    left_s[over] = now
                spent = prefill[r] * steps[r]
                for _ in range(whole[r] if prefill[r] else 0):
                    read = reading[r]
                    spent -= unread[read]
                    reading[r] = following[read]
                    first_s[read] = now
                    if tokens_out[read] == 1:
                        left_s[read] = now
                        load[r] -= 1
                        held[r] -= tokens_in[read] + 1
                        continue
                    context[r] += tokens_in[read] + 1
                    running[r] += 1
                    _sift_up(keys[r], seqs[r], running[r] - 1, done[r] + tokens_out[read] - 1, read)
                if spent:
                    unread[reading[r]] -= spent
                free, laid, chunks, at = budget - running[r], 0, 0, reading[r]
                while free > laid:
                    if at < 0:
                        at = queue[r]
                        if at < 0 or held[r] + tokens_in[at] + tokens_out[at] > room:
                            break
                        queue[r] = following[at]
                        following[at] = -1
                        held[r] += tokens_in[at] + tokens_out[at]
                        if reading[r] < 0:
                            reading[r] = at
                        else:
                            following[newest[r]] = at
                        newest[r] = at
                    take = min(unread[at], free - laid)
                    laid += take
                    if take < unread[at]:
                        break
                    chunks += 1
                    at = following[at]
                prefill[r], whole[r] = laid, chunks
                if laid == 0 and running[r] == 0:
                    ends[r] = inf
                    break
                count = 1 if chunks else ((unread[reading[r]] - 1) // laid if laid else keys[r, 0] - done[r])
                if running[r]:
                    count = min(count, keys[r, 0] - done[r])
                step[r] = alpha + beta * laid + gamma * running[r] + delta * context[r]
                steps[r], began[r] = count, now
                ends[r] = now + count * step[r] + delta * running[r] * count * (count - 1) / 2
        if s == n:
            return
        r = 0
        for other in range(1, replicas):
            if load[other] < load[r]:
                r = other
        load[r] += 1
        was_empty = queue[r] < 0
        if was_empty:
            queue[r] = s
        else:
            following[last[r]] = s
        last[r] = s
        if ends[r] == inf:  # it begins at once
            ends[r], steps[r] = come_s, 0
        elif was_empty and steps[r] > 1 and prefill[r] == 0:
            fits = held[r] + tokens_in[s] + tokens_out[s] <= room and running[r] < min(most, budget)
            growth, elapsed = delta * running[r], come_s - began[r]
            half = step[r] - growth / 2
            count = max(int(ceil(2 * elapsed / (half + sqrt(half * half + 2 * growth * elapsed)))), 1)  # noqa: RUF046  # compiled, it is a float
            if fits and count < steps[r]:
                steps[r] = count
                ends[r] = began[r] + count * step[r] + growth * count * (count - 1) / 2
