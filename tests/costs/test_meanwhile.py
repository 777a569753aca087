"""While one option is built another one runs and is paid; what is bought for the new one begins with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from tco.finance.totals import monthly_usd
from tco.pipeline import Evaluation, evaluate
from tests.costs.bills import by_month
from tests.laws.build import DATED, flat_api, gpu, scene, static
from tests.scenario.test_zero_prices import OWNED, RENTED
from tests.scenario.texts import INLINE, faults_in, plant

VENDOR = {**static(bought=1.0), "people": {"build_engineer_weeks": 2.0, "run_engineer_fte": 0.12}}
BUILT = {
    **static(own=1.0),
    "people": {"build_engineer_weeks": 26.0, "build_months": 2, "run_engineer_fte": 0.24,
               "tuning_fraction_per_year": 0.24, "hiring": {"hires": 1, "ramp_months": 1}},
    "migration": {"engineer_weeks": 1.0},
    "meanwhile": "vendor",
}  # fmt: skip
RESERVED = {"gpus": 1, "price": {"gpu_hour_usd_per_gpu_hour": 2.0, **DATED}, "term_months": 6}


def run(built: dict[str, Any] | None = None, months: int = 5, tier: dict[str, Any] | None = None) -> Evaluation:
    """Evaluate a vendor at $300 a month, and a fleet of one GPU that is built in two months."""
    tiers = {"bought": flat_api(0.002), "own": tier or gpu(2.5)}
    return evaluate(scene(tiers, {"vendor": VENDOR, "built": built or BUILT}, count=200, horizon_months=months))


def of(evaluation: Evaluation, option: str) -> Evaluation:
    """The ledger of one option only."""
    ledger, tail = evaluation.ledger, evaluation.tail
    return replace(evaluation, ledger=ledger[ledger["option"] == option], tail=tail[tail["option"] == option])


def test_the_other_option_is_paid_until_the_build_is_over():
    """Two months of $300 and of the vendor's staff; then the GPU, its staff and the move."""
    own = of(run(), "built")

    assert {0: 300.0, 1: 300.0} == by_month(own, "serving:api")
    assert dict.fromkeys((2, 3, 4), 1825.0) == by_month(own, "serving:gpu")
    assert {0: 65_000.0, 1: 65_000.0} == by_month(own, "people:build")
    assert {0: 2600.0, 1: 2600.0, 2: 5200.0, 3: 5200.0, 4: 5200.0} == by_month(own, "people:run")
    assert dict.fromkeys((2, 3, 4), 2600.0) == by_month(own, "people:tuning")
    assert {0: 10_833.333333} == by_month(own, "people:hiring")
    assert {2: 5000.0} == by_month(own, "people:migration")


def test_lines_say_whose_they_are():
    """The basis names the option that runs, the key its block."""
    ledger = of(run(), "built").ledger
    early = ledger[(ledger["month"] < 2) & (ledger["account"] == "serving:api")]

    assert all(basis.startswith("as vendor until built: 150,000 requests") for basis in early["basis"])
    assert {"tiers.bought.price"} == set(early["scenario_key"])


def test_the_other_option_itself_is_as_it_was():
    """Its own build and all of its months."""
    evaluation = run()
    alone = evaluate(scene({"bought": flat_api(0.002)}, {"vendor": VENDOR}, count=200, horizon_months=5))

    assert monthly_usd(alone.ledger, alone.scenario)["vendor"].tolist() == pytest.approx(
        monthly_usd(evaluation.ledger, evaluation.scenario)["vendor"].tolist()
    )


def test_until_the_build_is_over_both_differ_by_what_sets_up_the_new_one_only():
    """The law: in these months the option costs what the other does, but for building and hiring."""
    set_up = ("people:build", "people:hiring")
    evaluation = run()
    ledger = evaluation.ledger[(evaluation.ledger["month"] < 2) & ~evaluation.ledger["account"].isin(set_up)]
    usd = ledger.groupby(["option", "month"])["cost_usd"].sum()

    assert usd["vendor"].tolist() == usd["built"].tolist()


def test_commitments_are_signed_when_the_build_is_over():
    """A GPU for six months from the third on; in a plan of five months it is owed for three more."""
    own = of(run(tier=gpu(2.5, purchase={"kind": "mix", "reserved": [RESERVED]})), "built")

    assert dict.fromkeys(range(2, 8), 1460.0) == by_month(own, "serving:gpu:reserved")


def test_servers_are_bought_when_the_build_is_over():
    """Spares too."""
    server = {
        "kind": "owned", "server": {"server_usd_per_server": 12_000.0, **DATED}, "gpus_per_server": 8,
        "spare_servers": 1, "life_months": 12, "residual_share": 0.0, "power_kw": 1.0, "pue_ratio": 1.0,
        "energy": {"energy_usd_per_kwh": 0.1, **DATED}, "colocation": None,
    }  # fmt: skip
    tier = {key: value for key, value in gpu(purchase=server).items() if key != "price"}
    own = of(run(tier=tier), "built")

    assert {2: 24_000.0} == by_month(own, "serving:gpu:hardware", "cash")
    assert dict.fromkeys(range(2, 14), 2000.0) == by_month(own, "serving:gpu:hardware")
    assert dict.fromkeys((2, 3, 4), 146.0) == by_month(own, "serving:gpu:energy")


def test_a_contract_is_signed_when_the_build_is_over():
    """Its terms are counted from then."""
    contract = {"term_months": 4, "platform_usd_per_month": 100.0, **DATED}
    own = of(run({**BUILT, "contract": contract}), "built")

    assert dict.fromkeys(range(2, 6), 100.0) == by_month(own, "serving:vendor")


def test_prices_of_a_month_are_those_of_that_month():
    """A path moves the other option's price while it stands in, as it would otherwise."""
    paths = [{"account": "serving:api", "change_fraction_per_year": -0.5, "source": "a guess"}]
    tiers = {"bought": flat_api(0.002), "own": gpu(2.5)}
    options = {"vendor": VENDOR, "built": BUILT}
    evaluation = evaluate(scene(tiers, options, count=200, horizon_months=3, prices={"paths": paths}))

    assert by_month(of(evaluation, "built"), "serving:api")[1] == pytest.approx(300 * 0.5 ** (1 / 12), abs=1e-5)


def test_without_meanwhile_the_option_serves_while_it_is_built():
    """The build is spread; nothing else moves."""
    own = of(run({key: value for key, value in BUILT.items() if key != "meanwhile"}), "built")

    assert dict.fromkeys(range(5), 1825.0) == by_month(own, "serving:gpu")
    assert {0: 65_000.0, 1: 65_000.0} == by_month(own, "people:build")
    assert {0: 5000.0} == by_month(own, "people:migration")


def test_who_measures_nothing_drifts_while_it_stands_in():
    """The other option has no telemetry; the new one has, from its third month on."""
    telemetry = {
        "price": {
            "telemetry_usd_per_1k_requests": 0.0, "ingest_usd_per_gb": 0.0, "platform_usd_per_month": 10.0, **DATED,
        },
        "bytes_per_request": 0.0,
    }  # fmt: skip
    tiers = {"bought": flat_api(0.002), "own": gpu(2.5)}
    drift = {"rise_fraction_per_year": 0.5, "source": "made up"}
    options = {"vendor": VENDOR, "built": {**BUILT, "observability": telemetry}}
    evaluation = evaluate(scene(tiers, options, count=200, horizon_months=4, blind_drift=drift))
    own = of(evaluation, "built")

    assert [1] == list(by_month(own, "serving:drift"))
    assert {2: 10.0, 3: 10.0} == by_month(own, "platform:observability")


def test_one_option_is_taken_with_what_runs_until_it_is_built():
    """As `tco explain` does."""
    scenario = run().scenario

    assert ["vendor", "built"] == list(scenario.only(["built"]).options)
    assert ["vendor"] == list(scenario.only(["vendor"]).options)


# ---------------------------------------------------------------- faults

PEOPLE = "    people: {build_engineer_weeks: 6, run_engineer_fte: 0.5}\n"  # of the option `mix`


def told(folder, name, months=4, *more):
    """What is said of an option `mix` that runs as another for some months."""
    text = plant(PEOPLE, f"    people: {{build_months: {months}}}\n    meanwhile: {name}\n").text
    for old, new in more:
        text = plant(old, new, text).text
    return [f"{fault.key}: {fault.message}" for fault in faults_in(folder, text)]


BUY = "    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}\n"
CONTRACT = "    contract: {term_months: 3, platform_usd_per_month: 9, source: our quote, source_date: 2026-10-01}\n"


def test_a_stand_in_that_fits_is_not_refused(tmp_path):
    """Any option that serves from the first month, and binds to nothing beyond the build."""
    assert [] == told(tmp_path, "buy")
    assert [] == told(tmp_path, "buy", 6, (BUY, BUY + CONTRACT))


@pytest.mark.parametrize(
    ("name", "months", "more", "words"),
    [
        ("bye", 4, (), "meanwhile: 'bye' is not one of the scenario's options; defined: buy, mix, climb"),
        ("mix", 4, (), "meanwhile: 'mix' is the option itself; allowed: another option"),
        ("buy", 4, ((BUY, BUY + "    meanwhile: climb\n"),), "meanwhile: 'buy' has a meanwhile of its own ('climb')"),
        ("buy", 4, ((BUY, BUY + "    meanwhile: mix\n"),), "meanwhile: 'buy' has a meanwhile of its own ('mix')"),
        ("buy", 36, (), "people.build_months: 36 months of building: no month of the plan is left to serve in "
                        "(horizon_months 36); allowed: at most 35"),
        ("buy", 4, ((BUY, BUY + CONTRACT),),
         "'buy' binds beyond the 4 months of building: its contract has terms of 3 months"),
        ("climb", 4, (("    price: {gpu_hour", "    purchase: {kind: mix, reserved: [{gpus: 1, term_months: 12, price: "
                       "{gpu_hour_usd_per_gpu_hour: 2, source: our quote, source_date: 2026-10-01}}]}\n"
                       "    price: {gpu_hour"),),
         "'climb' binds beyond the 4 months of building: tier 'gpu' has GPUs reserved for 12 months"),
    ],
)  # fmt: skip
def test_a_stand_in_that_does_not_fit_is_refused(tmp_path, name, months, more, words):
    """Place, found, allowed."""
    assert any(f"options.mix.{words}" in each or words in each for each in told(tmp_path, name, months, *more))


def test_own_servers_cannot_stand_in(tmp_path):
    """They would still be there when the build is over."""
    found = told(tmp_path, "climb", 4, (RENTED, OWNED))

    assert ["options.mix.meanwhile: 'climb' binds beyond the 4 months of building: the servers of tier 'gpu' are "
            "owned; allowed: an option whose commitments end with them"] == found  # fmt: skip


def test_a_stand_in_that_is_not_there_is_refused_in_code_too():
    """Where no loader knows the names."""
    with pytest.raises(ValidationError, match="'nobody' is not one of the scenario's options; defined: vendor, built"):
        run({**BUILT, "meanwhile": "nobody"})


def test_the_scenario_of_these_tests_is_valid(tmp_path):
    """Nothing of it is told but what is planted."""
    assert [] == faults_in(tmp_path, INLINE)
