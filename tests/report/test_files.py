"""Files are whole or absent; spreadsheets run nothing; charts show every option."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tco.decide.compare import compare
from tco.errors import UsageError
from tco.pipeline import evaluate
from tco.report.bundle import comparison_files
from tco.report.files import write_files
from tco.report.formats.csv import csv_text
from tco.scenario.loader import load_scenario

COPILOT = Path(__file__).parents[2] / "scenarios/support-copilot.yaml"


@pytest.fixture(scope="module")
def bundle():
    """The support copilot's comparison and its files."""
    loaded = load_scenario(COPILOT)
    evaluation = evaluate(loaded)
    comparison = compare(evaluation)
    return evaluation, comparison, comparison_files(evaluation, comparison, loaded.lines())


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    """A content that cannot be written leaves neither the file nor a temporary one."""
    with pytest.raises((TypeError, AttributeError)):
        write_files(tmp_path, {"bad.csv": object()})

    assert [] == list(tmp_path.iterdir())


def test_a_file_in_place_of_the_folder_is_a_usage_error(tmp_path):
    """Said in words."""
    (tmp_path / "out").write_text("x")

    with pytest.raises(UsageError, match="is a file"):
        write_files(tmp_path / "out", {"a": "b"})


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_text_that_a_spreadsheet_would_run_is_defused(start):
    """A formula in a name comes out as text; numbers below zero stay numbers."""
    text = csv_text([{"name": f"{start}1+1", "value": -1.5}])

    assert [["name", "value"], [f"'{start}1+1", "-1.5"]] == list(csv.reader(io.StringIO(text)))


def test_the_ledger_file_ties_out_and_points_to_lines(bundle):
    """The file's amounts add up to the comparison's totals, and every line has its scenario line and source."""
    _, comparison, files = bundle
    rows = list(csv.DictReader(io.StringIO(files["ledger.csv"])))
    text = COPILOT.read_text().splitlines()

    for option in comparison.options:
        total = sum(float(row["cost_usd"]) for row in rows if row["option"] == option.name)
        assert option.total_usd == pytest.approx(total, rel=1e-9)
    for row in rows:
        assert row["source"]
        assert row["source_date"]
        assert row["scenario_key"].rpartition(".")[2] in text[int(row["scenario_line"]) - 1]


def test_rounded_lines_add_up_to_each_accounts_rounded_total(bundle):
    """Every line has its cents, and per option and account they sum to the total of the unrounded ones, to the cent."""
    _, comparison, files = bundle
    rows = list(csv.DictReader(io.StringIO(files["ledger.csv"])))

    assert all(len(row["cost_usd_rounded"].rpartition(".")[2]) == 2 for row in rows)
    for option in comparison.options:
        for account, amount in option.accounts_usd.items():
            lines = [row for row in rows if (row["option"], row["account"]) == (option.name, account)]
            assert Decimal(f"{amount:.2f}") == sum(Decimal(row["cost_usd_rounded"]) for row in lines)


def test_the_break_even_is_told_as_a_calendar_month_too(bundle):
    """Month 10 counted from 0, the table's month 11, is October 2027 in a plan that starts in December 2026."""
    _, _, files = bundle
    rows = {row["option"]: row for row in csv.DictReader(io.StringIO(files["comparison.csv"]))}
    values = {option["option"]: option for option in json.loads(files["comparison.json"])["options"]}

    assert ("10", "2027-10") == (rows["routed"]["break_even_month"], rows["routed"]["break_even_period"])
    assert ("", "") == (rows["hybrid"]["break_even_month"], rows["hybrid"]["break_even_period"])
    assert (10, "2027-10") == (values["routed"]["break_even_month"], values["routed"]["break_even_period"])
    assert values["hybrid"]["break_even_period"] is None


def test_json_is_stable_and_finite(bundle):
    """Parses strictly, carries its schema version, and has every option."""
    _, comparison, files = bundle
    values = json.loads(files["comparison.json"], parse_constant=pytest.fail)

    assert 1 == values["schema_version"]
    assert [option.name for option in comparison.options] == [option["option"] for option in values["options"]]


@pytest.mark.parametrize("name", ["cumulative-cost.svg", "cost-breakdown.svg"])
def test_charts_name_every_option(bundle, name):
    """Text is kept as text, so that it can be searched and read out."""
    _, comparison, files = bundle
    for option in comparison.options:
        assert option.name in files[name].decode()


def test_charts_are_the_same_bytes_twice(bundle):
    """Same input, same bytes."""
    evaluation, comparison, files = bundle
    again = comparison_files(evaluation, comparison)

    assert files["cumulative-cost.svg"] == again["cumulative-cost.svg"]
    assert files["cumulative-cost.png"] == again["cumulative-cost.png"]
