"""Measured runs: one set-up, read exactly, and every fault told with file and line."""

from __future__ import annotations

import pytest

from tco.calibration.measured_runs import read_runs

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


def test_runs_are_read_as_measured_and_once(tmp_path):
    """A run that stands twice counts once; the width is the tier's where the file says none."""
    runs = read_runs(write(tmp_path, *ROWS, ROWS[0]), {}, 2, 0.9)
    (unsaid, *_) = read_runs(
        write(tmp_path, *(row.removeprefix("h100_sxm,1.0,") for row in ROWS), header=HEADER[11:]), {}, 2
    )

    assert 4 == len(runs)
    assert (1024, 128, 1, 40.0, 8.0) == (
        runs[0].input_len, runs[0].output_len, runs[0].concurrency, runs[0].ttft_ms, runs[0].tpot_ms
    )  # fmt: skip
    assert ("h100_sxm", 1.0, 0.9) == (runs[0].gpu, runs[0].n_gpus, runs[0].length_share)
    assert ("", 2.0, 1.0) == (unsaid.gpu, unsaid.n_gpus, unsaid.length_share)


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
        ((*ROWS, "h100_sxm,1.0,1024,128,1e9,4,8"), r"mine\.csv:6: concurrency: 1e\+09; allowed: 0 to 65536"),
        ((*ROWS, "h100_sxm,1.0,1024,128,1,4,1e-9"), r"mine\.csv:6: tpot_ms: 1e-09; allowed: 0\.001 to 1e\+09"),
        ([row.replace("1.0", "x", 1) for row in ROWS], r"mine\.csv:2: n_gpus: 'x'; allowed: 0 to 4096"),
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


def test_a_split_pool_is_not_one_server(tmp_path):
    """Prefill and decode on GPUs of their own have other step times."""
    rows = [f"{row},disagg" for row in ROWS]

    with pytest.raises(ValueError, match=r"mine\.csv:2: mode 'disagg' is not one server; allowed: agg"):
        read_runs(write(tmp_path, *rows, header=f"{HEADER},mode"), {})


def test_a_column_to_choose_by_must_be_there(tmp_path):
    """A misspelt column would silently choose nothing."""
    with pytest.raises(ValueError, match="no column gppu"):
        read_runs(write(tmp_path, *ROWS), {"gppu": "h100_sxm"})


def test_a_file_that_is_not_there_is_told(tmp_path):
    """With the path that was tried."""
    with pytest.raises(ValueError, match=r"none\.csv: the benchmark cannot be read: No such file"):
        read_runs(tmp_path / "none.csv", {})
