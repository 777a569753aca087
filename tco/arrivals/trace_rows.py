"""The rows of a trace file: when requests came, and how long they and their answers were."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tco.errors import Fault, ScenarioError

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

# Column names that traces in the field use, in order: arrival time, input tokens, output tokens.
HEADERS = (
    ("TIMESTAMP", "ContextTokens", "GeneratedTokens"),  # Azure LLM inference traces
    ("arrived_at", "num_prefill_tokens", "num_decode_tokens"),  # Vidur and its descendants
    ("arrival_s", "input_tokens", "output_tokens"),  # this project's own telemetry
)
OPTION_COLUMN = "option"  # of this project's telemetry
MAX_FAULTS = 20  # a wrong column makes every row wrong; twenty are enough to see it
MAX_TOKENS = 10_000_000  # far above any context window; a larger figure is a slip of the pen
MAX_SECONDS = 1e20  # beyond any clock, nanoseconds since 1970 included; keeps sums of gaps finite

Row = tuple[float, int, int]  # arrival in seconds, input tokens, output tokens


class _Cell(NamedTuple):
    """A cell that is wrong."""

    column: str
    message: str


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
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        rows = _parse(path, reader)
    except csv.Error as error:
        raise _wrong(path, f"not valid CSV: {error}", max(reader.line_num, 1)) from error
    return _arrays(path.name, rows)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if not isinstance(error, UnicodeDecodeError):
            reason = getattr(error, "strerror", None) or str(error)
            raise _wrong(path, f"the trace cannot be read: {reason}") from error
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _wrong(
            path, f"byte 0x{error.object[error.start]:02x} is not UTF-8; allowed: text in UTF-8", line
        ) from error


def _wrong(path: Path, message: str, line: int = 1) -> ScenarioError:
    return ScenarioError(str(path), [Fault(line, 1, "", message)])


def _parse(path: Path, reader: Reader) -> list[Row]:
    header = next(reader, [])
    columns = _columns(path, header)
    faults: list[Fault] = []
    rows: list[Row] = []
    for line in _of_one_option(reader, header):
        row = _row(line, columns, rows[-1] if rows else None) if line else None
        if isinstance(row, _Cell):
            faults.append(Fault(reader.line_num, 1, row.column, row.message))
        elif row is not None:
            rows.append(row)
        if len(faults) == MAX_FAULTS:
            break
    if faults:
        raise ScenarioError(str(path), faults)
    if len(rows) < 2 or rows[-1][0] <= rows[0][0]:
        found = "1 row" if len(rows) == 1 else f"{len(rows)} rows" + (", all at one time" if rows else "")
        raise _wrong(path, f"{found}; allowed: at least 2 rows that differ in time")
    return rows


def _of_one_option(reader: Reader, header: list[str]) -> Iterator[list[str]]:
    """Yield the rows of the first option: telemetry of several repeats the same requests for each."""
    place = header.index(OPTION_COLUMN) if OPTION_COLUMN in header else None
    first: str | None = None
    for line in reader:
        if place is not None and len(line) > place:
            first = line[place] if first is None else first
            if line[place] != first:
                continue
        yield line


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    names = [name.strip() for name in header]
    columns = next((known for known in HEADERS if set(known) <= set(names)), None)
    if columns is None:
        found = f"the header {','.join(names)[:80]!r} is not that of a known trace" if names else "no header"
        raise _wrong(path, f"{found}; known: {'; '.join(','.join(known) for known in HEADERS)}")
    return {name: names.index(name) for name in columns}


def _row(line: list[str], columns: dict[str, int], above: Row | None) -> Row | _Cell:
    """Read a row, or say which cell of it is wrong."""
    if len(line) <= max(columns.values()):
        return _Cell("", f"{len(line)} columns; allowed: {max(columns.values()) + 1} or more, as in the header")
    (when, tokens_in, tokens_out) = columns
    arrived = _seconds(line[columns[when]])
    if arrived is None:
        return _Cell(when, f"{line[columns[when]][:40]!r}; allowed: seconds, or a date and time")
    if above is not None and arrived < above[0]:
        return _Cell(
            when, f"{line[columns[when]][:40]!r} is before the row above; allowed: rows in the order of arrival"
        )
    counts: list[int] = []
    for name in (tokens_in, tokens_out):
        count = _count(line[columns[name]])
        if count is None:
            return _Cell(name, f"{line[columns[name]][:40]!r}; allowed: a whole number from 0 to {MAX_TOKENS}")
        counts.append(count)
    return arrived, counts[0], counts[1]


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return _date_s(text.strip())
    return seconds if abs(seconds) <= MAX_SECONDS else None


def _date_s(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A time without a zone is taken as UTC: the reader's own zone would make gaps depend on where tco runs.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _count(text: str) -> int | None:
    try:
        count = float(text)
    except ValueError:
        return None
    return int(count) if 0 <= count <= MAX_TOKENS and count.is_integer() else None


def _arrays(name: str, rows: list[Row]) -> TraceRows:
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
