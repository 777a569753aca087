"""A report says what stands behind each fleet, and what its number format costs in quality."""

from __future__ import annotations

from tco.report.servers import server_facts, server_notes
from tests.laws.build import DATED, gpu, scene, static

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


def test_figures_of_ones_own_have_no_notes():
    """Nothing is claimed about a server whose format the scenario does not state."""
    own = scene({"own": gpu()}, {"all": static(own=1.0)})

    assert [] == server_notes(own)
    assert server_facts(own)["own"]["quality_share"] is None
