"""The examples of docs/scenario.md are read, and are valid where they stand in a scenario."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tco.scenario import Scenario
from tco.scenario.nodes import parse
from tests.scenario.texts import faults_in

GUIDE = Path(__file__).parents[2] / "docs" / "scenario.md"
SNIPPETS = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
LENGTH = {"kind": "constant", "tokens": 100}
CLASS = {"latency_class": "async", "output_tokens": LENGTH}
API = {"kind": "managed_api", "price": "openai/gpt-6-luna", "latency": "small-2024"}
FLEET = {"kind": "gpu_fleet", "server": "llama-3.1-8b/h100-sxm/bf16", "price": "runpod/h100-sxm/on-demand"}
RUN = "buy"  # the option that examples of parts of an option go to
BASE: dict[str, Any] = {
    "name": "Base",
    "question": "Is the example valid?",
    "start": "2026-12",
    "traffic": {"requests_per_month": 1000, "arrivals": {"kind": "poisson"}},
    "classes": {
        "chat": {**CLASS, "share": 1.0, "input_tokens": LENGTH},
        "smalltalk": {**CLASS, "share": 0.0, "input_tokens": LENGTH},
    },
    "slo": {},
    "tiers": {"frontier": API, "small": API, "large": API, "own": FLEET},
    "people": {"engineer": "us/software-engineer-p75"},
    "finance": {"discount_fraction_per_year": 0.08},
    "options": {},
}


class _Whole(yaml.SafeDumper):
    """Writes what stands twice twice: scenarios hold no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Of nothing."""
        return True


def written(scenario: dict[str, Any]) -> str:
    """Write a scenario as a file."""
    return yaml.dump(scenario, Dumper=_Whole)


def merged(into: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Put the keys of an example into those of a scenario, its own first; a block of another kind replaces one."""
    if "kind" in more and more["kind"] != into.get("kind"):
        return more
    both = {key: merged(into[key], more[key]) for key in into.keys() & more.keys() if isinstance(more[key], dict)
            and isinstance(into[key], dict)}  # fmt: skip
    return {**into, **more, **both}


def whole(snippet: dict[str, Any]) -> dict[str, Any]:
    """Complete an example to a scenario in which every tier is named."""
    if "price" in snippet and len(snippet) == 1:
        snippet = {"tiers": {"small": snippet}}
    elif not snippet.keys() <= Scenario.model_fields.keys():
        snippet = {"options": {RUN: snippet}}
    scenario = merged(deepcopy(BASE), snippet)
    for entry in scenario["classes"].values():
        if "prompt" in entry:
            del entry["input_tokens"]
    placed = [tier for option in scenario["options"].values() for tier in option.get("placement", {}).get("tiers", {})]
    for tier in placed:
        scenario["tiers"].setdefault(tier, FLEET)
    shares = dict.fromkeys(scenario["tiers"], 0.0)
    for option in {**scenario["options"], "all": scenario["options"].setdefault("all", {})}.values():
        ways = {**shares, next(iter(option.get("placement", {}).get("tiers", shares))): 1.0}
        option.setdefault("router", {"kind": "static", "shares": ways})
        option.setdefault("people", {})
    return scenario


@pytest.mark.parametrize("text", SNIPPETS)
def test_an_example_is_read_alike_by_every_reader(text):
    """No key is there twice, and no word is a truth value to some."""
    tree = parse(text)

    assert [] == [fault.message for fault in tree.faults]


@pytest.mark.parametrize("text", SNIPPETS)
def test_an_example_is_valid_in_a_scenario(tmp_path, text):
    """Its keys, kinds and names are those of today's models."""
    scenario = whole(parse(text).value)

    assert [] == [(fault.key, fault.message) for fault in faults_in(tmp_path, written(scenario))]


def test_a_key_that_no_model_knows_would_be_seen(tmp_path):
    """The fault is planted in the example of a fallback."""
    text = next(each for each in SNIPPETS if "reasons:" in each)
    misread, unknown = text.replace("reasons:", "on:"), text.replace("reasons:", "reason:")

    assert ["'on' is a truth value to some YAML readers and text to others"] == [
        fault.message for fault in parse(misread).faults
    ]
    assert ["options.careful.fallback.reason"] == [
        fault.key for fault in faults_in(tmp_path, written(whole(parse(unknown).value)))
    ]
