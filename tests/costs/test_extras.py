"""Extras by hand: fees by the month and the request, overhead on what serving costs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tco.finance.totals import by_account_usd
from tco.pipeline import evaluate
from tests.costs.bills import amounts, by_month, evaluated, traffic
from tests.laws.build import DATED, api, flat_api, scene, static

OPS = {"fee_usd_per_month": 300.0, **DATED}
RERANKER = {"fee_usd_per_request": 0.001, **DATED}
OVERHEAD = {"serving_fraction": 0.15, **DATED}


def option(**extras: Any) -> dict[str, Any]:
    """An option that pays these."""
    return {"extras": extras}


def test_fees_by_hand():
    """$300, and 150 000 requests at a tenth of a cent."""
    found = evaluated(option(gateway=OPS, reranker=RERANKER), traffic=traffic(150_000.0))

    assert {"gateway": 300.0, "reranker": 150.0} == amounts(found)
    assert pytest.approx(450.0) == by_account_usd(found.ledger, found.scenario)["it"]["platform:extras"]


def test_a_fee_by_the_request_grows_and_one_by_the_month_does_not():
    """$300 + $150, then $300 + $300."""
    found = evaluated(option(gateway=OPS, reranker=RERANKER), months=2, traffic=traffic(150_000.0, 1.0))

    assert {0: 450.0, 1: 600.0} == by_month(found, "platform:extras")


def test_overhead_is_a_fraction_of_serving():
    """150 000 requests at a cent are $1 500; 15 % are $225, a line of its own. People and fees have none."""
    people = {"build_engineer_weeks": 1.0}
    tiers = {"bought": flat_api(0.01)}
    found = evaluate(
        scene(tiers, {"it": {**static(bought=1.0), **option(ops=OVERHEAD, gateway=OPS), "people": people}}, count=200)
    )

    assert {"ops on bought requests": 225.0, "gateway": 300.0} == amounts(found, account="platform:extras")
    assert {0: 5000.0} == by_month(found, "people:build")


def test_overhead_reaches_beyond_the_plan_with_what_is_committed():
    """A contract's fee of $1 000 a month for 2 months in a plan of one: 10 % of each."""
    terms = {"contract": {"term_months": 2, "platform_usd_per_month": 1000.0, **DATED}}
    found = evaluated({**terms, **option(ops={"serving_fraction": 0.1, **DATED})})

    assert {0: 100.0, 1: 100.0} == by_month(found, "platform:extras")


def test_who_stands_in_pays_its_own():
    """Until month 3 the bought one with its gateway, then the own one with its overhead: $1 500 a month either way."""
    bought = {**static(bought=1.0), **option(gateway=OPS)}
    built = {**static(own=1.0), **option(ops=OVERHEAD), "meanwhile": "bought",
             "people": {"build_engineer_weeks": 4, "build_months": 2}}  # fmt: skip
    tiers = {"bought": flat_api(0.01), "own": flat_api(0.01)}
    found = evaluate(scene(tiers, {"bought": bought, "it": built}, count=200, horizon_months=3))
    lines = found.ledger.query("option == 'it' and account == 'platform:extras'")

    assert [300.0, 300.0, 225.0] == [round(usd, 6) for usd in lines.groupby("month")["cost_usd"].sum()]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (DATED, "given: none"),
        ({**OPS, **OVERHEAD}, "given: fee_usd_per_month, serving_fraction"),
        ({"fee_usd_per_month": 1.0}, "source"),
        ({"serving_fraction": 0.0, **DATED}, "greater than 0"),
    ],
)
def test_extras_that_say_too_little_or_too_much(extra, said):
    """One way to charge it, with its source."""
    with pytest.raises(ValidationError, match=said):
        scene({"bought": api()}, {"it": {**static(bought=1.0), **option(x=extra)}})
