"""Measured runs: one set-up, read exactly, and every fault told with file and line."""

from __future__ import annotations

import pytest

from tco.serving.measured_runs import Run, read_runs

HEADER = "gpu,n_gpus,input_len,output_len,concurrency,ttft_ms,tpot_ms"
ROWS = (
    "h100_sxm,1.0,1024,128,1,40,8",
    "h100_sxm,1.0,1024,128,8,60,9",
    "h100_sxm,1.0,1024,128,64,200,15",
    "h100_sxm,1.0,4096,512,64,900,22",
)


def write(folder, *rows, header=HEADER):
    """Write a benchmark and return its path."""
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_runs_are_read_in_seconds_and_once(tmp_path):
    """Milliseconds become seconds; a run that stands twice counts once."""
    runs = read_runs(write(tmp_path, *ROWS, ROWS[0]), {})

    assert 4 == len(runs)
    assert Run(1024.0, 128.0, 1.0, 0.04, 0.008) == runs[0]


def test_rows_are_chosen_by_their_other_columns(tmp_path):
    """Numbers compare as numbers: 1 is 1.0; text as text."""
    other = (row.replace("1.0", "2.0", 1).replace(",8", ",7", 1) for row in ROWS)

    assert 4 == len(read_runs(write(tmp_path, *ROWS, *other), {"n_gpus": "1", "gpu": "h100_sxm"}))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            (*ROWS, "l4,1.0,1,1,1,1,1"),
            r"rows mix set-ups, gpu 'h100_sxm', 'l4'; .* choose with only: \{gpu: h100_sxm\}",
        ),
        (ROWS[:3], r"mine\.csv: 3 distinct runs at 3 concurrencies; allowed: at least 4 runs at 2"),
        ((), r"0 distinct runs"),
        ((*ROWS, "h100_sxm,1.0,1024,128,1,-4,8"), r"mine\.csv:6: ttft_ms: '-4'; allowed: a number above 0"),
        ((*ROWS, "h100_sxm,1.0,1024,128,1,nan,8"), r"mine\.csv:6: ttft_ms: 'nan'"),
        ((*ROWS, "h100_sxm,1.0,1024,128,1,4"), r"mine\.csv:6: tpot_ms: ''"),
    ],
)
def test_a_benchmark_that_cannot_be_fitted_is_refused(tmp_path, rows, message):
    """What stands there, where, and what would do."""
    with pytest.raises(ValueError, match=message):
        read_runs(write(tmp_path, *rows), {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", r"mine\.csv:1: no column input_len, .*; found: a, b"),
        (b"", r"found: no header"),
        (b"\xff\xfe", r"byte 0xff is not UTF-8"),
    ],
)
def test_a_file_that_is_no_benchmark_is_refused(tmp_path, content, message):
    """Missing columns, no header, no text."""
    path = tmp_path / "mine.csv"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=message):
        read_runs(path, {})


def test_a_column_to_choose_by_must_be_there(tmp_path):
    """A misspelt column would silently choose nothing."""
    with pytest.raises(ValueError, match="no column gppu"):
        read_runs(write(tmp_path, *ROWS), {"gppu": "h100_sxm"})


def test_a_file_that_is_not_there_is_told(tmp_path):
    """With the path that was tried."""
    with pytest.raises(ValueError, match=r"none\.csv: the benchmark cannot be read: No such file"):
        read_runs(tmp_path / "none.csv", {})
