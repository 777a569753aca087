"""Edge devices: each request goes to its user's device and waits there; devices do not help each other."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from simpy import Resource
from simpy.events import Timeout

from tco.demand.workload import Workload
from tco.scenario.tiers.edge import Edge
from tco.sim.answer_time import AnswerTime
from tco.sim.stations import Call, Station, StationBooks, Visit


class EdgeStation(Station):
    """N single queues side by side; counts `service_s`, the time that devices worked."""

    kind: ClassVar[str] = "edge"

    def setup(self, config: Edge, workload: Workload, replicas: int) -> None:
        """Give every request its device: users, and so their requests, are spread evenly over the devices."""
        del replicas  # the number of devices is the scenario's
        self._config = config
        self._device = [int(u * config.devices) for u in workload.uniforms("device")]
        self._queues: dict[int, Resource] = {}  # made when first used; most of a million devices stay idle
        self._answer_time = AnswerTime(config.latency, workload) if config.latency is not None else None
        self._service_s = 0.0

    def visit(self, call: Call) -> Visit:
        """Wait for the device, then for the answer."""
        self.enter()
        queue = self._queue(self._device[call.request])
        slot = queue.request()
        yield slot
        call.started_s = self.env.now
        ttft_s, rest_s = self._times_s(call)
        call.first_token_s = self.env.now + ttft_s
        self._service_s += ttft_s + rest_s
        yield Timeout(self.env, ttft_s + rest_s)
        queue.release(slot)
        self.leave(call)

    def _queue(self, device: int) -> Resource:
        if device not in self._queues:
            self._queues[device] = Resource(self.env, self._config.requests_at_once)
        return self._queues[device]

    def _times_s(self, call: Call) -> tuple[float, float]:
        """Return the time to the first token and from there to the last, seconds."""
        tokens_in, tokens_out = call.input_tokens, call.output_tokens
        if self._answer_time is not None:
            ttft_s, rest_s = self._answer_time.draw_s(call)
            return max(ttft_s - self._config.round_trip_saved_s, 0.0), rest_s
        speed = self._config.speed
        if speed is None:
            raise ValueError("an edge tier has a speed or a latency")  # its own check sees to that
        word_s = 1.0 / speed.decode_tokens_per_s
        return tokens_in / speed.prefill_tokens_per_s + word_s, (tokens_out - 1) * word_s

    def busy_share(self, elapsed_s: float) -> float | None:
        """Average over all devices and what they do at once."""
        return self._service_s / (self._config.slots * elapsed_s)

    def books(self, elapsed_s: float) -> StationBooks:
        """Close the books with the time that devices worked."""
        return replace(super().books(elapsed_s), counts={"service_s": self._service_s})
