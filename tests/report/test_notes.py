"""What the notes say in words: one thing is not told in the plural."""

from __future__ import annotations

import pytest

from tco.decide.compare import compare
from tco.decide.sweep import Sweep
from tco.pipeline import evaluate
from tco.report.comparison import comparison_document
from tco.report.document import Document, Text
from tco.report.sweep import sweep_document
from tco.scenario.loader import load_scenario
from tests.report.small import write_small


def notes(document: Document) -> str:
    """Every paragraph of a document, one a line."""
    return "\n".join(section.text for section in document.sections if isinstance(section, Text))


def test_one_of_a_thing_is_told_in_the_singular(tmp_path):
    """One month, one option and so one window, one request a month."""
    path = write_small(tmp_path, months=1, requests=1, options=["only"])
    evaluation = evaluate(load_scenario(path))

    text = notes(comparison_document(evaluation, compare(evaluation)))

    assert "Traffic: 1 request in 2026-12, busiest hour" in text
    assert "a window, 1 window;" in text


def test_a_plan_of_several_months_tells_the_first_and_the_last(tmp_path):
    """Two months: from one volume to the other."""
    path = write_small(tmp_path, months=2, requests=1000, options=["one", "two"])
    evaluation = evaluate(load_scenario(path))

    text = notes(comparison_document(evaluation, compare(evaluation)))

    assert "Traffic: 1,000 requests in 2026-12, 1,000 in 2027-01; busiest hour" in text
    assert "a window, 2 windows;" in text


@pytest.mark.parametrize(
    ("skipped", "said"), [(1, "1 point was left out because its shares"), (2, "2 points were left out because their")]
)
def test_points_left_out_of_a_sweep_are_counted_in_words(tmp_path, skipped, said):
    """One point was, two points were."""
    scenario = load_scenario(write_small(tmp_path)).scenario

    assert said in notes(sweep_document(Sweep((), [], skipped), scenario))
