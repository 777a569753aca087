"""Availability, worked by hand: chains, their reasons, providers that go down together, answers that stand."""

from __future__ import annotations

from typing import Any

import pytest

from tco.capacity.window import summarise
from tco.demand.workload import draw_workload
from tco.sim.engine import simulate
from tests.laws.build import api, chat, escalation, gpu, scene, static

TIERS = {
    "own": gpu(availability_fraction=0.9),
    "one": api(availability_fraction=0.8),
    "two": api(availability_fraction=0.7),
}


def found(option: dict[str, Any], tiers: dict[str, Any] = TIERS, **changes: Any) -> float | None:
    """Availability of an option."""
    model = scene(tiers, {"it": option}, count=400, **changes)
    return summarise(model, simulate(model, "it", draw_workload(model), 1.0)).availability


def chain(*tiers: str, **changes: Any) -> dict[str, Any]:
    """A fallback chain."""
    return {"fallback": {"kind": "chain", "tiers_in_order": list(tiers), **changes}}


def test_a_chain_is_down_when_all_of_it_is():
    """1 - 0.1 x 0.2 x 0.3."""
    assert 0.994 == pytest.approx(found({**static(own=1.0), **chain("one", "two")}))


def test_a_chain_for_other_reasons_does_not_help():
    """An outage is a failure, not a refusal."""
    assert 0.9 == pytest.approx(found({**static(own=1.0), **chain("one", reasons=["rejected"])}))


def test_without_a_chain_every_tier_is_needed():
    """An escalation to `one` in all cases: 0.9 x 0.8."""
    assert 0.72 == pytest.approx(found(escalation(1.0, "own", "one")))


def test_an_answer_from_before_stands():
    """With a chain that leads nowhere, the first answer counts where the second tier is down."""
    assert 0.9 == pytest.approx(found({**escalation(1.0, "own", "one"), **chain("own")}))


def test_an_escalation_falls_back_from_either_tier():
    """`own` up: an answer in any case. Down: `one` or `two`: 0.9 + 0.1 (1 - 0.2 x 0.3)."""
    assert 0.9 + 0.1 * 0.94 == pytest.approx(found({**escalation(1.0, "own", "one"), **chain("one", "two")}))


def test_apis_of_one_provider_are_down_together():
    """A chain to another model of the same provider gains nothing; to another provider, 1 - 0.5 x 0.5."""
    outages = {"mtbf_hours": 1e6, "mttr_hours": 1e6}
    same = {name: api(outages={**outages, "provider": "acme"}) for name in ("large", "small")}
    other = {**same, "small": api(outages={**outages, "provider": "apex"})}
    option = {**static(large=1.0), **chain("small")}

    assert 0.5 == pytest.approx(found(option, same))
    assert 0.75 == pytest.approx(found(option, other))


def test_sensitive_requests_do_not_fall_onto_other_hardware():
    """Half of the requests have the chain, half only `own`."""
    classes = {"open": chat(0.5), "secret": chat(0.5, sensitive=True)}

    assert (0.98 + 0.9) / 2 == pytest.approx(found({**static(own=1.0), **chain("one")}, classes=classes), abs=0.002)
