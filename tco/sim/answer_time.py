"""Answer times of things known by measured quantiles: when the first token comes, and how long the rest takes."""

from __future__ import annotations

from math import exp, log

from tco import catalog
from tco.demand.workload import Workload
from tco.serving.latency import Z95, ApiLatency


class AnswerTime:
    """Log-normal times through the stated quantiles; who is unlucky is decided by the request, not by the station.

    Args:
        latency: measured quantiles, or their name in the catalog.
        workload: the requests and their luck.
    """

    def __init__(self, latency: str | ApiLatency, workload: Workload) -> None:
        known = catalog.api_latencies()[latency] if isinstance(latency, str) else latency
        self._ttft = (known.ttft_p50_s, log(known.ttft_p95_s / known.ttft_p50_s) / Z95)
        self._tpot = (known.tpot_p50_s, log(known.tpot_p95_s / known.tpot_p50_s) / Z95)
        self._workload = workload

    def draw_s(self, request: int, attempt: int, output_tokens: int) -> tuple[float, float]:
        """Return the time to the first token and the time from there to the last, seconds."""
        luck = self._workload.normals("first_token", attempt)[request]
        pace = self._workload.normals("decode", attempt)[request]
        ttft_s = self._ttft[0] * exp(self._ttft[1] * luck)
        return ttft_s, self._tpot[0] * exp(self._tpot[1] * pace) * (output_tokens - 1)
