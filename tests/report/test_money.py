"""Money: a plan in another currency tells every amount in it, and none in dollars."""

from __future__ import annotations

import json
import re

import pytest

from tco.decide.compare import compare
from tco.decide.verdict import build_verdicts
from tco.pipeline import evaluate
from tco.report.bundle import comparison_files, ledger_rows
from tco.report.charts import money_axis, panels
from tco.report.document import Document
from tco.report.finance import finance_tables
from tco.report.formats.markdown import markdown
from tco.report.money import Money
from tco.report.verdict import verdict_sections
from tco.scenario.loader import load_scenario
from tests.cli.conftest import tco  # noqa: F401  # the fixture
from tests.finance.rented import ways
from tests.report.small import write_small
from tests.scenario.texts import INLINE, faults_in

RATE = "{usd_per_unit: 1.25, source: a bank, source_date: 2026-11-20}"
OPTIONS = {"bought": ("dear", 0), "built": ("cheap", 50)}
PRICES = re.compile(r"[$€]([\d,.]+)")
LAST_DIGIT = 0.51  # an amount is rounded by half a unit of its last digit


def in_euros(path):
    """The same scenario in a plan of euros at $1.25; the limit on a request's cost stays in dollars."""
    text = path.read_text()
    text = text.replace("slo: {", "slo: {cost_usd_per_request: 1.0e-4, ")
    path.write_text(text)
    other = path.with_name("euros.yaml")
    other.write_text(text.replace("finance: {", f"currency: EUR\nfinance: {{exchange: {RATE}, "))
    return other


def figures(out: str) -> list[tuple[float, float]]:
    """Amounts with what rounding may have moved each by."""
    found = [text.rstrip(".,") for text in PRICES.findall(out)]
    steps = [10.0 ** -len(text.partition(".")[2]) for text in found]
    return [(float(text.replace(",", "")), LAST_DIGIT * step) for text, step in zip(found, steps, strict=True)]


@pytest.mark.parametrize("command", [("compare",), ("compare", "--format", "md"), ("explain", "--option", "built")])
def test_a_plan_in_euros_has_no_dollar_sign_and_every_figure_scaled(tmp_path, tco, command):  # noqa: F811
    """One euro is $1.25: each amount in euros is four fifths of that in dollars, the limit's included."""
    dollars = write_small(tmp_path, options=OPTIONS)
    euros = in_euros(dollars)
    plain, converted = (tco(command[0], path, *command[1:]).out for path in (dollars, euros))

    assert "$" not in converted
    assert "€" not in plain
    assert len(figures(plain)) == len(figures(converted)) > 2
    for (usd, slip), (eur, other) in zip(figures(plain), figures(converted), strict=True):
        assert usd == pytest.approx(1.25 * eur, abs=slip + 1.25 * other)
    assert "fixed rate of 1.25 USD (a bank, 2026-11-20)" in " ".join(converted.split())
    if command[0] == "compare":
        assert "limit 0.0001 USD" in " ".join(plain.split())
        assert "limit 8e-05 EUR" in " ".join(converted.split())


def test_charts_of_a_plan_in_euros_have_no_dollar(tmp_path):
    """Neither a sign nor the code in any text of an SVG."""
    evaluation = evaluate(load_scenario(in_euros(write_small(tmp_path, options=OPTIONS))))
    files = comparison_files(evaluation, compare(evaluation))
    drawn = {name: content.decode() for name, content in files.items() if name.endswith(".svg")}

    assert len(drawn) >= 2
    for text in drawn.values():
        assert "€" in text
        assert "$" not in text
        assert "USD" not in text


def test_files_keep_dollars_under_their_names_and_add_the_plans_currency(tmp_path):
    """`total_usd` is in USD whatever the plan's currency is; its other columns say which one that is."""
    dollars = write_small(tmp_path, options=OPTIONS)
    evaluations = [evaluate(load_scenario(path)) for path in (in_euros(dollars), dollars)]
    euros, plain = (json.loads(comparison_files(e, compare(e))["comparison.json"]) for e in evaluations)

    assert {"usd_per_unit": 1.25, "source": "a bank", "source_date": "2026-11-20"} == euros["exchange"]
    assert plain["exchange"] is None
    for one, other in zip(euros["options"], plain["options"], strict=True):
        assert one["total_usd"] == other["total_usd"] == other["total_plan_currency"]
        assert one["total_plan_currency"] == pytest.approx(0.8 * one["total_usd"], rel=1e-12)
    rows = ledger_rows(evaluations[0], {})
    assert {"EUR"} == {row["currency"] for row in rows}
    assert sum(row["cost_plan_currency"] for row in rows) == pytest.approx(
        0.8 * sum(row["cost_usd"] for row in rows), rel=1e-12
    )


@pytest.mark.parametrize(
    ("currency", "exchange", "message"),
    [
        ("EUR", "", "missing; needed because currency is EUR: no rate is known"),
        ("USD", f"  exchange: {RATE}\n", "given, and currency is USD; allowed where currency is another"),
        ("euro", f"  exchange: {RATE}\n", "'euro'; allowed: an ISO code of three capitals, such as EUR"),
        ("EUR", f"  exchange: {RATE.replace('1.25', '0')}\n", "0; allowed: at least 1e-09"),
    ],
)
def test_a_currency_has_a_rate_and_dollars_have_none(tmp_path, currency, exchange, message):
    """The rate is never guessed, and never silently ignored."""
    text = INLINE.replace("finance:\n", f"currency: {currency}\nfinance:\n{exchange}")
    faults = faults_in(tmp_path, text)

    assert [True] == [fault.message.startswith(message) for fault in faults]


def test_ticks_are_round_in_the_plans_currency():
    """An axis of $0 to $12,500 in a plan of euros at $1.25 has its ticks at round euros."""
    with panels(1, 1) as (figure, [axes]):
        axes.set_xlim(0, 12_500)
        money_axis(axes.xaxis, Money("EUR", 1.25))
        figure.canvas.draw()
        told = [label.get_text() for label in axes.get_xticklabels()]

    assert ["€0", "€2k", "€4k", "€6k", "€8k", "€10k"] == told


def test_a_code_stands_in_the_heading_and_not_at_every_tick(tmp_path):
    """CHF 1.25M is too long for an axis."""
    path = in_euros(write_small(tmp_path, options=OPTIONS))
    path.write_text(path.read_text().replace("currency: EUR", "currency: CHF"))
    evaluation = evaluate(load_scenario(path))
    svg = comparison_files(evaluation, compare(evaluation))["cost-breakdown.svg"].decode()
    texts = [text.strip() for text in re.findall(r">([^<>]+)<", svg) if text.strip()]

    assert "undiscounted CHF by account" in " ".join(texts)
    assert "CHF 186k" in texts  # 50 weeks of building at $241 429 a year, over 1.25
    assert [text for text in texts if re.fullmatch(r"\d+k", text)]


def test_what_is_explained_of_a_plan_in_euros_is_in_euros():
    """Break-even from every side, tokens, years, the build case; only published rules of thumb stay in dollars."""
    exchange = {"usd_per_unit": 1.25, "source": "a bank", "source_date": "2026-11-20"}
    evaluation = ways(
        only=("owned", "vendor"), currency="EUR", finance={"discount_fraction_per_year": 0.08, "exchange": exchange}
    )
    comparison, money = compare(evaluation), Money.of(evaluation.scenario)
    explained = (
        *finance_tables(evaluation, comparison),
        *verdict_sections(build_verdicts(evaluation, comparison), money),
    )
    told = markdown(Document("", "", explained))

    assert "$" not in told
    assert "€200,000" in told  # a server of $250,000
    assert "€45,000" in told  # $56,250 a year written off


def test_the_lines_behind_a_figure_say_that_they_are_in_dollars(tmp_path, tco):  # noqa: F811
    """Quantity times a published price stays what was published."""
    path = in_euros(write_small(tmp_path, options=OPTIONS))
    answer = " ".join(tco("explain", path, "people.engineer").out.split())

    assert "Amounts here are in USD, as prices are; EUR only where a comparison is printed." in answer
    assert "€" not in answer
