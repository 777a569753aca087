"""`tco validate serving` as people meet it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest

from tests.validation.rows import row, true_rows, write


def tco(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tco", "validate", "serving", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A file of rows from a known server."""
    return str(write(tmp_path_factory.mktemp("measured") / "rows.csv", true_rows((2, 4, 8))))


def test_json_is_all_of_stdout(measured):
    """It parses, and warnings went elsewhere."""
    done = tco("--fit", measured, "--format", "json", "--jobs", "1")

    assert 0 == done.returncode
    assert 2 == json.loads(done.stdout)["overall"]["rows"]


def test_csv_has_one_line_a_row_and_warnings_go_to_stderr(measured, tmp_path):
    """A row far outside the calibrated range is predicted, marked and warned about."""
    asked = str(write(tmp_path / "asked.csv", [row(concurrency=2000, input_len=16)]))
    done = tco("--fit", measured, "--predict", asked, "--format", "csv", "--jobs", "1")

    (only,) = csv.DictReader(io.StringIO(done.stdout))
    assert ("same set-up", "true") == (only["calibration"], only["outside_range"])
    assert "line 2: concurrency 2000, 16/64 tokens; calibrated: concurrency 2-8, 256-512/32-64 tokens" in done.stderr


def test_people_are_told_the_verdict(measured):
    """Errors, aims, and what calibrated the rows."""
    done = tco("--fit", measured, "--jobs", "1")

    text = " ".join(done.stdout.split())
    assert "aim 6.0 %: reached" in text
    assert "same set-up 2 rows" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--data", "nowhere.csv"), "name measured runs with --fit FILE"),
        (("--fit", "{measured}", "--predict", "nowhere.csv"), "nowhere.csv: cannot be read"),
    ],
)
def test_a_missing_file_is_told_without_a_traceback(measured, arguments, told):
    """Exit code 2, nothing on stdout."""
    done = tco(*(argument.format(measured=measured) for argument in arguments))

    assert (2, "") == (done.returncode, done.stdout)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_malformed_line_is_told_by_its_number(tmp_path):
    """File, line, column, what was found."""
    file = write(tmp_path / "bad.csv", [row(), row(concurrency="many")])
    done = tco("--fit", str(file))

    assert 2 == done.returncode
    assert f"{file}:3:11: concurrency: 'many' is not a number" in done.stderr
