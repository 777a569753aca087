"""`tco validate queueing` as people meet it: formats, exit codes, kind refusals."""

from __future__ import annotations

import json

import pytest

TINY = """
cases:
- id: tiny
  model: M/D^[1,b]/1 bulk service
  params: {lam: 3.0, D: 1.0, b: 4}
  expected: {mean_batch: 3.0337562}
- id: other
  model: G/G/1
  params: {lam: 1.0}
  expected: {W: 1.0}
"""


@pytest.fixture(autouse=True)
def _short_runs(monkeypatch):
    """What is simulated is not what is tested here."""
    monkeypatch.setattr("tco.validation.queues.LEAST_REQUESTS", 1000)


@pytest.fixture
def cases(tmp_path):
    """A file with one case that is played and one that is not."""
    path = tmp_path / "cases.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


def call(tco, cases, *more):
    """Play the cases in six runs on one process."""
    return tco("validate", "queueing", "--cases", cases, "--runs", 6, "--jobs", 1, *more)


def test_cases_of_ones_own_are_played_and_the_others_told(tco, cases):
    """JSON has the entries of the contract, and the reason for what is left out."""
    answer = call(tco, cases, "--format", "json")
    found = json.loads(answer.out)

    assert 0 == answer.code
    assert [("tiny", "mean_batch", True)] == [(each["id"], each["metric"], each["passed"]) for each in found["cases"]]
    assert found["cases"][0]["ci_low"] < 3.03 < found["cases"][0]["ci_high"]
    assert "other" == found["not_run"][0]["id"]
    assert "no model of this name" in found["not_run"][0]["reason"]


@pytest.mark.parametrize("form", ["table", "csv", "md"])
def test_every_format_tells_the_same(tco, cases, form):
    """The figure on stdout; what was not run beside it, for CSV on stderr."""
    answer = call(tco, cases, "--format", form)

    assert "mean_batch" in answer.out
    assert "G/G/1" not in answer.out
    assert "other" in (answer.err if form == "csv" else answer.out)


def test_a_figure_that_disagrees_ends_with_1(tco, cases):
    """So that a script notices; the table says which."""
    cases.write_text(TINY.replace("3.0337562", "2.0"), encoding="utf-8")
    answer = call(tco, cases)

    assert 1 == answer.code
    assert "1 of 1 metrics disagree with theory: tiny mean_batch" in answer.out


def test_a_malformed_file_ends_with_2_and_its_line(tco, cases):
    """Before anything is simulated."""
    cases.write_text(TINY.replace("b: 4", "b: 0"), encoding="utf-8")
    answer = call(tco, cases)

    assert 2 == answer.code
    assert f"{cases}:5:33: cases[0].params.b: 0; allowed: at least 1" in answer.err
    assert "" == answer.out
