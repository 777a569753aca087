"""The rows of a trace file: when requests came, and how long they and their answers were."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from tco.errors import Fault, ScenarioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Column names that traces in the field use, in order: arrival time, input tokens, output tokens.
HEADERS = (
    ("TIMESTAMP", "ContextTokens", "GeneratedTokens"),  # Azure LLM inference traces
    ("arrived_at", "num_prefill_tokens", "num_decode_tokens"),  # Vidur and its descendants
    ("arrival_s", "input_tokens", "output_tokens"),  # this project's own telemetry
)
MAX_FAULTS = 20  # a wrong column makes every row wrong; twenty are enough to see it


@dataclass(frozen=True, slots=True)
class TraceRows:
    """A trace as arrays of shape (n,).

    Attributes:
        name: the file's name, for reports.
        gaps: times between arrivals, scaled to mean 1.
        input_tokens: prompt lengths, at least 1.
        output_tokens: answer lengths, at least 1.
        raised_rows: how many rows had a count of 0, which was raised to 1.
    """

    name: str
    gaps: NDArray[np.float64]
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    raised_rows: int


def read_trace(path: Path) -> TraceRows:
    """Read a trace file.

    Args:
        path: CSV file with one of the known headers (`HEADERS`).

    Returns:
        The rows, in the file's order.

    Raises:
        ScenarioError: with every fault of the file, by line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parse(path, list(csv.reader(file)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(str(path), [Fault(1, 1, "", f"the trace cannot be read: {reason}")]) from error


def _parse(path: Path, lines: list[list[str]]) -> TraceRows:
    header = [name.strip() for name in lines[0]] if lines else []
    columns = next((names for names in HEADERS if set(names) <= set(header)), None)
    if columns is None:
        known = "; ".join(",".join(names) for names in HEADERS)
        message = f"the header '{','.join(header)[:80]}' is not that of a known trace; known: {known}"
        raise ScenarioError(str(path), [Fault(1, 1, "", message)])
    places = [header.index(name) for name in columns]
    faults: list[Fault] = []
    rows: list[tuple[float, int, int]] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        try:
            row = _row([line[place] for place in places])
            if rows and row[0] < rows[-1][0]:
                raise ValueError(f"arrival '{line[places[0]]}' is before the row above")
            rows.append(row)
        except (ValueError, IndexError) as error:
            reason = "too few columns" if isinstance(error, IndexError) else str(error)
            faults.append(Fault(number, 1, "", reason))
            if len(faults) == MAX_FAULTS:
                break
    if not faults and (len(rows) < 2 or rows[-1][0] <= rows[0][0]):
        faults.append(Fault(1, 1, "", "a trace needs at least two rows that differ in time"))
    if faults:
        raise ScenarioError(str(path), faults)
    return _arrays(path.name, rows)


def _row(cells: list[str]) -> tuple[float, int, int]:
    arrived, tokens_in, tokens_out = cells
    return _seconds(arrived), _count(tokens_in), _count(tokens_out)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        try:
            return datetime.fromisoformat(text.strip()).timestamp()
        except ValueError:
            raise ValueError(f"'{text}' is neither seconds nor a date and time") from None
    if not isfinite(seconds):
        raise ValueError(f"'{text}' is not a finite time")
    return seconds


def _count(text: str) -> int:
    try:
        count = float(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a token count") from None
    if not (isfinite(count) and count >= 0 and count == int(count)):
        raise ValueError(f"'{text}' is not a whole token count of at least 0")
    return int(count)


def _arrays(name: str, rows: list[tuple[float, int, int]]) -> TraceRows:
    import numpy as np  # not at the top: `tco check` does without it

    table = np.asarray(rows, dtype=np.float64)
    arrived_s = table[:, 0]
    # n rows have n - 1 gaps; the first request waits an average gap, so that a replay can wrap around.
    gaps = np.diff(arrived_s, prepend=arrived_s[0])
    gaps[0] = gaps[1:].mean()
    counts = table[:, 1:].astype(np.int64)
    raised = int((counts < 1).any(axis=1).sum())
    counts = np.maximum(counts, 1)
    return TraceRows(name, gaps / gaps.mean(), counts[:, 0], counts[:, 1], raised)
