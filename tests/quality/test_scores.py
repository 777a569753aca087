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
        (WIDE, {"exclude": ["art", "lwa"]}, "no group 'lwa'\n    hint: did you mean 'law'"),
        (WIDE, {"exclude": ["art", "law"]}, "holds no query that every model has a score for; 2 excluded"),
        (
            WIDE,
            {"models": ["weak", "weak_correct"]},
            "the weak and the strong model are both 'weak'; allowed: two different ones of weak, strong",
        ),
        ("query_id,model,score,domain\n1,a,1,law\n", {}, "holds scores of 'a' only; two models are needed"),
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


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("domain,score__a,score__a", ":1:3: column 'score__a' stands twice; allowed: one of them"),
        ("domain,score__a,a_correct", ":1:3: columns 'score__a' and 'a_correct' both hold scores of 'a'"),
        ("domain,domain,a_correct", ":1:2: column 'domain' stands twice"),
    ],
)
def test_a_column_that_stands_twice_is_refused(tmp_path, head, told):
    """Which of them counts cannot be known."""
    with pytest.raises(ScenarioError) as caught:
        read_scores(file(tmp_path, head + ",score__b\nlaw,0,1,1\n"))

    assert told in str(caught.value)


def test_a_column_of_answers_beside_one_of_scores_is_no_second_one(tmp_path):
    """`weak` may hold the answers that `weak_correct` judges."""
    found = read_scores(file(tmp_path, "domain,weak,weak_correct,strong_correct\nlaw,B,0,1\n"))

    assert (("weak", "strong"), [(0.0, 1.0)]) == (found.models, found.rows)


def test_a_query_of_two_kinds_is_refused(tmp_path):
    """The first of them is not better than the second."""
    with pytest.raises(ScenarioError, match=r":5:4: dataset: query '2' is of 'law' here and of 'art' before"):
        read_scores(file(tmp_path, LONG.replace("2,b,1,art", "2,b,1,law")))


def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path):
    """Bytes that are no text, a file that is not there, and a folder."""
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "folder.csv").mkdir()
    told = {
        "bad.csv": r"bad\.csv: is not a CSV file in UTF-8",
        "nowhere.csv": r"nowhere\.csv: there is no such file; expected a CSV file of scores",
        "folder.csv": r"folder\.csv: cannot be read: is a directory; expected a CSV file",
    }

    for name, words in told.items():
        with pytest.raises(UsageError, match=words):
            read_scores(tmp_path / name)
