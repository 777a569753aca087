"""A/B tests: how many requests a test of two policies takes, and how many days of traffic that is."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from tco.decide.compare import Comparison
from tco.pipeline import Evaluation
from tco.policies.routing import RoutingPolicy
from tco.policies.routing.ab_split import AbSplit, sample_size
from tco.policies.routing.branching import Branching
from tco.report.numbers import counted
from tco.units import MONTHS_PER_YEAR

DAYS_PER_YEAR = 365.0


def ab_test_notes(evaluation: Evaluation, comparison: Comparison) -> list[str]:
    """Say what each A/B test of the options takes; nothing of those that state no difference to be seen."""
    notes: list[str] = []
    for option in comparison.options:
        for test in _tests(evaluation.scenario.options[option.name].router):
            notes += _test_note(option.name, test, option.success_share, evaluation.months[0].requests)
    return notes


def _tests(router: RoutingPolicy) -> Iterator[AbSplit]:
    """Find the A/B splits of a policy and of those that it holds."""
    if isinstance(router, AbSplit):
        yield router
    if isinstance(router, Branching):
        for branch in router.branches().values():
            yield from _tests(branch)


def _test_note(name: str, test: AbSplit, success: float | None, requests_per_month: float) -> Iterator[str]:
    if test.detect_fraction is None:
        return
    points = f"{100 * test.detect_fraction:g} points"
    if success is None:
        yield f"{name}: what shows a difference of {points} depends on the success rate, which is not known."
        return
    try:
        size = sample_size(success, test.detect_fraction, test.b_share)
    except ValueError as error:
        yield f"{name}: no number of requests shows a difference of {points}: {error}."
        return
    days = ceil(size / (requests_per_month * MONTHS_PER_YEAR / DAYS_PER_YEAR))
    yield (
        f"{name}: to see a difference of {points} of success near {success:.1%} takes {counted(size, 'request')} of "
        f"both arms together (level 5 %, power 80 %), {counted(days, 'day')} of the first month's traffic where all of "
        "it is split."
    )
