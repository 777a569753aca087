"""What an explanation prints ties to the cent, can be followed with a calculator, and names its sources."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest

from tco.decide.provenance import Line, explain
from tco.decide.targets import TargetKind
from tco.pipeline import evaluate
from tco.report.bundle import ledger_rows
from tco.report.document import Document, Table, Text
from tco.report.formats.markdown import markdown
from tco.report.ledger_cents import ledger_cents
from tco.report.numbers import quantity, usd_exact
from tco.report.provenance import provenance_document
from tco.report.provenance_lines import months_table, product
from tco.report.provenance_rows import provenance_json, provenance_rows
from tests.decide.asked import asked, line_of

PRODUCT = re.compile(r"^(-?[\d,.]+) [\w -]+ x (-?\$[\d,.]+) = (-?\$[\d,.]+)$")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The scenario with its file."""
    return asked(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def evaluation(loaded):
    """What it comes to."""
    return evaluate(loaded)


@pytest.fixture
def told(loaded, evaluation):
    """The document that answers a question."""

    def tell(text: str, **how) -> Document:
        return provenance_document(explain(loaded, evaluation, text, **how), loaded, evaluation.ledger)

    return tell


def number(text: str) -> Decimal:
    """Read an amount or a quantity."""
    return Decimal(text.replace("$", "").replace(",", ""))


def tables(document: Document, heading: str) -> list[Table]:
    """Return the tables whose first column is headed so."""
    found = [section for section in document.sections if isinstance(section, Table)]
    return [table for table in found if table.columns[0].heading == heading]


def column(table: Table, heading: str) -> dict[str, str]:
    """Return a column's cells by the row's name."""
    place = [each.heading for each in table.columns].index(heading)
    return {row[0]: row[place] for row in table.rows}


def printed_sum(document: Document, option: str) -> tuple[Decimal, Decimal]:
    """Add up an option's printed items, and read the sum that is printed for it."""
    (table,) = tables(document, option)
    amounts = column(table, "Amount")
    total = amounts.pop("sum", None) or amounts.pop("total", None)
    several = [name for name in amounts if name.startswith("  ")]
    items = {name: amount for name, amount in amounts.items() if not several or name in several}
    added = sum(map(number, items.values()), Decimal(0))
    return added, added if total is None else number(total)


def require_ties(document: Document, option: str, exact_usd: float) -> None:
    """Items add up to the sum, which is that of the summary, and both are the ledger's to a few cents."""
    added, total = printed_sum(document, option)
    assert added == total
    assert abs(float(total) - exact_usd) < 0.05  # half a cent an account
    if summary := tables(document, "Option"):
        place = {row[0]: row for row in summary[0].rows}
        assert total == number(place[option][1])


TEXTS = ["total", "serving", "serving:gpu", "people", "people.engineer", "tiers", "llama-3 input tokens", "platform"]


@pytest.mark.parametrize("lens", ["accrual", "cash"])
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_printed_adds_up(told, loaded, evaluation, text, lens):
    """Rows to sums, sums to the summary, each to the ledger."""
    found = explain(loaded, evaluation, text, lens=lens)
    document = told(text, lens=lens)

    for option in found.options:
        if lines := found.of(option):
            require_ties(document, option, sum(line.quantity * line.unit_price_usd for line in lines))


def test_a_row_that_is_left_out_is_caught(told, loaded, evaluation):
    """The law above bites: a table without its first row, or with a cent more, does not add up."""
    document = told("total")
    (table,) = tables(document, "api")
    exact = sum(line.cost_usd for line in explain(loaded, evaluation, "total").of("api"))
    short = replace(table, rows=table.rows[1:])
    name, lines, amount, share = table.rows[0]
    more = replace(table, rows=((name, lines, f"${number(amount) + Decimal('0.01'):,}", share), *table.rows[1:]))

    for planted in (short, more):
        with pytest.raises(AssertionError):
            require_ties(replace(document, sections=(planted,)), "api", exact)


@pytest.mark.parametrize("text", TEXTS[1:6])
def test_products_can_be_followed_with_a_calculator(told, text):
    """Printed quantity x printed price is the printed amount, to the cent by which amounts are made to add up."""
    document = told(text)
    cells = [row[1] for section in document.sections if isinstance(section, Table) for row in section.rows]
    products = [match for cell in cells if (match := PRODUCT.match(cell))]

    assert products
    for much, price, amount in (match.groups() for match in products):
        assert abs(number(much) * number(price) - number(amount)) <= Decimal("0.015"), (much, price, amount)


def test_six_digits_of_a_quantity_would_not_do():
    """4 / 52 of $241,429 is $18,571.46; by 0.0769231 it would be $18,571.47."""
    price = 241_429.0
    exact = Decimal("18571.46")

    assert exact != round(number(quantity(4 / 52)) * number(usd_exact(price)), 2)
    assert exact == round(number(quantity(4 / 52, price)) * number(usd_exact(price)), 2)


def test_a_product_has_the_digits_that_it_takes():
    """A build of four weeks, by hand."""
    build = replace(line(0, 4 / 52, 241_429.0), unit="engineer-years")

    assert "0.07692308 engineer-years x $241,429.00 = $18,571.46" == product(build, Decimal("18571.46"))


def test_an_item_of_many_months_is_within_a_cent_of_what_it_costs():
    """As in the test of the cents: 36 x $0.104 beside 36 x $0.0045 in one account."""
    cost, items = [0.104] * 36 + [0.0045] * 36, ["dear"] * 36 + ["cheap"] * 36
    shared = {"option": "it", "account": "serving:api", "view": "both"}
    ledger = pd.DataFrame([{**shared, "item": item, "cost_usd": usd} for item, usd in zip(items, cost, strict=True)])

    assert Decimal("3.75") == sum(ledger_cents(ledger)[:36])


def test_every_view_has_the_cents_of_the_ledger_file(loaded, evaluation):
    """An account, its lines and its lines' key come to the same cents as the rows of ledger.csv do."""
    rows = ledger_rows(evaluation, loaded.lines())
    expected = sum(row["cost_usd_rounded"] for row in rows if (row["account"], row["option"]) == ("serving:api", "api"))
    document = provenance_document(explain(loaded, evaluation, "serving:api"), loaded, evaluation.ledger)

    assert expected == printed_sum(document, "api")[1]
    found = provenance_rows(explain(loaded, evaluation, "serving:api"), evaluation.ledger)
    assert [row for row in rows if row["account"] == "serving:api"] == found


def test_the_first_month_is_told_in_full(told, loaded):
    """Quantity and its basis, unit price, the price's name, key and line; its source and day below."""
    (first,) = tables(told("people:run"), "In 2026-12")[:1]
    (sources,) = tables(told("people:run"), "Price")

    assert ("engineers, run", "0.00833333 engineer-years x $240,000.00 = $2,000.00") == first.rows[0]
    assert ("  quantity", "0.1 engineers / 12") == first.rows[1]
    where = f"{loaded.file}:{line_of('people: {engineer')}"
    assert ("  price", f"stated in the scenario, by people.engineer ({where})") == first.rows[2]
    assert ("people.engineer", "our payroll", "2026-10-01") in sources.rows


def test_a_price_that_moves_is_told_first_to_last_and_why(told):
    """-20 % a year, reviewed every three months, is x 0.8^(1/4) = 0.945742 from the fourth month on."""
    (items,) = tables(told("tiers.llama-3"), "api")
    (origins,) = tables(told("llama-3 input tokens"), "Comes from")
    told_by_month = dict(origins.rows)

    assert "$1.00 to $0.945741609003" == column(items, "Unit price")["llama-3 input tokens"]
    assert "x 0.945742: serving:api -0.2 a year, a guess" in told_by_month["price, 2027-03"]
    assert "[" not in told_by_month["price, 2026-12"]


def test_a_price_fixed_by_a_signing_names_its_month(told):
    """Three months are signed for in 2026-12 and again in 2027-03."""
    (origins,) = tables(told("mixed reserved GPU-hours, used up"), "Comes from")
    prices = {name: text for name, text in origins.rows if name.startswith("price")}

    assert "as of" not in prices["price, 2026-12"]
    assert "stated in the scenario, as of 2027-03, by " in prices["price, 2027-05"]


# ---------------------------------------------------------------- months of a line


def line(month: int, quantity: float, price: float = 2.0) -> Line:
    """A line of GPU-hours."""
    return Line(
        month, "it", month, f"2027-{month + 1:02d}", "serving:gpu", "own GPU-hours", quantity, "GPU-hours", price,
        quantity * price, "inline", "made up", "2026-11-23", "tiers.own.price", 7, "counted", "", month,
    )  # fmt: skip


def rows_of(*lines: Line) -> list[tuple[str, ...]]:
    """Months as printed, each line's cents as they are."""
    table = months_table("it", lines, lambda each: sum((Decimal(f"{one.cost_usd:.2f}") for one in each), Decimal(0)))
    return list(table.rows)


def test_equal_months_that_follow_each_other_are_one_row():
    """Three at 730 h, one at 1 460, then two at another price: 1 460 x 3, 2 920, 2 190 x 2 = 4 380."""
    lines = [line(0, 730), line(1, 730), line(2, 730), line(3, 1460), line(4, 730, 3.0), line(5, 730, 3.0)]

    assert [
        ("2027-01 to 2027-03 (3)", "730", "$2.00", "$4,380.00"),
        ("2027-04", "1,460", "$2.00", "$2,920.00"),
        ("2027-05 to 2027-06 (2)", "730", "$3.00", "$4,380.00"),
        ("sum", "", "", "$11,680.00"),
    ] == rows_of(*lines)


def test_months_apart_are_two_rows():
    """What is bought in month 1 and again in month 3 did not run in between."""
    assert ["2027-01", "2027-03", "sum"] == [row[0] for row in rows_of(line(0, 1), line(2, 1))]


def test_two_lines_of_a_month_run_beside_each_other():
    """Two servers written off from different months on."""
    rows = rows_of(line(0, 5), line(1, 5), line(1, 7), line(2, 5), line(2, 7))

    assert ["2027-01 to 2027-03 (3)", "2027-02 to 2027-03 (2)", "sum"] == [row[0] for row in rows]


# ---------------------------------------------------------------- keys


def test_a_key_that_prices_nothing_says_so(told):
    """Plainly, with what it drives and how to see what it moves."""
    texts = [
        section.text for section in told("traffic.growth_fraction_per_month").sections if isinstance(section, Text)
    ]

    assert texts[0].startswith("Prices no line. Multiplies the requests by 1 plus itself")
    assert texts[1].startswith("What it moves: tco sweep ")
    assert texts[1].endswith(" --vary traffic.growth_fraction_per_month=FROM:TO:STEP")


def test_an_account_without_lines_says_so(told):
    """It is an account, and nothing is in it: no error."""
    (text, meaning) = (section.text for section in told("serving:edge").sections)

    assert "This account holds edge devices and workers." == text
    assert "No line: nothing is counted in serving:edge." == meaning


def test_a_purchase_is_found_by_cash_only(told):
    """The other view is named."""
    (text,) = (section.text for section in told("bought servers bought").sections)

    assert "add --cash" in text
    assert [] == [s for s in told("bought servers bought", lens="cash").sections if "No line" in getattr(s, "text", "")]


def test_a_block_is_told_key_by_key(told):
    """What the file gives, with unit and line; what is left at its default by name."""
    document = told("tiers.llama-3")
    (block,) = tables(document, "Holds")

    assert ("price.output_usd_per_mtok", "2.125", "USD per million tokens", str(line_of("2.125"))) in block.rows
    assert "error_share 0.0" in next(s.text for s in document.sections if isinstance(s, Text))


def test_markdown_has_the_same_tables(told):
    """No cell breaks its row, whatever the sources hold."""
    text = markdown(told("serving"))
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]

    assert len(blocks) >= 5
    for block in blocks:
        assert 1 == len({row.count("|") for row in block})


def test_a_price_of_the_catalog_leads_to_its_row(told):
    """By the command that shows it; a price that the scenario states has no row there."""
    notes = {name: [s.text for s in told(name).sections if isinstance(s, Text)] for name in ("tiers", "people:run")}

    assert any(text.endswith("tco prices show openai/gpt-6.1-terra") for text in notes["tiers"])
    assert not any("tco prices show" in text for text in notes["people:run"])


# ---------------------------------------------------------------- for programs


def test_json_says_the_same(loaded, evaluation):
    """Each option's sum is that of its items, and theirs that of their lines; a key is told with its unit."""
    answer = provenance_json(explain(loaded, evaluation, "tiers"), loaded)

    assert (1, "tiers", TargetKind.KEY, "accrual") == (
        answer["schema_version"], answer["target"], answer["target_kind"], answer["view"],
    )  # fmt: skip
    for option in answer["options"]:
        items = option["items"]
        assert option["cost_usd"] == pytest.approx(sum(item["cost_usd"] for item in items))
        assert option["cost_share"] == pytest.approx(option["cost_usd"] / option["total_usd"])
        for item in items:
            lines = [each["quantity"] * each["unit_price_usd"] for each in item["lines"]]
            assert item["cost_usd"] == pytest.approx(sum(lines))
            assert item["months"] == len({each["month"] for each in item["lines"]})


def test_json_of_a_key(loaded, evaluation):
    """As written; a block as a mapping, a default that is a block, too."""
    key = provenance_json(explain(loaded, evaluation, "tiers.llama-3.price.source_date"), loaded)["key"]
    block = provenance_json(explain(loaded, evaluation, "simulation"), loaded)["key"]

    assert ("2026-10-01", True, line_of("quote 17")) == (key["value"], key["is_given"], key["scenario_line"])
    assert {"window_requests": 200} == block["value"]
    default = provenance_json(explain(loaded, evaluation, "classes.chat.complexity"), loaded)["key"]
    assert (False, None, "uniform") == (default["is_given"], default["scenario_line"], default["value"]["kind"])
