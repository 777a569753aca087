"""Processes: a crew gives the results of its tasks in their order, whoever does them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from tco.cli import _failed
from tco.processes import MOST_AHEAD, Crew, interrupts_put_off


def work(seconds: float, value: int) -> tuple[int, int]:
    """Take some time; fail for a negative value."""
    time.sleep(seconds)
    if value < 0:
        raise ValueError(f"no {value}")
    return value, os.getpid()


@pytest.mark.parametrize("further", [0, 1, 2])
@pytest.mark.parametrize("tasks", [0, 1, 7, 60])
def test_results_come_in_the_order_of_the_tasks(further, tasks):
    """However few there are."""
    with Crew(work, further) as crew:
        assert list(range(tasks)) == [value for value, _ in crew.each([(0.0, value) for value in range(tasks)])]


def test_everybody_takes_part():
    """This process and the other one."""
    with Crew(work, 1) as crew:
        crew.prepare(0.0, 0)
        who = {process for _, process in crew.each([(0.02, value) for value in range(100)])}

    assert 2 == len(who)
    assert os.getpid() in who


def test_nothing_is_handed_to_a_process_that_is_not_ready():
    """It would hold up the results that come next."""
    with Crew(work, 1) as crew:
        crew.prepare(1.0, 0)
        who = {process for _, process in crew.each([(0.0, value) for value in range(2 * MOST_AHEAD)])}

    assert {os.getpid()} == who


@pytest.mark.parametrize("further", [0, 1])
def test_a_task_that_fails_says_so(further):
    """Wherever it is done."""
    with pytest.raises(ValueError, match="no -1"), Crew(work, further) as crew:
        list(crew.each([(0.0, 1), (0.0, 2), (0.0, -1), (0.0, 4)]))


def die(parent: int, value: int) -> int:
    """End at once in any other process, as one that the system ends for want of memory."""
    if os.getpid() != parent:
        os._exit(1)
    time.sleep(0.01)
    return value


def test_a_process_that_is_ended_is_told_with_a_way_out(capsys):
    """It is no defect of the program."""
    with pytest.raises(BrokenProcessPool) as told, Crew(die, 1) as crew:
        list(crew.each([(os.getpid(), value) for value in range(1000)]))

    assert 1 == _failed(told.value)
    assert ("", "another process ended before its time, as when memory runs out\n    hint: --jobs 1 starts none\n") == (
        capsys.readouterr()
    )


def test_what_fails_while_a_process_gets_ready_is_not_looked_at():
    """The tasks themselves say what is wrong, if anything is."""
    with Crew(work, 1) as crew:
        crew.prepare(0.0, -1)
        assert [3, 4] == [value for value, _ in crew.each([(0.0, 3), (0.0, 4)])]


def deaf() -> None:
    """Swallow an interrupt."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        done.append("lost")


done: list[str] = []


def test_an_interrupt_that_would_be_lost_comes_after_the_block():
    """Whoever is called back by foreign code cannot pass it on."""
    done.clear()

    def run() -> None:
        with interrupts_put_off(lambda frame: frame is not None and frame.f_code.co_name == "deaf"):
            deaf()
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        run()

    assert ["whole"] == done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_elsewhere_in_the_block_comes_at_once():
    """Compilation takes long."""
    done.clear()

    def run() -> None:
        with interrupts_put_off(lambda frame: frame is not None and frame.f_code.co_name == "deaf"):
            signal.raise_signal(signal.SIGINT)
            done.append("went on")

    with pytest.raises(KeyboardInterrupt):
        run()

    assert [] == done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_while_machine_code_is_loaded_is_not_lost(tmp_path):
    """LLVM calls back when it has made code; an exception there would be printed and forgotten."""
    code = """
import signal
from numba.core import codegen
notify = codegen.JITCodeLibrary._object_compiled_hook
def interrupted(*arguments):
    signal.raise_signal(signal.SIGINT)
    return notify(*arguments)
codegen.JITCodeLibrary._object_compiled_hook = interrupted
import numpy as np
from tco.sim.compiled.kernels.rings import new_fleet
try:
    new_fleet(1, 1, np.ones(1, np.int64), np.ones(1, np.int64))
    print("lost")
except KeyboardInterrupt:
    print("passed on")
"""
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)

    assert ("passed on\n", "") == (found.stdout, found.stderr)


def test_a_second_interrupt_leaves_nobody_behind():
    """While the others are awaited it waits as well; it once left them waiting for ever."""
    code = """
import os, signal, sys, threading, time
from tco.processes import Crew
from tests.test_processes import work
if __name__ == "__main__":
    with Crew(work, 1) as crew:
        crew.prepare(0.0, 0)
        for seconds in (0.0, 0.15, 0.3):
            threading.Timer(2.0 + seconds, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            for value, _ in crew.each([(0.05, value) for value in range(1000)]):
                pass
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            raise
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)

    assert "interrupted\n" == found.stdout
    assert 0 != found.returncode
