"""Workers: a function over many tasks on several processes, all of which end when the parent is interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from types import FrameType
from typing import TypeVar

_Result = TypeVar("_Result")
_stops: list[Event] = []  # in a worker: the parent's event; empty in a process that is no worker


class StoppedError(Exception):
    """The parent wants no more results."""


def give_up_when_stopped(*_progress: object) -> None:
    """Leave a worker's task when the parent was interrupted; does nothing elsewhere.

    Raises:
        StoppedError: in a worker whose parent has stopped.
    """
    if _stops and _stops[0].is_set():
        raise StoppedError


def in_order(work: Callable[..., _Result], tasks: Iterable[tuple[object, ...]], workers: int) -> Iterator[_Result]:
    """Run a function of a module once a task, and yield the results in the order of the tasks.

    On an interrupt, or when the results are no longer wanted, tasks that have not begun are dropped, and tasks that
    run end at their next call of `give_up_when_stopped`.

    Args:
        work: a function that can be pickled.
        tasks: its arguments, task by task.
        workers: processes.
    """
    context = get_context("spawn")
    stop = context.Event()
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(stop,))
    try:
        with _interrupts_held():
            futures = [executor.submit(work, *task) for task in tasks]
        for future in futures:
            yield future.result()
    except BaseException:
        stop.set()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _begin(stop: Event) -> None:
    _stops.append(stop)


@contextmanager
def _interrupts_held() -> Iterator[None]:
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
