"""One replica in time: sleeps until its batch changes, wakes, and tells the requests that are done."""

from __future__ import annotations

from collections.abc import Callable

from simpy import Event

from tco.serving.batching import Batch, Sequence
from tco.sim.clock import Clock


class Answer(Event):
    """What a request waits for at a replica; it is told within the replica's own event, not by a further one."""

    def tell(self) -> None:
        """Let whoever waits go on now."""
        self._ok, self._value = True, None
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(self)


class Replica:
    """A batch with a clock.

    Its bell is one event that rings again and again, where a new time-out for each ring would cost a quarter of a run.
    Setting it anew leaves the old ring on its way; it is not heard.

    Attributes:
        batch: what runs and waits here.
        busy_s: time in which a step ran.
        on_s: time for which it was paid, up to `since_s` when it is on.
        since_s: when it was switched on; None while it is off.
        up: whether it is not broken.
    """

    __slots__ = ("_bell", "_due_s", "_heard", "batch", "busy_s", "env", "loads", "on_s", "place", "since_s", "up")

    def __init__(self, env: Clock, batch: Batch, loads: list[int], place: int) -> None:
        self.env = env
        self.batch = batch
        self.loads = loads
        self.place = place
        self.busy_s = self.on_s = 0.0
        self.since_s: float | None = env.now
        self.up = True
        self._due_s: float | None = None
        self._bell = Event(env)
        self._bell._ok, self._bell._value = True, None  # noqa: SLF001  # it has happened, and comes back
        self._heard: list[Callable[[Event], None]] = [self._wake]
        self._bell.callbacks = self._heard

    def _set(self, at_s: float) -> None:
        """Wake up at a time, and not before."""
        self._due_s = at_s
        self.env.ring(self._bell, at_s)

    def submit(self, sequence: Sequence) -> None:
        """Queue a sequence and count it; start at once when idle, else join at the next step boundary that has room."""
        batch = self.batch
        batch.join(sequence)
        self.loads[self.place] += 1
        now = self.env.now
        if not batch.busy:
            batch.plan(now)
            self._set(batch.ends_s)
        elif batch.head() is sequence and batch.cut(now):
            self._set(batch.ends_s)

    def step_s(self) -> float:
        """Return how long a step takes, mean so far, seconds; 0 while idle, when nobody waits for one.

        Not the step under way: newcomers come when others leave, and would see more prompts than there are.
        """
        batch = self.batch
        return self.busy_s / batch.steps_done if batch.busy and batch.steps_done else 0.0

    def withdraw(self, sequence: Sequence) -> bool:
        """Take a sequence out of the queue that was never admitted; the next one may then join sooner."""
        batch, now = self.batch, self.env.now
        blocked = batch.head() is sequence
        if not batch.withdraw(sequence):
            return False
        self.loads[self.place] -= 1
        if blocked and batch.cut(now):
            self._set(batch.ends_s)
        return True

    def evict(self) -> list[Sequence]:
        """Lose everything that is here, as a failure does; return it."""
        if self.batch.busy:
            self.busy_s += self.env.now - self.batch.started_s
        self._due_s = None
        lost = self.batch.evict()
        self.loads[self.place] -= len(lost)
        return lost

    def switch(self, on: bool) -> None:
        """Begin or stop to pay for the replica."""
        if on and self.since_s is None:
            self.since_s = self.env.now
        elif not on and self.since_s is not None:
            self.on_s += self.env.now - self.since_s
            self.since_s = None

    def paid_s(self) -> float:
        """Return the time for which the replica was paid so far."""
        return self.on_s + (self.env.now - self.since_s if self.since_s is not None else 0.0)

    def _wake(self, bell: Event) -> None:
        bell.callbacks = self._heard  # SimPy takes them away before it calls
        now = self.env.now
        if now != self._due_s:
            return
        batch = self.batch
        self.busy_s += now - batch.started_s
        complete = batch.finish(now)
        if batch.plan(now):
            self._due_s = ends_s = batch.ends_s
            self.env.ring(bell, ends_s)
        else:
            self._due_s = None
        if complete:
            self.loads[self.place] -= len(complete)
            for sequence in complete:
                sequence.answer.tell()
