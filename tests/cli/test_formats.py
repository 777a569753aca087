"""One comparison in four formats: each parses, all say the same, and none colours what is not a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|9[0-7]|38|4[0-7]|48)[;m]")  # selects a colour; bold and dim do not
ESCAPE = "\x1b"


@pytest.fixture
def printed(tco, scenario):
    """The comparison in each format."""
    return {form: tco("compare", scenario, "--format", form).out for form in ("table", "json", "csv", "md")}


def cells(line: str) -> list[str]:
    """Split a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_json_and_csv_hold_the_same_rows(printed):
    """Every column of the CSV is a key of the JSON, with the same value to the last digit."""
    options = json.loads(printed["json"], parse_constant=pytest.fail)["options"]
    rows = list(csv.DictReader(io.StringIO(printed["csv"])))

    assert 3 == len(rows) == len(options)
    for row, option in zip(rows, options, strict=True):
        for name, text in row.items():
            value = option[name]
            words = {None: "", True: "true", False: "false"}
            expected = words[value] if value is None or isinstance(value, bool) else str(value)
            assert expected == text


def test_markdown_shows_the_same_totals(printed):
    """The first table has the options in order, with the JSON's totals in whole dollars."""
    options = json.loads(printed["json"])["options"]
    table = [cells(line) for line in printed["md"].splitlines() if line.startswith("|")][: len(options) + 2]

    assert ["Option", "2-month cost"] == table[0][:2]
    for row, option in zip(table[2:], options, strict=True):
        assert [option["option"], f"${option['total_usd']:,.0f}"] == row[:2]


def test_markdown_tables_have_no_ragged_rows(printed):
    """GitHub shows a table only where every row has as many cells as the head."""
    blocks = [block.splitlines() for block in printed["md"].split("\n\n") if block.startswith("|")]

    assert 5 == len(blocks)
    for block in blocks:
        assert 1 == len({len(cells(line)) for line in block})


def test_the_table_shows_what_markdown_shows(printed):
    """The terminal's table and the Markdown differ in layout only."""
    shown = printed["table"].split()
    for line in printed["md"].splitlines():
        if line.startswith("|") and "---" not in line:
            assert [] == [word for cell in cells(line) for word in cell.split() if word not in shown]


def test_every_format_recommends_the_same(printed):
    """The recommendation is one sentence, and the machine's word is the option that it names."""
    values = json.loads(printed["json"])

    assert values["recommendation"].startswith(f"Choose {values['recommended']}:")
    for form in ("table", "md"):
        assert " ".join(values["recommendation"].split()) in " ".join(printed[form].split())


def on_a_terminal(arguments: list[str], **environment: str) -> str:
    """Run a command whose stdout is a pseudo-terminal; return what it wrote there."""
    ours, theirs = pty.openpty()
    values = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLORTERM"}}
    values |= {"TERM": "xterm-256color", "COLUMNS": "160", **environment}
    command = [sys.executable, "-m", "tco", *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, cwd=ROOT, env=values) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65_536):
                said += part
        except OSError:  # how a pseudo-terminal says that its other end is closed
            pass
        os.close(ours)
        process.communicate()
    assert 0 == process.returncode
    return said.decode()


def test_a_terminal_gets_colour(scenario):
    """The recommended option stands out; this also shows that the check below could see colour."""
    assert COLOUR.search(on_a_terminal(["compare", str(scenario)]))


def test_no_color_is_obeyed_on_a_terminal(scenario):
    """https://no-color.org: no colour where the variable is set; bold is not a colour."""
    said = on_a_terminal(["compare", str(scenario)], NO_COLOR="1")

    assert "Choose split-60-40" in said
    assert COLOUR.search(said) is None


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
def test_what_is_piped_has_no_escape_sequences(printed, form):
    """Not even bold: a file of the output is plain text."""
    assert printed[form]
    assert ESCAPE not in printed[form]


@pytest.mark.parametrize("forced", [{"FORCE_COLOR": "1"}, {"COLORTERM": "truecolor", "TERM": "xterm-256color"}])
def test_a_pipe_stays_plain_whatever_the_terminal_can(scenario, forced):
    """The environment of a terminal does not leak into a pipe, on stdout."""
    command = [sys.executable, "-m", "tco", "compare", str(scenario)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **forced})

    assert done.stdout
    assert ESCAPE not in done.stdout
    assert forced.get("FORCE_COLOR") or done.stderr == ""
