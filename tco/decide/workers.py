"""Workers: a function over many tasks on several processes, all of which end when the parent is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from tco.processes import begin, interrupts_held, is_stopped

_Result = TypeVar("_Result")


class StoppedError(Exception):
    """The parent wants no more results."""


def give_up_when_stopped(*_progress: object) -> None:
    """Leave a worker's task when the parent was interrupted; does nothing elsewhere.

    Raises:
        StoppedError: in a worker whose parent has stopped.
    """
    if is_stopped():
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
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=begin, initargs=(stop,))
    try:
        with interrupts_held():
            futures = [executor.submit(work, *task) for task in tasks]
        for future in futures:
            yield future.result()
    except BaseException:
        stop.set()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
