"""Measured runs: closed loops of a benchmark, one a row of a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import NamedTuple

COLUMNS = ("input_len", "output_len", "concurrency", "ttft_ms", "tpot_ms")
SETUP = ("gpu", "n_gpus", "model", "backend", "precision", "mode", "tp", "dp_attention", "ep")
MIN_RUNS = 4  # as many as there are coefficients
MAX_BYTES = 50_000_000


class Run(NamedTuple):
    """One closed loop: so many clients, each sending its next request when the last one is answered.

    Attributes:
        input_tokens: stated prompt length.
        output_tokens: stated answer length.
        clients: requests under way at any time.
        ttft_s: mean time to the first token.
        tpot_s: mean time per output token after the first.
    """

    input_tokens: float
    output_tokens: float
    clients: float
    ttft_s: float
    tpot_s: float


def read_runs(path: Path, only: Mapping[str, str]) -> tuple[Run, ...]:
    """Read the distinct runs of one set-up.

    Args:
        path: CSV file with the columns `COLUMNS` and any others.
        only: values that other columns must have; numbers compare as numbers.

    Raises:
        ValueError: when the file cannot be read, a cell is wrong, too few rows are left, or they mix set-ups; the
            message names the file and the line.
    """
    rows = _rows(path, only)
    _require_one_setup(path, rows)
    runs = tuple(dict.fromkeys(_run(path, line, row) for line, row in rows))
    loads = {run.clients for run in runs}
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


def _run(path: Path, line: int, row: Mapping[str, str]) -> Run:
    input_len, output_len, concurrency, ttft_ms, tpot_ms = (_positive(path, line, name, row[name]) for name in COLUMNS)
    return Run(input_len, output_len, concurrency, ttft_ms / 1000, tpot_ms / 1000)


def _positive(path: Path, line: int, name: str, cell: str | None) -> float:
    try:
        number = float(cell or "")
    except ValueError:
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise ValueError(f"{path}:{line}: {name}: {(cell or '')[:40]!r}; allowed: a number above 0")
    return number
