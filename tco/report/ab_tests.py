"""A/B tests: how many requests a test of two policies takes, and how many days of traffic that is."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from tco.capacity.arms import ArmsSeen
from tco.decide.compare import Comparison
from tco.pipeline import Evaluation
from tco.policies.routing.ab_split import sample_size
from tco.report.numbers import counted
from tco.units import MONTHS_PER_YEAR

DAYS_PER_YEAR = 365.0


def ab_test_notes(evaluation: Evaluation, comparison: Comparison) -> list[str]:
    """Say what each A/B test of the options takes; nothing of those that state no difference to be seen."""
    notes: list[str] = []
    month = evaluation.months[0]
    for option in comparison.options:
        for arms in evaluation.plans[option.name].window(0).ab_tests:
            if arms.test.detect_fraction is not None:
                notes += _test_note(option.name, arms, month.requests)
    return notes


def _test_note(name: str, arms: ArmsSeen, requests_per_month: float) -> Iterator[str]:
    detect = arms.test.detect_fraction or 0.0
    points = f"{100 * detect:g} points"
    if arms.reach_share == 0.0:
        yield f"{name}: no request reaches the A/B test."
        return
    if arms.a_success_share is None:
        yield f"{name}: what shows a difference of {points} depends on the success rate, which is not known."
        return
    try:
        size = sample_size(arms.a_success_share, detect, arms.test.b_share)
    except ValueError as error:
        yield f"{name}: no number of requests shows a difference of {points}: {error}."
        return
    days = ceil(size / (requests_per_month * arms.reach_share * MONTHS_PER_YEAR / DAYS_PER_YEAR))
    yield (
        f"{name}: to see a difference of {points} of success from the {arms.a_success_share:.1%} of arm a takes "
        f"{counted(size, 'request')} of both arms together (level 5 %, power 80 %), {counted(days, 'day')} at the "
        f"first month's volume, of which {arms.reach_share:.1%} reaches the test."
    )
