"""An import appends what the package says otherwise, and leaves alone what is from elsewhere."""

from __future__ import annotations

from datetime import date

import pytest

from tco.catalog import genai
from tco.catalog.book import Book, Row
from tco.catalog.genai import Listing
from tco.catalog.prices import shipped_book
from tco.catalog.reading import COLUMNS, parse_book
from tco.catalog.renewal import Change, renewal
from tco.catalog.writing import appended
from tco.errors import UsageError

TODAY = date(2026, 11, 27)
OURS = "genai-prices 0.1.0 (MIT); https://acme.example"


def row(meter: str, value: float, day: str = "2026-01-01", name: str = "acme/one", **changes: object) -> Row:
    """A row of a book that follows the package."""
    return Row(name, meter, value, "usd_per_mtok", **{"source": OURS, "source_date": day, **changes})


@pytest.fixture
def says(monkeypatch):
    """Let the package say what a test wants of acme/one."""

    def say(prices: dict[str, float] | None, remarks: tuple[str, ...] = (), deprecated: bool = False) -> None:
        told = (
            None
            if prices is None
            else Listing("acme", "one", "genai-prices 9 (MIT); page", prices, remarks, deprecated)
        )
        monkeypatch.setattr(genai, "listing", lambda provider, model, on: told)
        monkeypatch.setattr(genai, "version", lambda: "9")

    return say


def test_what_changed_is_appended_with_todays_date(says):
    """A rise from 1 to 2, a new price for output, and a price that stayed."""
    says({"input": 2.0, "cached_input": 0.1, "output": 8.0})
    found = renewal(Book((row("input", 1.0), row("cached_input", 0.1))), (), TODAY)

    assert [
        Change("changed", "acme/one", "input", 1.0, 2.0),
        Change("new", "acme/one", "output", None, 8.0),
    ] == found.changes
    assert [("input", 2.0), ("output", 8.0)] == [(each.meter, each.value) for each in found.rows]
    assert {("2026-11-27", "genai-prices 9 (MIT); page", "usd_per_mtok")} == {
        (each.source_date, each.source, each.unit) for each in found.rows
    }
    assert 1 == found.unchanged


def test_a_second_import_changes_nothing(says):
    """The rows of the first are the newest."""
    says({"input": 2.0, "output": 8.0})
    book = Book((row("input", 1.0),))
    first = renewal(book, (), TODAY, confirm=True)
    second = renewal(Book((*book.rows, *first.rows)), (), TODAY, confirm=True)

    assert 2 == len(first.rows)
    assert ([], [], 2) == (second.changes, second.rows, second.unchanged)


def test_confirming_renews_the_date_of_what_stayed(says):
    """So that a price that was looked at again is not called old."""
    says({"input": 1.0})
    found = renewal(Book((row("input", 1.0),)), (), TODAY, confirm=True)

    assert [Change("confirmed", "acme/one", "input", 1.0, 1.0)] == found.changes
    assert ["2026-11-27"] == [each.source_date for each in found.rows]


def test_a_change_on_the_day_of_the_newest_row_is_held_back(says):
    """Two prices of one day would leave open which is newer."""
    says({"input": 2.0})
    found = renewal(Book((row("input", 1.0, "2026-11-27"),)), (), TODAY)

    assert ["held back"] == [change.what for change in found.changes]
    assert [] == found.rows


def test_what_is_gone_is_said_and_kept(says):
    """A meter that the package no longer has, and a model that it no longer lists."""
    book = Book((row("input", 1.0), row("batch_input", 0.5)))
    says({"input": 1.0})

    assert [Change("gone", "acme/one", "batch_input", 0.5)] == renewal(book, (), TODAY).changes

    says(None)
    found = renewal(book, (), TODAY)

    assert [Change("gone", "acme/one", "")] == found.changes
    assert [] == found.rows
    assert {"genai-prices 9 does not list it; what the book has stays": ["acme/one"]} == found.remarks


def test_a_price_of_ones_own_is_left_alone(says):
    """A contract is not replaced by the list price, unless the list price is the newer row already."""
    says({"input": 2.0})
    contract = row("input", 0.5, "2026-06-01", source="contract 17")
    followed = row("input", 1.0, name="acme/two")
    found = renewal(Book((row("input", 1.0), contract, followed)), (), TODAY)

    assert ["acme/two"] == [change.name for change in found.changes]
    assert {"left alone: its newest price is from contract 17": ["acme/one"]} == found.remarks


def test_a_book_of_contracts_only_has_nothing_to_renew():
    """That is no mistake, even where the model is named: the contract stays."""
    book = Book((row("input", 0.5, name="openai/gpt-4o", source="contract 17"),))
    found = renewal(book, ["openai/gpt-4o"], TODAY)

    assert ([], []) == (found.changes, found.rows)
    assert {"left alone: its newest price is from contract 17": ["openai/gpt-4o"]} == found.remarks


def test_remarks_and_deprecation_are_told(says):
    """What the book cannot hold, and that the model will go."""
    says({"input": 1.0}, ("also charges searches 10",), deprecated=True)

    assert {"also charges searches 10", "deprecated by its provider"} == set(
        renewal(Book((row("input", 1.0),)), (), TODAY).remarks
    )


def test_the_shipped_book_is_what_the_package_says():
    """Of all models that it follows, today; so an import right after installation changes nothing."""
    found = renewal(shipped_book(), (), TODAY)

    assert ([], []) == (found.changes, found.rows)
    assert found.unchanged > 300


def test_more_models_are_named_by_patterns():
    """Each by the last part of what the package calls it; what is followed already is not added twice."""
    found = renewal(shipped_book(), ["together/*LLAMA-3.3-70b*"], TODAY)
    names = {each.name: each.listed_as for each in found.rows}

    assert {"together/meta-llama-3.3-70b-instruct-turbo": "meta-llama/Meta-Llama-3.3-70B-Instruct-Turbo"} == names


def test_two_models_of_one_short_name_are_told_apart():
    """The second takes the whole of its name."""
    book = Book((row("input", 1.0, name="openrouter/gpt-4o"),))
    found = renewal(book, ["openrouter/openai/gpt-4o"], TODAY)

    assert {"openrouter/openai/gpt-4o"} == {each.name for each in found.rows}


def test_the_whole_package_can_be_followed():
    """Every model has a name of its own, the rows are a book, and a second import finds nothing new."""
    first = renewal(Book(()), ["*"], TODAY)
    book = parse_book(appended("", first.rows), "book.csv", TODAY)
    second = renewal(book, ["*"], TODAY)

    assert len(book.names()) > 1_900
    assert ([], len(first.rows)) == (second.changes, second.unchanged)


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        ([], "the book follows no model of genai-prices"),
        (["opnai/gpt-4o"], r"lists no model 'opnai/gpt-4o'\n    hint: did you mean 'openai/gpt-4o'"),
        (["zzz/*"], "hint: patterns are as in"),
    ],
)
def test_an_import_of_nothing_is_refused(patterns, told):
    """With what could have been meant."""
    with pytest.raises(UsageError, match=told):
        renewal(Book(()), patterns, TODAY)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_appending_leaves_what_was_there(end):
    """Letter by letter, whatever its line ends, and the result reads as the rows."""
    text = end.join([",".join(COLUMNS), "acme/one,input,,1,usd_per_mtok,,a page,2026-01-01,,"])
    longer = appended(text, [row("input", 0.0000023, "2026-02-01", note='says "hello, world"')])
    book = parse_book(longer, "book.csv")

    assert longer.startswith(text + end)
    assert longer.endswith(end)
    assert [1.0, 0.0000023] == [each.value for each in book.rows]
    assert 'says "hello, world"' == book.rows[1].note


def test_a_book_without_the_column_is_not_cut():
    """What a row says is not dropped because the book has no place for it."""
    with pytest.raises(UsageError, match="no column 'listed_as', which acme/one needs for 'Acme/One'"):
        appended("name,meter,value,unit,source,source_date\n", [row("input", 1.0, listed_as="Acme/One")])


def test_a_book_that_begins_has_every_column():
    """The first line is written with the first row."""
    assert appended("", [row("input", 1.0)]).startswith(",".join(COLUMNS) + "\n")
