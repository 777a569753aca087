"""Vendor contracts by hand: at the edges of steps, at minimums, at commitments, ahead of time and after the plan."""

from __future__ import annotations

from typing import Any

import pytest

from tco.capacity.contract import seats_of
from tco.costs.request_tokens import token_costs
from tco.finance.totals import by_account_usd, left_over_usd, still_owed_usd, through
from tco.pipeline import Evaluation, evaluate
from tests.costs.bills import INCLUDED, amounts, both_parts, by_month, evaluated, traffic
from tests.laws.build import DATED, api, chat, flat_api, scene, serverless, static
from tests.scenario.texts import INLINE, faults_in, plant

STEPS = [
    {"from_requests": 0.0, "request_usd_per_request": 0.004},
    {"from_requests": 100_000.0, "request_usd_per_request": 0.003},
    {"from_requests": 200_000.0, "request_usd_per_request": 0.002},
]
CENT = [{"from_requests": 0.0, "request_usd_per_request": 0.001}]  # 150 000 requests are $150
SEATS = {"seats": 40.0, "seat_usd_per_month": 30.0}


def contract(term_months: int = 12, **terms: Any) -> dict[str, Any]:
    """An option under a contract."""
    return {"contract": {"term_months": term_months, **terms, **DATED}}


def billed(months: int = 1, requests: float = 150_000.0, term_months: int = 12, **terms: Any) -> Evaluation:
    """Evaluate a contract."""
    return evaluated(contract(term_months, **terms), months, traffic=traffic(requests))


# ---------------------------------------------------------------- a month


def test_fee_seats_and_steps_by_hand():
    """$2 000, 40 seats at $4, 100 000 requests at $0.004 and 50 000 at $0.003."""
    terms = {"platform_usd_per_month": 2000.0, "seat_usd_per_seat_month": 4.0, "steps": STEPS}
    evaluation = evaluated(contract(**terms), business=SEATS)

    assert {
        "contract, platform fee": 2000.0, "contract, seats": 160.0,
        "contract, requests from 0": 400.0, "contract, requests from 100,000": 150.0,
    } == amounts(evaluation)  # fmt: skip
    assert {"it": {"serving:vendor": pytest.approx(2710.0)}} == by_account_usd(evaluation.ledger, evaluation.scenario)


@pytest.mark.parametrize(
    ("requests", "marginal_usd", "all_usd"),
    [
        (99_999.0, 399.996, 399.996),
        (100_000.0, 400.0, 300.0),  # the edge belongs to the step above: all of it is cheaper there
        (100_001.0, 400.003, 300.003),
        (200_000.0, 700.0, 400.0),
        (250_000.0, 800.0, 500.0),
    ],
)
def test_steps_at_their_edges(requests, marginal_usd, all_usd):
    """Each request at its own step's price, or all at that of the step which is reached."""
    for steps_apply, usd in (("marginal", marginal_usd), ("all", all_usd)):
        evaluation = billed(requests=requests, steps=STEPS, steps_apply=steps_apply)

        assert usd == pytest.approx(evaluation.ledger["cost_usd"].sum(), abs=1e-9)


def test_seats_are_whole_and_grow_with_the_traffic():
    """40 seats at 10 % growth are 40, 44 and 48.4: 49. Growth by a rounding error adds none."""
    evaluation = evaluated(
        contract(seat_usd_per_seat_month=1.0), 3, business=SEATS, traffic=traffic(150_000.0, growth=0.1)
    )

    assert [40.0, 44.0, 49.0] == [by_month(evaluation, "serving:vendor")[month] for month in range(3)]


def test_a_rounding_error_is_not_a_seat():
    """As many requests as in the first month, but for the last bit: 40 seats still."""
    scenario = scene({"flat": flat_api(0.01)}, {"it": static(flat=1.0)}, business=SEATS)

    assert [40, 40, 41] == [seats_of(scenario, requests) for requests in (150_000.0, 150_000.00000000003, 150_001.0)]


def test_only_requests_at_included_tiers_count():
    """60 % of 150 000 at $0.001; the other tier is paid by itself."""
    tiers = {"bought": api(price=INCLUDED), "flat": flat_api(0.01)}
    option = {**static(bought=0.6, flat=0.4), **contract(steps=CENT)}
    evaluation = evaluate(scene(tiers, {"it": option}, count=1000))

    assert {"contract, requests from 0": 90.0, "flat requests": 600.0} == amounts(evaluation)


def test_a_platform_may_be_included_too():
    """Its requests are the contract's; no token is charged beside."""
    platform = serverless(token_price=INCLUDED)
    del platform["gpu_price"]
    evaluation = evaluate(
        scene({"bought": platform}, {"it": {**static(bought=1.0), **contract(steps=CENT)}}, count=200)
    )

    assert {"contract, requests from 0": 150.0} == amounts(evaluation)


def test_batch_requests_of_an_included_tier_are_the_contracts():
    """A quarter of the requests is handed in by batch; all count."""
    batch = {"turnaround_p50_s": 3600.0, "turnaround_p95_s": 7200.0}
    classes = {"person": chat(0.75), "nightly": chat(0.25, "async")}
    option = {**static(bought=1.0), **contract(steps=CENT)}
    evaluation = evaluate(
        scene({"bought": api(price=INCLUDED, batch=batch)}, {"it": option}, count=400, classes=classes)
    )

    assert {"contract, requests from 0": 150.0} == amounts(evaluation)


def test_without_an_included_tier_all_requests_count():
    """A gateway that is paid by the request, in front of a model that is paid by itself."""
    option = {**static(flat=1.0), **contract(steps=CENT)}
    evaluation = evaluate(scene({"flat": flat_api(0.01)}, {"it": option}, count=200))

    assert {"contract, requests from 0": 150.0, "flat requests": 1500.0} == amounts(evaluation)


def test_a_month_below_its_minimum_is_topped_up():
    """$100 and $150 are used of $400: the unused part is 0.375 of it."""
    evaluation = billed(platform_usd_per_month=100.0, steps=CENT, minimum_usd_per_month=400.0)

    assert {
        "contract, platform fee": 100.0, "contract, requests from 0": 150.0, "contract minimum, unused part": 150.0,
    } == amounts(evaluation)  # fmt: skip


@pytest.mark.parametrize("minimum_usd", [0.0, 200.0, 250.0])
def test_a_month_that_reaches_its_minimum_is_not(minimum_usd):
    """$250 are used."""
    evaluation = billed(platform_usd_per_month=100.0, steps=CENT, minimum_usd_per_month=minimum_usd)

    assert 250.0 == pytest.approx(evaluation.ledger["cost_usd"].sum())
    assert "contract minimum, unused part" not in set(evaluation.ledger["item"])


# ---------------------------------------------------------------- years


def test_what_a_year_lacks_is_charged_in_its_last_month():
    """Twelve times $250 of $3 600: $600 in the twelfth month of either year."""
    terms = {"platform_usd_per_month": 100.0, "steps": CENT, "commitment_usd_per_year": 3600.0}
    evaluation = billed(24, **terms)

    expected = {month: 850.0 if month in (11, 23) else 250.0 for month in range(24)}
    assert expected == by_month(evaluation, "serving:vendor")
    assert evaluation.tail.empty
    last = evaluation.ledger[evaluation.ledger["item"] == "contract commitment, unused part"].iloc[0]
    assert 1 / 6 == pytest.approx(last["quantity"])
    assert "its use covers 83.3% of 3,600.00 USD" in last["basis"]


@pytest.mark.parametrize("commitment_usd", [0.0, 2000.0, 3000.0])
def test_a_year_that_reaches_its_commitment_lacks_nothing(commitment_usd):
    """$3 000 are used."""
    evaluation = billed(12, platform_usd_per_month=100.0, steps=CENT, commitment_usd_per_year=commitment_usd)

    assert 3000.0 == pytest.approx(evaluation.ledger["cost_usd"].sum())


def test_minimum_and_commitment_do_not_charge_twice():
    """Each month is topped up to $280, $3 360 a year; $3 600 lack $240 more."""
    terms = {"platform_usd_per_month": 100.0, "steps": CENT}
    evaluation = billed(12, **terms, minimum_usd_per_month=280.0, commitment_usd_per_year=3600.0)

    assert 3600.0 == pytest.approx(evaluation.ledger["cost_usd"].sum())
    assert 240.0 == amounts(evaluation, 11)["contract commitment, unused part"]


def test_a_last_year_of_fewer_months_is_committed_to_in_proportion():
    """Of 18 months the last six are held against $1 800: $1 500 are used."""
    terms = {"platform_usd_per_month": 100.0, "steps": CENT, "commitment_usd_per_year": 3600.0}
    evaluation = billed(18, term_months=18, **terms)

    assert 300.0 == amounts(evaluation, 17)["contract commitment, unused part"]
    assert evaluation.tail.empty


def test_a_contract_longer_than_the_plan_is_owed_after_it():
    """After 15 of 18 months: three fees, and what $1 050 lack of $1 800, in the contract's last month."""
    terms = {"platform_usd_per_month": 100.0, "steps": CENT, "commitment_usd_per_year": 3600.0}
    evaluation = billed(15, term_months=18, **terms)

    assert 14 == evaluation.ledger["month"].max()
    assert {15: 100.0, 16: 100.0, 17: 850.0} == {
        month: usd for month, usd in by_month(evaluation, "serving:vendor").items() if month > 14
    }
    assert {"it": pytest.approx(1050.0)} == still_owed_usd(evaluation.tail, evaluation.scenario)
    assert {"it": pytest.approx(0.0)} == left_over_usd(evaluation.tail, evaluation.scenario)


def test_prices_of_the_signing_hold_all_term():
    """$100 for twelve months; at a fifth less a year the next term costs $80."""
    paths = [{"account": "serving:vendor", "change_fraction_per_year": -0.2, "source": "a guess"}]
    evaluation = evaluated(contract(platform_usd_per_month=100.0), 13, prices={"paths": paths})
    found = by_month(evaluation, "serving:vendor")

    assert [100.0] * 12 == [found[month] for month in range(12)]
    assert [80.0] * 12 == [found[month] for month in range(12, 24)]


# ---------------------------------------------------------------- paid ahead


PREPAID = {
    "platform_usd_per_month": 100.0, "steps": CENT, "commitment_usd_per_year": 3600.0, "upfront_share": 0.5,
}  # fmt: skip


def test_what_is_paid_ahead_is_used_up_first():
    """$1 800 at once; seven months use $1 750 of it, the eighth pays $200, the twelfth tops the year up."""
    evaluation = billed(12, **PREPAID)

    paid = {0: 1800.0, 7: 200.0, 8: 250.0, 9: 250.0, 10: 250.0, 11: 850.0}
    assert paid == by_month(evaluation, "serving:vendor", "cash")
    assert {**dict.fromkeys(range(11), 250.0), 11: 850.0} == by_month(evaluation, "serving:vendor")


@pytest.mark.parametrize("months", [1, 7, 12, 15, 18])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("used", [20_000.0, 150_000.0, 900_000.0])
def test_payments_and_use_agree_over_the_life(months, share, used):
    """Ledger and tail together, below and above the commitment."""
    terms = {**PREPAID, "upfront_share": share}
    evaluation = evaluated(contract(18, **terms), months, traffic=traffic(used))
    lines = both_parts(evaluation)

    paid_usd, used_usd = (through(lines, lens)["cost_usd"].sum() for lens in ("cash", "accrual"))
    assert paid_usd == pytest.approx(used_usd)
    assert used_usd >= 3600.0 * 1.5 * (1 - 1e-12)


def test_what_is_paid_ahead_and_not_used_is_left_over():
    """All of the year at once: after five months of $250, $2 350 of $3 600 are left."""
    evaluation = billed(5, **{**PREPAID, "upfront_share": 1.0})

    assert {"it": pytest.approx(2350.0)} == left_over_usd(evaluation.tail, evaluation.scenario)
    assert {"it": pytest.approx(0.0)} == still_owed_usd(evaluation.tail, evaluation.scenario)


# ---------------------------------------------------------------- laws


def test_almost_no_traffic_leaves_what_is_fixed():
    """One request a month: the fee and the minimum, the year's commitment."""
    assert 400.0 == pytest.approx(
        billed(requests=1.0, platform_usd_per_month=100.0, steps=CENT, minimum_usd_per_month=400.0)
        .ledger["cost_usd"].sum()
    )  # fmt: skip
    assert 3600.0 == pytest.approx(
        billed(12, requests=1.0, platform_usd_per_month=100.0, steps=CENT, commitment_usd_per_year=3600.0)
        .ledger["cost_usd"].sum()
    )  # fmt: skip


@pytest.mark.parametrize("upfront_share", [0.0, 0.4])
def test_doubling_all_prices_doubles_every_line(upfront_share):
    """In both views."""
    terms: dict[str, Any] = {
        "platform_usd_per_month": 100.0, "steps": STEPS, "minimum_usd_per_month": 650.0,
        "commitment_usd_per_year": 9000.0, "upfront_share": upfront_share,
    }  # fmt: skip
    dearer = {key: value * 2 if key.endswith(("_month", "_year")) else value for key, value in terms.items()}
    dearer["steps"] = [
        {**step, "request_usd_per_request": 2 * step["request_usd_per_request"]} for step in terms["steps"]
    ]
    before, after = (both_parts(billed(14, **each)) for each in (terms, dearer))

    assert before["item"].tolist() == after["item"].tolist()
    assert (2 * before["cost_usd"]).tolist() == pytest.approx(after["cost_usd"].tolist())


def test_a_contract_does_not_drift_unseen():
    """It counts users' requests, however long their prompts grow."""
    drift = {"rise_fraction_per_year": 0.5, "source": "made up"}
    evaluation = evaluated(contract(steps=CENT), 12, blind_drift=drift)

    assert "serving:drift" not in set(evaluation.ledger["account"])


def test_a_request_at_an_included_tier_has_no_price_of_its_own():
    """What it costs depends on all the others, as at a fleet."""
    scenario = scene({"bought": api(price=INCLUDED)}, {"it": {**static(bought=1.0), **contract(steps=CENT)}})

    assert {"bought": None} == token_costs(scenario, ("bought",))


# ---------------------------------------------------------------- faults

OPTION = "    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}\n"
PROVEN = "source: our quote, source_date: 2026-10-01"


def told(folder, terms, *more):
    """What is said of a contract of option `buy`, and of further replacements."""
    text = plant(OPTION, f"{OPTION}    contract: {{{terms}, {PROVEN}}}\n").text
    for old, new in more:
        text = plant(old, new, text).text
    return [f"{fault.key}: {fault.message}" for fault in faults_in(folder, text)]


@pytest.mark.parametrize(
    ("terms", "key", "words"),
    [
        ("term_months: 12", "", "a contract that charges nothing; allowed: one at least of platform_usd_per_month"),
        ("term_months: 0, platform_usd_per_month: 9", ".term_months", "0; allowed: at least 1"),
        ("term_months: 121, platform_usd_per_month: 9", ".term_months", "121; allowed: at most 120"),
        ("term_months: 12, platform_usd_per_month: -9", ".platform_usd_per_month", "-9; allowed: at least 0"),
        ("term_months: 12, platform_usd_per_month: 9, upfront_share: 0.5", "", "upfront_share 0.5 is given without"),
        ("term_months: 12, steps: [{from_requests: 5, request_usd_per_request: 1}]", "",
         "the first step begins at 5 requests; it must begin at 0"),
        ("term_months: 12, steps: [{from_requests: 0, request_usd_per_request: 2}, "
         "{from_requests: 0, request_usd_per_request: 1}]", "", "a step from 0 requests follows one from 0"),
        ("term_months: 12, steps_apply: each, platform_usd_per_month: 9", ".steps_apply", "'each'; allowed: '"),
        ("term_months: 12, seat_usd_per_seat_month: 9", None,
         "business: missing; needed because the contract of option 'buy' charges by the seat"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_is_refused(tmp_path, terms, key, words):
    """Place, found, allowed."""
    (found,) = told(tmp_path, terms)

    assert words in found
    assert key is None or found.startswith(f"options.buy.contract{key}: ")


def test_a_contract_without_a_source_is_refused(tmp_path):
    """As every price is."""
    text = plant(OPTION, f"{OPTION}    contract: {{term_months: 12, platform_usd_per_month: 9}}\n").text

    assert {"options.buy.contract.source", "options.buy.contract.source_date"} == {
        fault.key for fault in faults_in(tmp_path, text)
    }


PRICED = INLINE[INLINE.index("    price:\n      input") : INLINE.index("    latency: {ttft")]


def test_a_tier_that_a_contract_pays_needs_one_in_every_option(tmp_path):
    """Option `buy` has one; the others are told."""
    terms = "term_months: 12, steps: [{from_requests: 0, request_usd_per_request: 0.01}]"
    found = told(tmp_path, terms, (PRICED, "    price: {included_in: contract}\n"))

    words = "contract: missing; needed because tiers.api.price is included in it: unknown is not zero"
    assert [f"options.{name}.{words}" for name in ("mix", "climb")] == found


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("{included_in: licence}", "'licence'; allowed: 'contract'"),
        ("{included_in: contract, source: x}", "unknown key; known: included_in"),
    ],
)
def test_nothing_else_pays_for_a_tier(tmp_path, price, words):
    """A slip of the pen is not a price of nothing."""
    terms = "term_months: 12, platform_usd_per_month: 9"

    assert any(words in each for each in told(tmp_path, terms, (PRICED, f"    price: {price}\n")))


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("cached_input_share: 0.2", "the contract has no price for cached input"),
        ("batch: {turnaround_p50_s: 60, turnaround_p95_s: 90, discount_share: 0.5}", "batch has a discount_share of"),
    ],
)
def test_terms_that_only_a_price_gives_sense_are_refused(tmp_path, term, words):
    """There is nothing to take a discount off."""
    terms = "term_months: 12, platform_usd_per_month: 9"

    assert any(
        words in each for each in told(tmp_path, terms, (PRICED, f"    price: {{included_in: contract}}\n    {term}\n"))
    )
