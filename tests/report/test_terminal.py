"""The terminal table fits, cuts no number, and says plainly what users typed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tco.decide.compare import compare
from tco.pipeline import evaluate
from tco.report.comparison import comparison_document
from tco.report.document import Column, Document, Table, Text
from tco.report.formats.terminal import _least_width, print_document
from tco.scenario.loader import load_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def printed(document: Document, width: int, **options) -> str:
    """Print into a string."""
    stream = io.StringIO()
    print_document(document, Console(file=stream, width=width, highlight=False, **options))
    return stream.getvalue()


@pytest.fixture(scope="module", params=["support-copilot", "document-analysis"])
def document(request):
    """A shipped comparison as a document."""
    evaluation = evaluate(load_scenario(SCENARIOS / f"{request.param}.yaml"))
    return comparison_document(evaluation, compare(evaluation))


def test_a_comparison_fits_100_columns_as_a_table(document):
    """No line is longer, and the options stand in rows."""
    lines = printed(document, 100).splitlines()

    assert max(len(line.rstrip()) for line in lines) <= 100
    assert any(line.startswith("Option ") for line in lines)


@pytest.mark.parametrize("width", [30, 44, 60, 80, 100, 200])
def test_numbers_are_never_cut(document, width):
    """Every number of every table is printed whole at any width."""
    text = printed(document, width)

    for section in document.sections:
        if isinstance(section, Table):
            for row in section.rows:
                for column, cell in zip(section.columns, row, strict=True):
                    assert not column.numeric or cell in text
    assert "…" not in text


@pytest.mark.parametrize("width", [30, 40])
def test_blocks_say_what_they_list(document, width):
    """On a narrow terminal each wide table's first heading stands above its blocks, once; others need none."""
    lines = [line.strip() for line in printed(document, width).splitlines()]
    tables = [section for section in document.sections if isinstance(section, Table)]
    wide = [table for table in tables if _least_width(table) > width]

    assert {"Option", "Where the money goes"} <= {table.columns[0].heading for table in wide}
    for table in tables:
        assert (table in wide) == lines.count(f"{table.columns[0].heading}:")


def test_blocks_leave_out_what_is_empty():
    """Cells that only hold a place in a table are not told in a block; a row without any still is."""
    table = Table(
        "", (Column("Option", numeric=False), Column("GPUs"), Column("API")), (("one", "-", "$1"), ("two", "-", ""))
    )

    assert ["T", "s", "", "Option:", " one", "   API: $1", " two"] == [
        line.rstrip() for line in printed(Document("T", "s", (table,)), 12).splitlines()
    ]


def test_a_name_of_forty_characters_is_printed_whole_in_a_block():
    """It is folded, never cut."""
    name = "a-name-that-is-forty-characters-long-xxx"
    table = Table("", (Column("Option", numeric=False), Column("x")), ((name, "$1,234,567,890"),))

    assert name in "".join(line.strip() for line in printed(Document("T", "s", (table,)), 20).splitlines())


def test_markup_in_names_is_printed_as_typed():
    """A model called [v1] or [red] stays so, and no colour leaks."""
    table = Table("", (Column("Option", numeric=False), Column("x")), (("model [v1]", "[red]1[/red]"),))

    text = printed(Document("T [b]", "s", (table, Text("[i] [/i]"))), 100)

    assert all(part in text for part in ("model [v1]", "[red]1[/red]", "T [b]", "[i] [/i]"))


def test_no_colour_is_sent_where_nobody_watches(document):
    """No escape codes in a file, and none with NO_COLOR."""
    assert "\x1b" not in printed(document, 100)


def test_a_terminal_gets_colour_on_the_recommended_row(document):
    """The row to point at stands out."""
    assert "\x1b[" in printed(replace(document), 100, force_terminal=True, color_system="standard", no_color=False)
