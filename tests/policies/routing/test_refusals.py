"""Routers that cannot work are refused by name and line."""

from __future__ import annotations

import pytest

from tests.scenario.texts import INLINE, faults_in

CASCADE = "{kind: cascade, tiers_in_order: [gpu, api], confidence_thresholds: [0.5], auc_fraction: 0.8}"
CLASSIFIER = "{kind: classifier, tiers_in_order: [gpu, api], level_complexities: [0.5], confusion_shares: %s}"


def faults(folder, router):
    """Put a router into an option of its own; return the faults and the line it stands on."""
    text = INLINE.rstrip("\n") + f"\n  judged:\n    router: {router}\n    people: {{}}\n"
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if line.startswith("    router: " + router[:20]))
    return [(fault.key, fault.line, fault.message) for fault in faults_in(folder, text)], at


def test_an_answer_of_unknown_quality_cannot_be_judged(tmp_path):
    """Unknown is not zero; the tier's quality is named."""
    ((key, _line, message),), _at = faults(tmp_path, CASCADE)

    assert "tiers.gpu.quality" == key
    assert message.startswith("missing; needed because the router of option 'judged' judges its answers")


@pytest.mark.parametrize(
    ("router", "told"),
    [
        (CASCADE.replace("0.8}", "0.4}"), "0.4"),
        (CASCADE.replace("[0.5]", "[0.5, 0.6]"), "2 confidence_thresholds for 2 tiers_in_order"),
        (CASCADE.replace("[gpu, api]", "[gpu, gpu]"), "'gpu' stands twice"),
        (CLASSIFIER % "[[0.9, 0.1], [0.3, 0.6]]", "row 2 sums to 0.9; it must sum to 1"),
        (CLASSIFIER % "[[1.0]]", "confusion_shares has rows of 1 shares"),
        (CLASSIFIER.replace("[0.5]", "[0.5, 0.4]") % "[[1, 0], [0, 1]]", "2 level_complexities for 2 tiers_in_order"),
    ],
)
def test_a_router_that_contradicts_itself_is_refused_where_it_stands(tmp_path, router, told):
    """Line of the router, both values named."""
    found, at = faults(tmp_path, router)

    assert any(line == at and key.startswith("options.judged.router") and told in text for key, line, text in found)
