"""Purchase: commitments, spot hours and own servers, worked by hand; payments and write-offs agree over the life."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from tco.capacity.purchase import servers_bought
from tco.decide.compare import compare
from tco.finance.lock_in import lock_in
from tco.finance.totals import left_over_usd, monthly_usd, still_owed_usd, through
from tco.finance.value import present_value_usd
from tco.pipeline import Evaluation, evaluate
from tests.laws.build import DATED, fixed, gpu, scene, static

CHAT = {"chat": {"share": 1.0, "input_tokens": fixed(1000), "output_tokens": fixed(200)}}
HOUR = {"gpu_hour_usd_per_gpu_hour": 2.0, **DATED}


def hours(usd: float) -> dict[str, Any]:
    """A price of a GPU-hour."""
    return {"gpu_hour_usd_per_gpu_hour": usd, **DATED}


def owned(**changes: Any) -> dict[str, Any]:
    """Servers of two GPUs at $48 000 that are written off over 48 months."""
    return {
        "kind": "owned", "server": {"server_usd_per_server": 48_000.0, **DATED}, "gpus_per_server": 2,
        "life_months": 48, "residual_share": 0.25, "power_kw": 2.0, "mean_power_share": 0.5, "pue_ratio": 1.5,
        "energy": {"energy_usd_per_kwh": 0.10, **DATED}, "colocation": {"colocation_usd_per_kw_month": 150.0, **DATED},
        **changes,
    }  # fmt: skip


def fleet(purchase: dict[str, Any], replicas: int = 3, months: int = 36, **changes: Any) -> Evaluation:
    """A fleet of so many replicas of one GPU, all plan long."""
    tier = gpu(2.0, min_replicas=replicas, purchase=purchase)
    if purchase["kind"] == "owned":
        del tier["price"]
    plain: dict[str, Any] = {"classes": CHAT, "slo": {"e2e_p95_s": 60.0}, "count": 200, "horizon_months": months}
    return evaluate(scene({"own": tier}, {"it": static(own=1.0)}, **{**plain, **changes}))


def lines(evaluation: Evaluation, item: str) -> pd.DataFrame:
    """Lines of an item, of the plan and after it."""
    both = pd.concat([evaluation.ledger, evaluation.tail])
    return both[both["item"] == item]


def test_a_server_is_paid_once_and_written_off_in_equal_parts():
    """3 GPUs take 2 servers: $96 000 at once; 75 % of it over 48 months is $1 500 a month."""
    found = fleet(owned())

    assert [96_000.0] == lines(found, "own servers bought")["cost_usd"].tolist()
    assert [0] == lines(found, "own servers bought")["month"].tolist()
    assert [1500.0] * 48 == pytest.approx(lines(found, "own servers written off")["cost_usd"].tolist())
    assert [(48, -24_000.0)] == [
        tuple(row) for row in lines(found, "own servers sold")[["month", "cost_usd"]].to_numpy()
    ]


def test_power_and_space_by_hand():
    """2 servers x 2 kW x half x PUE 1.5 x 730 h = 2 190 kWh at $0.10 are $219; 4 kW at $150 are $600."""
    found = fleet(owned(), months=1)

    assert 2190.0 == lines(found, "own electricity")["quantity"].item()
    assert 219.0 == pytest.approx(lines(found, "own electricity")["cost_usd"].item())
    assert 600.0 == lines(found, "own colocation")["cost_usd"].item()


def test_maintenance_by_hand():
    """12 % of $96 000 a year is $960 a month."""
    found = fleet(owned(support_fraction_per_year=0.12), months=2)

    assert [960.0, 960.0] == pytest.approx(lines(found, "own server maintenance")["cost_usd"].tolist())


def test_operations_by_the_hour_by_hand():
    """2 servers x 730 h x $6.37 are $9 300.20 a month, with energy and colocation in it."""
    hour = {"operations_usd_per_server_hour": 6.37, **DATED}
    found = fleet(owned(operations=hour, energy=None, colocation=None), months=2)

    assert [9300.2, 9300.2] == pytest.approx(lines(found, "own server operations")["cost_usd"].tolist())
    assert {"serving:gpu:support"} == set(lines(found, "own server operations")["account"])
    assert lines(found, "own electricity").empty


def test_somebody_pays_for_the_power():
    """Without energy, colocation and operations nobody does."""
    with pytest.raises(ValidationError, match="somebody pays for the power"):
        fleet(owned(energy=None, colocation=None))


def test_servers_stay_whole():
    """2 GPUs fill one server, 3 take two, and a spare makes three."""
    assert 48_000.0 == lines(fleet(owned(), 2, 1), "own servers bought")["cost_usd"].item()
    assert 96_000.0 == lines(fleet(owned(), 3, 1), "own servers bought")["cost_usd"].item()
    assert 144_000.0 == lines(fleet(owned(spare_servers=1), 3, 1), "own servers bought")["cost_usd"].item()


def test_a_server_is_replaced_at_the_end_of_its_life():
    """A life of 12 months in a plan of 30: bought in months 0, 12 and 24."""
    assert [0, 12, 24] == lines(fleet(owned(life_months=12), months=30), "own servers bought")["month"].tolist()
    assert {0: 1, 1: 1, 3: 3} == servers_bought([1, 2, 1, 3], 2)


@pytest.mark.parametrize(
    "purchase",
    [
        owned(),
        owned(life_months=12, residual_share=0.0),
        {"kind": "mix", "reserved": [{"gpus": 2, "price": HOUR, "term_months": 24, "upfront_share": 0.4}]},
        {"kind": "mix", "reserved": [{"gpus": 5, "price": HOUR, "term_months": 7, "upfront_share": 1.0}]},
    ],
)
def test_cash_and_accrual_agree_over_the_life(purchase):
    """What is paid is what is used up, as soon as nothing is left over."""
    found = fleet(purchase)
    both = pd.concat([found.ledger, found.tail])
    paid, used = through(both, "cash")["cost_usd"].sum(), through(both)["cost_usd"].sum()

    assert paid == pytest.approx(used, rel=1e-12)
    dropped = both[both["view"] != "cash"].iloc[1:]
    assert through(dropped)["cost_usd"].sum() != pytest.approx(paid, rel=1e-6)


def test_a_mix_by_hand():
    """3 GPUs for 730 h: 1 reserved at $1.20, of the other 1 460 h a quarter on spot at $0.80, the rest at $2.

    Spot is taken away every 10 h and takes 0.5 h to come back: 5 % more hours.
    """
    spot = {"share": 0.25, "price": hours(0.8), "between_interruptions_hours": 10.0, "restart_hours": 0.5}
    reserved = [{"gpus": 1, "price": hours(1.2), "term_months": 12}]
    found = fleet({"kind": "mix", "reserved": reserved, "spot": spot}, months=1)
    usd = dict(zip(found.ledger["item"], found.ledger["cost_usd"], strict=True))

    assert 876.0 == pytest.approx(usd["own reserved GPU-hours"])
    assert 292.0 == pytest.approx(usd["own spot GPU-hours"])
    assert 14.6 == pytest.approx(usd["own spot GPU-hours lost"])
    assert 2190.0 == pytest.approx(usd["own GPU-hours"])


@pytest.mark.parametrize("account", ["serving:gpu:hardware", "serving:gpu", "serving"])
def test_maintenance_is_a_fraction_of_what_the_server_cost(account):
    """$48 000 in month 0 and, 19 % less a year later, $38 880: a hundredth a month is $480, then $388.80."""
    path = {"account": account, "change_fraction_per_year": -0.19, "source": "made up"}
    server = owned(life_months=12, support_fraction_per_year=0.12)
    found = fleet(server, 2, months=24, prices={"paths": [path]})

    assert [480.0] * 12 + [388.8] * 12 == pytest.approx(lines(found, "own server maintenance")["cost_usd"].tolist())


def test_a_path_of_maintenance_itself_moves_it():
    """On top of what the server cost, at the price of the month of purchase."""
    path = {"account": "serving:gpu:support", "change_fraction_per_year": 0.5, "source": "made up"}
    found = fleet(owned(life_months=12, support_fraction_per_year=0.12), 2, months=24, prices={"paths": [path]})

    assert [480.0] * 12 + [720.0] * 12 == pytest.approx(lines(found, "own server maintenance")["cost_usd"].tolist())


def test_a_commitment_is_paid_used_or_not():
    """5 GPUs reserved for a fleet of 3: 5 x 730 h, and nothing on demand."""
    found = fleet({"kind": "mix", "reserved": [{"gpus": 5, "price": hours(1.0), "term_months": 12}]}, months=1)
    usd = dict(zip(found.ledger["item"], found.ledger["cost_usd"], strict=True))

    assert 3650.0 == pytest.approx(usd["own reserved GPU-hours"])
    assert 0.0 == usd["own GPU-hours"]


def test_upfront_is_cash_at_signing_and_spread_in_accrual():
    """2 GPUs, 12 months at $1: $17 520; half at signing is $8 760, then $730 a month; used up $1 460 a month."""
    reserved = [{"gpus": 2, "price": hours(1.0), "term_months": 12, "upfront_share": 0.5}]
    found = fleet({"kind": "mix", "reserved": reserved}, 2, months=12)

    assert [9490.0, *[730.0] * 11] == pytest.approx(monthly_usd(found.ledger, found.scenario, "cash")["it"].tolist())
    assert [1460.0] * 12 == pytest.approx(monthly_usd(found.ledger, found.scenario)["it"].tolist())


def test_a_commitment_longer_than_the_plan_shows_its_tail():
    """24 months in a plan of 18: 6 x $730 are still owed, and nothing is left over; upfront, it is the reverse."""
    block = {"gpus": 1, "price": hours(1.0), "term_months": 24}
    monthly = fleet({"kind": "mix", "reserved": [block]}, 1, months=18)
    upfront = fleet({"kind": "mix", "reserved": [{**block, "upfront_share": 1.0}]}, 1, months=18)

    assert {"it": 4380.0} == pytest.approx(still_owed_usd(monthly.tail, monthly.scenario))
    assert {"it": 0.0} == pytest.approx(left_over_usd(monthly.tail, monthly.scenario))
    assert {"it": 0.0} == pytest.approx(still_owed_usd(upfront.tail, upfront.scenario))
    assert {"it": 4380.0} == pytest.approx(left_over_usd(upfront.tail, upfront.scenario))


def test_a_commitment_renews_at_the_price_of_its_month():
    """At 19 % less a year, the term that begins in month 12 costs $0.81 to its end."""
    block = {"gpus": 1, "price": hours(1.0), "term_months": 12}
    path = {"account": "serving:gpu", "change_fraction_per_year": -0.19, "source": "made up"}
    found = fleet({"kind": "mix", "reserved": [block]}, 1, months=24, prices={"paths": [path]})
    prices = lines(found, "own reserved GPU-hours")["unit_price_usd"].tolist()

    assert [1.0] * 12 + [0.81] * 12 == pytest.approx(prices)


def test_one_that_does_not_renew_ends():
    """After 12 months all hours are on demand."""
    block = {"gpus": 1, "price": hours(1.0), "term_months": 12, "renews": False}
    found = fleet({"kind": "mix", "reserved": [block]}, 1, months=13)

    assert 12 == len(lines(found, "own reserved GPU-hours"))
    assert [0.0] * 12 + [1460.0] == pytest.approx(lines(found, "own GPU-hours")["cost_usd"].tolist())


def test_left_over_hardware_counts_in_the_present_value_or_not():
    """After 36 of 48 months the book value is a quarter of $72 000 and the residual of $24 000: $42 000."""
    booked, nothing = (
        fleet(owned(), finance={"discount_fraction_per_year": 0.0, "left_over": left}) for left in ("book", "nothing")
    )

    assert {"it": 42_000.0} == pytest.approx(left_over_usd(booked.tail, booked.scenario))
    assert compare(booked)["it"].total_usd == pytest.approx(compare(booked)["it"].npv_usd)
    assert 42_000.0 == pytest.approx(compare(nothing)["it"].npv_usd - compare(booked)["it"].npv_usd)
    assert 42_000 * 1.21**-1.5 == pytest.approx(-present_value_usd([0.0] * 18 + [-42_000.0], 0.21))


def test_lock_in_by_hand():
    """At the end of month 5, of 12 months at $730 half upfront: $2 190 owed, $2 190 prepaid; a server's book value."""
    reserved = [{"gpus": 1, "price": hours(1.0), "term_months": 12, "upfront_share": 0.5}]
    mixed, bought = fleet({"kind": "mix", "reserved": reserved}, 1, months=12), fleet(owned(), 2)
    lock = lock_in(mixed.ledger, mixed.tail, "it", 5)

    assert 6 * 365.0 == pytest.approx(lock.owed_usd)
    assert 6 * 365.0 == pytest.approx(lock.prepaid_usd)
    assert 0.0 == lock.hardware_usd
    assert 48_000 - 12 * 750 == pytest.approx(lock_in(bought.ledger, bought.tail, "it", 11).hardware_usd)
    assert 0.0 == lock_in(mixed.ledger, mixed.tail, "it", 11).total_usd


def test_servers_that_are_left_need_no_maintenance():
    """At the end of a year 39 000 dollars of book value are lost, in the middle of the plan as at its end."""
    kept, ended = (fleet(owned(support_fraction_per_year=0.06), 2, months=months) for months in (24, 12))

    assert 0.0 == lock_in(kept.ledger, kept.tail, "it", 11).owed_usd
    assert 39_000.0 == pytest.approx(lock_in(kept.ledger, kept.tail, "it", 11).total_usd)
    assert 39_000.0 == pytest.approx(lock_in(ended.ledger, ended.tail, "it", 11).total_usd)


def test_scaled_fleets_fill_reservations_hour_by_hour():
    """On half of the week 4 replicas, else 1: 2 reserved GPUs cover 2 and 1, not the mean of 2.5."""
    from tco.capacity.scaling import FleetHours

    week = FleetHours(2.5 * 730, (4,) * 84 + (1,) * 84, "")

    assert 1.5 * 730 == week.covered_hours(2)
    assert 2.5 * 730 == week.covered_hours(4)
