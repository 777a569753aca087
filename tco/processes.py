"""Processes: how further ones are started, so that Ctrl-C reaches the parent alone."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


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
