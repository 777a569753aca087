"""`tco validate claims` as people meet it."""

from __future__ import annotations

import json

import pytest

from tests.claims.judging import CLAIMS


def call(tco, *more):
    """Judge two claims that take no time."""
    return tco("validate", "claims", "C2", "c11", "--scenarios", CLAIMS, *more)


def test_json_has_verdicts_and_figures(tco):
    """Keys are stable; figures keep every digit."""
    answer = call(tco, "--format", "json")
    found = json.loads(answer.out)["claims"]

    assert 0 == answer.code
    assert [("C2", "does not follow"), ("C11", "does not follow")] == [
        (each["claim"], each["verdict"]) for each in found
    ]
    assert pytest.approx(30.0) == found[1]["figures"]["high_usd_per_month"]


@pytest.mark.parametrize("form", ["table", "csv", "md"])
def test_every_format_tells_the_verdict(tco, form):
    """And why."""
    answer = call(tco, "--format", form)

    assert (0, 2) <= (answer.code, answer.out.count("does not follow"))
    assert "takes one for the" in answer.out


def test_the_document_is_written(tco, tmp_path):
    """Beside what is printed."""
    answer = call(tco, "--out", tmp_path / "claims.md", "--format", "csv")

    assert "| C11 | " in (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "wrote " in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("C99",), "'C99' is not a claim; known: C1, C2"),
        (("C1", "--scenarios", "nowhere"), "nowhere: no such folder"),
        (("C1", "--scenarios", CLAIMS, "--out", "nowhere/claims.md"), "--out: nowhere is not a folder"),
    ],
)
def test_what_is_wrong_is_told(tco, arguments, said):
    """Before anything is simulated, with exit code 2."""
    answer = tco("validate", "claims", *arguments, *(() if "--scenarios" in arguments else ("--scenarios", CLAIMS)))

    assert 2 == answer.code
    assert said in answer.err
    assert "" == answer.out
