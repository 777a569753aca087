"""Answer times of things known by measurement: when the first token comes, and how long the rest takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco import catalog
from tco.demand.workload import Workload
from tco.serving.latency import ApiLatency
from tco.sim.stations import Call

MOST_ATTEMPTS = 1000  # tiers that one request tries, far above any option's


class AnswerTime:
    """Times as they were measured; who is unlucky is decided by the request, not by the station.

    Args:
        latency: measured latency, or its name in the catalog.
        workload: the requests and their luck.
    """

    def __init__(self, latency: str | ApiLatency, workload: Workload) -> None:
        self._latency = catalog.api_latencies()[latency] if isinstance(latency, str) else latency
        self._workload = workload
        self._known: dict[int, tuple[list[float], list[float]]] = {}  # by attempt: all requests at once are quicker

    def draw_s(self, call: Call) -> tuple[float, float]:
        """Return the time to the first token and the time from there to the last, seconds.

        A call that is sent again takes a time of its own; first tries have the numbers that they have where nothing is
        ever sent again, so that errors and limits change no other answer's time.
        """
        known = self.of_try(call.attempt + MOST_ATTEMPTS * call.retries)
        ttft_s = known[0][call.request] + self._latency.long_prompt_s(call.input_tokens)
        return ttft_s, known[1][call.request] * (call.output_tokens - 1)

    def draw_many_s(
        self, request: NDArray[np.int64], attempt: NDArray[np.int64], input_tokens: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return, for many first calls, the time to the first token and the time of each further token, seconds."""
        numbers = few_values(attempt)
        first_s, each_s = np.zeros(len(request)), np.zeros(len(request))
        for number in numbers:
            first, each = self._latency.arrays_s(self._workload, number)
            if len(numbers) == 1:
                first_s, each_s = first[request], each[request]
                break
            chosen = attempt == number
            first_s[chosen], each_s[chosen] = first[request[chosen]], each[request[chosen]]
        longer = np.maximum(input_tokens - self._latency.ttft_input_tokens, 0.0)
        return first_s + self._latency.ttft_s_per_input_token * longer, each_s

    def of_try(self, number: int) -> tuple[list[float], list[float]]:
        """Return the times to the first token and of each further one, of every request for a try, seconds."""
        known = self._known.get(number)
        if known is None:
            first_s = self._latency.first_token_s(self._workload, number)
            known = self._known[number] = first_s, self._latency.per_token_s(self._workload, number)
        return known

    def long_prompt_s(self, input_tokens: int) -> float:
        """Return what a long prompt adds to the time to the first token, seconds."""
        return self._latency.long_prompt_s(input_tokens)


def few_values(numbers: NDArray[np.integer[Any]]) -> list[int]:
    """List the different values of many small whole numbers; counting them is quicker than sorting.

    >>> few_values(np.array([2, 0, 2]))
    [0, 2]
    """
    found: list[int] = np.flatnonzero(np.bincount(numbers)).tolist()
    return found
