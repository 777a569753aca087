"""Reading: a price book from CSV, with every fault by line; and the rules that a book keeps.

A price is a number with a known unit, a source and a date. New rows are appended, none is changed: under one name and
meter dates rise down the file, and so do the steps of one date.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from math import inf
from pathlib import Path

from tco.catalog.book import Book, Row
from tco.catalog.meters import METERS
from tco.errors import BookError, Fault, UsageError, suggestion

NEEDED = ("name", "meter", "value", "unit", "source", "source_date")
OPTIONAL = ("from", "segment", "note", "listed_as")
COLUMNS = ("name", "meter", "from", "value", "unit", "segment", "source", "source_date", "note", "listed_as")
MOST = 1e12  # what a figure may be at most: nothing dearer is bought, and sums stay finite
LEAST_SOURCE = 3  # letters: an initial is no source


def read_book(path: Path, today: date | None = None) -> Book:
    """Read a file.

    Args:
        path: CSV with the columns of `COLUMNS`; those of `OPTIONAL` may be left out.
        today: a date after it is a fault; None to accept any.

    Raises:
        UsageError: when the file cannot be read.
        BookError: with every fault of its rows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start + 1} is not UTF-8; a price book is CSV in UTF-8") from error
    return parse_book(text, str(path), today)


def parse_book(text: str, file: str, today: date | None = None) -> Book:
    """Read the text of a book; see `read_book`."""
    lines = csv.reader(io.StringIO(text))
    faults: list[Fault] = []
    rows: list[Row] = []
    try:
        header = next(lines, [])
        faults += _faults_of_header(header)
        if not faults:
            for cells in lines:
                found = _faults_of_cells(header, cells, lines.line_num, today) if cells else []
                faults += found
                if cells and not found:
                    rows.append(_row(dict(zip(header, cells, strict=False)), file, lines.line_num))
    except csv.Error as error:
        faults.append(Fault(lines.line_num, 1, "", f"is not CSV: {error}"))
    faults += faults_of_history(rows)
    if faults:
        raise BookError(file, faults)
    return Book(tuple(rows))


def _row(cells: dict[str, str], file: str, line: int) -> Row:
    texts = {name: cells.get(name, "") for name in ("note", "segment", "listed_as")}
    return Row(
        cells["name"], cells["meter"], float(cells["value"]), cells["unit"], cells["source"], cells["source_date"],
        **texts, start=float(cells.get("from") or 0), file=file, line=line,
    )  # fmt: skip


def _faults_of_header(header: Sequence[str]) -> list[Fault]:
    known = ", ".join(COLUMNS)
    missing = [name for name in NEEDED if name not in header]
    strange = [name for name in header if name not in COLUMNS]
    twice = [name for name, times in Counter(header).items() if times > 1]
    return [
        *([Fault(1, 1, "", f"the first line lacks {', '.join(missing)}", f"columns: {known}")] if missing else []),
        *(
            Fault(1, 1, name, "is no column of a price book", suggestion(name, COLUMNS) or f"known: {known}")
            for name in strange
        ),
        *(Fault(1, 1, name, "is there twice") for name in twice),
    ]


def _faults_of_cells(header: Sequence[str], cells: Sequence[str], line: int, today: date | None) -> list[Fault]:
    told = dict(zip(header, cells, strict=False))
    left_out = [name for name in NEEDED if name not in told]
    if len(cells) > len(header) or left_out:
        needed = f"{len(header)} cells as in the first line"
        return [Fault(line, 1, "", f"has {len(cells)} cells; needed: {needed}", "put quotes around text with a comma")]
    return [Fault(line, header.index(key) + 1, key, message, hint) for key, message, hint in _wrong(told, today)]


def _wrong(told: dict[str, str], today: date | None) -> Iterator[tuple[str, str, str | None]]:
    """Say which cells are not as they must be: column, what is wrong, hint."""
    yield from (
        (key, f"{text!r} has characters that cannot be printed", None)
        for key, text in told.items()
        if not text.isprintable()
    )
    name, meter = told["name"], told["meter"]
    if name != "".join(name.split()).lower() or "/" not in name.strip("/"):
        yield "name", f"'{name}' is not a name; allowed: lower case, without blanks, such as 'openai/gpt-4o'", None
    if meter not in METERS:
        yield "meter", f"'{meter}' is not a meter", suggestion(meter, METERS) or f"known: {', '.join(METERS)}"
    elif told["unit"] != METERS[meter].unit:
        yield "unit", f"'{told['unit']}' is not the unit of {meter}; allowed: {METERS[meter].unit}", None
    for key in ("value", "from"):
        if key in told and (key == "value" or told[key]) and not _is_amount(told[key]):
            yield key, f"'{told[key]}' is not an amount; allowed: a number from 0 to {MOST:g}", None
    if len(told["source"].strip()) < LEAST_SOURCE:
        yield "source", f"'{told['source']}' is not a source; allowed: a page, a contract, a quote", None
    yield from _wrong_date(told["source_date"], today)


def _is_amount(text: str) -> bool:
    try:
        value = float(text) if text.isascii() and "_" not in text else inf
    except ValueError:
        return False
    return 0 <= value <= MOST


def _wrong_date(text: str, today: date | None) -> Iterator[tuple[str, str, str | None]]:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        yield "source_date", f"'{text}' is not a date; allowed: year-month-day, such as 2026-11-20", None
    elif today is not None and found > today:
        yield "source_date", f"{text} is after today, {today}; a price is dated when it was valid", None


def faults_of_history(rows: Sequence[Row]) -> list[Fault]:
    """Say where a date falls, a row is there twice, a price stands in two files, or steps do not begin at 0."""
    faults = []
    last: dict[tuple[str, str], Row] = {}
    for row in rows:
        before = last.get((row.name, row.meter))
        message = _break_of_history(before, row)
        if message:
            faults.append(Fault(row.line, 1, f"{row.name}, {row.meter}", message, "append a row; change none"))
        last[row.name, row.meter] = row
    return faults


def _break_of_history(before: Row | None, row: Row) -> str | None:
    is_first = before is None or before.source_date != row.source_date
    if before is not None and before.file != row.file:
        return f"also stands in {before.file}:{before.line}; a price has one file"
    if before is not None and row.source_date < before.source_date:
        return f"{row.source_date} comes after {before.source_date} in line {before.line}; dates rise"
    if not is_first and before is not None and row.start <= before.start:
        if row.start == before.start:
            return f"is there twice for {row.source_date}: also in line {before.line}"
        return f"from {row.start:g} comes after from {before.start:g} in line {before.line}; steps rise"
    if is_first and row.start != 0:
        return f"begins at from {row.start:g}; the first step of a date is from 0"
    return None


def overwritten(earlier: Book, later: Book) -> list[Row]:
    """List the rows of an earlier copy of a book that a later one no longer has as they were.

    >>> row = Row("a/b", "input", 1.0, "usd_per_mtok", "page", "2026-01-01")
    >>> len(overwritten(Book((row,)), Book(())))
    1
    """
    kept = {_content(row) for row in later.rows}
    return [row for row in earlier.rows if _content(row) not in kept]


def _content(row: Row) -> tuple[object, ...]:
    """Everything but the place."""
    return tuple(getattr(row, name) for name in Row.__slots__ if name not in ("file", "line"))
