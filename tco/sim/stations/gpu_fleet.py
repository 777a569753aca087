"""GPU fleet: replicas with continuous batching; each request joins the replica with the fewest requests."""

from __future__ import annotations

from typing import ClassVar

from simpy import Environment, Event
from simpy.events import Timeout

from tco import catalog
from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.sim.batching import Batch, Sequence
from tco.sim.stations import Call, Station, Visit


class Answer(Event):
    """What a request waits for at a replica; it is told within the replica's own event, not by a further one."""

    def tell(self) -> None:
        """Let whoever waits go on now."""
        self._ok, self._value = True, None
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(self)


class Replica:
    """One replica in time: sleeps until its batch changes, wakes, and tells the requests that are done."""

    __slots__ = ("_timer", "batch", "busy_s", "env", "loads", "place")

    def __init__(self, env: Environment, batch: Batch, loads: list[int], place: int) -> None:
        self.env = env
        self.batch = batch
        self.loads = loads
        self.place = place
        self.busy_s = 0.0
        self._timer: Event | None = None

    def submit(self, sequence: Sequence) -> None:
        """Queue a sequence and count it; start at once when idle, else join at the next step boundary that has room."""
        batch = self.batch
        batch.join(sequence)
        self.loads[self.place] += 1
        now = self.env.now
        if not batch.busy:
            batch.plan(now)
            self._sleep(now)
        elif batch.cut(now):
            self._sleep(now)

    def _sleep(self, now: float) -> None:
        timer = Timeout(self.env, self.batch.ends_s - now)
        timer.callbacks.append(self._wake)
        self._timer = timer

    def _wake(self, event: Event) -> None:
        if event is not self._timer:
            return  # the stretch was cut after this timer was set
        batch, now = self.batch, self.env.now
        self.busy_s += now - batch.started_s
        complete = batch.finish(now)
        self.loads[self.place] -= len(complete)
        if batch.plan(now):
            self._sleep(now)
        for sequence in complete:
            sequence.answer.tell()


class GpuFleetStation(Station):
    """A fleet of equal replicas."""

    kind: ClassVar[str] = "gpu_fleet"

    def setup(self, config: GpuFleet, workload: Workload, replicas: int) -> None:
        """Start the replicas idle."""
        server = catalog.servers()[config.server] if isinstance(config.server, str) else config.server
        self.loads = [0] * replicas
        self.replicas = [Replica(self.env, Batch(server), self.loads, place) for place in range(replicas)]
        self._tokens = workload.input_tokens.tolist(), workload.output_tokens.tolist()

    def visit(self, call: Call) -> Visit:
        """Wait in the least loaded replica until the last token."""
        self.enter()
        request = call.request
        tokens_in, tokens_out = self._tokens[0][request], self._tokens[1][request]
        replica = self.replicas[self.loads.index(min(self.loads))]
        answer = Answer(self.env)
        sequence = Sequence(tokens_in, tokens_out, answer)
        if not replica.batch.fits(sequence):
            self.turn_away(call, Outcome.REJECTED)
            return
        replica.submit(sequence)
        yield answer
        self.leave(call, tokens_in, tokens_out)
        call.first_token_s = sequence.first_token_s

    def busy_share(self, elapsed_s: float) -> float | None:
        """Average over the replicas."""
        return sum(replica.busy_s for replica in self.replicas) / (len(self.replicas) * elapsed_s)
