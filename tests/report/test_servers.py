"""A report says what stands behind each fleet, and what its number format costs in quality."""

from __future__ import annotations

from tco.report.servers import server_facts, server_notes
from tests.laws.build import DATED, gpu, scene, server, static

INT4 = {"kind": "roofline", "model": "llama-3.1-8b", "gpu": "l4", "precision": "int4"}
PRICE = {"gpu_hour_usd_per_gpu_hour": 0.7, **DATED}


def scenario_of(server):
    """One fleet."""
    return scene({"own": {"kind": "gpu_fleet", "price": PRICE, "server": server}}, {"all": static(own=1.0)})


def test_precision_and_its_quality_are_reported_together():
    """4-bit weights keep 98.9 % of Llama-3.1-8B's OpenLLM v1 score."""
    facts = server_facts(scenario_of(INT4))["own"]
    computed, quality = server_notes(scenario_of(INT4))

    assert ("roofline", "int4", 0.989) == (facts["kind"], facts["precision"], facts["quality_share"])
    assert "Step times of own are computed from data sheets, not measured" in computed
    assert "int4 98.9% (OpenLLM v1, Llama-3.1-8B-Instruct)" in quality


def test_what_nobody_measured_is_called_unknown():
    """mxfp4 has no 16-bit original to be compared with."""
    notes = server_notes(scenario_of({**INT4, "precision": "mxfp4"}))

    assert "mxfp4 unknown" in notes[-1]


def test_a_fleet_that_leaves_what_was_measured_is_told():
    """Prompts longer, answers as long, and more at once than the benchmark had."""
    held = {
        "least_sequences": 1, "most_sequences": 4, "least_input_tokens": 2, "most_input_tokens": 10,
        "least_output_tokens": 1, "most_output_tokens": 100_000,
    }  # fmt: skip
    within = {**held, "most_sequences": 65_536, "most_input_tokens": 100_000}
    (note,) = server_notes(scene({"own": gpu(server=server(measured=held))}, {"all": static(own=1.0)}))

    assert [] == server_notes(scene({"own": gpu(server=server(measured=within))}, {"all": static(own=1.0)}))
    assert note.startswith("Step times of own were measured with 1 to 4 requests at once, prompts of 2 to 10 and")
    assert "outside that: prompts of " in note
    assert " at once." in note
    assert "answers of chat" not in note


def test_figures_of_ones_own_have_no_notes():
    """Nothing is claimed about a server whose format the scenario does not state."""
    own = scene({"own": gpu()}, {"all": static(own=1.0)})

    assert [] == server_notes(own)
    assert server_facts(own)["own"]["quality_share"] is None
