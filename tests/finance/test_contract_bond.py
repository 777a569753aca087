"""What a contract still binds at the end of a month, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tco.decide.compare import compare
from tco.decide.verdict import build_verdicts, locks
from tco.finance.contract_bond import contract_bond
from tco.finance.lock_in import lock_in
from tco.pipeline import Evaluation, evaluate
from tco.report.money import Money
from tco.report.verdict import leaving_sections
from tests.costs.bills import evaluated, traffic
from tests.laws.build import DATED, api, gpu, scene, static

CENT = [{"from_requests": 0.0, "request_usd_per_request": 0.001}]  # 150 000 requests are $150
FEES = {"platform_usd_per_month": 100.0, "steps": CENT}


def under(term_months: int, months: int, **terms: Any) -> Evaluation:
    """Evaluate a contract at $250 a month of fee and use."""
    contract = {"term_months": term_months, **FEES, **terms, **DATED}
    return evaluated({"contract": contract}, months, traffic=traffic(150_000.0))


def bond(evaluation: Evaluation, month: int) -> tuple[float, float]:
    """Owed and prepaid."""
    found = contract_bond(evaluation.scenario, evaluation.ledger, "it", month)
    return found.owed_usd, found.prepaid_usd


def test_without_a_commitment_fees_are_owed_and_no_use():
    """Seven fees after the fifth month of twelve; none after the twelfth, which a new term may follow."""
    evaluation = under(12, 18)

    assert (700.0, 0.0) == pytest.approx(bond(evaluation, 4))
    assert (0.0, 0.0) == pytest.approx(bond(evaluation, 11))
    assert (1100.0, 0.0) == pytest.approx(bond(evaluation, 12))


def test_a_minimum_is_owed_where_it_is_more_than_the_fee():
    """Seven times $180."""
    assert (1260.0, 0.0) == pytest.approx(bond(under(12, 6, minimum_usd_per_month=180.0), 4))


def test_a_commitment_is_owed_less_what_was_used():
    """Of 18 months: $3 600 less five months of $250, then $1 800 for the last six."""
    evaluation = under(18, 15, commitment_usd_per_year=3600.0)

    assert (3600 - 1250 + 1800.0, 0.0) == pytest.approx(bond(evaluation, 4))
    assert (1800.0, 0.0) == pytest.approx(bond(evaluation, 11))
    assert (1800.0 - 250.0, 0.0) == pytest.approx(bond(evaluation, 12))


def test_what_was_paid_ahead_is_lost():
    """All of the year at once, five months of $250 used; the next year is not paid yet."""
    evaluation = under(18, 15, commitment_usd_per_year=3600.0, upfront_share=1.0)

    assert (1800.0, 3600.0 - 1250.0) == pytest.approx(bond(evaluation, 4))


def test_after_the_plan_it_is_what_the_tail_says():
    """The tail knows no use either."""
    evaluation = under(18, 15, commitment_usd_per_year=3600.0)

    assert evaluation.tail["cost_usd"].sum() == pytest.approx(sum(bond(evaluation, 14)))


def test_prices_are_those_of_the_signing():
    """At a fifth less a year the second term's fee is $80."""
    contract = {"term_months": 12, "platform_usd_per_month": 100.0, **DATED}
    paths = [{"account": "serving:vendor", "change_fraction_per_year": -0.2, "source": "a guess"}]
    evaluation = evaluated({"contract": contract}, 15, prices={"paths": paths})

    assert (720.0, 0.0) == pytest.approx(bond(evaluation, 14))


def test_an_option_without_a_contract_is_not_bound():
    """Nothing is owed."""
    assert (0.0, 0.0) == bond(evaluated({}, 2), 0)


def test_a_contract_is_bound_once():
    """Lock-in leaves it to the bond, and the verdict adds both."""
    options = {
        "vendor": {**static(bought=1.0), "contract": {"term_months": 24, **FEES, **DATED}},
        "own": static(own=1.0),
    }
    scenario = scene(
        {"bought": api(price={"included_in": "contract"}), "own": gpu()}, options, count=200, horizon_months=12
    )
    evaluation = evaluate(scenario)
    (verdict,) = build_verdicts(evaluation, compare(evaluation))

    assert 0.0 == lock_in(evaluation.ledger, evaluation.tail, "vendor", 11).total_usd
    assert 1200.0 == pytest.approx(verdict.locks["vendor"][0].owed_usd)


def test_leaving_a_vendor_that_no_build_is_held_against_is_told():
    """Of two vendors the bound one: $100 a month for the twelve months that are left of its term."""
    tiers = {name: api(price={"included_in": "contract"}) for name in ("free", "bound")}
    contracts = {"free": {"term_months": 1}, "bound": {"term_months": 24}}
    options = {name: {**static(**{name: 1.0}), "contract": {**FEES, **DATED, **contracts[name]}} for name in tiers}
    evaluation = evaluate(scene(tiers, options, count=200, horizon_months=12))
    found = {name: locks(evaluation, name) for name in options}
    told = leaving_sections(found, Money.of(evaluation.scenario))

    assert ["Leaving bound costs $1,200 after 12 months."] == [each.text for each in told]
