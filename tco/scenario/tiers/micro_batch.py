"""Small models that answer whole batches at once: embedding, classification, re-ranking."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.fields import NonNegative, Positive, Source
from tco.plugin import together
from tco.scenario.tiers import FleetTier


class MicroBatch(FleetTier):
    """Requests collect until a batch is full or its window is over; then a replica runs all of it together.

    A batch of n requests with t prompt tokens in all takes `batch_fixed_s` + n x `batch_s_per_request` +
    t x `batch_s_per_token` seconds, whatever the answers' lengths.
    """

    kind: Literal["micro_batch"] = "micro_batch"
    max_batch: Annotated[int, Field(ge=1, le=65_536)]
    """Most requests in a batch; a full one runs as soon as a replica is free."""
    window_s: NonNegative = 0.0
    """How long the first request of a batch waits for others, seconds; 0 runs whatever waits when a replica is free."""
    batch_fixed_s: NonNegative
    """Time that every batch takes, seconds."""
    batch_s_per_request: NonNegative = 0.0
    """Time that each request adds, seconds."""
    batch_s_per_token: NonNegative = 0.0
    """Time that each prompt token adds, seconds."""
    batch_time: Literal["constant", "exponential"] = "constant"
    """Whether a batch takes just that time, or an exponential one with that mean (for comparison with theory)."""
    source: Source
    """Where the times were measured."""
    gpus_per_replica: Annotated[int, Field(ge=1, le=1024)] = 1
    """GPUs that work together as one replica."""
    max_queue_requests: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Most requests that wait, collecting ones included; further ones are rejected. None: no limit."""
    queue_timeout_s: Positive | None = None
    """How long a request waits for its batch to begin before it gives up, seconds. None: for ever."""

    @together("batch_fixed_s", "batch_s_per_request", "batch_s_per_token")
    def _batches_take_time(self) -> None:
        if self.batch_fixed_s + self.batch_s_per_request + self.batch_s_per_token <= 0:
            raise ValueError("batch_fixed_s 0, batch_s_per_request 0 and batch_s_per_token 0 make batches take no time")

    @together("max_queue_requests", "max_batch")
    def _queue_holds_a_batch(self) -> None:
        if self.max_queue_requests is not None and self.max_queue_requests < self.max_batch:
            raise ValueError(
                f"max_queue_requests {self.max_queue_requests} is below max_batch {self.max_batch}; a batch could "
                "never be full"
            )

    @together("queue_timeout_s", "window_s")
    def _window_ends_before_patience(self) -> None:
        if self.queue_timeout_s is not None and self.queue_timeout_s <= self.window_s:
            raise ValueError(
                f"queue_timeout_s {self.queue_timeout_s:g} is not above window_s {self.window_s:g}; a request on its "
                "own would give up before its batch begins"
            )

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return self.gpus_per_replica

    def batch_s(self, requests: int, input_tokens: float) -> float:
        """Return the mean time of a batch, seconds.

        Args:
            requests: how many it holds.
            input_tokens: prompt tokens of all of them together.
        """
        return mean_batch_s(
            self.batch_fixed_s, self.batch_s_per_request, self.batch_s_per_token, requests, input_tokens
        )

    def carried_rps(self, lengths: list[tuple[int, int]]) -> float:
        """Return the throughput of full batches back to back: no batch size has a higher one."""
        tokens = sum(tokens_in for tokens_in, _ in lengths) / len(lengths)
        return self.max_batch / self.batch_s(self.max_batch, self.max_batch * tokens)


def mean_batch_s(fixed_s: float, each_s: float, token_s: float, requests: int, input_tokens: float) -> float:
    """Return the mean time of a batch: a fixed part, one for each request, and one for each prompt token; seconds.

    >>> mean_batch_s(0.02, 0.001, 0.0, 5, 400)
    0.025
    """
    return fixed_s + each_s * requests + token_s * input_tokens
