"""Workers: nothing is interrupted half-way while processes start."""

from __future__ import annotations

import os
import signal
import time
from threading import Thread

import pytest

from tco.decide.workers import give_up_when_stopped, in_order
from tco.processes import interrupts_held


def test_an_interrupt_while_processes_start_waits_until_they_have():
    """Even when another thread takes the signal, as threads of a linear-algebra library do."""
    Thread(target=time.sleep, args=(0.5,), daemon=True).start()
    done = []

    def start() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        start()

    assert ["whole"] == done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_results_come_in_the_order_of_the_tasks():
    """Whichever process is done first."""
    assert [3, 1, 2] == list(in_order(abs, [(-3,), (-1,), (-2,)], 2))


def test_nothing_is_given_up_outside_a_worker():
    """The same function evaluates in this process too."""
    give_up_when_stopped("option", 1, 2, 3)
