"""`tco explain` shows how requests flow through an option, and where a figure comes from."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.conftest import ROOT

FALLBACK = ROOT / "scenarios/levers/fallback.yaml"


def test_explain_prints_and_draws_it(tco, tmp_path):
    """Tree, rows and chart agree; an unknown option is told with the nearest."""
    told = tco("explain", FALLBACK, "--option", "chain", "--out", tmp_path)
    steps = json.loads(tco("explain", FALLBACK, "--option", "chain", "--format", "json").out)["steps"]

    assert 0 == told.code
    assert "└─ cloud" in told.out
    assert "answered by fallback" in (tmp_path / "flow.svg").read_text(encoding="utf-8")
    assert pytest.approx(1.0) == sum(step["share"] for step in steps if step["is_end"])
    assert 2 == tco("explain", FALLBACK, "--option", "chian").code
    assert "did you mean 'chain'" in tco("explain", FALLBACK, "--option", "chian").err
    assert "has 3 options" in tco("explain", FALLBACK).err


def test_a_figure_is_explained_in_every_format(tco, scenario):
    """Table, Markdown, JSON and CSV come to the same sum; the table names quantity, price and line of the file."""
    forms = {form: tco("explain", scenario, "serving:api", "--format", form) for form in ("table", "md", "json", "csv")}
    options = json.loads(forms["json"].out)["options"]
    rows = list(csv.DictReader(io.StringIO(forms["csv"].out)))

    assert [0] * 4 == [answer.code for answer in forms.values()]
    for option in options:
        mine = [row for row in rows if row["option"] == option["option"]]
        assert pytest.approx(option["cost_usd"]) == sum(float(row["cost_usd"]) for row in mine)
        cents = sum(round(float(row["cost_usd_rounded"]) * 100) for row in mine)
        for form in ("table", "md"):
            assert f"${cents / 100:,.2f}" in forms[form].out
    assert "150,000 requests x $0.02 = $3,000.00" in forms["table"].out
    assert f"{scenario.name}:42" in forms["table"].out.replace("\n", "").replace(" ", "")
    assert "published claim, brief C3" in forms["table"].out


def test_a_month_is_counted_from_one_or_named(tco, scenario):
    """The second month is 2027-01 when the plan starts in 2026-12; the answer is the same."""
    answers = [tco("explain", scenario, "claim-large requests", "--month", month).out for month in ("2", "2027-01")]

    assert answers[0] == answers[1]
    assert "month 2, 2027-01" in answers[0]
    assert "--month: '3'; allowed: 1 to 2" in tco("explain", scenario, "total", "--month", "3").err


def test_one_option_is_evaluated_alone_and_comes_to_the_same(tco, scenario):
    """Its requests do not depend on which other options there are."""
    alone = json.loads(tco("explain", scenario, "total", "--option", "escalating", "--format", "json").out)["options"]
    all_options = json.loads(tco("explain", scenario, "total", "--format", "json").out)["options"]

    assert [option for option in all_options if option["option"] == "escalating"] == alone


def test_engines_and_processes_explain_the_same_figure(tco, scenario):
    """To the byte."""
    asked = ([], ["--engine", "simpy"], ["--engine", "compiled", "--jobs", "2"])
    told = [tco("explain", scenario, "total", "--windows", *arguments).out for arguments in asked]
    figures, engines = zip(*(each.split("Engine: ") for each in told), strict=True)

    assert 1 == len(set(figures))
    assert "$" in figures[0]
    assert ["simpy for", "simpy for", "compiled for"] == [" ".join(each.split()[:2]) for each in engines]


def test_the_engine_that_followed_the_requests_is_told(tco, scenario):
    """Under the tree."""
    said = tco("explain", scenario, "--option", "escalating", "--engine", "compiled").out

    assert "Engine: compiled for escalating (asked for)." in " ".join(said.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serving:gpus"], "'serving:gpus' is no account, line or key of"),
        (["serving:gpus"], "hint: nearest: accounts serving:api, serving"),
        (["claim-larg reqests"], "hint: nearest: lines claim-large requests"),
        (["large"], "begins 2 lines of"),
        (["total", "--option", "splt-60-40"], "did you mean 'split-60-40'"),
        (["total", "--out", "x"], "--out: only without a TARGET"),
        (["--month", "1"], "--month: only with a TARGET"),
        (["--cash"], "--cash: only with a TARGET"),
        (["--windows"], "--every-request, --windows: only with a TARGET"),
        (["--jobs", "2"], "--jobs: only with a TARGET"),
    ],
)
def test_what_cannot_be_explained_is_told(tco, scenario, arguments, told):
    """On stderr, with the exit code of wrong arguments, and nothing on stdout."""
    answer = tco("explain", scenario, *arguments)

    assert (2, "") == (answer.code, answer.out)
    assert told in answer.err


def test_a_key_without_lines_has_no_rows_and_says_so(tco, scenario):
    """The CSV then has its head only, and is not silent; the table says it in words."""
    answer = tco("explain", scenario, "slo.e2e_p95_s", "--format", "csv")
    full = tco("explain", scenario, "total", "--format", "csv")

    assert (0, full.out.partition("\n")[0] + "\n") == (answer.code, answer.out)
    assert "'slo.e2e_p95_s' has no lines" in answer.err
    assert "Prices no line. A limit." in tco("explain", scenario, "slo.e2e_p95_s").out


def test_cash_is_said_to_be_the_same_where_nothing_is_bought(tco, scenario):
    """Every amount is then paid in the month that it serves."""
    answer = tco("explain", scenario, "total", "--cash").out

    assert "amounts when they are paid" in answer
    assert "the view by cash is the same" in answer


def test_the_guide_shows_what_is_printed(tco, monkeypatch):
    """Line by line, whatever the widths; a long line may be wrapped."""
    monkeypatch.chdir(ROOT)
    guide = (ROOT / "docs/scenario.md").read_text(encoding="utf-8")
    block = guide.split("$ tco explain ")[1].split("```")[0]
    command, *lines = block.splitlines()
    printed = " ".join(tco("explain", *command.split()).out.split())

    assert len(lines) > 8
    for line in filter(None, lines):
        assert " ".join(line.split()) in printed


def test_an_option_that_is_built_is_explained_alone(tco):
    """With the lines of what runs meanwhile, and without those that this option has for itself."""
    told = tco("explain", ROOT / "scenarios/levers/build-or-contract.yaml", "serving:api", "--option", "built",
               "--format", "json")  # fmt: skip

    assert ["built"] == [option["option"] for option in json.loads(told.out)["options"]]
    assert "as as-it-comes until built: 900,000 requests" in told.out
