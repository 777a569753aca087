"""Throughput: how many requests a second one replica carries when it never runs out of work.

A window is short: at 200 requests a second, 5 000 requests last 25 s, in which even a hopelessly small fleet builds
no queue of a minute. A busy hour lasts 3 600 s. So a fleet must also carry the load, whatever its window shows.
"""

from __future__ import annotations

from itertools import cycle, islice

from tco.scenario.tiers import FleetTier
from tco.serving.batching import Batch, Sequence
from tco.serving.step_time import Server

BATCHES = 16  # full batches that are run
RAMP_SHARE = 0.25  # share of the requests at the start, in which the batch fills up, that is left out


def replica_rps(tier: FleetTier, lengths: list[tuple[int, int]]) -> float:
    """Say how many requests a second one replica of a tier carries: by the tier's own formula, else by running it.

    Args:
        tier: a tier whose fleet is sized.
        lengths: prompt and answer tokens of requests that fit a replica, at least one.
    """
    formula = tier.carried_rps(lengths)
    return carried_rps(tier.replica, lengths) if formula is None else formula


def carried_rps(server: Server, lengths: list[tuple[int, int]]) -> float:
    """Measure the throughput of one replica before which a queue always stands.

    Args:
        server: the replica.
        lengths: prompt and answer tokens of requests that fit it, at least one; repeated until there are enough.

    Returns:
        Requests per second: the highest rate at which the queue does not grow without end.
    """
    mean_tokens = sum(map(sum, lengths)) / len(lengths)
    together = min(server.max_sequences, int(server.kv_capacity_tokens / mean_tokens) + 1)
    count = max(len(lengths), BATCHES * together)
    batch = Batch(server)
    for tokens_in, tokens_out in islice(cycle(lengths), count):
        batch.join(Sequence(tokens_in, tokens_out))
    first: tuple[int, float] | None = None
    done, now_s = 0, 0.0
    while batch.waiting or first is None:
        batch.plan(now_s)
        now_s = batch.ends_s
        done += len(batch.finish(now_s))
        if first is None and done >= RAMP_SHARE * count:
            first = done, now_s
    return (done - first[0]) / (now_s - first[1])
