"""Files of cases: what can be played, what is told to be not run, and every fault at its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tco.errors import ScenarioError
from tco.validation.cases import parse_cases, read_cases

GIVEN = Path(__file__).parents[3] / "shared/data/queueing/cases.yaml"
MM1 = "- {id: a, model: M/M/1 FCFS, params: {lam: 0.5, mu: 1.0}, expected: {W: 2.0}}"


def one(entry: str):
    """Read a file with one case."""
    return parse_cases(f"cases:\n{entry}\n", "it.yaml")[0]


def faults(text: str) -> list[str]:
    """Read a bad file; return what is told, line by line."""
    with pytest.raises(ScenarioError) as told:
        parse_cases(text, "it.yaml")
    assert 2 == told.value.exit_code
    return str(told.value).splitlines()


def test_29_of_the_30_shipped_cases_can_be_played():
    """One is refused, with its reason."""
    cases = read_cases()

    assert 30 == len(cases)
    refused = {case.id: case.refusal for case in cases if case.refusal is not None}
    assert {"ttl_cache_zipf1"} == set(refused)
    assert "no caching policy with a time to live" in refused["ttl_cache_zipf1"]
    assert all(case.queue is not None for case in cases if case.refusal is None)


@pytest.mark.skipif(not GIVEN.exists(), reason="the shared data are not here")
def test_the_shipped_cases_are_the_given_ones():
    """Nothing but the record of other simulators' figures and the invariants is left out; both files can be read."""
    given = yaml.safe_load(GIVEN.read_text(encoding="utf-8"))["cases"]
    for case in given:
        case.pop("simulated_check", None)
    import tco.validation

    shipped = Path(tco.validation.__file__).with_name("cases.yaml").read_text(encoding="utf-8")

    assert given == yaml.safe_load(shipped)["cases"]
    assert read_cases() == read_cases(GIVEN)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("M/M/1", "M/M/1"), ("m/m/1 fcfs", "M/M/1"), ("M/M/1 FCFS: plain", "M/M/1"),
        ("M/M/c/K FCFS (K = total in system)", "M/M/c/K"),
    ],
)  # fmt: skip
def test_names_are_read_with_and_without_remarks(model, kind):
    """Case, FCFS and a remark behind a colon or in brackets do not matter."""
    params = "{lam: 0.5, mu: 1.0, c: 1, K: 5}" if "K" in kind else "{lam: 0.5, mu: 1.0}"
    case = one(f"- {{id: a, model: '{model}', params: {params}, expected: {{W: 2.0}}}}")

    assert kind == case.queue.kind_name()


@pytest.mark.parametrize("model", ["M/M/1 LCFS", "M/M/2", "G/G/1", "Jackson network"])
def test_an_unknown_model_is_not_run_and_says_what_is_known(model):
    """Another discipline is another model, not the nearest one."""
    case = one(f"- {{id: a, model: {model}, params: {{lam: 0.5, mu: 1.0}}, expected: {{W: 2.0}}}}")

    assert case.queue is None
    assert "no model of this name; known: " in case.refusal
    assert "M/M/c/K" in case.refusal


def test_overload_is_not_run():
    """A queue without a steady state has nothing to compare."""
    case = one(MM1.replace("mu: 1.0", "mu: 0.4"))

    assert case.refusal == "arrivals 0.5/s reach or exceed the capacity 0.4/s: the queue has no steady state"


def test_a_list_of_figures_is_a_metric_each_and_bounds_are_a_pair():
    """`Wq: [1, 5]` is Wq[0] and Wq[1]; `W_p50_bounds` stays together."""
    case = one(MM1.replace("W: 2.0", "Wq: [1, 5], W_p50_bounds: [1.3, 1.4]"))

    assert case.expected == {"Wq[0]": 1.0, "Wq[1]": 5.0, "W_p50_bounds": (1.3, 1.4)}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (MM1.replace("lam: 0.5, ", ""), "cases[0].params.lam: missing; M/M/1 needs it"),
        (MM1.replace("0.5", "-0.5"), "cases[0].params.lam: -0.5; allowed: above 0"),
        (MM1.replace("0.5", "half"), "cases[0].params.lam: 'half'; allowed: a number"),
        (MM1.replace("lam", "lan"), "cases[0].params.lan: unknown parameter; M/M/1 has lam, mu"),
        (MM1.replace("W: 2.0", "W: two"), "cases[0].expected.W: 'two'; allowed: a number"),
        (MM1.replace("{W: 2.0}", "{}"), "cases[0].expected: a mapping; allowed: a mapping of metrics and figures"),
        (MM1.replace("W: 2.0", "W_p50_bounds: [2, 1]"), "the lower bound first"),
        (MM1.replace("id: a, ", ""), "cases[0].id: missing; allowed: text"),
        (MM1.replace("model", "modle"), "cases[0].modle: unknown key"),
        (MM1 + "\n" + MM1, "it.yaml:3:8: cases[1].id: 'a' is taken by the case in line 2"),
        ("- just text", "cases[0]: 'just text'; allowed: a mapping with the keys id, model, params and expected"),
        (
            "- {id: a, model: M/M/c/K, params: {lam: 1, mu: 1, c: 4, K: 3}, expected: {W: 1}}",
            "K 3 is below c 4: some servers could never work",
        ),
        (
            "- {id: a, model: M/H2/1, params: {lam: 1, p: [0.5, 0.4], means: [1, 2]}, expected: {W: 1}}",
            "p sums to 0.9; allowed: 1",
        ),
    ],
)
def test_a_fault_is_told_at_its_line(entry, told):
    """Line and column, the key, what was found, what is allowed."""
    found = faults(f"cases:\n{entry}\n")

    assert any(told in line for line in found)
    assert all(line.startswith(("it.yaml:2:", "it.yaml:3:", "    hint:")) for line in found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it.yaml:1:1: the file is no value"),
        ("cases: []", "it.yaml:1:1: cases: no case; allowed: a list of cases, at least one"),
        ("cases: [", "not valid YAML"),
        ("queues: 1", "queues: unknown key; known: cases, invariants"),
    ],
)
def test_a_file_of_another_shape_is_told(text, told):
    """Empty, broken or about something else."""
    assert any(told in line for line in faults(text))


def test_all_faults_are_told_at_once():
    """Nobody mends a file one error at a time."""
    found = faults(f"cases:\n{MM1.replace('0.5', '0')}\n{MM1.replace('2.0', 'x').replace('id: a', 'id: b')}\n")

    assert 2 == len(found)
