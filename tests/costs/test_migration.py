"""The way in and the way out by hand, at $260 000 an engineer's year: $5 000 a week."""

from __future__ import annotations

from typing import Any

import pytest

from tco.costs.exit import exit_charges
from tco.pipeline import evaluate
from tests.costs.bills import amounts, by_month, evaluated
from tests.laws.build import DATED, flat_api, scene, static
from tests.scenario.texts import faults_in, plant

DATA = {"data_gb": 200.0, "transfer": {"transfer_usd_per_gb": 0.09, **DATED}}  # $18
WAY_OUT = {"engineer_weeks": 3.0, **DATA}


def test_the_way_in_is_paid_once():
    """Two weeks, 200 GB at $0.09, and a consultant."""
    migration = {"engineer_weeks": 2.0, **DATA, "lump": {"lump_usd": 7500.0, **DATED}}
    evaluation = evaluated({"migration": migration}, 3)

    assert {
        "engineers, migration": 10_000.0, "migration, data": 18.0, "migration, lump sum": 7500.0,
    } == amounts(evaluation, account="people:migration")  # fmt: skip
    assert [0] == list(by_month(evaluation, "people:migration"))


def test_data_may_leave_at_a_catalog_price():
    """AWS: of 200 GB 100 are free and 100 cost $0.09."""
    evaluation = evaluated({"migration": {"data_gb": 200.0, "transfer": "aws/internet-egress"}})

    assert {"migration, data from 100 GB": 9.0} == amounts(evaluation)


def test_the_way_out_is_not_in_the_ledger_unless_it_is_planned():
    """Left out, or paid in the plan's last month."""
    assert {} == by_month(evaluated({"exit": WAY_OUT}, 3), "people:exit")
    assert {2: 15_018.0} == by_month(evaluated({"exit": {**WAY_OUT, "at_end": True}}, 3), "people:exit")


def charged(month: int, option: dict[str, Any], **changes: Any) -> dict[str, float]:
    """What leaving at the end of a month would cost, by item."""
    scenario = scene({"bought": flat_api(0.0)}, {"it": {**static(bought=1.0), **option}}, horizon_months=36, **changes)
    return {line.item: round(line.quantity * line.price.value, 6) for line in exit_charges(scenario, "it", month)}


def test_the_way_out_can_be_asked_for_any_month():
    """Three weeks and the data; nothing is said of an option without one."""
    assert {"engineers, exit": 15_000.0, "exit, data": 18.0} == charged(7, {"exit": WAY_OUT})
    assert {} == charged(7, {})


def test_the_way_out_is_at_the_prices_of_its_month():
    """Engineers who are a tenth dearer after a year."""
    paths = [{"account": "people", "change_fraction_per_year": 0.1, "source": "a guess"}]

    assert 16_500.0 == charged(12, {"exit": WAY_OUT}, prices={"paths": paths})["engineers, exit"]


@pytest.mark.parametrize(
    ("term_months", "month", "usd"),
    [
        (1, 7, 300.0),  # from month to month: all three
        (12, 7, 0.0),  # four months of the term are left anyway
        (12, 9, 100.0),  # two are
        (12, 11, 300.0),  # none is
    ],
)
def test_notice_counts_beyond_the_term_that_runs(term_months, month, usd):
    """Three months of notice at $100; the rest of the term is owed in any case, and counted there."""
    contract = {"term_months": term_months, "platform_usd_per_month": 100.0, **DATED}
    found = charged(month, {"contract": contract, "exit": {"notice_months": 3}})

    assert ({"contract, notice at its platform fee": usd} if usd else {}) == found


def test_notice_is_at_the_minimum_where_that_is_more():
    """$400, not $100."""
    contract = {"term_months": 1, "platform_usd_per_month": 100.0, "minimum_usd_per_month": 400.0, **DATED}

    assert {"contract, notice at its minimum fee": 800.0} == charged(
        0, {"contract": contract, "exit": {"notice_months": 2}}
    )


def test_a_planned_exit_is_what_is_asked_for():
    """The ledger's lines of the last month are those of the question."""
    contract = {"term_months": 1, "platform_usd_per_month": 100.0, **DATED}
    option = {"contract": contract, "exit": {**WAY_OUT, "notice_months": 2, "at_end": True}}
    scenario = scene({"bought": flat_api(0.0)}, {"it": {**static(bought=1.0), **option}}, count=200, horizon_months=2)
    ledger = evaluate(scenario).ledger
    planned = ledger[ledger["scenario_key"].str.contains("exit") | ledger["item"].str.contains("exit|notice")]

    assert [(line.item, line.quantity * line.price.value) for line in exit_charges(scenario, "it", 1)] == list(
        zip(planned["item"], planned["cost_usd"], strict=True)
    )


PEOPLE = "    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}\n"
PROVEN = "source: our quote, source_date: 2026-10-01"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("migration: {}", "a migration of nothing; allowed: engineer_weeks, data_gb or lump"),
        ("migration: {data_gb: 5}", "data_gb is 5, and transfer is missing: unknown is not zero"),
        (f"migration: {{engineer_weeks: 1, transfer: {{transfer_usd_per_gb: 1, {PROVEN}}}}}",
         "transfer is given, and data_gb is 0"),
        ("migration: {data_gb: 5, transfer: aws/egress}", "'aws/egress' is not a price of egress of the catalog"),
        ("migration: {engineer_weeks: -1}", "-1; allowed: at least 0"),
        ("exit: {}", "an exit of nothing; allowed: engineer_weeks, data_gb or notice_months"),
        ("exit: {notice_months: 3}", "exit has notice_months 3, and there is no contract to give it for"),
        ("exit: {notice_months: 61}", "61; allowed: at most 60"),
    ],
)  # fmt: skip
def test_a_move_that_cannot_be_is_refused(tmp_path, block, words):
    """Place, found, allowed."""
    found = faults_in(tmp_path, plant(PEOPLE, f"{PEOPLE}    {block}\n").text)

    assert [True] == [words in fault.message for fault in found]
    assert all(fault.key.startswith("options.buy") for fault in found)
