"""A price book is refused with line and fault, and its history is kept: rows are appended, none is changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tco.catalog.book import Book, joined
from tco.catalog.reading import COLUMNS, faults_of_history, overwritten, parse_book, read_book
from tco.errors import BookError, UsageError

TODAY = date(2026, 11, 27)
HEAD = ",".join(COLUMNS) + "\n"
OLD = "acme/one,input,,1,usd_per_mtok,,acme.example/prices,2026-01-01,,\n"
NEW = "acme/one,input,,2,usd_per_mtok,,acme.example/prices,2026-06-01,,\n"
STEPS = (
    "acme/net,egress,0,0,usd_per_gb,,acme.example/net,2026-01-01,free,\n"
    "acme/net,egress,100,0.09,usd_per_gb,,acme.example/net,2026-01-01,,\n"
)


def book(text: str) -> Book:
    """Read the text of a book."""
    return parse_book(text, "book.csv", TODAY)


def faults(text: str) -> list[str]:
    """Say what is wrong with a book."""
    with pytest.raises(BookError) as caught:
        book(text)

    return str(caught.value).splitlines()


def planted(column: str, cell: str) -> str:
    """Return a book whose third line has one cell that is not as it was."""
    cells = dict(zip(COLUMNS, NEW.strip().split(","), strict=True)) | {column: cell}
    return HEAD + OLD + ",".join(cells.values()) + "\n"


def test_a_book_is_read():
    """Two dates, and steps of one date."""
    found = book(HEAD + OLD + NEW + STEPS)

    assert [1.0, 2.0] == [row.value for row in found.history("acme/one", "input")]
    assert [2.0] == [row.value for row in found.newest("acme/one", "input")]
    assert [1.0] == [row.value for row in found.newest("acme/one", "input", date(2026, 5, 31))]
    assert [(0.0, 0.0), (100.0, 0.09)] == [(row.start, row.value) for row in found.newest("acme/net", "egress")]
    assert 4 == found.newest("acme/net", "egress")[0].line


def test_columns_that_are_not_needed_may_be_left_out():
    """Also cells at the end of a line, and empty lines."""
    text = "name,meter,value,unit,source,source_date,note\nacme/one,input,1,usd_per_mtok,a page,2026-01-01\n\n"

    assert 1 == len(book(text).rows)


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("name", "Free Model", "book.csv:3:1: name: 'Free Model' is not a name"),
        ("name", "acme", "'acme' is not a name"),
        ("note", "\x1b[31mred", "note: '\\x1b[31mred' has characters that cannot be printed"),
        ("meter", "imput", "'imput' is not a meter"),
        ("value", "-1", "book.csv:3:4: value: '-1' is not an amount; allowed: a number from 0 to 1e+12"),
        ("value", "", "'' is not an amount"),
        ("value", "nan", "'nan' is not an amount"),
        ("value", "1e13", "'1e13' is not an amount"),
        ("value", "1_000", "'1_000' is not an amount"),
        ("value", "2 EUR", "'2 EUR' is not an amount"),
        ("from", "-5", "book.csv:3:3: from: '-5' is not an amount"),
        ("unit", "usd", "'usd' is not the unit of input; allowed: usd_per_mtok"),
        ("unit", "eur_per_mtok", "'eur_per_mtok' is not the unit of input"),
        ("source", "", "'' is not a source"),
        ("source_date", "", "'' is not a date"),
        ("source_date", "2026-10", "'2026-10' is not a date"),
        ("source_date", "20261010", "'20261010' is not a date"),
        ("source_date", "2026-11-28", "2026-11-28 is after today, 2026-11-27"),
    ],
)
def test_a_row_that_is_not_whole_is_refused(column, cell, told):
    """With the line, the column and what is allowed."""
    assert told in faults(planted(column, cell))[0]


def test_the_nearest_meter_is_offered():
    """A slip of the finger is told with what was probably meant."""
    assert "    hint: did you mean 'input'?" == faults(planted("meter", "imput"))[1]


def test_every_fault_is_told_at_once():
    """Two wrong cells of one line and one of another."""
    text = HEAD + OLD.replace(",1,", ",x,").replace("2026-01-01", "soon") + NEW.replace(",2,", ",y,")

    assert ["2:4", "2:8", "3:4"] == [line.removeprefix("book.csv:")[:3] for line in faults(text)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + NEW + OLD, "book.csv:3:1: acme/one, input: 2026-01-01 comes after 2026-06-01 in line 2; dates rise"),
        (HEAD + OLD + NEW + OLD, "book.csv:4:1: acme/one, input: 2026-01-01 comes after 2026-06-01 in line 3"),
        (HEAD + OLD + OLD.replace(",1,", ",2,"), "is there twice for 2026-01-01: also in line 2"),
        (HEAD + STEPS + STEPS.splitlines()[1], "is there twice for 2026-01-01"),
        (HEAD + STEPS + STEPS.splitlines()[1].replace(",100,", ",50,"), "from 50 comes after from 100 in line 3"),
        (HEAD + STEPS.splitlines()[1], "begins at from 100; the first step of a date is from 0"),
    ],
)
def test_a_history_that_does_not_rise_is_refused(text, told):
    """A falling date, a row that is there twice, steps out of order."""
    found = faults(text)

    assert told in found[0]
    assert "    hint: append a row; change none" == found[1]


def test_a_row_that_was_changed_is_found():
    """An earlier copy of the book is held against it; appending is all that may happen."""
    earlier = book(HEAD + OLD)

    assert [] == overwritten(earlier, book(HEAD + OLD + NEW))
    assert [2] == [row.line for row in overwritten(earlier, book(HEAD + OLD.replace(",1,", ",3,")))]
    assert [2] == [row.line for row in overwritten(earlier, book(HEAD + NEW))]


def test_a_price_in_two_files_is_refused():
    """Which of the two is newer could not be seen in either."""
    both = joined([parse_book(HEAD + OLD, "one.csv"), parse_book(HEAD + NEW, "two.csv")])

    assert ["also stands in one.csv:2; a price has one file"] == [
        fault.message for fault in faults_of_history(both.rows)
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "book.csv:1:1: the first line lacks name, meter, value, unit, source, source_date"),
        (HEAD.replace("unit", "currency"), "the first line lacks unit"),
        (HEAD.replace("note", "notes"), "notes: is no column of a price book"),
        (HEAD.replace("note", "name"), "name: is there twice"),
        (HEAD + OLD.strip() + ",more\n", "has 11 cells; needed: 10 cells"),
        (HEAD + "acme/one,input,,1\n", "has 4 cells"),
    ],
)
def test_a_file_of_another_shape_is_refused(text, told):
    """Missing, strange and doubled columns, too many cells and too few."""
    assert told in "\n".join(faults(text))


@pytest.mark.parametrize(("content", "told"), [(None, "cannot be read"), (b"name,\xff\n", "byte 6 is not UTF-8")])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content, told):
    """Missing or of another encoding."""
    path = tmp_path / "book.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=told):
        read_book(path)
