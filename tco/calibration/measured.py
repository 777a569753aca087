"""Measured runs: rows of time to first token and time per output token, read from CSV with every fault by line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from tco.errors import Fault, ScenarioError, UsageError

TEXTS = ("gpu", "model", "backend", "backend_version", "precision")
NUMBERS = ("n_gpus", "input_len", "output_len", "concurrency", "tp", "dp_attention", "ep", "ttft_ms", "tpot_ms")
OPTIONAL = ("id", "mode", "origin")
NEEDED = ("input_len", "output_len", "concurrency", "ttft_ms", "tpot_ms")  # a row without one of them says nothing
WHOLE = ("input_len", "output_len", "concurrency")
MOST = {"concurrency": 65_536, "input_len": 10_000_000, "output_len": 10_000_000}  # what a run here can simulate
MOST_GPUS = 4096
TIMES = ("ttft_ms", "tpot_ms")
TIME_RANGE_MS = (1e-3, 1e9)  # a microsecond to eleven days: nothing outside was measured
MOST_FAULTS = 20
LENGTH_SHARE = 0.9  # most published runs draw lengths evenly from 80 to 100 % of the stated ones


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One measured closed-loop run.

    Attributes:
        line: where it stands in its file.
        id: name of the run, empty where there is none.
        gpu: kind of GPU, as the file writes it.
        model: model, as the file writes it.
        backend: serving engine.
        backend_version: its version, empty where unknown.
        precision: number format of the weights, empty where unknown.
        origin: which collection the row is from, empty where unknown.
        n_gpus: GPUs stated; None where unknown.
        tp: tensor-parallel width; None where unknown.
        dp_attention: attention ranks; None where unknown.
        ep: expert-parallel width; None where unknown.
        input_len: stated prompt length, tokens.
        output_len: stated answer length, tokens.
        concurrency: clients of the closed loop.
        ttft_ms: mean time to first token, milliseconds.
        tpot_ms: mean time per output token after the first, milliseconds.
        length_share: mean lengths as a share of the stated ones.
    """

    line: int
    id: str
    gpu: str
    model: str
    backend: str
    backend_version: str
    precision: str
    origin: str
    n_gpus: float | None
    tp: float | None
    dp_attention: float | None
    ep: float | None
    input_len: int
    output_len: int
    concurrency: int
    ttft_ms: float
    tpot_ms: float
    length_share: float = LENGTH_SHARE

    @property
    def waiting_share(self) -> float:
        """Share of a request's life before its first token."""
        return self.ttft_ms / (self.ttft_ms + self.length_share * self.output_len * self.tpot_ms)

    def measurement(self) -> tuple[object, ...]:
        """Everything but name and line: files hold some measurements under several names."""
        return tuple(getattr(self, name) for name in self.__slots__ if name not in ("line", "id"))


@dataclass(frozen=True)
class Measurements:
    """What a file holds.

    Attributes:
        file: its name.
        rows: usable rows, in file order.
        left_out: how many rows could not be used, by reason.
    """

    file: str
    rows: list[MeasuredRow]
    left_out: Counter[str] = field(default_factory=Counter)


def read_measurements(path: Path) -> Measurements:
    """Read a file of measured runs.

    Raises:
        ScenarioError: naming every malformed line.
        UsageError: when the file cannot be read or holds no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return _read(stream, str(path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as CSV: {error}") from error


def _read(stream: Iterable[str], file: str) -> Measurements:
    reader = csv.reader(stream)
    head = next(reader, None)
    if not head:
        raise UsageError(f"{file}: is empty; expected a head line with the columns {', '.join((*TEXTS, *NUMBERS))}")
    names = [name.strip() for name in head]
    missing = [name for name in (*TEXTS, *NUMBERS) if name not in names]
    if missing:
        raise ScenarioError(file, [Fault(1, 1, "", f"no column {', '.join(missing)}; found: {', '.join(names)}")])
    faults: list[Fault] = []
    found = Measurements(file, [])
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        line = reader.line_num
        if len(cells) != len(names):
            faults.append(Fault(line, 1, "", f"{len(cells)} cells where the head line has {len(names)}"))
            continue
        _take(dict(zip(names, (cell.strip() for cell in cells), strict=True)), line, found, faults)
    if faults:
        more = len(faults) - MOST_FAULTS
        told = faults[:MOST_FAULTS]
        if more > 0:
            told.append(Fault(faults[MOST_FAULTS].line, 1, "", f"and {more - 1} further faults from here on"))
        raise ScenarioError(file, told)
    if not found.rows and not found.left_out:
        raise UsageError(f"{file}: holds a head line but no rows")
    return found


def _take(cells: dict[str, str], line: int, found: Measurements, faults: list[Fault]) -> None:
    """Add a row, count why it is left out, or fault what is no number."""
    numbers: dict[str, float | None] = {}
    for position, name in enumerate(cells, start=1):
        if name in NUMBERS:
            try:
                numbers[name] = float(cells[name]) if cells[name] else None
            except ValueError:
                faults.append(Fault(line, position, name, f"{cells[name]!r} is not a number"))
    if len(numbers) < len(NUMBERS):
        return
    reason = _unusable(numbers, cells)
    if reason is not None:
        found.left_out[reason] += 1
        return
    values = {name: numbers[name] for name in NUMBERS}
    whole = {name: round(values[name] or 0) for name in WHOLE}
    texts = {name: cells.get(name, "") for name in (*TEXTS, "id", "origin")}
    found.rows.append(MeasuredRow(line=line, **{**texts, **values, **whole}))  # type: ignore[arg-type]


def _unusable(numbers: dict[str, float | None], cells: dict[str, str]) -> str | None:
    """Say why a row cannot be used; None when it can."""
    for name in NEEDED:
        value = numbers[name]
        if value is None or not isfinite(value):
            return f"no {name}"
        if value <= 0:
            return f"{name} is not above zero"
        if value > MOST.get(name, value):
            return f"{name} above {MOST[name]}"
        if name in TIMES and not TIME_RANGE_MS[0] <= value <= TIME_RANGE_MS[1]:
            return f"{name} is not between {TIME_RANGE_MS[0]:g} and {TIME_RANGE_MS[1]:g}"
    for name in (name for name in NUMBERS if name not in NEEDED):
        value = numbers[name]
        if value is not None and not (isfinite(value) and 0 <= value <= MOST_GPUS):
            return f"{name} is not between 0 and {MOST_GPUS}"
    if any((numbers[name] or 0) % 1 for name in WHOLE):
        return "lengths or concurrency are not whole"
    if (numbers["output_len"] or 0) < 2:
        return "an answer of one token has no time per output token"
    if not cells["gpu"] or not cells["model"]:
        return "no gpu or no model"
    if cells.get("mode", "agg") not in ("agg", ""):
        return f"mode {cells['mode']!r} is not one server"
    return None
