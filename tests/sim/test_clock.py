"""The clock runs what SimPy runs, in SimPy's order, and fails as SimPy fails."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from tco.sim.clock import Clock


def diary(env: simpy.Environment, delays: list[float], run) -> list[tuple[float, int]]:
    """Let processes wait for each other and for time; write down who went on when."""
    lines: list[tuple[float, int]] = []

    def process(number: int, delay: float):
        yield env.timeout(delay)
        lines.append((env.now, number))
        if number:
            yield started[number - 1]
        lines.append((env.now, -number))

    started = []
    for number, delay in enumerate(delays):
        started.append(env.process(process(number, delay)))
    run(env)
    return lines


@given(delays=st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5]), min_size=1, max_size=8))
def test_order_is_simpys(delays):
    """Ties included, run in one piece or step by step."""
    expected = diary(simpy.Environment(), delays, lambda env: env.run())

    assert expected == diary(Clock(), delays, lambda env: env.run_out())
    assert expected == diary(Clock(), delays, lambda env: env.run())


def test_a_ring_comes_at_its_very_time():
    """A time is not rebuilt from a delay, which would round it."""
    env, heard = Clock(), []
    event = simpy.Event(env)
    event._ok, event._value = True, None
    event.callbacks.append(lambda _event: heard.append(env.now))
    env.ring(event, 0.1 + 0.2)
    env.run_out()

    assert [0.1 + 0.2] == heard


def test_a_failure_that_nobody_waits_for_ends_the_run():
    """It is not swallowed."""
    env = Clock()
    env.event().fail(ValueError("broken"))

    with pytest.raises(ValueError, match="broken"):
        env.run_out()
