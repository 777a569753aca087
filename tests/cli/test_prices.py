"""`tco prices`: list, show, import and check, as a user calls them."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest

from tco.catalog.meters import KINDS
from tco.catalog.prices import shipped_file
from tco.cli import prices
from tests.cli.conftest import ROOT, SHIPPED

HEAD = "name,meter,value,unit,source,source_date\n"
OLD = "openai/gpt-4o,input,5,usd_per_mtok,genai-prices 0.0.1; page,2025-01-01\n"


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """Fix the day."""
    monkeypatch.setattr(prices, "_today", lambda: date(2026, 11, 27))


@pytest.fixture
def book(tmp_path):
    """A book with one old price."""
    path = tmp_path / "book.csv"
    path.write_text(HEAD + OLD, encoding="utf-8")
    return path


def test_the_kinds_that_may_be_asked_for_are_those_of_the_book():
    """The command line has a list of its own, so that help needs no catalog."""
    assert list(KINDS) == [kind.value for kind in prices.Kind]


def test_list_has_names_to_copy(tco):
    """None is folded; with price, unit, date and age, a line each."""
    told = tco("prices", "list").out.split()
    named = {row["name"] for row in json.loads(tco("prices", "list", "--format", "json").out)}

    assert named <= set(told)
    assert len(named) > 200


def test_list_has_price_unit_date_and_age(tco):
    """One line a price, chosen by family and text."""
    answer = tco("prices", "list", "--kind", "gpu", "--match", "aws/h100")
    (line,) = [line for line in answer.out.splitlines() if line.startswith("aws/h100-sxm/on-demand")]

    assert 0 == answer.code
    assert ["aws/h100-sxm/on-demand", "gpu_hour", "6.88", "USD/gpu_hour", "2026-10-10", "48"] == line.split()


def test_list_chooses_by_segment_and_meter(tco):
    """As JSON and as CSV, with every column."""
    rows = json.loads(tco("prices", "list", "--match", "marketplace", "--format", "json").out)
    writes = list(csv.DictReader(io.StringIO(tco("prices", "list", "--meter", "cache_write", "--format", "csv").out)))

    assert {"marketplace"} == {row["segment"] for row in rows}
    assert {"cache_write"} == {row["meter"] for row in writes}
    assert 7 == int(next(row["age_days"] for row in writes if row["name"] == "openai/gpt-6-sol"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--meter", "inputt"], "'inputt' is not a meter\n    hint: did you mean 'input'?"),
        (["--kind", "people", "--match", "gpu"], "the book has no price of kind 'people', text 'gpu'"),
        (["--book", "nowhere.csv"], "nowhere.csv cannot be read: No such file or directory"),
    ],
)
def test_list_says_why_it_has_nothing(tco, arguments, told):
    """No empty table."""
    answer = tco("prices", "list", *arguments)

    assert (2, "") == (answer.code, answer.out)
    assert told in answer.err


def test_show_has_the_whole_history(tco):
    """Each date, which row holds now, sources and notes in full."""
    answer = tco("prices", "show", "mistral/mistral-large-4", "--format", "md")

    assert 0 == answer.code
    for text in ("2026-10-20 | 4.18", "2026-10-29 | 2.1", "before", "now", "https://mistral.ai/pricing/api", "litellm"):
        assert text in answer.out.replace("  ", " ")


def test_show_has_the_steps(tco):
    """From how much on, and what is counted."""
    answer = tco("prices", "show", "aws/internet-egress")

    assert ["egress", "10,240", "2026-01-01", "0.085"] == answer.out.splitlines()[6].split()[:4]
    assert "where `from` is the month's volume so far in GB" in answer.out


@pytest.mark.parametrize(
    ("name", "told"), [("gpt-4o", "'openai/gpt-4o' or 'openai/gpt-4o-mini'"), ("opnai/gpt-4o", "'openai/gpt-4o'")]
)
def test_show_offers_near_names(tco, name, told):
    """By part of the name, or by a slip of the finger; exit code 2."""
    answer = tco("prices", "show", name)

    assert 2 == answer.code
    assert f"'{name}' is not in the price book\n    hint: did you mean {told}" in answer.err


def test_import_appends_and_a_second_one_changes_nothing(tco, book):
    """The old row stays; the table says from what to what."""
    first = tco("prices", "import", "--book", book)
    text = book.read_text(encoding="utf-8")
    second = tco("prices", "import", "--book", book)

    assert (0, 0) == (first.code, second.code)
    assert ["changed", "openai/gpt-4o", "input", "5", "2.5", "-50.0%"] == first.out.splitlines()[4].split()
    assert "6 rows appended" in first.err
    assert text.startswith(HEAD + OLD)
    assert 8 == len(text.splitlines())
    assert "also charges web_searches_kcount 10" in first.out
    assert "6 unchanged" in second.out
    assert text == book.read_text(encoding="utf-8")
    assert [book] == list(book.parent.iterdir())  # no temporary file is left


def test_a_dry_run_writes_nothing(tco, book):
    """It prints the same changes."""
    answer = tco("prices", "import", "--book", book, "--dry-run", "--format", "json")
    changes = json.loads(answer.out)["changes"]

    assert {"what": "changed", "name": "openai/gpt-4o", "meter": "input", "book": 5.0, "package": 2.5} == changes[0]
    assert HEAD + OLD == book.read_text(encoding="utf-8")


def test_a_new_book_begins_with_the_models_asked_for(tco, tmp_path):
    """And is a book that can be listed."""
    path = tmp_path / "new.csv"
    answer = tco("prices", "import", "--book", path, "--models", "openai/text-embedding-3-*")

    assert 0 == answer.code
    lines = path.read_text(encoding="utf-8").splitlines()
    assert ["0.02", "0.13"] == sorted(row["value"] for row in csv.DictReader(lines))
    assert "2 prices of 2 names" in tco("prices", "list", "--book", path).out


def test_a_faulty_book_is_not_appended_to(tco, book):
    """Not a byte is written."""
    book.write_text(HEAD + OLD.replace(",5,", ",five,"), encoding="utf-8")
    answer = tco("prices", "import", "--book", book)

    assert 2 == answer.code
    assert f"{book}:2:3: value: 'five' is not an amount" in answer.err
    assert HEAD + OLD.replace(",5,", ",five,") == book.read_text(encoding="utf-8")


def test_a_book_that_cannot_be_written_is_told(tco, book, monkeypatch):
    """With what to do instead; nothing half-written is left."""

    def refuse(path, content):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tco.report.files.write_file", refuse)
    answer = tco("prices", "import", "--book", book)

    assert 2 == answer.code
    assert "cannot be written: Permission denied\n    hint: name a book of your own with --book FILE" in answer.err


def test_import_of_the_shipped_book_is_a_file_of_it(tco):
    """The default target; on the day of the book nothing changes."""
    answer = tco("prices", "import", "--dry-run")

    assert (ROOT / "tco/catalog/data/prices/api.csv") == shipped_file("api")
    assert 0 == answer.code
    assert "genai-prices 0.2.3 against api.csv" in answer.out
    assert "google/gemini-4-argon: announced: from 2026-12-01 input 4" in answer.out.replace("\n", " ")


def test_check_warns_of_old_prices(tco, book):
    """On stderr and in the table; it is no error."""
    answer = tco("prices", "check", "--book", book)
    fine = tco("prices", "check", "--book", book, "--max-age-days", "1000")

    assert (0, 0) == (answer.code, fine.code)
    assert "warning: 1 of 1 prices are older than 180 days" in answer.err
    assert ["openai/gpt-4o", "input", "2025-01-01", "695", "genai-prices"] == answer.out.splitlines()[4].split()
    assert "" == fine.err
    assert "0 prices older than 1,000 days." in fine.out


def test_check_refuses_a_faulty_book(tco, book):
    """Exit code 2, with the line."""
    book.write_text(HEAD + OLD + OLD, encoding="utf-8")
    answer = tco("prices", "check", "--book", book)

    assert 2 == answer.code
    assert f"{book}:3:1: openai/gpt-4o, input: is there twice for 2025-01-01: also in line 2" in answer.err


def test_check_refuses_a_price_of_tomorrow(tco, book):
    """A date that is not yet."""
    book.write_text(HEAD + OLD.replace("2025-01-01", "2026-11-28"), encoding="utf-8")

    assert "2026-11-28 is after today, 2026-11-27" in tco("prices", "check", "--book", book).err


def test_check_finds_a_row_that_was_changed(tco, book, tmp_path):
    """An earlier copy is held against the book; appending is fine."""
    earlier = tmp_path / "earlier.csv"
    earlier.write_text(HEAD + OLD, encoding="utf-8")
    book.write_text(HEAD + OLD + OLD.replace("2025", "2026"), encoding="utf-8")
    fine = tco("prices", "check", "--book", book, "--before", earlier)
    book.write_text(HEAD + OLD.replace(",5,", ",4,"), encoding="utf-8")
    answer = tco("prices", "check", "--book", book, "--before", earlier)

    assert (0, 2) == (fine.code, answer.code)
    assert f"{earlier}:2:1: openai/gpt-4o, input: is not in {book} as it is here" in answer.err


def test_check_of_a_scenario_looks_at_its_prices_only(tco):
    """Those of the book that it names, and those that it states itself, by the place of the block."""
    whole = json.loads(tco("prices", "check", SHIPPED, "--format", "json", "--max-age-days", "0").out)
    old = json.loads(tco("prices", "check", SHIPPED, "--format", "json").out)

    assert {
        "openai/gpt-6-luna", "openai/text-embedding-3-small", "anthropic/claude-sonnet-5-5",
        "us/software-engineer-p75", "upstash/redis-payg", "pinecone/serverless-standard",
        f"{SHIPPED.name}: tiers.claim-large.price", f"{SHIPPED.name}: tiers.claim-small.price",
    } == {row["name"] for row in whole}  # fmt: skip
    assert ["us/software-engineer-p75"] == [row["name"] for row in old]


def test_check_refuses_a_faulty_scenario(tco, tmp_path):
    """As every command does."""
    path = tmp_path / "broken.yaml"
    path.write_text("name: x\n", encoding="utf-8")

    assert 2 == tco("prices", "check", path).code
