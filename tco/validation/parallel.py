"""Work on every core: results in the order of the work, the same on any number of processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")
Told = Callable[[str, int, int], None]  # what is being done, how much of it, of how much

CHUNK = 16  # pieces of work handed to a process at once: some tenths of a second


class Workers:
    """Processes that map a function over a sequence.

    Args:
        jobs: processes; None for every core this process may use.
        told: told after each piece of work.
    """

    def __init__(self, executor: ProcessPoolExecutor | None, told: Told | None = None) -> None:
        self._executor = executor
        self._told = told

    def map(self, what: str, function: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
        """Apply a function that can be pickled to every item."""
        if self._executor is None:
            results: Iterator[Found] = map(function, items)
        else:
            results = self._executor.map(function, items, chunksize=CHUNK)
        found = []
        for number, result in enumerate(results, start=1):
            found.append(result)
            if self._told is not None:
                self._told(what, number, len(items))
        return found


@contextmanager
def workers(jobs: int | None = None, told: Told | None = None) -> Iterator[Workers]:
    """Start processes for the block; with one, work is done here.

    Args:
        jobs: processes; None for every core this process may use.
        told: told after each piece of work.
    """
    count = jobs or len(os.sched_getaffinity(0))
    if count <= 1:
        yield Workers(None, told)
        return
    executor = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        yield Workers(executor, told)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
