"""The money in tables, notes, rows and JSON: what was worked by hand elsewhere is what is told here."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tco.decide.build_case import BuildCase
from tco.decide.compare import compare
from tco.finance.totals import through
from tco.report.bundle import comparison_files
from tco.report.comparison import comparison_document
from tco.report.document import Document, Table, Text
from tco.report.finance import build_case_words, finance_notes, finance_tables, unit_table
from tco.report.finance_rows import finance_rows
from tco.report.formats.markdown import markdown
from tco.report.money import Money
from tco.report.recommendation import ContestWords
from tests.finance.rented import ways

SELLS = {"seats": 100.0, "seat_usd_per_month": 200.0, "users": 1000.0}


@pytest.fixture(scope="module")
def found():
    """Fleets rented, reserved and owned, and a vendor, with customers who pay."""
    evaluation = ways(business=SELLS)
    return evaluation, compare(evaluation)


def rows(table: Table) -> dict[str, tuple[str, ...]]:
    """A table's rows by their first cell."""
    return {row[0]: row[1:] for row in table.rows}


def test_the_unit_table_says_what_was_worked_by_hand(found):
    """One more request, a million tokens, a user, a seat, and what models take of revenue and margin in year 1."""
    table = unit_table(*found)
    heads = ["By the unit", "One more", "$/Mtok", "$/user-month", "$/seat-month", "Models/revenue", "Models/margin"]

    assert heads == [column.heading for column in table.columns]
    assert ("$0", "$27.78", "$3.65", "$36.50", "18%", "22%") == rows(table)["rented"]
    assert ("$0.100", "$100.00", "$13.14", "$131.40", "66%", "192%") == rows(table)["vendor"]


def test_columns_of_what_is_not_known_are_left_out():
    """Nothing is sold, so there are no users, seats or margins."""
    evaluation = ways(only=("rented",))
    table = unit_table(evaluation, compare(evaluation))

    assert ["By the unit", "One more", "$/Mtok"] == [column.heading for column in table.columns]


def test_a_loss_has_no_margin_to_hold_models_against():
    """Serving at more than the price."""
    evaluation = ways(only=("vendor",), business={**SELLS, "seat_usd_per_month": 20.0})

    assert "no margin" == rows(unit_table(evaluation, compare(evaluation)))["vendor"][-1]


def test_the_default_screen_gains_one_table_and_explaining_two_more(found):
    """The rest is behind a flag."""
    short, long = (comparison_document(*found, more).sections for more in ((), finance_tables(*found)))
    heads = [[each.columns[0].heading for each in part if isinstance(each, Table)] for part in (short, long)]

    assert ["Option", "Where the money goes", "By the unit"] == heads[0]
    assert [*heads[0], "By the token", "By the year"] == heads[1]


def test_notes_on_what_is_owed_and_left(found):
    """Worked in tests/finance: $10,950 for ten months, a server worth $184,375, models at 22 % and above."""
    notes = finance_notes(*found)

    assert "reserved: commitments run 10 months past the plan: $10,950 still owed." in notes
    assert any("worth $184,375; the NPV counts it" in note for note in notes)
    assert any(note.endswith("the usual target, in rented, owned, vendor.") for note in notes)
    assert not any(note.startswith("rented: ") for note in notes)


def test_what_is_left_over_is_said_not_to_count_where_it_does_not():
    """`left_over: nothing`."""
    evaluation = ways(only=("owned",), finance={"discount_fraction_per_year": 0.08, "left_over": "nothing"})

    assert any("the NPV does not count it" in note for note in finance_notes(evaluation, compare(evaluation)))


def test_the_years_of_a_server(found):
    """Paid at once, depreciated for four years; years after the plan are told as such."""
    (table,) = [each for each in finance_tables(*found) if isinstance(each, Table) and "Year" in str(each.columns)]
    owned = {row[1]: row[2:] for row in table.rows if row[0] == "owned"}

    assert ["By the year", "Year", "Opex paid", "Capex paid", "Opex used up", "Depreciation"] == [
        column.heading for column in table.columns
    ]
    assert ("$66,760", "$250,000", "$66,760", "$56,250") == owned["1"]
    assert ("$0", "$0", "$0", "$46,875") == owned["2, after the plan"]
    assert ("$0", "-$25,000", "$0", "$0") == owned["5, after the plan"]


def test_opex_is_told_once_where_nothing_is_prepaid():
    """Paid and used up are the same then."""
    evaluation = ways(only=("rented", "vendor"))
    tables = finance_tables(evaluation, compare(evaluation))
    (table,) = [each for each in tables if isinstance(each, Table) and "Year" in str(each.columns)]

    assert ["By the year", "Year", "Opex"] == [column.heading for column in table.columns]


def test_the_flattering_figure_is_called_so(found):
    """Only where there are both."""
    texts = " ".join(each.text for each in finance_tables(*found) if isinstance(each, Text))
    bought = ways(only=("vendor",))
    others = " ".join(each.text for each in finance_tables(bought, compare(bought)) if isinstance(each, Text))

    assert "flatters fleets of one's own, here rented, reserved, owned." in texts
    assert "flatters" not in others


def case(flow, left=0.0, rates=(), payback=None, later=None) -> BuildCase:
    """A build case in figures."""
    return BuildCase("own", "api", np.array(flow), left, tuple(rates), payback, later)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (case([-100.0, 90.0, 90.0], 20.0, (0.234,), 2), "spares $80 over the plan, and $20 are left. It is paid back "
         "in month 3, discounted never within the plan, what is left not counted; the internal "
         "rate of return, with what is left, is 23.4% a year."),
        (case([-100.0, 50.0]), "costs $50 more over the plan. It is not paid back within the plan; no internal rate of "
         "return exists."),
        (case([5.0, 5.0], payback=0, later=0), "spares $10 over the plan. It costs less from the first month on; "
         "nothing is laid out that a rate could be held to."),
        (case([-1.0, 9.0, -9.0], 0.0, (0.25, 40.0)), "2 internal rates of return exist, 25.0%, 4,000% a year, of which "
         "none alone says what it earns: the present value does."),
    ],
)  # fmt: skip
def test_the_build_case_in_words(told, said):
    """One rate, none, nothing laid out, several."""
    assert build_case_words(told, Money(), ContestWords("build", "building", "buy", "buying")).endswith(said)


def test_the_rows_of_the_years_add_up_to_the_ledger(found):
    """finance.csv, both views; its months are the plan's."""
    evaluation = found[0]
    table = list(finance_rows(evaluation))

    for lens in ("cash", "accrual"):
        total = sum(row["cost_usd"] for row in table if row["view"] == lens and row["within_plan"])
        assert total == pytest.approx(through(evaluation.ledger, lens)["cost_usd"].sum(), rel=1e-12)
    first, second, rest = (
        next(row for row in table if (row["option"], row["year"], row["within_plan"]) == ("owned", year, within))
        for year, within in ((1, True), (2, True), (2, False))
    )
    assert ("2026-12", "2027-11") == (first["first_period"], first["last_period"])
    assert ("2027-12", "2028-01") == (second["first_period"], second["last_period"])
    assert ("2028-02", "2028-11") == (rest["first_period"], rest["last_period"])


def test_json_has_every_figure_with_its_unit(found):
    """Units, tiers, years and the build case; numbers' keys end in what they measure."""
    told = json.loads(comparison_files(*found)["comparison.json"])
    owned = next(option for option in told["options"] if option["option"] == "owned")

    assert "reserved" == told["build_case"]["build"]
    assert 14 == len(told["build_case"]["flow_usd"])
    assert owned["first_year_model_margin_share"] == pytest.approx(6417.5 / (20_000 - 6417.5))
    assert owned["finance"]["left_over_usd"] == pytest.approx(184_375.0)
    assert owned["finance"]["tiers"][0]["allocated_usd_per_mtok"] == pytest.approx(6417.5 / 131.4)
    known = r"_(usd|mtok|share|ratio|month|fraction|currency|request|success)$"
    numbers = [key for key, value in (*owned["finance"]["tiers"][0].items(), *owned.items()) if type(value) is float]
    assert [] == [key for key in numbers if not re.search(known, key) and not key.endswith("_s")]


def test_an_empty_tail_is_no_fault():
    """Nothing outlives the plan."""
    evaluation = ways(only=("vendor",))

    assert evaluation.tail.empty
    assert "after the plan" not in markdown(Document("", "", finance_tables(evaluation, compare(evaluation))))
