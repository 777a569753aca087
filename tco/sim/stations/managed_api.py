"""Managed API: log-normal time to first token and time per output token, a queue only at the concurrency limit."""

from __future__ import annotations

from math import exp, log
from typing import ClassVar

from simpy import Resource
from simpy.events import Timeout

from tco import catalog
from tco.demand.workload import Workload
from tco.scenario.tiers.managed_api import ManagedApi
from tco.serving.latency import Z95
from tco.sim.stations import Call, Station, Visit


class ManagedApiStation(Station):
    """Serves every request at once, up to the limit; a request that is unlucky here is unlucky in every option."""

    kind: ClassVar[str] = "managed_api"

    def setup(self, config: ManagedApi, workload: Workload, replicas: int) -> None:
        """Turn the latency quantiles into medians and spreads."""
        del replicas  # the vendor's capacity is not ours to size
        latency = catalog.api_latencies()[config.latency] if isinstance(config.latency, str) else config.latency
        self._ttft = (latency.ttft_p50_s, log(latency.ttft_p95_s / latency.ttft_p50_s) / Z95)
        self._tpot = (latency.tpot_p50_s, log(latency.tpot_p95_s / latency.tpot_p50_s) / Z95)
        self._slots = Resource(self.env, config.max_concurrency) if config.max_concurrency else None
        self._workload = workload
        self._tokens = workload.input_tokens.tolist(), workload.output_tokens.tolist()

    def visit(self, call: Call) -> Visit:
        """Wait for a slot where there is a limit, for the first token, then for the rest."""
        self.enter()
        slots, slot = self._slots, None
        if slots is not None:
            slot = slots.request()
            yield slot
        request, attempt = call.request, call.attempt
        call.started_s = self.env.now
        luck = self._workload.normals("first_token", attempt)[request]
        pace = self._workload.normals("decode", attempt)[request]
        tokens_in, tokens_out = self._tokens[0][request], self._tokens[1][request]
        ttft_s = self._ttft[0] * exp(self._ttft[1] * luck)
        decode_s = self._tpot[0] * exp(self._tpot[1] * pace) * (tokens_out - 1)
        call.first_token_s = self.env.now + ttft_s
        yield Timeout(self.env, ttft_s + decode_s)
        if slots is not None and slot is not None:
            slots.release(slot)
        self.leave(call, tokens_in, tokens_out)
