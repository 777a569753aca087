"""Serving against measurements: a known server is found again, and nothing is silently dropped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from tco.calibration.measured import MeasuredRow, Measurements, read_measurements
from tco.errors import UsageError
from tco.validation.parallel import workers
from tco.validation.serving import split_by_concurrency, validate_serving, validation_json
from tests.validation.rows import row, true_rows, write

REAL = Path(__file__).parents[2] / "../shared/data/perf/aiconfigurator_ttft_tpot.csv"
KEYS = (
    "rows", "tpot_ape_median", "tpot_ape_p90", "ttft_ape_median", "ttft_ape_p90", "roofline_tpot_ape_median",
)  # fmt: skip


@lru_cache
def known_rows(slower: float = 1.3, overhead_s: float = 0.02) -> list[dict[str, str]]:
    """Rows of a server whose step times are known."""
    return true_rows((2, 4, 8, 16, 32), slower, overhead_s)


@pytest.fixture
def read(tmp_path):
    """Write rows to a file and read them back."""

    def write_and_read(rows, name="rows.csv") -> Measurements:
        return read_measurements(write(tmp_path / name, rows))

    return write_and_read


def run(fit, predict=None, jobs=1):
    """Validate in this process."""
    with workers(jobs) as work:
        return validate_serving(fit, predict, work)


def test_a_server_is_found_again_from_its_own_measurements(read):
    """Rows computed from a server 30 % slower than its roofline are met closely at loads never fitted.

    Three concurrencies are not much: the ridge keeps some percent back, and waits look like slow prompts.
    """
    found = run(read(known_rows()))

    overall = found.overall()
    assert 4 == overall.rows  # two of five concurrencies, two lengths each
    assert overall.tpot_ape_p90 < 0.08
    assert overall.ttft_ape_p90 < 0.10
    assert overall.roofline_tpot_ape_median == pytest.approx(1 - 1 / 1.3, abs=0.03)
    assert {"same set-up": 4, "nearest": 0, "roofline": 0} == found.used()


def test_a_relative_is_better_than_the_roofline(read):
    """Another engine was not measured; the same model on the same GPU was."""
    strange = [{**each, "backend": "sglang"} for each in known_rows()]

    found = run(read(known_rows(), "fit.csv"), read(strange, "predict.csv"))

    overall = found.overall()
    assert {"same set-up": 0, "nearest": 10, "roofline": 0} == found.used()
    assert overall.tpot_ape_median < 0.5 * overall.roofline_tpot_ape_median


def test_a_model_that_was_never_measured_gets_the_roofline(read):
    """And one that the catalog does not know either is left out with its reason."""
    rows = [row(model="mistralai/Mistral-7B-v0.3"), row(model="nobody/knows-it")]

    found = run(read(known_rows(), "fit.csv"), read(rows, "predict.csv"))

    assert {"same set-up": 0, "nearest": 0, "roofline": 1} == found.used()
    assert {"model neither measured in the fitted rows nor in the catalog": 1} == found.left_out


def test_an_unknown_model_is_calibrated_by_its_own_rows(read):
    """A stand-in shapes its step; no roofline is judged."""
    rows = [{**each, "model": "nobody/knows-it-8B"} for each in known_rows()]

    overall = run(read(rows)).overall()

    assert overall.tpot_ape_p90 < 0.08
    assert overall.roofline_tpot_ape_median is None


def test_rows_outside_the_calibrated_range_are_marked(read):
    """Concurrency 64 and prompts of 4 096 tokens were not measured."""
    asked = [row(concurrency=64), row(input_len=4096), row(concurrency=8)]

    found = run(read(known_rows(), "fit.csv"), read(asked, "predict.csv"))

    assert [True, True, False] == [each.outside for each in found.predictions]
    assert (2, 32) == found.predictions[0].served.reach.concurrency


def test_the_split_holds_out_every_other_concurrency_of_a_set_up(read):
    """The second lowest first; a set-up with one concurrency stays with the fit."""
    alone = row(gpu="h200_sxm", concurrency=64)
    fitted, held = split_by_concurrency(read([*known_rows(), alone]).rows)

    assert {2, 8, 32, 64} == {each.concurrency for each in fitted}
    assert {4, 16} == {each.concurrency for each in held}


def test_left_out_rows_are_counted_per_file(read):
    """Both files may hold some."""
    fit = read([*known_rows(), row(tpot_ms="")], "fit.csv")
    predict = read([row(), row(ttft_ms="0")], "predict.csv")

    told = run(fit, predict).left_out

    assert [1, 1] == list(told.values())
    assert "no tpot_ms (in" in next(iter(told))


def test_nothing_to_fit_or_predict_is_an_error(read):
    """The reasons are told."""
    with pytest.raises(UsageError, match=r"no row to fit; left out 1 rows: no tpot_ms"):
        run(read([row(tpot_ms="")], "fit.csv"), read([row()], "predict.csv"))
    with pytest.raises(UsageError, match="no row to predict"):
        run(read([row()]))


def test_json_has_the_promised_keys(read):
    """At the top, under `overall`, and in every group."""
    found = validation_json(run(read(known_rows())))

    assert 1 == found["schema_version"]
    assert "fraction" == found["unit"]
    for place in (found, found["overall"], *found["groups"]):
        assert set(KEYS) <= set(place)
    assert ("h100_sxm", "meta-llama/Llama-3.1-8B-Instruct") == tuple(
        found["groups"][0][key] for key in ("gpu", "model")
    )
    assert found["overall"]["tpot_ape_median"] == found["tpot_ape_median"]
    assert "same set-up" == found["predictions"][0]["calibration"]


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the shared measurements are not here")
def test_real_measurements_are_met_at_concurrencies_that_were_held_out():
    """The aims of the project; docs/validation-serving.md has the table."""
    overall = run(read_measurements(REAL), jobs=2).overall()

    assert overall.rows > 900
    assert overall.tpot_ape_median <= 0.06
    assert overall.tpot_ape_p90 <= 0.20
    assert overall.ttft_ape_median <= 0.25
    assert overall.roofline_tpot_ape_median <= 0.25


@pytest.mark.slow
def test_any_number_of_processes_finds_the_same(read):
    """Work is mapped in order; nothing depends on who did it."""
    rows = read(known_rows())

    assert validation_json(run(rows, jobs=1)) == validation_json(run(rows, jobs=2))


def test_measurements_under_two_names_count_once():
    """Equal but for name and line."""
    plain = {"gpu": "g", "model": "m", "backend": "b", "backend_version": "", "precision": "", "origin": ""}
    widths = {"n_gpus": 1.0, "tp": 1.0, "dp_attention": None, "ep": None}
    times = {"input_len": 1, "output_len": 2, "concurrency": 1, "ttft_ms": 1.0, "tpot_ms": 1.0}

    one, other = (MeasuredRow(line=line, id=str(line), **plain, **widths, **times) for line in (2, 3))

    assert one.measurement() == other.measurement()
