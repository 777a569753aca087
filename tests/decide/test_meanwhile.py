"""What follows for decisions from an option that is built while another one runs."""

from __future__ import annotations

import pytest

from tco.decide.advice import advice
from tco.decide.compare import compare
from tco.decide.sweep import Row, plain, run_sweep
from tco.decide.vary import parse_axis
from tco.decide.verdict import build_verdicts
from tco.pipeline import Evaluation, evaluate
from tco.scenario.loader import load_scenario
from tests.laws.build import flat_api, gpu, scene, static
from tests.scenario.test_guide import written


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """A vendor at $3 000 a month; a GPU at $1 825 with half an engineer, after two months."""
    people = {
        "build_engineer_weeks": 26.0, "build_months": 2, "run_engineer_fte": 0.05,
        "hiring": {"hires": 1, "ramp_months": 4},
    }  # fmt: skip
    built = {**static(own=1.0), "people": people, "meanwhile": "vendor"}
    options = {"vendor": static(bought=1.0), "built": built}
    return evaluate(scene({"bought": flat_api(0.02), "own": gpu(2.5)}, options, count=200, horizon_months=4))


def test_a_delay_is_counted_from_when_the_option_serves(evaluation):
    """$3 000 less $1 825 and a twentieth of an engineer, $1 083.33; hiring is paid in any case."""
    (verdict,) = build_verdicts(evaluation, compare(evaluation))

    assert 3000 - 1825 - 260_000 * 0.05 / 12 == pytest.approx(verdict.delay.first_usd)
    assert verdict.delay.first_usd == pytest.approx(verdict.delay.last_usd)


def test_one_option_of_an_evaluation_is_that_option_only(evaluation):
    """Its lines, those of what ran meanwhile included; not the other option's own."""
    own = evaluation.of("built")

    assert (["built"], ["built"]) == (list(own.scenario.options), list(own.plans))
    assert {"built"} == set(own.ledger["option"]) == {meter.option for meter in own.meters}
    assert 2 * 3000.0 == pytest.approx(own.ledger[own.ledger["account"] == "serving:api"]["cost_usd"].sum())


def test_searches_take_along_what_runs_meanwhile():
    """The built option held against another than the one that it runs as."""
    built = {**static(own=1.0), "people": {"build_months": 1}, "meanwhile": "vendor"}
    options = {"vendor": static(bought=1.0), "cheaper": static(less=1.0), "built": built}
    tiers = {"bought": flat_api(0.02), "less": flat_api(0.01), "own": gpu(2.5)}
    traffic = {"requests_per_month": 20_000.0, "arrivals": {"kind": "poisson"}}
    found = evaluate(scene(tiers, options, count=200, horizon_months=2, traffic=traffic))
    (verdict,) = build_verdicts(found, compare(found))

    assert ("built", "cheaper") == (verdict.build.name, verdict.buy.name)
    assert verdict.volume.points


@pytest.mark.parametrize(
    ("key", "built_usd", "vendor_usd"),
    [
        ("options.built.people.build_engineer_weeks=1,2", 5000.0, 0.0),
        ("options.vendor.people.run_engineer_fte=0.0,0.12", 2600.0, 5200.0),  # for one month of two, and for both
    ],
)
def test_a_sweep_takes_along_what_runs_meanwhile(tmp_path, key, built_usd, vendor_usd):
    """A key of either is varied; rows of both are told, as the one is paid in the place of the other."""
    path = tmp_path / "plan.yaml"
    values = plain(scene({"bought": flat_api(0.02), "own": gpu(2.5)}, {
        "vendor": static(bought=1.0), "idle": static(bought=1.0),
        "built": {**static(own=1.0), "people": {"build_engineer_weeks": 1.0}, "meanwhile": "vendor"},
    }, count=200, horizon_months=2))  # fmt: skip
    path.write_text(written(values), encoding="utf-8")
    axis = parse_axis(key, values)
    rows = run_sweep(load_scenario(path), [axis], 1).rows

    assert {"vendor", "built"} == {row["option"] for row in rows}
    assert built_usd == pytest.approx(difference(rows, "built"))
    assert vendor_usd == pytest.approx(difference(rows, "vendor"))


def difference(rows: list[Row], option: str) -> float:
    """What the second value costs more than the first."""
    first, second = (row["total_usd"] for row in rows if row["option"] == option)
    return second - first


def test_the_first_bill_of_gpus_is_that_of_the_first_month_with_gpus(evaluation):
    """The third month of the plan."""
    told = next(each for each in advice(evaluation, compare(evaluation)) if each.rule == "C10")

    assert "$2.50 a GPU-hour; first month: built $1,825" in told.numbers
