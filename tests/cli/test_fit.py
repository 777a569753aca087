"""`tco fit quality` as people meet it."""

from __future__ import annotations

import json

import yaml

TEXT = (
    "domain,weak_correct,strong_correct\n" + "art,1,1\n" * 30 + "art,0,1\n" * 10 + "law,0,1\n" * 20 + "law,0,0\n" * 20
)


def test_json_is_all_of_stdout_and_yaml_is_written(tco, tmp_path):
    """Weak answers 30 of 80 well, strong 60, both 30."""
    path, out = tmp_path / "scores.csv", tmp_path / "quality.yaml"
    path.write_text(TEXT, encoding="utf-8")
    answer = tco("fit", "quality", path, "--format", "json", "--out", out)

    found = json.loads(answer.out)
    assert (80, "weak", "strong", 0.375) == (
        found["queries"], found["weak"], found["strong"], found["both_share"]["data"],
    )  # fmt: skip
    assert {"art": [0.0, 0.5], "law": [0.5, 1.0]} == found["groups"]
    assert found["shared_luck_share"] == yaml.safe_load(out.read_text())["quality"]["shared_luck_share"]


def test_columns_may_be_named_in_full(tco, tmp_path):
    """`--weak weak_correct` is the model `weak`."""
    path = tmp_path / "scores.csv"
    path.write_text(TEXT, encoding="utf-8")
    answer = tco("fit", "quality", path, "--weak", "weak_correct", "--strong", "strong_correct")

    assert 0 == answer.code
    assert "80 queries in 2 groups" in answer.out


def test_a_missing_file_is_told_without_a_traceback(tco):
    """Exit code 2, nothing on stdout."""
    answer = tco("fit", "quality", "nowhere.csv")

    assert (2, "") == (answer.code, answer.out)
    assert "nowhere.csv: there is no such file; expected a CSV file of scores" in answer.err


def test_one_model_may_be_named_alone_and_a_wrong_name_is_told(tco, tmp_path):
    """The other is the best or the worst; the nearest name is offered."""
    path = tmp_path / "scores.csv"
    path.write_text(TEXT, encoding="utf-8")
    right, wrong = (
        tco("fit", "quality", path, "--weak", "weak_correct"),
        tco("fit", "quality", path, "--strong", "stong"),
    )

    assert 0 == right.code
    assert (2, True) == (wrong.code, "no model 'stong'\n    hint: did you mean 'strong'?" in wrong.err)
