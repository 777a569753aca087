"""Engineers by hand, at $260 000 a year: $5 000 a week, $21 666.67 a month."""

from __future__ import annotations

from typing import Any

import pytest

from tco.pipeline import Evaluation, evaluate
from tests.costs.bills import amounts, by_month, evaluated
from tests.laws.build import DATED, edge, retrieval, scene, static
from tests.scenario.texts import faults_in, plant


def staffed(months: int = 1, **people: Any) -> Evaluation:
    """Evaluate an option with engineers and nothing else that costs."""
    return evaluated({"people": people}, months)


def test_the_build_is_spread_evenly():
    """26 weeks are $130 000; over four months $32 500 each, then none."""
    evaluation = staffed(6, build_engineer_weeks=26.0, build_months=4)

    assert dict.fromkeys(range(4), 32_500.0) == by_month(evaluation, "people:build")
    assert "26 engineer-weeks / 52, spread over 4 months" in set(evaluation.ledger["basis"])


def test_tuning_takes_its_part_every_month():
    """A quarter of 48 weeks a year: one week a month, $5 000."""
    evaluation = staffed(3, build_engineer_weeks=48.0, tuning_fraction_per_year=0.25)

    assert dict.fromkeys(range(3), 5000.0) == by_month(evaluation, "people:tuning")


def test_on_call_by_stipend_and_by_time_lost():
    """Two on duty at $300 a week, 52 weeks in 12 months: $2 600; six lose a tenth: 0.6 / 12 years, $13 000."""
    duty = {
        "engineers": 6, "on_duty": 2, "lost_engineer_fte": 0.1, "price": {"stipend_usd_per_week": 300.0, **DATED},
    }  # fmt: skip

    assert {"engineers, called": 13_000.0, "engineers, on duty": 2600.0} == amounts(staffed(on_call=duty))


def test_hiring_charges_what_is_not_productive_yet():
    """Two hires, three months at half: $21 666.67 a month; recruiting a fifth of a year each, $104 000."""
    evaluation = staffed(4, hiring={"hires": 2, "ramp_months": 3, "recruiting_fraction": 0.2})

    assert {0: 125_666.666667, 1: 21_666.666667, 2: 21_666.666667} == by_month(evaluation, "people:hiring")


def test_productive_hires_at_once_cost_recruiting_only():
    """No ramp, or one in which all of their time counts."""
    for ramp in ({"ramp_months": 0}, {"ramp_months": 6, "mean_productive_share": 1.0}):
        evaluation = staffed(2, hiring={"hires": 1, "recruiting_fraction": 0.1, **ramp})

        assert {0: 26_000.0} == by_month(evaluation, "people:hiring")


def test_an_option_may_have_engineers_of_its_own_price():
    """At $130 000 all of its engineers cost half, those of its devices and its index as well."""
    price = {"loaded_year_usd_per_year": 130_000.0, **DATED}
    index = {
        "answered_share": 0.5, "latency": {"p50_s": 0.002, "p95_s": 0.006}, "memory_gb": 1.0,
        "price": {"memory_usd_per_gb_month": 1.0, **DATED}, "operations_engineer_fte": 0.1,
    }  # fmt: skip
    people = {"build_engineer_weeks": 4.0, "run_engineer_fte": 0.5}
    usual = {**static(near=1.0), "retrieval": retrieval(ann_cache=index), "people": people}
    tiers = {"near": edge(releases_per_year=4.0, release_engineer_weeks=1.0)}
    own = {**usual, "people": {**people, "engineer": price}}
    ledger = evaluate(scene(tiers, {"usual": usual, "own": own}, count=200)).ledger
    lines = ledger[ledger["account"].str.startswith("people:")]
    usd = {option: group.set_index("item")["cost_usd"] for option, group in lines.groupby("option")}

    assert {"engineers, build", "engineers, run", "engineers, ANN cache", "near releases"} == set(usd["own"].index)
    assert (2 * usd["own"]).to_dict() == pytest.approx(usd["usual"].to_dict())
    assert {"options.own.people.engineer"} == set(lines[lines["option"] == "own"]["scenario_key"])


PEOPLE = "    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}\n"


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ("{tuning_fraction_per_year: 0.2}", "tuning_fraction_per_year 0.2 is a fraction of build_engineer_weeks"),
        ("{build_engineer_weeks: 1, tuning_fraction_per_year: 20}", "20; allowed: at most 5"),
        ("{build_months: 0}", "0; allowed: at least 1"),
        ("{build_months: 37}",
         "37 months of building: the plan is over before (horizon_months 36); allowed: at most 36"),
        ("{on_call: {engineers: 4}}", "neither price nor lost_engineer_fte is given; allowed: one at least"),
        ("{on_call: {engineers: 1, on_duty: 2, lost_engineer_fte: 0.1}}", "on_duty 2 is above engineers 1"),
        ("{on_call: {engineers: 2, price: {stipend_usd_per_week: 100}}}", "missing; this key is required"),
        ("{hiring: {hires: 0, ramp_months: 3}}", "0; allowed: at least 1"),
        ("{hiring: {hires: 1}}", "missing; this key is required"),
        ("{hiring: {hires: 1, ramp_months: 3, mean_productive_share: 1.5}}", "1.5; allowed: at most 1"),
        ("{engineer: us/software-enginer-p75}", "is not an engineer's loaded cost of the catalog"),
    ],
)  # fmt: skip
def test_staff_that_cannot_be_is_refused(tmp_path, people, words):
    """Place, found, allowed."""
    found = faults_in(tmp_path, plant(PEOPLE, f"    people: {people}\n").text)

    assert any(words in fault.message for fault in found)
    assert {"options.buy.people"} == {".".join(fault.key.split(".")[:3]) for fault in found}
