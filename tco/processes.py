"""Processes: when Ctrl-C reaches which, and how further ones are started and share out work."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from types import FrameType, TracebackType
from typing import Generic, NamedTuple, TypeVar

Result = TypeVar("Result")

HANDED_OUT = 2  # batches of tasks that each further process has before it, so that it never waits for the next
MOST_IN_A_BATCH = 8  # tasks; handing out and taking back is work for this process, too
MOST_AHEAD = 20  # tasks that a process may be ahead of the one whose result is given next: results fill the memory


_stops: list[Event] = []  # in a further process: its parent's event; empty in a process that has none


def begin(stop: Event) -> None:
    """Begin a further process, whose parent sets an event when it wants no more results."""
    _stops.append(stop)


def is_stopped() -> bool:
    """Say whether this is a further process whose parent wants no more results."""
    return bool(_stops) and _stops[0].is_set()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while processes start, and let it through afterwards.

    Processes inherit the mask of the thread that starts them, so that interrupts reach the parent alone, which tells
    them. The mask is not enough for the parent itself: another thread, such as one of a linear-algebra library, may
    take the signal, and the main thread would stop in the middle of starting a process.
    """
    came: list[tuple[int, FrameType | None]] = []
    is_main = threading.current_thread() is threading.main_thread()  # only there may a handler be set
    handler = signal.signal(signal.SIGINT, lambda *signalled: came.append(signalled)) if is_main else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if is_main:
            signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(*came[0])


@contextmanager
def interrupts_put_off(where: Callable[[FrameType | None], bool]) -> Iterator[None]:
    """Put Ctrl-C off to the end of a block where it comes in a place that would swallow it; elsewhere it comes through.

    Args:
        where: says of the frame in which it comes whether it would be lost there.
    """
    came: list[tuple[int, FrameType | None]] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return

    def look(number: int, frame: FrameType | None) -> None:
        if where(frame):
            came.append((number, frame))
        else:
            before(number, frame)

    signal.signal(signal.SIGINT, look)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(*came[0])


class Crew(Generic[Result]):
    """This process and further ones, which share out tasks; what comes of them is given in the tasks' order.

    When it is left by an exception, tasks that have not begun are dropped, and those that run are awaited.

    Args:
        work: does a task; a function of a module.
        further: processes beside this one; with none it does everything itself.
    """

    def __init__(self, work: Callable[..., Result], further: int = 0) -> None:
        self.work, self.further = work, further
        self._prepared: list[Future[Result]] = []
        self._pool: ProcessPoolExecutor | None = None
        if further:
            context = get_context("spawn")
            self._stop = context.Event()
            self._pool = ProcessPoolExecutor(further, context, initializer=begin, initargs=(self._stop,))

    def __enter__(self) -> Crew[Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        if kind is None:  # all is done, and the others take their leave while this one goes on
            self._pool.shutdown(wait=False)
            return
        self._stop.set()
        with interrupts_held():  # whoever is interrupted again here would leave processes behind that wait for ever
            self._pool.shutdown(wait=True, cancel_futures=True)

    def prepare(self, *arguments: object) -> None:
        """Start the further processes with a task that only makes them load what they need.

        What comes of it is not looked at: if anything is wrong, the tasks themselves say so. As many processes count as
        ready as such tasks are done.
        """
        if self._pool is not None:
            with interrupts_held():
                self._prepared = [self._pool.submit(self.work, *arguments) for _ in range(self.further)]

    def each(self, tasks: Sequence[tuple[object, ...]]) -> Iterator[Result]:
        """Do tasks, here and in the other processes; give their results in their order.

        This process works as well, so that one core need not wait for another process to start. Others are handed
        batches when they are ready, smaller ones the fewer tasks are left, so that all are done at about the same time.

        Args:
            tasks: arguments of each.
        """
        ahead: dict[int, _Handed[Result] | Result] = {}  # begun, and not given yet
        begun = given = 0
        try:
            while given < len(tasks):
                if self._pool is not None:
                    begun += self._hand_out(self._pool, tasks, begun, ahead)
                first = ahead.get(given)
                is_awaited = given == begun or (isinstance(first, _Handed) and not first.batch.done())
                if is_awaited and begun < len(tasks) and begun - given < MOST_AHEAD * (1 + self.further):
                    ahead[begun] = self.work(*tasks[begun])
                    begun += 1
                    continue
                seen = ahead.pop(given)
                yield seen.batch.result()[seen.place] if isinstance(seen, _Handed) else seen
                given += 1
        finally:
            for each in ahead.values():
                if isinstance(each, _Handed):
                    each.batch.cancel()

    def _hand_out(
        self,
        pool: ProcessPoolExecutor,
        tasks: Sequence[tuple[object, ...]],
        begun: int,
        ahead: dict[int, _Handed[Result] | Result],
    ) -> int:
        """Give batches of the tasks that are next to processes that will need some soon; say how many tasks."""
        under_way = {each.batch for each in ahead.values() if isinstance(each, _Handed) and not each.batch.done()}
        ready = sum(each.done() for each in self._prepared) if self._prepared else self.further
        at = begun
        for _ in range(HANDED_OUT * ready - len(under_way)):
            left = len(tasks) - at
            count = min(max(left // (4 * (1 + self.further)), 1), MOST_IN_A_BATCH, left)
            if not count:
                break
            with interrupts_held():  # a process may be started here
                batch = pool.submit(_do_all, self.work, tasks[at : at + count])
            ahead.update({at + place: _Handed(batch, place) for place in range(count)})
            at += count
        return at - begun


class _Handed(NamedTuple, Generic[Result]):
    """A task in the hands of another process: in which batch, and at which place of it."""

    batch: Future[list[Result]]
    place: int


def _do_all(work: Callable[..., Result], tasks: Sequence[tuple[object, ...]]) -> list[Result]:
    """Do tasks one after the other, in a further process; none any more when the crew has stopped."""
    return [work(*task) for task in tasks if not is_stopped()]
