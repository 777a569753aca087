"""What a report says of quality: how long an A/B test runs, and which options no other beats."""

from __future__ import annotations

from tco.decide.compare import compare
from tco.pipeline import evaluate
from tco.report.ab_tests import ab_test_notes
from tco.report.charts.quality_front import quality_front
from tests.laws.build import chat, flat_api, scene, static
from tests.policies.routing.tiers import built, level, split


def notes(scenario) -> list[str]:
    """Evaluate a scenario and write its notes."""
    evaluation = evaluate(scenario)
    return ab_test_notes(evaluation, compare(evaluation))


def trial(detect, **changes):
    """A split in halves between two policies of the same tier."""
    return {"kind": "ab_split", "a": split(1.0), "b": split(1.0), "b_share": 0.5, "detect_fraction": detect, **changes}


def test_a_test_says_how_many_requests_and_days_it_takes():
    """Near 50 %, 10 points take 775 or so; 150 000 a month are 4 932 a day, so one day."""
    (note,) = notes(built({"trial": trial(0.1)}, weak=level(0.5)))

    assert "trial: to see a difference of 10 points of success from the" in note
    assert "1 day at the first month's volume, of which 100.0% reaches the test." in note


def test_days_are_counted_by_the_months_volume():
    """Two points take 19 600 requests; at 4 932 a day that is 4 days."""
    (note,) = notes(built({"trial": trial(0.02)}, weak=level(0.5)))

    assert "4 days at the first month's volume" in note


def test_a_test_inside_another_policy_is_found():
    """A trial for one class only is told with that class's share of the requests, and lasts as much longer."""
    router = {"kind": "by_class", "classes": {"rare": trial(0.02)}, "otherwise": split(1.0)}
    classes = {"rare": chat(0.1), "common": chat(0.9)}
    (note,) = notes(built({"inside": router}, weak=level(0.5), classes=classes))

    assert "of which 10.0% reaches the test" in note
    assert any(f"{days} days at the first" in note for days in (39, 40, 41))


def test_a_test_of_unknown_quality_says_so():
    """No number is made up; and a test that states no difference says nothing."""
    tiers = {"weak": flat_api(0.01), "strong": flat_api(0.02)}
    options = {"trial": {"router": trial(0.1), "people": {}}, "plain": {"router": trial(None), "people": {}}}
    (note,) = notes(scene(tiers, {"trial": options["trial"], "plain": options["plain"], "other": static(strong=1.0)}))

    assert "trial: what shows a difference of 10 points depends on the success rate, which is not known." == note


def test_a_chart_of_quality_is_drawn_where_it_is_known():
    """And names every option; nothing is drawn where nothing is known."""
    evaluation = evaluate(built({"cheap": split(1.0), "good": split(0.0)}))
    drawn = quality_front(evaluation, compare(evaluation))
    unknown = evaluate(scene({"only": flat_api(0.01)}, {"a": static(only=1.0)}))

    assert {"png", "svg"} == set(drawn)
    assert b"cheap " in drawn["svg"]
    assert {} == quality_front(unknown, compare(unknown))
