"""Unit economics and tier costs, worked by hand on a fleet of two GPUs and 131 400 requests a month."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tco.decide.compare import compare
from tco.finance.tier_costs import tier_costs, tier_of
from tco.pipeline import evaluate
from tests.finance.rented import MONTHS, fleet, reserved, ways
from tests.laws.build import api, flat_api, gpu, rate_traffic, scene, static

REQUESTS = 131_400.0  # a month: 0.05 a second x 2 628 000 seconds
SELLS = {"seats": 100.0, "seat_usd_per_month": 200.0, "users": 1000.0}


@pytest.fixture(scope="module")
def found():
    """The fleets, evaluated once, with 100 seats at $200 and 1 000 users."""
    return ways(business=SELLS)


@pytest.fixture(scope="module")
def units(found):
    """What each option costs by the unit."""
    return {option.name: option.units for option in compare(found).options}


def costs(evaluation, option):
    """Costs of an option's tiers, by name."""
    plan = evaluation.plans[option]
    of = tier_costs(evaluation.scenario, evaluation.ledger, evaluation.meters, plan, evaluation.months)
    return {cost.tier: cost for cost in of}


# ---------------------------------------------------------------- by the unit


def test_full_and_marginal_lens(units):
    """2 GPUs x 730 h x $2.50 = $3,650 are 2.78 cents a request; one more costs nothing, at the vendor ten cents."""
    assert units["rented"].cost_usd_per_request == pytest.approx(3650 / REQUESTS, rel=1e-12)
    assert 0.0 == units["rented"].marginal_usd_per_request
    assert units["vendor"].cost_usd_per_request == pytest.approx(0.1, rel=1e-12)
    assert units["vendor"].marginal_usd_per_request == pytest.approx(0.1, rel=1e-12)


def test_per_seat_and_per_user(units):
    """$3,650 over 100 seats and over 1 000 users; people and the build count in the full lens."""
    owned = 4687.5 + 1730.0 + 260_000 / 12 * 0.1 + 20_000 / MONTHS

    assert units["rented"].cost_usd_per_seat_month == pytest.approx(36.50, rel=1e-12)
    assert units["rented"].cost_usd_per_user_month == pytest.approx(3.65, rel=1e-12)
    assert units["owned"].cost_usd_per_user_month == pytest.approx(owned / 1000, rel=1e-12)


def test_margins_and_the_models_share_of_them(units):
    """Of $20,000 a month $3,650 are spent on models: 18.25 % of revenue, 22.3 % of the $16,350 that are left."""
    for business in (units["rented"].plan, units["rented"].first_year):
        assert business.gross_margin == pytest.approx(0.8175, rel=1e-12)
        assert business.model_revenue_share == pytest.approx(0.1825, rel=1e-12)
        assert business.model_margin_share == pytest.approx(3650 / 16_350, rel=1e-12)
    assert units["owned"].plan.gross_margin == pytest.approx(1 - 6417.5 / 20_000, rel=1e-12)  # people left out


def test_the_first_year_is_twelve_months(units):
    """Of fourteen."""
    assert units["rented"].first_year.revenue_usd == pytest.approx(12 * 20_000.0, rel=1e-12)
    assert units["rented"].plan.model_usd == pytest.approx(14 * 3650.0, rel=1e-12)


def test_seats_and_users_grow_with_the_traffic():
    """A vendor's cost a seat stays the same; a fleet's that does not grow falls by what the seats have grown."""
    grown = ways(business=SELLS, only=("rented", "vendor"), horizon_months=2,
                 traffic=rate_traffic(0.05, growth_fraction_per_month=0.5))  # fmt: skip
    units = {option.name: option.units for option in compare(grown).options}

    assert units["vendor"].cost_usd_per_seat_month == pytest.approx(0.1 * REQUESTS / 100, rel=1e-12)
    assert units["rented"].cost_usd_per_seat_month == pytest.approx(2 * 3650 / (100 + 150), rel=1e-12)


def test_unknown_is_not_zero():
    """Without a business block there are no seats, users or margins; without users none of theirs."""
    plain = compare(ways(only=("rented",))).options[0].units
    seats = {name: value for name, value in SELLS.items() if name != "users"}
    without = compare(ways(only=("rented",), business=seats)).options[0].units

    assert (None, None, None, None, None) == (
        plain.cost_usd_per_success, plain.cost_usd_per_seat_month, plain.cost_usd_per_user_month, plain.plan,
        plain.first_year,
    )  # fmt: skip
    assert without.cost_usd_per_seat_month == pytest.approx(36.50)
    assert without.cost_usd_per_user_month is None


def test_a_fixed_line_in_the_marginal_lens_is_caught(found):
    """The lens bites: GPU-hours taken for volume make one more request cost what the average one costs."""
    planted = replace(found, ledger=found.ledger.assign(driver="volume"))
    units = {option.name: option.units for option in compare(planted).options}

    assert units["rented"].marginal_usd_per_request == pytest.approx(units["rented"].cost_usd_per_request)


# ---------------------------------------------------------------- by the token


def test_allocation_counts_idle_time(found):
    """$3,650 over 131 400 x 1 000 tokens = 131.4 million are $27.78; over the 26.28 million of answers $138.89."""
    cost = costs(found, "rented")["rented"]

    assert 131.4 * MONTHS == pytest.approx(cost.input_mtok + cost.output_mtok, rel=1e-12)
    assert cost.usd_per_mtok == pytest.approx(3650 / 131.4, rel=1e-12)
    assert cost.usd_per_output_mtok == pytest.approx(3650 / 26.28, rel=1e-12)


def test_own_servers_cost_all_that_they_take(found):
    """Written off, fed and housed: $6,417.50 a month; one more replica, half a server of two GPUs, half of it."""
    cost = costs(found, "owned")["owned"]

    assert cost.usd_per_mtok == pytest.approx(6417.5 / 131.4, rel=1e-12)
    assert cost.replica_month_usd == pytest.approx(6417.5 / 2, rel=1e-12)


def test_usage_counts_the_hours_that_worked(found):
    """In a flat week the busiest hour is every hour: the busy share of the window is that of the month."""
    busy = found.plans["rented"].windows[0].tiers["rented"].busy_share
    cost = costs(found, "rented")["rented"]

    assert 0.05 < busy < 0.9
    assert busy == pytest.approx(cost.used_share, rel=1e-12)
    assert cost.used_usd_per_mtok == pytest.approx(busy * 3650 / 131.4, rel=1e-12)


def test_usage_follows_the_mean_hour():
    """A busiest hour of twice the mean rate works twice as much as the month on average."""
    week = [1.0, 3.0] * 84  # mean 2, busiest 3
    found = ways(only=("rented",), traffic=rate_traffic(0.05, hour_of_week=week))
    busy = found.plans["rented"].windows[0].tiers["rented"].busy_share

    assert 2 / 3 * busy == pytest.approx(costs(found, "rented")["rented"].used_share, rel=1e-12)


def test_hours_that_are_paid_and_not_needed_are_not_used():
    """Three GPUs reserved where two are: two thirds of what was."""
    wide = ways(only=("reserved",), purchases={"reserved": reserved(gpus=3)})
    narrow = ways(only=("reserved",), purchases={"reserved": reserved(gpus=2)})

    assert 2 / 3 * costs(narrow, "reserved")["reserved"].used_share == pytest.approx(
        costs(wide, "reserved")["reserved"].used_share, rel=1e-12
    )


def test_hours_of_every_kind_are_paid_hours_and_those_after_the_plan_are_not(found):
    """Two GPUs reserved, or one of them reserved and one on demand, work as much of their time as two rented ones."""
    mixed = ways(only=("reserved",), purchases={"reserved": reserved(gpus=1)})
    rented = costs(found, "rented")["rented"].used_share

    assert (found.tail["option"] == "reserved").any()  # the second year's commitment outlives the plan
    assert rented == pytest.approx(costs(found, "reserved")["reserved"].used_share, rel=1e-12)
    assert rented == pytest.approx(costs(mixed, "reserved")["reserved"].used_share, rel=1e-12)


def test_the_servers_gpus_are_paid_whether_the_fleet_fills_them_or_not(found):
    """Two of the server's two here; of a server of eight a quarter."""
    large = {**found.scenario.tiers["owned"].purchase.model_dump(mode="python"), "gpus_per_server": 8}
    half_empty = ways(only=("owned",), purchases={"owned": large})

    assert 0.25 * costs(found, "owned")["owned"].used_share == pytest.approx(
        costs(half_empty, "owned")["owned"].used_share, rel=1e-12
    )


def test_months_before_an_option_serves_work_none_of_its_hours():
    """Five months of building, at the same rate in all: the fleet is as busy as one that served from the first."""
    people = {"build_engineer_weeks": 4.0, "build_months": 5}
    late = {**static(own=1.0), "people": people, "meanwhile": "vendor"}
    options = {"vendor": static(vendor=1.0), "late": late, "early": static(own=1.0)}
    tiers = {"own": fleet(None), "vendor": flat_api(0.1)}
    evaluation = evaluate(scene(tiers, options, count=400, horizon_months=MONTHS, traffic=rate_traffic(0.05)))

    assert costs(evaluation, "early")["own"].used_share == pytest.approx(
        costs(evaluation, "late")["own"].used_share, rel=1e-12
    )


def test_a_vendor_has_no_idle_hours(found):
    """No share of hours, so no second figure."""
    cost = costs(found, "vendor")["vendor"]

    assert cost.usd_per_mtok == pytest.approx(0.1 / 0.001, rel=1e-12)
    assert (None, None, None) == (cost.used_share, cost.used_usd_per_mtok, cost.replica_month_usd)


def test_tiers_add_up_to_the_serving_accounts(found):
    """No line of a tier is lost or counted twice."""
    for option in found.scenario.options:
        lines = found.ledger[(found.ledger["option"] == option) & (found.ledger["view"] != "cash")]
        serving = lines[lines["account"].str.startswith("serving:")]["cost_usd"].sum()

        assert serving == pytest.approx(sum(cost.cost_usd for cost in costs(found, option).values()), rel=1e-12)


def test_names_with_dots_keep_their_own_lines():
    """A price of `gpt 6.1` is not one of `gpt 6`, nor is the energy of `own` that of `own.purchase`."""
    tiers = {
        name: fleet(None) if name.startswith("own") else api() for name in ("gpt 6", "gpt 6.1", "own", "own.purchase")
    }
    model = scene(tiers, {"it": static(**dict.fromkeys(tiers, 0.25))}, count=200)
    found = {
        key: tier_of(key, model.tiers)
        for key in ("tiers.gpt 6.1.price", "tiers.gpt 6.price", "tiers.own.purchase.energy", "people.engineer")
    }

    assert ["gpt 6.1", "gpt 6", "own", ""] == list(found.values())


def test_spares_that_stand_in_are_counted_as_working():
    """The window's busy share is the mean over spares, too, where replicas fail; over the sized ones else."""
    failures = {"mtbf_hours": 100.0, "mttr_hours": 1.0}
    tier = gpu(2.5, min_replicas=2, max_replicas=2, spare_replicas=2, failures=failures)
    found = {"broken": tier, "whole": {name: value for name, value in tier.items() if name != "failures"}}
    options = {name: static(**{name: 1.0}) for name in found}
    evaluation = evaluate(scene(found, options, count=400, traffic=rate_traffic(0.05)))
    for option, paid in (("broken", 4), ("whole", 2)):
        window = evaluation.plans[option].windows[0]

        assert window.tiers[option].busy_share * paid / 4 == pytest.approx(costs(evaluation, option)[option].used_share)
