"""Micro-batch window: requests wait for company, and a free replica runs whoever is there as one batch.

One rule covers windows and start-at-once: a free replica takes the oldest requests, up to a full batch, as soon as the
line holds a full batch or its head has waited for the window. With a window of 0 that is bulk service, M/G^[1,b]/c.
A batch whose window is over while all replicas are busy goes on growing, as Triton's and TorchServe's do.
"""

from __future__ import annotations

from dataclasses import replace
from math import log1p
from typing import ClassVar

from simpy import Event
from simpy.events import Timeout

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.scenario.tiers.micro_batch import MicroBatch
from tco.sim.stations import Call, Station, StationBooks, Visit
from tco.sim.waiting import Line


class MicroBatchStation(Station):
    """Replicas that serve batches; counts `batches` (so the mean batch is completed / batches), `busy_s`, `idle_s`."""

    kind: ClassVar[str] = "micro_batch"

    def setup(self, config: MicroBatch, workload: Workload, replicas: int) -> None:
        """Begin with idle replicas and nobody waiting."""
        self._config = config
        self._workload = workload
        self._replicas = self._free = replicas
        self._line = Line(self.env, config.max_queue_requests, config.queue_timeout_s)
        self._batches, self._busy_s = 0, 0.0

    def visit(self, call: Call) -> Visit:
        """Wait for the batch to begin, then for its end."""
        self.enter()
        if self._line.full:
            self.turn_away(call, Outcome.REJECTED)
            return
        ticket = self._line.join(call)
        if self._config.window_s > 0:
            window = Timeout(self.env, self._config.window_s)
            window.callbacks.append(self._begin_batches)
        self._begin_batches()
        yield ticket
        if not ticket.served:
            self.turn_away(call, Outcome.TIMED_OUT)
            return
        call.started_s = self.env.now
        yield ticket.place
        call.first_token_s = self.env.now  # an embedding or a label comes whole
        self.leave(call)

    def _begin_batches(self, _event: Event | None = None) -> None:
        """Let free replicas take what is due."""
        line, config = self._line, self._config
        while self._free and len(line):
            due_s = line.head.joined_s + config.window_s  # to the last bit when the head's own window ends
            if len(line) < config.max_batch and self.env.now < due_s:
                return
            self._run_batch(min(len(line), config.max_batch))

    def _run_batch(self, size: int) -> None:
        """Call the oldest requests and hold a replica until all of them are done."""
        end = Event(self.env)
        members = [self._line.serve(end).call for _ in range(size)]
        tokens = sum(call.input_tokens for call in members)
        batch_s = self._config.batch_s(size, tokens)
        if self._config.batch_time == "exponential":
            first = members[0]
            batch_s *= -log1p(-self._workload.uniforms("batch_time", first.attempt)[first.request])
        self._free -= 1
        self._batches += 1
        self._busy_s += batch_s
        Timeout(self.env, batch_s).callbacks.append(lambda _: self._end_batch(end))

    def _end_batch(self, end: Event) -> None:
        self._free += 1
        end.succeed()
        self._begin_batches()

    def busy_share(self, elapsed_s: float) -> float | None:
        """Average over the replicas."""
        return self._busy_s / (self._replicas * elapsed_s)

    def books(self, elapsed_s: float) -> StationBooks:
        """Close the books with the number of batches and the time that replicas worked and stood idle."""
        idle_s = self._replicas * elapsed_s - self._busy_s
        counts = {"batches": float(self._batches), "busy_s": self._busy_s, "idle_s": idle_s}
        return replace(super().books(elapsed_s), counts=counts)
