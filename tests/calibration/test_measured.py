"""Reading measured rows: what is malformed is told by line, what says nothing is counted."""

from __future__ import annotations

import pytest

from tco.calibration.measured import read_measurements
from tco.errors import ScenarioError, UsageError
from tests.validation.rows import COLUMNS, row, write


def test_a_usable_row_is_read(tmp_path):
    """Numbers may be written as floats; missing widths stay unknown."""
    found = read_measurements(write(tmp_path / "a.csv", [row(dp_attention="", precision="")]))

    (only,) = found.rows
    assert (256, 64, 8) == (only.input_len, only.output_len, only.concurrency)
    assert only.dp_attention is None
    assert (2, "") == (only.line, only.precision)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tpot_ms": ""}, "no tpot_ms"),
        ({"ttft_ms": "nan"}, "no ttft_ms"),
        ({"tpot_ms": "1e400"}, "no tpot_ms"),
        ({"ttft_ms": "-3"}, "ttft_ms is not above zero"),
        ({"tpot_ms": "1e-300"}, "tpot_ms is not between 0.001 and 1e+09"),
        ({"concurrency": "8.5"}, "lengths or concurrency are not whole"),
        ({"concurrency": "1e9"}, "concurrency above 65536"),
        ({"output_len": "1"}, "an answer of one token has no time per output token"),
        ({"tp": "-1"}, "tp is not between 0 and 4096"),
        ({"gpu": ""}, "no gpu or no model"),
        ({"mode": "disagg"}, "mode 'disagg' is not one server"),
    ],
)
def test_a_row_that_says_nothing_is_left_out_with_its_reason(tmp_path, changes, reason):
    """It is counted, and the others are used."""
    found = read_measurements(write(tmp_path / "a.csv", [row(**changes), row()]))

    assert {reason: 1} == dict(found.left_out)
    assert 1 == len(found.rows)


def test_every_malformed_line_is_told_at_once(tmp_path):
    """Text in a column of numbers and a line that is cut short."""
    file = write(tmp_path / "a.csv", [row(tpot_ms="fast"), row()])
    file.write_text(file.read_text() + "only,three,cells\n")

    with pytest.raises(ScenarioError) as caught:
        read_measurements(file)

    assert [2, 4] == [fault.line for fault in caught.value.faults]
    assert "tpot_ms: 'fast' is not a number" in str(caught.value)
    assert "3 cells where the head line has 19" in str(caught.value)


def test_many_faults_are_cut_short(tmp_path):
    """Twenty are told, the rest counted."""
    with pytest.raises(ScenarioError, match="and 9 further faults") as caught:
        read_measurements(write(tmp_path / "a.csv", [row(tpot_ms="x")] * 30))

    assert 21 == len(caught.value.faults)


def test_a_missing_column_is_named(tmp_path):
    """With what was found instead."""
    columns = [name for name in COLUMNS if name != "tpot_ms"]

    with pytest.raises(ScenarioError, match=r"a\.csv:1:1: no column tpot_ms; found: id, gpu"):
        read_measurements(write(tmp_path / "a.csv", [row()], columns))


@pytest.mark.parametrize(("text", "told"), [("", "is empty"), (",".join(COLUMNS) + "\n", "holds a head line but no")])
def test_an_empty_file_is_told(tmp_path, text, told):
    """No head line, or nothing below it."""
    file = tmp_path / "a.csv"
    file.write_text(text)

    with pytest.raises(UsageError, match=told):
        read_measurements(file)


def test_an_unreadable_file_is_told(tmp_path):
    """Not there, a folder, or not text."""
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\xff\xfe\x00")

    for path in (tmp_path / "none.csv", tmp_path, binary):
        with pytest.raises(UsageError, match="cannot be read as CSV"):
            read_measurements(path)
