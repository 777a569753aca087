"""What is said of keys that price nothing is true of the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from tco.decide.drives import DRIVES, drive_of, what_it_drives
from tco.pipeline import evaluate
from tco.scenario import Scenario
from tco.scenario.describe import keys_of
from tests.decide.asked import asked
from tests.laws.build import api, gpu, scene

LINES = ["quantity", "unit_price_usd", "cost_usd", "period"]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Two tiers, one of them sized, and engineers."""
    options = {
        "it": {
            "router": {"kind": "static", "shares": {"own": 0.5, "bought": 0.5}},
            "people": {"build_engineer_weeks": 4.0, "run_engineer_fte": 0.5},
        }
    }
    traffic = {"requests_per_month": 3e6, "arrivals": {"kind": "poisson"}}
    return scene({"own": gpu(), "bought": api()}, options, count=300, horizon_months=3, traffic=traffic)


def changed(scenario: Scenario, path: tuple[str, ...], value: Any) -> Scenario:
    """Return the scenario with another value at a key."""
    plain = scenario.model_dump(mode="json")
    block = plain
    for part in path[:-1]:
        block = block[part]
    block[path[-1]] = value
    return Scenario.model_validate(plain)


CHANGES = [
    (("name",), "another"),
    (("question",), "another"),
    (("options", "it", "description"), "another"),
    (("business",), {"seats": 10.0, "seat_usd_per_month": 30.0}),
    (("finance", "discount_fraction_per_year"), 0.2),
    (("finance", "left_over"), "nothing"),
    (("start",), "2027-01"),
    (("seed",), 2),
    (("horizon_months",), 4),
    (("simulation", "window_requests"), 400),
    (("traffic", "requests_per_month"), 4e6),
    (("traffic", "growth_fraction_per_month"), 0.1),
    (("traffic", "arrivals"), {"kind": "gamma", "interarrival_cv": 3.0}),
    (("classes", "chat", "input_tokens"), {"kind": "constant", "tokens": 50}),
    (("tiers", "own", "min_replicas"), 9),
    (("options", "it", "router", "shares"), {"own": 0.4, "bought": 0.6}),
    (("options", "it", "people", "build_engineer_weeks"), 5.0),
    (("options", "it", "people", "run_engineer_fte"), 0.6),
    (("blind_drift",), {"rise_fraction_per_year": 0.5, "source": "made up"}),
    (
        ("prices",),
        {"paths": [{"account": "people", "change_fraction_per_year": 0.1, "source": "made up"}]},
    ),
]


@pytest.mark.parametrize(("path", "value"), CHANGES, ids=lambda case: ".".join(case) if isinstance(case, tuple) else "")
def test_a_key_moves_the_ledger_as_is_said(scenario, path, value):
    """Where no amount is said to follow, not one line differs; where some do, the ledger does."""
    before, after = (evaluate(each).ledger[LINES] for each in (scenario, changed(scenario, path, value)))
    drive = drive_of(path)

    assert drive is not None
    assert drive.moves_dollars != before.equals(after)


def test_every_pattern_is_a_key(tmp_path):
    """A key that is renamed takes its pattern along."""
    paths = [key.path for key in keys_of(asked(tmp_path).scenario).values()]

    for drive in DRIVES:
        parts = drive.pattern.split(".")
        fits = [path for path in paths if len(path) == len(parts) and all(map(fitting, parts, path))]
        assert fits, drive.pattern


def fitting(part: str, key: Any) -> bool:
    """Whether a part of a pattern stands for a part of a key."""
    return part in ("*", str(key))


def test_every_block_of_a_scenario_is_spoken_of():
    """Or it holds prices; a new block needs a sentence."""
    of_blocks = {pattern.split(".")[0] for pattern in (drive.pattern for drive in DRIVES)}

    assert {"people"} == set(Scenario.model_fields) - of_blocks


def test_words_name_the_option_the_tier_and_who_uses_it(scenario):
    """The longest pattern counts."""
    spare = scene({"own": gpu(), "spare": api()}, {"it": {"router": {"kind": "static", "shares": {"own": 1.0}},
                  "people": {}}}, count=200)  # fmt: skip

    assert "Used by it." in what_it_drives(scenario, ("tiers", "own", "min_replicas"), "a.yaml")
    assert "No option uses it." in what_it_drives(spare, ("tiers", "spare", "latency"), "a.yaml")
    weeks = ("options", "it", "people", "build_engineer_weeks")
    assert '"engineers, build" of it;' in what_it_drives(scenario, weeks, "a.yaml")
    assert "tco explain 'my plan.yaml' total --option it" in what_it_drives(scenario, ("options", "it"), "my plan.yaml")
    assert "" == what_it_drives(scenario, ("people", "engineer"), "a.yaml")
