"""Telemetry: one row a request, unknown is empty, whole or absent, and a trace that can be replayed."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tco.arrivals.trace_rows import read_trace
from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.errors import UsageError
from tco.report.requests import COLUMNS, all_rows, check_name, request_rows, write_requests
from tco.sim.engine import simulate
from tests.laws.build import api, cache, escalation, gpu, retrieval, scene, static


@pytest.fixture(scope="module")
def run():
    """Two options: a fleet behind a cache that escalates to a vendor, and the vendor alone."""
    options = {
        "both": {**escalation(0.3, "own", "vendor"), "cache": cache(0.2), "retrieval": retrieval()},
        "vendor": static(vendor=1.0),
    }
    scenario = scene({"own": gpu(), "vendor": api(2.0, 8.0)}, options, count=300, slo={"e2e_p95_s": 2.0})
    workload = draw_workload(scenario)
    return scenario, workload, [simulate(scenario, name, workload, 4.0) for name in options]


@pytest.fixture
def written(run, tmp_path):
    """The file, read back as text."""
    scenario, _, results = run
    path = tmp_path / "requests.csv"
    count = write_requests(path, all_rows(scenario, results))
    with path.open(newline="") as stream:
        return path, count, list(csv.DictReader(stream))


def test_every_request_of_every_option_has_a_row(written):
    """As many rows as requests, numbered, with the header of the contract."""
    path, count, rows = written

    assert 600 == count == len(rows)
    assert list(COLUMNS) == list(rows[0])
    assert [str(number) for number in range(300)] * 2 == [row["request"] for row in rows]
    assert [path] == list(path.parent.iterdir())


def test_unknown_is_empty_and_never_zero(run, written):
    """A cached answer has no tier, no start and no retrieval; an option without cache has no stamp of one."""
    _, _, rows = written
    hit = next(row for row in rows if row["outcome"] == "cached")
    plain = next(row for row in rows if row["option"] == "vendor")

    assert ["", "", "", ""] == [hit[name] for name in ("served_by", "tried", "started_s", "retrieval_s")]
    assert ("true", "0.0") == (hit["cached"], hit["token_cost_usd"])
    assert ["", ""] == [plain[name] for name in ("cache_s", "retrieval_s")]
    assert "" == hit["cached_input_tokens"]
    assert "0" == plain["cached_input_tokens"]


def test_stamps_are_those_of_the_run(run, written):
    """Every stamp is in the file with all its digits, and the spans are their differences."""
    _, _, results = run
    both = [row for row in written[2] if row["option"] == "both"]
    arrived = np.array([float(row["arrival_s"]) for row in both])
    finished = np.array([float(row["finished_s"]) for row in both])

    np.testing.assert_array_equal(results[0].arrived_s, arrived)
    np.testing.assert_array_equal(results[0].finished_s, finished)
    np.testing.assert_allclose(finished - arrived, [float(row["e2e_s"]) for row in both], rtol=1e-12)


def test_the_cost_is_that_of_the_tokens(run, written):
    """2 USD a million in, 8 USD a million out; a fleet that is paid by the hour leaves the cost unknown."""
    first = next(row for row in written[2] if row["option"] == "vendor")
    expected = int(first["input_tokens"]) * 2e-6 + int(first["output_tokens"]) * 8e-6

    assert expected == pytest.approx(float(first["token_cost_usd"]))
    assert {""} == {row["token_cost_usd"] for row in written[2] if row["served_by"] == "own"}


def test_success_is_an_answer_within_the_slo(run, written):
    """True up to 2 s; empty where the scenario sets no latency limit."""
    scenario, _, results = run
    free = scenario.model_copy(update={"slo": scenario.slo.model_copy(update={"e2e_p95_s": None})})

    assert all((row["within_slo"] == "true") == (float(row["e2e_s"]) <= 2.0) for row in written[2])
    assert {"true", "false"} == {row["within_slo"] for row in written[2]}
    assert {None} == {row[-1] for row in request_rows(free, results[0])}


def test_a_request_without_an_answer_says_so():
    """Turned away for its size: rejected, with no token, no latency and no cost, and not a success."""
    tiny = {"kv_capacity_tokens": 400, "max_sequences": 4}
    scenario = scene({"own": gpu(server=tiny)}, {"own": static(own=1.0)}, count=300, slo={"e2e_p95_s": 60.0})
    result = simulate(scenario, "own", draw_workload(scenario), 1.0)
    row = dict(
        zip(
            COLUMNS,
            list(request_rows(scenario, result))[int(np.argmax(result.outcome == Outcome.REJECTED))],
            strict=True,
        )
    )

    assert ("rejected", "own", None, False) == tuple(
        row[name] for name in ("outcome", "tried", "served_by", "within_slo")
    )
    assert [None] * 4 == [row[name] for name in ("started_s", "first_token_s", "ttft_s", "e2e_s")]


def test_telemetry_is_a_trace(run, written):
    """Read back, it has the first option's gaps and lengths; the other options' repeats are left out."""
    _, workload, results = run
    trace = read_trace(written[0])
    gaps = np.diff(results[0].arrived_s)

    np.testing.assert_array_equal(workload.input_tokens, trace.input_tokens)
    np.testing.assert_array_equal(workload.output_tokens, trace.output_tokens)
    np.testing.assert_allclose(gaps / gaps.mean(), trace.gaps[1:] / trace.gaps[1:].mean(), rtol=1e-9)


def test_parquet_holds_the_same(run, tmp_path):
    """Same rows and names, with types and nulls."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is optional")
    scenario, _, results = run
    path = tmp_path / "requests.parquet"
    rows = list(all_rows(scenario, results))
    write_requests(path, iter(rows))
    table = parquet.read_table(path)

    assert list(COLUMNS) == table.column_names
    assert [dict(zip(COLUMNS, row, strict=True)) for row in rows] == table.to_pylist()


def test_parquet_without_pyarrow_is_refused_in_words(tmp_path, monkeypatch):
    """Before anything is simulated; CSV does not need it."""
    monkeypatch.setattr("tco.report.requests.find_spec", lambda _: None)

    with pytest.raises(UsageError, match=r"pip install 'tco\[parquet\]'"):
        check_name(tmp_path / "a.parquet")
    check_name(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("name", "message"), [("a.xlsx", r"ends in '.xlsx'; allowed: .csv, .parquet"), ("no/a.csv", "is not a folder")]
)
def test_a_name_that_cannot_be_written_is_refused(tmp_path, name, message):
    """Named, with what is allowed."""
    with pytest.raises(UsageError, match=message):
        check_name(tmp_path / name)


def test_a_run_that_breaks_off_leaves_no_file(tmp_path):
    """Neither half a file nor a temporary one."""

    def broken():
        yield ("a",) * len(COLUMNS)
        raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"):
        write_requests(tmp_path / "a.csv", broken())

    assert [] == list(tmp_path.iterdir())
