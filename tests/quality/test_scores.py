"""Scores are read in three shapes; what is wrong is told by file, line and column."""

from __future__ import annotations

import pytest

from tco.errors import ScenarioError, UsageError
from tco.quality.scores import read_scores


def file(tmp_path, text: str):
    """Write a file of scores."""
    path = tmp_path / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return path


WIDE = "domain,weak_correct,strong_correct\nlaw,0,1\nart,1,1\n"
PREFIXED = "task,score__a,score__b\nlaw,0,1\nart,1,1\n"
LONG = "query_id,model,score,dataset\n1,a,0,law\n2,a,1,art\n1,b,1,law\n2,b,1,art\n"


@pytest.mark.parametrize("text", [WIDE, PREFIXED, LONG])
def test_three_shapes_hold_the_same(tmp_path, text):
    """One query answered by the second model alone, one by both."""
    found = read_scores(file(tmp_path, text))

    assert (["law", "art"], [(0.0, 1.0), (1.0, 1.0)]) == (found.groups, found.rows)


def test_a_missing_score_leaves_its_query_out(tmp_path):
    """Unknown is not zero."""
    found = read_scores(file(tmp_path, WIDE + "law,,1\n"))

    assert (2, {"a score is missing": 1}) == (len(found.rows), dict(found.left_out))


def test_a_query_that_one_model_did_not_get_is_left_out(tmp_path):
    """In a file of one line a query and model, too, and where the call failed."""
    found = read_scores(file(tmp_path, "query_id,model,ok,score,dataset\n1,a,True,0,x\n1,b,True,1,x\n2,a,True,1,x\n"
                                       "3,a,True,1,x\n3,b,False,0,x\n"))  # fmt: skip

    assert (1, 2) == (len(found.rows), found.left_out["a score is missing"])


def test_grades_are_counted_and_negative_ones_are_zero(tmp_path):
    """Both are told, not hidden."""
    found = read_scores(file(tmp_path, WIDE + "law,0.25,-0.03\n"))

    assert (0.25, 0.0) == found.rows[-1]
    assert (1, 1) == (found.graded, found.below_zero)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("law,yes,1", ":4:2: weak: 'yes' is not a number"),
        ("law,0,inf", ":4:3: strong: 'inf' is not a number"),
        ("law,0,85", ":4:3: strong: 85 is above 1; scores are from 0 to 1"),
        ("law,0", ":4:1: 2 cells where the head line has 3"),
    ],
)
def test_a_malformed_line_is_told_by_line_and_column(tmp_path, line, told):
    """And nothing is read past it in silence."""
    with pytest.raises(ScenarioError) as caught:
        read_scores(file(tmp_path, WIDE + line + "\n"))

    assert told in str(caught.value)


def test_a_model_that_answers_twice_is_refused(tmp_path):
    """Which of the answers counts cannot be known."""
    with pytest.raises(ScenarioError, match=r":6:1: query_id: model 'a' answers query '1' a second time"):
        read_scores(file(tmp_path, LONG + "1,a,1,law\n"))


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ("", {}, "is empty"),
        ("domain,weak_correct,strong_correct\n", {}, "holds no query"),
        ("weak_correct,strong_correct\n0,1\n", {}, "name the column with --group"),
        (WIDE, {"group": "domian"}, "did you mean 'domain'"),
        (WIDE, {"exclude": ["lwa"]}, "did you mean 'law'"),
        (WIDE, {"models": ["week", "strong"]}, "did you mean 'weak'"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(tmp_path, text, arguments, told):
    """Place, found, next."""
    with pytest.raises(UsageError, match=told):
        read_scores(file(tmp_path, text), **arguments)


def test_a_file_without_two_models_says_what_columns_it_needs(tmp_path):
    """The three shapes are named."""
    with pytest.raises(ScenarioError, match=r":1:1: no scores of two models; expected: columns score__MODEL"):
        read_scores(file(tmp_path, "domain,score\nlaw,1\n"))


def test_bytes_that_are_no_text_are_refused_in_a_sentence(tmp_path):
    """And so is a file that is not there."""
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00\x01")

    for name in ("bad.csv", "nowhere.csv"):
        with pytest.raises(UsageError, match="cannot be read as CSV"):
            read_scores(tmp_path / name)
