"""Measured runs: the closed loops of one set-up, one a row of a CSV file of the user's own.

Stricter than `measured.py`, which counts what it cannot use: here a row that cannot be used is a fault.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from math import isfinite
from pathlib import Path

from tco.calibration.measured import MOST, MOST_GPUS, TIME_RANGE_MS, TIMES, MeasuredRow

COLUMNS = ("input_len", "output_len", "concurrency", "ttft_ms", "tpot_ms")
SETUP = ("gpu", "n_gpus", "model", "backend", "precision", "mode", "tp", "dp_attention", "ep")
WIDTHS = ("n_gpus", "tp", "dp_attention", "ep")
MIN_RUNS = 4  # as many as a step time has coefficients
MAX_BYTES = 50_000_000


def read_runs(path: Path, only: Mapping[str, str], gpus: int = 1, length_share: float = 1.0) -> tuple[MeasuredRow, ...]:
    """Read the distinct runs of one set-up.

    Args:
        path: CSV file with the columns `COLUMNS` and any others.
        only: values that other columns must have; numbers compare as numbers.
        gpus: GPUs that worked together, where the file does not say.
        length_share: mean lengths as a share of the stated ones.

    Raises:
        ValueError: when the file cannot be read, a cell is wrong, too few rows are left, or they mix set-ups; the
            message names the file and the line.
    """
    rows = _rows(path, only)
    _require_one_setup(path, rows)
    runs = tuple(dict.fromkeys(_run(path, line, row, gpus, length_share) for line, row in rows))
    loads = {run.concurrency for run in runs}
    if len(runs) < MIN_RUNS or len(loads) < 2:
        raise ValueError(
            f"{path}: {len(runs)} distinct runs at {len(loads)} concurrencies; allowed: at least {MIN_RUNS} runs at 2"
        )
    return runs


def _rows(path: Path, only: Mapping[str, str]) -> list[tuple[int, dict[str, str]]]:
    """List the rows that `only` leaves, each with its line."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    try:
        columns = reader.fieldnames or ()
        missing = [name for name in (*COLUMNS, *only) if name not in columns]
        if missing:
            raise ValueError(f"{path}:1: no column {', '.join(missing)}; found: {', '.join(columns) or 'no header'}")
        return [
            (reader.line_num, row) for row in reader if all(_same(row[name], wanted) for name, wanted in only.items())
        ]
    except csv.Error as error:
        raise ValueError(f"{path}:{reader.line_num}: not valid CSV: {error}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"{path}: more than {MAX_BYTES:,} bytes; a benchmark has fewer")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path}: the benchmark cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: byte 0x{error.object[error.start]:02x} is not UTF-8") from error


def _same(cell: str | None, wanted: str) -> bool:
    """Compare as numbers where both are, so that 2 is 2.0."""
    try:
        return float(cell or "") == float(wanted)
    except ValueError:
        return cell == wanted


def _require_one_setup(path: Path, rows: list[tuple[int, dict[str, str]]]) -> None:
    for name in SETUP:
        found = sorted({row.get(name) or "" for _, row in rows})
        if len(found) > 1:
            shown = ", ".join(repr(value) for value in found[:6])
            raise ValueError(
                f"{path}: the rows mix set-ups, {name} {shown}; allowed: one; choose with only: {{{name}: {found[0]}}}"
            )


def _run(path: Path, line: int, row: Mapping[str, str], gpus: int, length_share: float) -> MeasuredRow:
    input_len, output_len, concurrency, ttft_ms, tpot_ms = (_positive(path, line, name, row[name]) for name in COLUMNS)
    if row.get("mode") not in (None, "", "agg"):
        raise ValueError(f"{path}:{line}: mode {row['mode']!r} is not one server; allowed: agg")
    widths = {name: _width(path, line, name, row.get(name)) for name in WIDTHS}
    return MeasuredRow(
        line=0,  # the same measurement on two lines counts once
        id="",
        gpu=row.get("gpu") or "",
        model=row.get("model") or "",
        backend=row.get("backend") or "",
        backend_version="",  # the user calls them one set-up
        precision=row.get("precision") or "",
        origin="",
        n_gpus=widths["n_gpus"] or float(gpus),
        tp=widths["tp"],
        dp_attention=widths["dp_attention"],
        ep=widths["ep"],
        input_len=max(round(input_len), 1),
        output_len=max(round(output_len), 2),  # an answer of one token has no time per output token
        concurrency=max(round(concurrency), 1),
        ttft_ms=ttft_ms,
        tpot_ms=tpot_ms,
        length_share=length_share,
    )


def _positive(path: Path, line: int, name: str, cell: str | None) -> float:
    try:
        number = float(cell or "")
    except ValueError:
        number = 0.0
    least, most = TIME_RANGE_MS if name in TIMES else (0.0, MOST[name])
    if not (isfinite(number) and number > 0):
        raise ValueError(f"{path}:{line}: {name}: {(cell or '')[:40]!r}; allowed: a number above 0")
    if not least <= number <= most:
        raise ValueError(f"{path}:{line}: {name}: {number:g}; allowed: {least:g} to {most:g}")
    return number


def _width(path: Path, line: int, name: str, cell: str | None) -> float | None:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        number = -1.0
    if not 0 <= number <= MOST_GPUS:
        raise ValueError(f"{path}:{line}: {name}: {cell[:40]!r}; allowed: 0 to {MOST_GPUS}")
    return number
