"""Outages: the share of time down is MTTR / (MTBF + MTTR) from the first moment on, in pieces of the stated means."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from tco.rng import Streams
from tco.serving.outages import Outages, Timeline

OFTEN = Outages(mtbf_hours=3.0, mttr_hours=1.0)  # down a quarter of the time


def test_the_share_of_time_down_worked_by_hand():
    """720 h up and 1.5 h down are 0.208 %."""
    assert 0.0020790 == pytest.approx(Outages(mtbf_hours=720.0, mttr_hours=1.5).down_share, rel=1e-4)


@pytest.mark.parametrize("now_s", [0.0, 100.0, 20_000.0])
def test_the_vendor_is_down_its_share_at_any_moment(now_s):
    """Over seeds, a quarter of the courses are down, at the window's start as well as later: steady state."""
    down = [Timeline(OFTEN, Streams(seed).generator("outage:x")).down(now_s) for seed in range(3000)]

    assert abs(np.mean(down) - 0.25) < 4 * sqrt(0.25 * 0.75 / 3000)


def test_one_long_course_has_the_stated_pieces():
    """In 40 000 hours about 10 000 outages of 1 h: share, number and mean length."""
    timeline = Timeline(OFTEN, Streams(5).generator("outage:x"))
    step_s = 60.0
    down = np.array([timeline.down(step * step_s) for step in range(int(40_000 * 3600 / step_s))])
    begins = int((~down[:-1] & down[1:]).sum())

    # The time-average's standard error is sqrt(2 p (1 - p) tau / T) with tau = 0.75 h, the process's memory.
    assert abs(down.mean() - 0.25) < 4 * sqrt(2 * 0.25 * 0.75 * 0.75 / 40_000)
    assert abs(begins - 10_000) < 4 * sqrt(10_000)
    assert 1.0 == pytest.approx(down.sum() * step_s / 3600 / begins, rel=0.06)  # 4 / sqrt(10 000), and the steps
