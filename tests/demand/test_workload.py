"""The window of requests: how many, of which class, how long, and the same for every option and load."""

from __future__ import annotations

import numpy as np
import pytest

from tco.arrivals.trace_rows import TraceRows
from tco.demand.workload import LEAST_WINDOW_S, MOST_LASTING_REQUESTS, draw_workload, window_requests
from tco.errors import UsageError
from tests.laws.build import api, chat, fixed, rate_traffic, scene, static

TRACE = TraceRows(
    "t.csv", np.array([0.5, 1.5, 1.0, 1.0]), np.array([11, 12, 13, 14]), np.array([21, 22, 23, 24]), raised_rows=0
)
REPLAY = {"requests_per_month": 1000.0, "arrivals": {"kind": "trace", "path": "t.csv"}}


def window(count=1000, rate_rps=0.01, **changes):
    """A scenario whose window has a given size."""
    return scene(
        {"api": api()}, {"buy": static(api=1.0)}, count=count, **{"traffic": rate_traffic(rate_rps), **changes}
    )


@pytest.mark.parametrize(
    ("count", "rate_rps", "expected"),
    [
        (1000, 0.01, 1000),  # 1000 requests last 28 hours
        (1000, 3.0, 1000),  # 3 x 300 s are 900 requests
        (1000, 10.1, 3030),  # 10.1 x 300 s
        (5000, 10.1, 5000),
        (1000, 1000.0, MOST_LASTING_REQUESTS),  # 300 000 would take too long
        (200_000, 1000.0, 200_000),  # asked for, so simulated
    ],
)
def test_a_window_lasts_five_minutes_where_that_can_be(count, rate_rps, expected):
    """At least what the scenario asks for, more where that would pass in less than 300 s, within reason."""
    assert 300.0 == LEAST_WINDOW_S
    assert expected == pytest.approx(window_requests(window(count, rate_rps)), abs=1)


def test_the_window_is_as_long_as_the_busiest_month_needs():
    """10 a second that grow by half are 15 in the second month; a peak of twice that is 30: 9 000 requests."""
    profile = (2.0, 0.0) * 84
    traffic = rate_traffic(10.0, growth_fraction_per_month=0.5, hour_of_week=profile)

    assert 9000 == pytest.approx(window_requests(window(1000, traffic=traffic, horizon_months=2)), abs=1)


@pytest.mark.parametrize("shares", [(0.7, 0.3), (0.5, 0.25, 0.125, 0.125), (0.999, 0.001), (1.0, 0.0), (0.0, 1.0)])
def test_class_shares_are_exact(shares):
    """Of a thousand requests, each class gets its thousandths to the request."""
    classes = {f"c{number}": chat(share) for number, share in enumerate(shares)}
    workload = draw_workload(window(classes=classes))
    counts = np.bincount(workload.class_index, minlength=len(shares))

    assert 1000 == len(workload)
    assert tuple(classes) == workload.classes
    assert counts.tolist() == pytest.approx([1000 * share for share in shares], abs=1)
    assert 1000 == counts.sum()


def test_each_class_has_its_own_lengths_and_patience():
    """What is written for a class holds for its requests and no others."""
    classes = {
        "short": chat(0.6, input_tokens=fixed(10), output_tokens=fixed(1)),
        "long": chat(0.4, "async", input_tokens=fixed(9000), output_tokens=fixed(700)),
    }
    workload = draw_workload(window(classes=classes))
    short = workload.class_index == 0

    assert {10} == set(workload.input_tokens[short])
    assert {1} == set(workload.output_tokens[short])
    assert {9000} == set(workload.input_tokens[~short])
    assert {700} == set(workload.output_tokens[~short])
    assert short.tolist() == workload.interactive.tolist()


@pytest.mark.parametrize(("share", "left_out"), [(0.0, 0), (0.1, 100), (0.0015, 1), (0.5, 500)])
def test_the_warm_up_is_the_first_share_of_the_requests(share, left_out):
    """Cut down to whole requests."""
    workload = draw_workload(window(simulation={"window_requests": 1000, "warmup_share": share}))

    assert [False] * left_out + [True] * (1000 - left_out) == workload.measured.tolist()


def test_a_rate_only_stretches_the_arrivals():
    """Twice the rate, half the times; the mean gap at one request a second is one second."""
    workload = draw_workload(window(20_000))

    assert workload.arrivals_s(2.0) == pytest.approx([2.0 * time for time in workload.arrivals_s(4.0)], rel=1e-12)
    assert 20_000 == pytest.approx(workload.unit_arrivals[-1], rel=4 / 20_000**0.5)
    assert (np.diff(workload.unit_arrivals) >= 0).all()


def test_a_trace_is_replayed_whole_in_its_order():
    """Every row once, lengths beside their arrivals, however many requests a window would have."""
    own = {"input_tokens": {"kind": "trace"}, "output_tokens": {"kind": "trace"}}
    workload = draw_workload(window(1000, traffic=REPLAY, classes={"chat": chat(**own)}), TRACE)

    assert [0.5, 2.0, 3.0, 4.0] == workload.unit_arrivals.tolist()
    assert [11, 12, 13, 14] == workload.input_tokens.tolist()
    assert [21, 22, 23, 24] == workload.output_tokens.tolist()


def test_arrivals_of_a_trace_that_was_not_given_are_an_error():
    """In code, where no loader has read the file."""
    with pytest.raises(UsageError, match="no trace was given"):
        draw_workload(window(1000, traffic=REPLAY))


def test_chances_are_drawn_once_and_differ_by_purpose():
    """Asking again gives the same list; another purpose and another attempt give others."""
    workload = draw_workload(window())
    route = workload.uniforms("route")

    assert route is workload.uniforms("route")
    assert route == draw_workload(window()).uniforms("route")
    assert route != workload.uniforms("escalation")
    assert route != workload.uniforms("route", attempt=1)
    assert 0.0 == pytest.approx(np.mean(workload.normals("decode")), abs=0.01)
    assert 1.0 == pytest.approx(np.std(workload.normals("decode")), abs=0.02)
