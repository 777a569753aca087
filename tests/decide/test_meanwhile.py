"""What follows for decisions from an option that is built while another one runs."""

from __future__ import annotations

import pytest

from tco.decide.advice import advice
from tco.decide.compare import compare
from tco.decide.verdict import build_verdicts
from tco.pipeline import Evaluation, evaluate
from tests.laws.build import flat_api, gpu, scene, static


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


def test_the_first_bill_of_gpus_is_that_of_the_first_month_with_gpus(evaluation):
    """The third month of the plan."""
    told = next(each for each in advice(evaluation, compare(evaluation)) if each.rule == "C10")

    assert "$2.50 a GPU-hour; first month: built $1,825" in told.numbers
