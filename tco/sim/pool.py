"""Pool: equal replicas behind one dispatcher, with a queue limit, patience, failures and scaling."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from simpy import Event
from simpy.events import Timeout

from tco.policies.dispatch import CLOSED, Choose
from tco.policies.scaling import ScalingPolicy
from tco.serving.batching import Batch, Sequence
from tco.serving.step_time import Server
from tco.sim.clock import Clock
from tco.sim.replica import Replica
from tco.units import SECONDS_PER_HOUR

LONGEST_LULL_S = 30 * 86_400.0  # without any arrival, after which failures and scaling stop: a stuck run must end


@dataclass(frozen=True)
class PoolSettings:
    """What makes a pool.

    Attributes:
        server: step times and limits of each replica.
        grows: whether memory is taken token by token.
        per_decode: tokens of the step's budget that a decoding sequence takes.
        replicas: replicas, those included that scaling may switch off.
        least: replicas that are always on.
        max_queue: requests that may wait for admission at all replicas together; None for no limit.
        patience_s: longest wait for admission; None for no limit.
        scaling: how many replicas are on.
        hour_of_week: hour of the week when the run begins.
        mtbf_s: mean time of a replica between failures; None where replicas do not fail.
        mttr_s: mean time to repair.
        recalls: whether requests that are not urgent may be recalled before they are admitted; nothing else limits
            their wait.
    """

    server: Server
    replicas: int
    scaling: ScalingPolicy
    grows: bool = False
    per_decode: int = 1
    least: int = 1
    max_queue: int | None = None
    patience_s: float | None = None
    hour_of_week: float = 0.0
    mtbf_s: float | None = None
    mttr_s: float = 0.0
    recalls: bool = False


class Pool:
    """Replicas and the requests that wait for one.

    Args:
        env: SimPy environment.
        settings: what makes the pool.
        choose: the dispatch policy, begun.
        generator: makes the random stream of a replica's failures from its place.
    """

    def __init__(
        self,
        env: Clock,
        settings: PoolSettings,
        choose: Choose,
        generator: Callable[[int], np.random.Generator],
    ) -> None:
        self.env, self.settings, self._choose = env, settings, choose
        self.loads = [0] * settings.replicas
        self.replicas = [
            Replica(env, Batch(settings.server, settings.grows, settings.per_decode), self.loads, place)
            for place in range(settings.replicas)
        ]
        self.backlog: deque[tuple[int, Sequence]] = deque()  # requests that came while no replica was open
        self.home: dict[Sequence, Replica] = {}  # where sequences wait that may be withdrawn
        self.restarts = self.failures = 0
        self._last_arrival_s = env.now
        self.takers = settings.replicas  # replicas that take requests
        self._patient = settings.patience_s is None
        self._recalls = settings.recalls
        self._kv_capacity = settings.server.kv_capacity_tokens
        self._open = [True] * settings.replicas  # by the scaling's will
        self._starting: dict[int, Event] = {}
        if settings.mtbf_s is not None:
            for replica in self.replicas:
                env.process(self._failing(replica, generator(replica.place)))
        if not settings.scaling.is_fixed:
            env.process(self._scaling())

    # ------------------------------------------------------------ requests

    def fits(self, sequence: Sequence) -> bool:
        """Say whether a replica could ever run the sequence."""
        return sequence.input_tokens + sequence.output_tokens <= self._kv_capacity

    def step_s(self) -> float:
        """Return how long a step takes that a newcomer waits for, mean of the replicas, seconds."""
        return sum(replica.step_s() for replica in self.replicas) / len(self.replicas)

    def full(self) -> bool:
        """Say whether a newcomer is turned away.

        It is when the queue limit is reached and no replica has an empty queue and a free place.
        """
        most = self.settings.max_queue
        if most is None:
            return False
        waiting = len(self.backlog) + sum(replica.batch.queued() for replica in self.replicas)
        return waiting >= most and not any(
            load < self.settings.server.max_sequences and not replica.batch.queued()
            for load, replica in zip(self.loads, self.replicas, strict=True)
        )

    def submit(self, request: int, sequence: Sequence) -> None:
        """Hand a newcomer to a replica, or keep it until one is open; it waits no longer than its patience."""
        self._last_arrival_s = self.env.now
        sequence.request = request
        if self._patient and self.takers and not self._recalls:  # nobody will be taken back out
            self.replicas[self._choose(request, self.loads)].submit(sequence)
            return
        self._place(request, sequence)
        if not self._patient and sequence.started_s is None and (sequence.urgent or not self._recalls):
            timer = Timeout(self.env, self.settings.patience_s or 0.0, (request, sequence))
            timer.callbacks.append(self._give_up)

    def _place(self, request: int, sequence: Sequence) -> None:
        loads = self.loads
        if not self.takers:
            self.backlog.append((request, sequence))
            return
        replica = self.replicas[self._choose(request, loads)]
        replica.submit(sequence)
        if not self._patient or (self._recalls and not sequence.urgent):
            self.home[sequence] = replica

    def recall(self, request: int, sequence: Sequence) -> bool:
        """Take back a sequence that was never admitted; say whether it was not."""
        home = self.home.pop(sequence, None)
        if sequence.started_s is not None:
            return False
        if home is None:
            self.backlog.remove((request, sequence))
        else:
            home.withdraw(sequence)
        return True

    def _give_up(self, timer: Event) -> None:
        request, sequence = timer.value  # type: ignore[misc]  # SimPy types the value as None
        if self.recall(request, sequence):
            sequence.answer.tell()

    # ------------------------------------------------------------ failures

    def _failing(self, replica: Replica, generator: np.random.Generator) -> Generator[Event, Any, None]:
        """Break and repair a replica; it is in its steady state when the run begins."""
        mtbf_s, mttr_s = self.settings.mtbf_s or 0.0, self.settings.mttr_s
        up = bool(generator.random() < mtbf_s / (mtbf_s + mttr_s))
        if not up:
            self._breaks(replica)
        while self._goes_on():
            yield self.env.timeout(float(generator.exponential(mtbf_s if up else mttr_s)))
            up = not up
            if up:
                replica.up = True
                self._reconsider(replica.place)
            else:
                self._breaks(replica)

    def _breaks(self, replica: Replica) -> None:
        """Everything on the replica is lost and begins anew elsewhere, or here once it is repaired."""
        self.failures += 1
        replica.up = False
        self._reconsider(replica.place)
        lost = replica.evict()
        for sequence in lost:
            self.restarts += sequence.started_s is not None
            self.home.pop(sequence, None)
            self._place(sequence.request, sequence)

    def _goes_on(self) -> bool:
        return self.env.now - self._last_arrival_s < LONGEST_LULL_S

    def _inside(self) -> list[int]:
        return [load % CLOSED for load in self.loads]

    def _reconsider(self, place: int) -> None:
        """Open or close a replica to new requests; a newly opened one takes the backlog."""
        wanted = self.replicas[place].up and self._open[place] and place not in self._starting
        if wanted == (self.loads[place] < CLOSED):
            return
        self.loads[place] += -CLOSED if wanted else CLOSED
        self.takers += 1 if wanted else -1
        if wanted:
            backlog, self.backlog = self.backlog, deque()
            for request, sequence in backlog:
                self._place(request, sequence)

    # ------------------------------------------------------------ scaling

    def _scaling(self) -> Generator[Event, Any, None]:
        """Look at the load every now and then, and switch replicas on and off; all are on when the run begins."""
        settings, scaling = self.settings, self.settings.scaling
        while self._goes_on():
            ahead_h = (self.env.now + scaling.startup_s) / SECONDS_PER_HOUR
            inside = sum(self._inside()) + len(self.backlog)
            now_h = self.env.now / SECONDS_PER_HOUR
            # those needed by the time that an order takes, and still those needed now
            hours = [settings.hour_of_week + hour for hour in (now_h, ahead_h)]
            sequences, replicas = settings.server.max_sequences, settings.replicas
            wanted = max(scaling.wanted(inside, hour, sequences, replicas) for hour in hours)
            self._switch_to(max(wanted, *(scaling.least(settings.least, hour) for hour in hours)))
            yield self.env.timeout(scaling.interval_s)

    def _switch_to(self, wanted: int) -> None:
        """Open the first replicas, close the others; closed ones finish what they have and go off."""
        for place, replica in enumerate(self.replicas):
            open_ = place < wanted
            if open_ and not self._open[place]:
                self._open[place] = True
                if replica.since_s is None:
                    replica.switch(on=True)
                    self._starting[place] = self.env.timeout(self.settings.scaling.startup_s)
                    self.env.process(self._start(place))
            elif not open_ and self._open[place]:
                self._open[place] = False
            if not open_ and not self.loads[place] % CLOSED and place not in self._starting:
                replica.switch(on=False)
            self._reconsider(place)

    def _start(self, place: int) -> Generator[Event, Any, None]:
        yield self._starting[place]
        del self._starting[place]
        self._reconsider(place)

    # ------------------------------------------------------------ books

    def busy_s(self) -> float:
        """Time in which replicas worked, summed."""
        return sum(replica.busy_s for replica in self.replicas)

    def switched_on(self) -> int:
        """Count the replicas that are paid for now."""
        return sum(replica.since_s is not None for replica in self.replicas)

    def paid_s(self) -> float:
        """Time for which replicas were on, summed."""
        return sum(replica.paid_s() for replica in self.replicas)

    @property
    def preemptions(self) -> int:
        """Sequences that lost their memory to others."""
        return sum(replica.batch.preemptions for replica in self.replicas)
