"""Windows for async calls that cannot be: each is refused at its place, with both values in conflict."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.scenario.async_window import AsyncWindow
from tests.laws.build import chat, gpu, scene, static
from tests.scenario.texts import INLINE, faults_in, plant

NIGHT = {"from_hour": 22, "to_hour": 6, "deadline_hours": 24}
LATE = {"kind": "schedule", "fleet_shares": [1.0] * 168}


def fleet(window: Any = NIGHT, **changes: Any) -> None:
    """Build a scenario with one fleet and async calls."""
    classes = {"chat": chat(0.8), "job": chat(0.2, "async")}
    scene({"own": gpu(async_window=window, **changes)}, {"it": static(own=1.0)}, classes=classes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"from_hour": 6}, "from_hour 6 is to_hour 6: the window is never open, or always"),
        ({"from_hour": 24}, "less than 24"),
        ({"from_hour": -1}, "greater than or equal to 0"),
        ({"to_hour": 25}, "less than or equal to 24"),
        ({"deadline_hours": 8}, "deadline_hours 8 is not above the longest wait for the window, 16 h from 6 to 22"),
        ({"deadline_hours": 16}, "deadline_hours 16 is not above the longest wait for the window, 16 h"),
        ({"deadline_hours": 169}, "less than or equal to 168"),
        ({"deadline_hours": 0}, "greater than 0"),
        ({"closes": 5}, "Extra inputs"),
    ],
)
def test_impossible_windows_are_refused(changes, why):
    """The message names what is in conflict."""
    with pytest.raises(ValidationError, match=why):
        fleet({**NIGHT, **changes})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"interactive_first": False}, "interactive_first is false and async_window opens at hour 22"),
        ({"max_queue_requests": 50}, "max_queue_requests 50 with async_window"),
        ({"scaling": {"kind": "target", "target_utilisation": 0.5}}, "scaling of kind 'target' with async_window"),
        (
            {"disaggregation": {"prefill_share": 0.5, "transfer_s_per_context_token": 0.0}, "min_replicas": 2},
            "prefill_share 0.5 and async_window from hour 22",
        ),
    ],
)
def test_fleets_that_a_window_does_not_fit_are_refused(changes, why):
    """The message names both keys and their values."""
    with pytest.raises(ValidationError, match=why):
        fleet(**changes)


@pytest.mark.parametrize("changes", [{}, {"queue_timeout_s": 5.0}, {"scaling": LATE}, {"kv_reservation": "as_needed"}])
def test_fleets_that_a_window_fits_are_not_refused(changes):
    """The guards are not too wide."""
    fleet(**changes)


def test_a_window_is_judged_where_it_stands(tmp_path):
    """Two faults at once, each at its line and column."""
    text = plant(
        "    min_replicas: 1\n",
        "    min_replicas: 1\n    §async_window: {from_hour: 22, to_hour: 6, deadline_hours: 8}\n    min_gpus: 1\n",
    )
    found = faults_in(tmp_path, text.text)

    assert 2 == len(found)
    assert text.place == (found[0].line, found[0].column)
    assert found[0].message.startswith("deadline_hours 8 is not above")


def test_a_window_without_async_classes_is_refused(tmp_path):
    """It would change nothing; the classes are named."""
    text = INLINE.replace("    latency_class: async\n", "")
    planted = plant(
        "    min_replicas: 1\n", "    min_replicas: 1\n    §async_window: {from_hour: 22, to_hour: 6}\n", text
    )
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.place == (fault.line, fault.column)
    assert "every class is interactive (chat, batch)" in fault.message


@pytest.mark.parametrize(
    ("window", "hours", "wait"),
    [((22, 6), 8, 16), ((1, 5.5), 4.5, 19.5), ((0, 24), 24, 0), ((6, 0), 18, 6), ((23.5, 0.5), 1, 23)],
)
def test_a_window_is_open_for_its_hours(window, hours, wait):
    """Over midnight or not; the shares of the hours of a week sum to seven times as much."""
    found = AsyncWindow(from_hour=window[0], to_hour=window[1])

    assert hours == found.open_hours
    assert wait == found.longest_wait_hours
    assert 7 * hours == pytest.approx(sum(found.open_share(hour) for hour in range(168)))
