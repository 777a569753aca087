"""Faults that no single field shows: beside the others, once each, where they stand."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tco.scenario import Scenario
from tco.scenario.loader import load_scenario
from tests.scenario.texts import INLINE, faults_in, plant


def told(folder, text):
    """Load a text; return key and message of its faults."""
    return [(fault.key, fault.message) for fault in faults_in(folder, text)]


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        (
            "min_replicas: 1",
            "min_replicas: 300\n    spare_replicas: -1",
            "tiers.gpu",
            "min_replicas 300 is above max_replicas 256",
        ),
        (
            "lookup: {p50_s: 0.02, p95_s: 0.05}",
            "lookup: {p50_s: 0.2, p95_s: 0.05, p99_s: 1}",
            "options.climb.cache.lookup",
            "p50_s 0.2 is above p95_s 0.05",
        ),
        (
            "p50_tokens: 500, p95_tokens: 2000, max_tokens: 8000",
            "p50_tokens: 500, p95_tokens: 2000, max_tokens: 800, x: 1",
            "classes.batch.input_tokens",
            "p50_tokens 500, p95_tokens 2000 and max_tokens 800 must not decrease",
        ),
        (
            "min_tokens: 10, max_tokens: 200",
            "min_tokens: 300, max_tokens: 200, x: 1",
            "classes.chat.output_tokens",
            "min_tokens 300 is above max_tokens 200",
        ),
        (
            "      max_sequences: 64\n",
            "      max_sequences: 64\n      step_budget_tokens: 32\n      x: 1\n",
            "tiers.gpu.server",
            "step_budget_tokens 32 is below max_sequences 64; every running sequence needs one token of budget",
        ),
        (
            "tpot_p50_s: 0.01, tpot_p95_s: 0.03, source: our own probe",
            "tpot_p50_s: 0.1, tpot_p95_s: 0.03, source: 1",
            "tiers.api.latency",
            "tpot_p50_s 0.1 is above tpot_p95_s 0.03",
        ),
        (
            "min_replicas: 1",
            "disaggregation: {prefill_share: 0.5, transfer_s_per_context_token: 0}\n    spare_replicas: -1",
            "tiers.gpu",
            "min_replicas 1 with disaggregation; prompts and answers need a replica each, so at least 2",
        ),
    ],
)
def test_fields_that_do_not_fit_together_are_told_beside_another_fault(tmp_path, old, new, key, message):
    """A second fault in the same block does not hide the first."""
    faults = told(tmp_path, plant(old, new).text)

    assert 2 == len(faults)
    assert (key, message) in faults


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("min_replicas: 1", "min_replicas: 012\n    max_replicas: 1"),
        ("min_replicas: 1", "min_replicas: x\n    max_replicas: 1"),
        ("lookup: {p50_s: 0.02, p95_s: 0.05}", "lookup: {p50_s: 0.02}"),
        ("kind: managed_api\n", "kind: edge\n    devices: 1\n    speeds: {}\n"),
    ],
)
def test_nothing_is_said_of_fields_that_are_wrong_themselves(tmp_path, old, new):
    """A refused, missing or misspelt field conflicts with nothing."""
    text = plant(old, new).text
    if "edge" in new:
        text = text.replace("    latency: {ttft_p50_s", "    lat: {ttft_p50_s")
    messages = [message for _, message in told(tmp_path, text)]

    assert messages
    assert not [message for message in messages if " is above " in message or "neither " in message]


def test_a_tier_lost_to_a_duplicate_key_leaves_no_dangling_names(tmp_path):
    """Which names the scenario defines cannot be told while one of them is given twice."""
    planted = plant("  gpu:\n", "  §api:\n")

    assert [("tiers.api", "duplicate key; already given in line 25")] == told(tmp_path, planted.text)


def test_every_dangling_name_is_a_fault_of_its_own(tmp_path):
    """At its own place each."""
    text = INLINE.replace("{api: 1.0}", "{apo: 1.0}").replace("then: api", "then: apx")
    faults = faults_in(tmp_path, text)

    assert ["options.buy.router.shares.apo", "options.climb.router.then"] == [fault.key for fault in faults]
    assert 2 == len({fault.line for fault in faults})


def test_every_dangling_name_is_a_fault_of_its_own_in_code(tmp_path):
    """A scenario built without a file is judged as well, option by option."""
    path = tmp_path / "fine.yaml"
    path.write_text(INLINE)
    values = load_scenario(path).raw
    values = {**values, "tiers": {"own": values["tiers"]["gpu"]}}
    with pytest.raises(ValidationError) as caught:
        Scenario.model_validate(values)
    errors = caught.value.errors()

    assert [("options", name, "router") for name in ("buy", "mix", "mix", "climb", "climb")] == [
        e["loc"] for e in errors
    ]
    assert "'api' is not one of the scenario's tiers; defined: own" == errors[0]["msg"]


@pytest.mark.parametrize("day", ["2999-01-01", "2028-01-01"])
@pytest.mark.parametrize("other", ["", "sed: 1\n"])
def test_a_price_from_the_far_future_is_refused(tmp_path, day, other):
    """More than a year after the plan's first month a date is a slip of the pen, and told beside other faults."""
    planted = plant("      source_date: 2026-01-31\n", f"      source_date: §{day}\n")
    fault = faults_in(tmp_path, planted.text + other)[0]

    assert (*planted.place, "tiers.api.price.source_date") == (fault.line, fault.column, fault.key)
    assert f"{day} is more than a year after the start, 2026-12; allowed: up to 2027-12" == fault.message


def test_a_contract_dated_ahead_is_fine(tmp_path):
    """Up to a year after the plan begins."""
    assert [] == told(tmp_path, INLINE.replace("source_date: 2026-01-31", "source_date: 2027-12-31"))
