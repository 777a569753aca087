"""`tco simulate` as people meet it: formats that agree, files, refusals in words, overload as overload."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from tco.cli import run

SHIPPED = Path(__file__).parents[2] / "scenarios/support-copilot.yaml"


@pytest.fixture
def simulate(monkeypatch, capsys, tmp_path):
    """Run the command in this process on the support copilot cut to 300 requests; return exit code and both streams."""
    text = SHIPPED.read_text(encoding="utf-8") + "simulation: {window_requests: 300}\n"
    scenario = tmp_path / "small.yaml"
    scenario.write_text(text, encoding="utf-8")
    monkeypatch.setattr("tco.capacity.saturate.PROBE_REQUESTS", 600)
    monkeypatch.setattr("tco.demand.workload.LEAST_WINDOW_S", 20.0)

    def call(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["tco", "simulate", str(scenario), "--jobs", "1", *map(str, arguments)])
        code = run()
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


FEW = ("--option", "hybrid", "--replications", 2)


def test_json_is_stable_and_says_its_units(simulate):
    """Schema version, units in the names, intervals around every percentile, figures per tier."""
    code, out, err = simulate(*FEW, "--format", "json")
    found = json.loads(out, parse_constant=pytest.fail)
    option = found["options"][0]

    assert (0, "") == (code, err)
    assert (1, 0, "2026-12", 0.95) == tuple(
        found[k] for k in ("schema_version", "month", "period", "confidence_fraction")
    )
    for time in ("e2e", "ttft", "tpot"):
        assert option[f"{time}_p50_s"] <= option[f"{time}_p95_s"] <= option[f"{time}_p99_s"]
        assert option[f"{time}_p95_ci_low_s"] <= option[f"{time}_p95_s"]
    assert {"small-gpu", "mid", "frontier"} == set(option["tiers"])
    assert 1.0 == pytest.approx(sum(tier["served_share"] for tier in option["tiers"].values()))
    assert 0 < option["goodput_rps"] <= option["rate_rps"]


def test_the_formats_agree(simulate):
    """The same p95 in JSON and CSV, and the table names every option."""
    _, text, _ = simulate(*FEW, "--format", "json")
    _, table, _ = simulate(*FEW, "--format", "csv")
    _, plain, _ = simulate("--replications", 1)
    _, page, _ = simulate(*FEW, "--format", "md")

    assert json.loads(text)["options"][0]["e2e_p95_s"] == float(next(csv.DictReader(io.StringIO(table)))["e2e_p95_s"])
    assert all(name in plain for name in ("all-frontier", "routed", "hybrid", "self-hosted"))
    assert "| End to end |" in page


def test_overload_is_reported_as_overload(simulate):
    """One replica for ten times what it carries: both rates and the tier, no latency, exit code 3, no hang."""
    code, out, _ = simulate("--option", "hybrid", "--rate", 100, "--replicas", "small-gpu=1", "--format", "json")
    words = simulate("--option", "hybrid", "--rate", 100, "--replicas", "small-gpu=1")[1].replace("\n", " ")
    option = json.loads(out)["options"][0]

    assert 3 == code
    assert (None, None, True) == (option["e2e_p95_s"], option["goodput_rps"], option["overloaded"])
    assert option["overload"][0]["arrivals_rps"] > option["overload"][0]["capacity_rps"]
    assert "arrivals 70 req/s exceed capacity" in words


def test_files_and_charts(simulate, tmp_path):
    """Summary, the curve behind the chart, and every chart as PNG and SVG with the options' names as text."""
    code, _, err = simulate(*FEW, "--out", tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    charts = ("latency-cdf", "load-latency", "queue-timeline-hybrid")

    assert 0 == code
    assert "wrote summary.json" in err
    assert {
        "summary.json",
        "summary.csv",
        "load-latency.csv",
        *(f"{c}.{k}" for c in charts for k in ("png", "svg")),
    } == names
    for chart in charts:
        assert "hybrid" in (tmp_path / "out" / f"{chart}.svg").read_text()
    saturation = json.loads((tmp_path / "out/summary.json").read_text())["saturation"][0]
    assert saturation["holds_rps"] < saturation["fails_rps"] <= 1.021 * saturation["holds_rps"]


def test_telemetry_can_be_replayed(simulate, tmp_path):
    """What --requests wrote is what --trace reads, with the same number of requests."""
    path = tmp_path / "requests.csv"
    assert 0 == simulate(*FEW, "--requests", path)[0]
    code, out, _ = simulate("--option", "hybrid", "--trace", path, "--format", "json")
    found = json.loads(out)

    assert (0, "requests.csv") == (code, found["trace"])
    assert (1, 300) == tuple(found["options"][0][key] for key in ("replications", "requests"))


def test_a_precision_that_is_not_reached_is_said(simulate):
    """In the table with what was reached, and in the JSON."""
    arguments = ("--option", "routed", "--precision", 0.001, "--max-requests", 900)
    _, out, _ = simulate(*arguments)
    _, text, _ = simulate(*arguments, "--format", "json")

    assert "was not reached within 900 requests" in out.replace("\n", " ")
    assert json.loads(text)["options"][0]["precision_reached"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--option", "hybird"), "did you mean 'hybrid'"),
        (("--month", "37"), "allowed: 1 to 36, or 2026-12 to 2029-11"),
        (("--rate", "0"), "--rate: 0; allowed: above 0"),
        (("--replicas", "small-gpu"), "allowed: TIER=N"),
        (("--precision", "2"), "allowed: a fraction between 0 and 1"),
        (("--requests", "a.txt"), "ends in '.txt'; allowed: .csv, .parquet"),
    ],
)
def test_wrong_arguments_are_refused_in_words(simulate, arguments, message):
    """Exit code 2, on stderr, nothing on stdout."""
    code, out, err = simulate(*arguments)

    assert (2, "") == (code, out)
    assert message in err


def test_months_have_numbers_and_names(simulate):
    """Month 2 is January 2027."""
    _, by_number, _ = simulate(*FEW, "--month", "2", "--format", "json")
    _, by_name, _ = simulate(*FEW, "--month", "2027-01", "--format", "json")

    assert by_number == by_name
    assert (1, "2027-01") == (json.loads(by_name)["month"], json.loads(by_name)["period"])


def test_hours_follow_the_week(simulate):
    """A stretch of the week is told with its mean rate; JSON says where it begins; its beginning alone is refused."""
    arguments = ("--option", "hybrid", "--replicas", "small-gpu=2", "--rate", 0.5, "--hours", 2)
    code, out, _ = simulate(*arguments, "--from-hour", 31)
    _, text, _ = simulate(*arguments, "--from-hour", 31, "--format", "json")
    alone = simulate("--from-hour", 31)

    assert 0 == code
    assert "Simulated 2 hours from Tue 07:00 at" in out
    assert (31, 2, 1) == tuple(json.loads(text)[k] for k in ("from_hour", "hours", "schema_version"))
    assert (2, True) == (alone[0], "--from-hour 31 without --hours" in alone[2])


@pytest.mark.parametrize(
    ("engine", "ran", "why"),
    [("auto", "simpy", "a run has fewer than 20,000 requests"), ("compiled", "compiled", "asked for")],
)
def test_which_engine_ran_and_why_is_said(simulate, engine, ran, why):
    """Under the tables and in the JSON; nothing else tells the two apart."""
    _, out, _ = simulate(*FEW, "--engine", engine)
    option = json.loads(simulate(*FEW, "--engine", engine, "--format", "json")[1])["options"][0]

    assert f"Engine: {ran} for hybrid ({why})." in " ".join(out.split())
    assert (ran, why) == (option["engine"], option["engine_why"])
