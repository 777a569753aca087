"""Serverless platform: workers start when requests wait, take from one line, and stop when they have been idle.

A request takes a free place at the fullest warm worker that has one, so that the others may empty and stop. Without a
free place it waits in line; a worker is started when more wait than those that are starting will take. Whichever place
is free first serves the head of the line: a warm worker that finishes, or one that has started. A start under way is
not called off.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, isclose, log
from typing import ClassVar

from simpy import Environment, Event
from simpy.events import Timeout

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.scenario.tiers.serverless import Serverless
from tco.serving.batching import Batch, Sequence
from tco.serving.latency import Z95
from tco.sim.answer_time import AnswerTime
from tco.sim.replica import Answer, Replica
from tco.sim.stations import Call, Station, StationBooks, Visit
from tco.sim.waiting import Line


class Worker:
    """One worker.

    Attributes:
        load: requests that it serves, or that are about to begin.
        paid_from_s: since when it is paid.
        busy_from_s: since when it has had a request.
        timer: what stops it when it stays idle until then; None while it works.
        replica: its batch, where workers are servers.
    """

    __slots__ = ("busy_from_s", "load", "paid_from_s", "replica", "timer")

    def __init__(self, now_s: float, replica: Replica | None) -> None:
        self.load = 0
        self.paid_from_s = self.busy_from_s = now_s
        self.timer: Event | None = None
        self.replica = replica


class Payroll:
    """Paid workers over time, counted in two ways that must agree: by integral, and life by life."""

    def __init__(self, env: Environment, settle_s: float) -> None:
        self.env = env
        self.count = 0
        self.lives_s = 0.0
        self.integral_s = 0.0
        self._changed_s = env.now
        self._settle_s = settle_s
        self._first_s: float | None = None  # first visit
        self._from: tuple[float, float] | None = None  # when watching began, and the integral there
        self._to = (0.0, 0.0)

    def change(self, by: int) -> None:
        """Begin or end to pay for a worker."""
        self._advance()
        self.count += by

    def _advance(self) -> None:
        self.integral_s += self.count * (self.env.now - self._changed_s)
        self._changed_s = self.env.now

    def watch(self, measured: bool) -> None:
        """Look at every arrival, from the end of the warm-up on, and not before the first workers have settled."""
        self._advance()
        now = self.env.now
        if self._first_s is None:
            self._first_s = now
        if self._from is None and measured and now >= self._first_s + self._settle_s:
            self._from = (now, self.integral_s)
        self._to = (now, self.integral_s)

    def steady(self) -> tuple[float, float]:
        """Return how long the settled part lasted and the worker-seconds in it; both 0 when it never settled."""
        if self._from is None:
            return 0.0, 0.0
        return self._to[0] - self._from[0], self._to[1] - self._from[1]

    def close(self, alive: list[Worker]) -> None:
        """Check that the integral is the sum of the lives, those included that go on.

        Raises:
            SimulationError: when it is not; a defect.
        """
        self._advance()
        lives_s = self.lives_s + sum(self.env.now - worker.paid_from_s for worker in alive)
        if not isclose(lives_s, self.integral_s, rel_tol=1e-9, abs_tol=1e-6):
            raise SimulationError(f"workers lived {lives_s:.6f} s, {self.integral_s:.6f} worker-seconds were counted")


class ServerlessStation(Station):
    """Counts `cold_requests`, `cold_starts`, `service_s`, `paid_worker_s`, and `steady_s` with `steady_worker_s`."""

    kind: ClassVar[str] = "serverless"
    spans: ClassVar[tuple[str, ...]] = ("steady_s",)

    def setup(self, config: Serverless, workload: Workload, replicas: int) -> None:
        """Keep the floor warm from the start."""
        del replicas  # the platform scales itself
        self._config, self._workload = config, workload
        self._measured = workload.measured.tolist()
        self._answer_time = AnswerTime(config.latency, workload) if config.latency is not None else None
        self._server = config.replica
        self._start = (config.cold_start.p50_s, log(config.cold_start.p95_s / config.cold_start.p50_s) / Z95)
        self._line = Line(self.env, config.max_queue_requests, config.queue_timeout_s)
        self._payroll = Payroll(self.env, config.settle_s)
        self._warm: list[Worker] = []
        self._starting: list[Worker] = []
        self._cold_requests = self._cold_starts = 0
        self._service_s = self._busy_s = 0.0
        for _ in range(config.min_workers):
            self._warm.append(self._new_worker())
            self._payroll.change(+1)

    def _new_worker(self) -> Worker:
        replica = Replica(self.env, Batch(self._server), [0], 0) if self._server is not None else None
        return Worker(self.env.now, replica)

    def visit(self, call: Call) -> Visit:
        """Find a place, warm or cold, and stay there until the last token."""
        self.enter()
        self._payroll.watch(self._measured[call.request])
        tokens_in, tokens_out = call.input_tokens, call.output_tokens
        if self._server is not None and tokens_in + tokens_out > self._server.kv_capacity_tokens:
            self.turn_away(call, Outcome.REJECTED)
            return
        worker = self._with_room()
        if worker is not None:
            self._take(worker)
        elif self._line.full:
            self.turn_away(call, Outcome.REJECTED)
            return
        else:
            ticket = self._line.join(call)
            self._start_if_needed(call)
            yield ticket
            if not ticket.served:
                self.turn_away(call, Outcome.TIMED_OUT)
                return
            worker = ticket.place
        call.started_s = self.env.now
        yield from self._serve(call, worker, tokens_in, tokens_out)
        self._service_s += self.env.now - call.started_s
        self._give_back(worker)
        self.leave(call)

    def _serve(self, call: Call, worker: Worker, tokens_in: int, tokens_out: int) -> Visit:
        if worker.replica is not None and self._server is not None:
            wait_s = self._server.first_token_overhead_s
            wait_s += self._server.first_token_overhead_steps * worker.replica.step_s()
            if wait_s:
                yield Timeout(self.env, wait_s)
            sequence = Sequence(tokens_in, tokens_out, Answer(self.env))
            worker.replica.submit(sequence)
            yield sequence.answer
            call.first_token_s = sequence.first_token_s
        elif self._answer_time is not None:
            ttft_s, rest_s = self._answer_time.draw_s(call)
            call.first_token_s = self.env.now + ttft_s
            yield Timeout(self.env, ttft_s + rest_s)

    def _with_room(self) -> Worker | None:
        """Find the fullest warm worker with a free place, the oldest of several."""
        places = self._config.requests_per_worker
        free = [worker for worker in self._warm if worker.load < places]
        return max(free, key=lambda worker: worker.load) if free else None

    def _take(self, worker: Worker) -> None:
        if not worker.load:
            worker.busy_from_s = self.env.now
            worker.timer = None
        worker.load += 1

    def _give_back(self, worker: Worker) -> None:
        """Free a place: for the head of the line, else for whoever comes."""
        if len(self._line):
            self._line.serve(worker)
            return
        worker.load -= 1
        if not worker.load:
            self._busy_s += self.env.now - worker.busy_from_s
            self._rest(worker)

    def _start_if_needed(self, call: Call) -> None:
        """Start a worker when more wait than the starting ones will take; the request's luck says how long it takes."""
        config = self._config
        if len(self._line) > len(self._starting) * config.requests_per_worker:
            if len(self._warm) + len(self._starting) >= config.max_workers:
                return  # waits for a place, not for a start
            worker = self._new_worker()
            self._starting.append(worker)
            self._cold_starts += 1
            if config.start_is_billed:
                self._payroll.change(+1)
            luck = self._workload.normals("cold_start", call.attempt)[call.request]
            start = Timeout(self.env, self._start[0] * exp(self._start[1] * luck))
            start.callbacks.append(lambda _: self._begin_work(worker))
        self._cold_requests += 1

    def _begin_work(self, worker: Worker) -> None:
        """Serve as many of those who wait as there is room for."""
        self._starting.remove(worker)
        self._warm.append(worker)
        if not self._config.start_is_billed:
            worker.paid_from_s = self.env.now
            self._payroll.change(+1)
        while len(self._line) and worker.load < self._config.requests_per_worker:
            self._take(worker)
            self._line.serve(worker)
        if not worker.load:
            self._rest(worker)

    def _rest(self, worker: Worker) -> None:
        """Stop a worker without requests, now or when it has been idle for long enough."""
        if self._config.idle_timeout_s == 0:
            self._stop(worker)
            return
        worker.timer = timer = Timeout(self.env, self._config.idle_timeout_s)
        timer.callbacks.append(lambda _: self._stop(worker) if worker.timer is timer else None)

    def _stop(self, worker: Worker) -> None:
        """Let a worker go, unless the floor of warm workers needs it."""
        if len(self._warm) > self._config.min_workers:
            self._warm.remove(worker)
            self._payroll.change(-1)
            self._payroll.lives_s += self.env.now - worker.paid_from_s

    def busy_share(self, elapsed_s: float) -> float | None:
        """Time in which workers had a request over the time for which they were paid."""
        del elapsed_s
        paid_s = self._payroll.integral_s
        return self._busy_s / paid_s if paid_s else 0.0

    def books(self, elapsed_s: float) -> StationBooks:
        """Close the books; the worker-seconds must be the sum of the workers' lives."""
        paid_starts = self._starting if self._config.start_is_billed else []
        self._payroll.close([*self._warm, *paid_starts])
        steady_s, steady_worker_s = self._payroll.steady()
        counts = {
            "cold_requests": float(self._cold_requests),
            "cold_starts": float(self._cold_starts),
            "service_s": self._service_s,
            "paid_worker_s": self._payroll.integral_s,
            "steady_s": steady_s,
            "steady_worker_s": steady_worker_s,
        }
        return replace(super().books(elapsed_s), counts=counts)
