"""Price terms that cannot be: told at their place, with what was found and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.laws.build import DATED, api, fixed, gpu, scene, static

NAME = "openai/gpt-4o"
CHAT = {"chat": {"share": 1.0, "input_tokens": fixed(1000), "output_tokens": fixed(200)}}


def with_prices(tier: dict[str, Any] | None = None, **prices: Any) -> None:
    """Build a plan of a year from 2026-12 with price terms."""
    tiers = {"bought": api(price=NAME), **({} if tier is None else {"own": tier})}
    options = {"it": static(bought=1.0), **({} if tier is None else {"own": static(own=1.0)})}
    scene(tiers, options, classes=CHAT, slo={}, start="2026-12", horizon_months=12, prices=prices)


def rate(**changes: Any) -> dict[str, Any]:
    """A tenth off."""
    return {"name": NAME, "discount_share": 0.1, **DATED, **changes}


def change(**changes: Any) -> dict[str, Any]:
    """A tenth less from 2027-03 on."""
    return {"name": NAME, "from_month": "2027-03", "change_fraction": -0.1, **DATED, **changes}


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        (
            {"negotiated": [rate(until_month="2027-03"), rate(from_month="2027-03")]},
            "overlap: the first month to 2027-03 and",
        ),
        ({"negotiated": [rate(), rate()]}, "two rates for 'openai/gpt-4o' overlap"),
        ({"negotiated": [rate(name="openai/gpt-4")]}, "'openai/gpt-4' is not a price of the catalog"),
        (
            {"negotiated": [rate(name="openai/gpt-4o-mini")]},
            "no other block of the scenario names 'openai/gpt-4o-mini'",
        ),
        (
            {"negotiated": [rate(figures={"input_usd_per_mtok": 1.0})]},
            "discount_share or figures, one of them; both are",
        ),
        ({"negotiated": [rate(discount_share=None)]}, "discount_share or figures, one of them; neither is"),
        ({"negotiated": [rate(discount_share=1.0)]}, "less than 1"),
        ({"negotiated": [rate(discount_share=0.0)]}, "greater than 0"),
        (
            {"negotiated": [rate(discount_share=None, figures={"inputs_usd_per_mtok": 1.0})]},
            "'inputs_usd_per_mtok', which is not a price of 'openai/gpt-4o'; allowed: .*mean 'input_usd_per_mtok'",
        ),
        (
            {"negotiated": [rate(discount_share=None, figures={"input_usd_per_mtok": -1.0})]},
            "greater than or equal to 0",
        ),
        (
            {"negotiated": [rate(from_month="2027-05", until_month="2027-04")]},
            "from_month 2027-05 is after until_month",
        ),
        ({"negotiated": [rate(from_month="2028-01")]}, "2028-01 is after the plan's last month, 2027-11"),
        ({"negotiated": [rate(until_month="2026-11")]}, "2026-11 is before the plan's first month, 2026-12"),
        ({"announced": [change(account="serving:api")]}, "name or account, one of them; both are"),
        ({"announced": [change(name=None)]}, "name or account, one of them; neither is"),
        ({"announced": [change(), change()]}, "a second change of 'openai/gpt-4o' from 2027-03"),
        ({"announced": [change(change_fraction=-1.0)]}, "greater than -1"),
        ({"announced": [change(from_month="2029-01")]}, "2029-01 is after the plan's last month"),
        (
            {"announced": [change(name=None, account="serving", from_month="2026-11")]},
            "2026-11 is before the plan's first month; allowed for an account: 2026-12 or later",
        ),
        (
            {"announced": [change(from_month="2024-05")]},
            r"2024-05 is before 20\d\d-\d\d-\d\d, when the list price was read",
        ),
        (
            {"announced": [change(name=None, account="serving", change_fraction=None, figures={"a": 1.0})]},
            "figures needs a name",
        ),
        (
            {"paths": [{"account": "serving:gpus", "change_fraction_per_year": 0.1, "source": "made up"}]},
            "did you mean|is not an account",
        ),
        (
            {"paths": [{"account": "people", "change_fraction_per_year": 0.1, "source": "made up"}] * 2},
            "a second path for 'people'",
        ),
        (
            {"paths": [{"account": "people", "change_fraction_per_year": 3.0, "source": "made up"}]},
            "less than or equal to 2",
        ),
    ],
)
def test_impossible_terms_are_refused(prices, why):
    """Each with what is wrong."""
    with pytest.raises(ValidationError, match=why):
        with_prices(**prices)


def test_consecutive_spans_are_fine():
    """A contract of one year and its renewal."""
    with_prices(negotiated=[rate(until_month="2027-03"), rate(from_month="2027-04", discount_share=0.2)])


def test_a_change_between_the_list_price_and_the_plan_is_fine():
    """A plan that begins after a change that the list price, read before it, does not hold yet."""
    tiers, options = {"bought": {**api(), "price": NAME}}, {"it": static(bought=1.0)}
    scene(tiers, options, classes=CHAT, slo={}, start="2027-06", prices={"announced": [change()]})


def test_a_path_without_end_is_refused():
    """Prices that triple each year are 18 000 times as high after 107 months."""
    path = {"account": "serving", "change_fraction_per_year": 2.0, "source": "made up"}
    with pytest.raises(ValidationError, match=r"1\.8e\+04 times as high; allowed: at most 1000 times"):
        scene({"bought": api()}, {"it": static(bought=1.0)}, horizon_months=109 - 1, prices={"paths": [path]})


OWNED = {
    "kind": "owned", "server": {"server_usd_per_server": 1000.0, **DATED}, "gpus_per_server": 2, "life_months": 48,
    "residual_share": 0.0, "power_kw": 1.0, "pue_ratio": 1.2, "energy": {"energy_usd_per_kwh": 0.1, **DATED},
    "colocation": None,
}  # fmt: skip
HOURS = {"gpu_hour_usd_per_gpu_hour": 2.0, **DATED}
RESERVED = {"gpus": 1, "price": HOURS, "term_months": 12}


@pytest.mark.parametrize(
    ("purchase", "price", "why"),
    [
        (OWNED, HOURS, "price is given, and purchase of kind 'owned' rents nothing"),
        (None, None, "price is missing; needed unless purchase is of kind 'owned'"),
        ({"kind": "mix"}, HOURS, "a mix of nothing"),
        ({"kind": "mix", "reserved": [RESERVED]}, None, "price is missing"),
        ({**OWNED, "energy": None}, None, "energy and colocation are both null"),
        (
            {key: value for key, value in OWNED.items() if key != "power_kw"},
            None,
            "power_kw is missing; needed because energy",
        ),
        ({key: value for key, value in OWNED.items() if key != "pue_ratio"}, None, "pue_ratio is missing"),
        ({**OWNED, "residual_share": 1.0}, None, "less than 1"),
        ({**OWNED, "life_months": 0}, None, "greater than or equal to 1"),
        ({**OWNED, "pue_ratio": 0.9}, None, "greater than or equal to 1"),
        ({"kind": "mix", "reserved": [{**RESERVED, "term_months": 0}]}, HOURS, "greater than or equal to 1"),
        ({"kind": "mix", "reserved": [{**RESERVED, "from_month": "2029-01"}]}, HOURS, "2029-01 is outside of the plan"),
        ({"kind": "mix", "reserved": [{**RESERVED, "price": "gcp/h100/spot"}]}, HOURS, "is not a GPU-hour price"),
    ],
)
def test_impossible_purchases_are_refused(purchase, price, why):
    """Each with what is wrong."""
    tier = {**gpu(), "purchase": purchase, "price": price}
    with pytest.raises(ValidationError, match=why):
        with_prices({key: value for key, value in tier.items() if value is not None})


def test_terms_that_clash_are_told_at_the_later_one():
    """The place of the fault is that of the entry, not of the whole block."""
    path = {"account": "people", "change_fraction_per_year": 0.1, "source": "made up"}
    with pytest.raises(ValidationError) as caught:
        with_prices(
            negotiated=[rate(until_month="2027-03"), rate(from_month="2027-02"), rate(name=3)],
            announced=[change(), change()],
            paths=[path, path],
        )
    places = {fault["loc"] for fault in caught.value.errors()}

    assert ("prices", "negotiated", 1, "from_month") in places
    assert ("prices", "announced", 1, "from_month") in places
    assert ("prices", "paths", 1, "account") in places
