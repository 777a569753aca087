"""Names that would be taken for something else are refused."""

from __future__ import annotations

import pytest

from tco.scenario import RESERVED
from tests.scenario.texts import INLINE, faults_in, plant

ROUTER = "    router: {kind: static, shares: {api: 1.0}}\n"
ONE = "{p50_s: 0.02, p95_s: 0.05, decision_usd_per_request: 0.0001, source: ours, source_date: 2026-01-31}"
OTHER = ONE.replace("0.0001", "0.01")


@pytest.mark.parametrize("name", RESERVED)
def test_a_tier_is_not_named_as_a_stage_or_an_end(tmp_path, name):
    """Its books, or its box in a chart, would be another's."""
    faults = faults_in(tmp_path, plant("tiers:\n", f"tiers:\n  {name}: {{kind: rules}}\n", INLINE).text)

    assert any(fault.key == "tiers" and f"'{name}' cannot name a tier" in fault.message for fault in faults)


def classifier(decider: str) -> str:
    """A classifier of two tiers."""
    return (
        "{kind: classifier, tiers_in_order: [api, gpu], level_complexities: [0.5], accuracy_fraction: 0.9, "
        f"decider: {decider}}}"
    )


@pytest.mark.parametrize(("second", "told"), [(OTHER, True), (ONE, False)])
def test_deciders_of_one_name_are_one(tmp_path, second, told):
    """Two that differ would be billed and timed as the last one."""
    split = f"{{kind: ab_split, a: {classifier(ONE)}, b: {classifier(second)}, b_share: 0.5}}"
    faults = faults_in(tmp_path, plant(ROUTER, f"    router: {split}\n", INLINE).text)

    assert told == any("two deciders are named 'classifier' and differ" in fault.message for fault in faults)
