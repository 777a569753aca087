"""Routes that lead where they must not, or nowhere, are refused by name and line."""

from __future__ import annotations

import pytest

from tests.scenario.texts import INLINE, faults_in, plant

ROUTER = "    router: {kind: static, shares: {api: 1.0}}\n"


def told(folder, old, new, text=INLINE):
    """What is said of a scenario in which something was replaced."""
    return [f"{fault.key}: {fault.message}" for fault in faults_in(folder, plant(old, new, text).text)]


def routed(folder, router):
    """What is said of another router for the option `buy`."""
    return told(folder, ROUTER, f"    router: {router}\n")


def test_sensitive_requests_may_not_leave(tmp_path):
    """Every option and tier that would let them go is named, with the tiers that keep them."""
    found = told(tmp_path, "    share: 0.75\n", "    share: 0.75\n    sensitive: true\n")

    assert any(
        each.startswith(
            "options.buy.router: requests of class 'chat' are sensitive, and tier 'api' is not own hardware"
        )
        for each in found
    )
    assert all("allowed: gpu" in each for each in found if "and tier" in each)


def test_a_tier_that_nobody_names_is_told(tmp_path):
    """It is a slip of the pen, or costs nothing."""
    found = told(tmp_path, "people:\n  engineer:", "  lost: {kind: edge}\npeople:\n  engineer:")

    assert [] != [each for each in found if each.startswith("tiers.lost")]


def test_a_fallback_to_itself_is_refused(tmp_path):
    """The only tier of the router is no help when it fails."""
    found = told(tmp_path, ROUTER, ROUTER + "    fallback: {kind: chain, tiers_in_order: [api]}\n")

    assert ["options.buy.fallback: tier 'api' falls back to itself: the router sends every request there first; "
            "allowed: another tier in the chain"] == found  # fmt: skip


@pytest.mark.parametrize(
    ("router", "words"),
    [
        ("{kind: escalation, first: api, then: api, escalated_share: 0.2}", "first and then are both 'api'"),
        ("{kind: spill_over, first: api, then: api, full_at_requests: 2}", "first and then are both 'api'"),
        ("{kind: cascade, tiers_in_order: [api, gpu, api], confidence_thresholds: [0.5, 0.5], auc_fraction: 0.8}",
         "tiers_in_order: 'api' stands twice; the route would go in a circle"),
        ("{kind: cascade, tiers_in_order: [api, gpu], confidence_thresholds: [0.5], auc_fraction: 0.8}",
         "judges its answers: unknown is not zero"),
        ("{kind: cascade, tiers_in_order: [api, gpu], confidence_thresholds: [0.5, 0.5], auc_fraction: 0.8}",
         "2 confidence_thresholds for 2 tiers_in_order"),
        ("{kind: static, shares: {api: 0.7, gpu: 0.7}}", "the shares sum to 1.4; they must sum to 1"),
        ("{kind: by_class, classes: {chad: {kind: static, shares: {api: 1.0}}}, otherwise: {kind: static, shares: "
         "{api: 1.0}}}", "'chad' is not one of the scenario's classes"),
        ("{kind: by_product, products: {paid: {kind: static, shares: {api: 1.0}}}, otherwise: {kind: static, shares: "
         "{api: 1.0}}}", "'paid' is not one of the scenario's products"),
        ("{kind: ab_split, a: {kind: static, shares: {apii: 1.0}}, b: {kind: static, shares: {api: 1.0}}, b_share: 2}",
         "'apii' is not one of the scenario's tiers"),
        ("{kind: classifier, tiers_in_order: [api, gpu], level_complexities: [0.5], confusion_shares: [[0.9, 0.2], "
         "[0.1, 0.9]]}", "row 1 sums to 1.1"),
        ("{kind: classifier, tiers_in_order: [api, gpu], level_complexities: [0.5]}", "neither of accuracy_fraction"),
    ],
)  # fmt: skip
def test_an_impossible_router_is_refused(tmp_path, router, words):
    """Circles, shares over 1, unknown names, and what does not fit together."""
    assert any(words in each for each in routed(tmp_path, router))


def test_a_chain_names_a_tier_once(tmp_path):
    """A tier that failed is not asked again."""
    found = told(tmp_path, ROUTER, ROUTER + "    fallback: {kind: chain, tiers_in_order: [gpu, gpu]}\n")

    assert any("'gpu' stands twice; a tier would fall back to itself" in each for each in found)


def test_a_chain_names_a_reason_once(tmp_path):
    """Beside a word that is no reason, too."""
    chain = "    fallback: {kind: chain, tiers_in_order: [gpu], reasons: [rejcted, rejected, rejected]}\n"
    found = told(tmp_path, ROUTER, ROUTER + chain)

    assert [
        "options.buy.fallback.reasons: 'rejected' stands twice; allowed: each once",
        "options.buy.fallback.reasons[0]: 'rejcted'; allowed: 'rejected', 'failed' or 'timed_out'",
    ] == found


CASCADE = ROUTER.replace(
    "static, shares: {api: 1.0}", "cascade, tiers_in_order: [api, gpu], confidence_thresholds: [0.5], auc_fraction: 0.8"
)
DISCOUNT = "  discount_fraction_per_year: 0.08\n"
BAD = "  discount_fraction_per_year: eight\n"
SENSITIVE = ("    share: 0.75\n", "    share: 0.75\n    sensitive: true\n")
LEAK = "options.buy.router: requests of class 'chat' are sensitive, and tier 'api' is not own hardware; allowed: gpu"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (*SENSITIVE, LEAK),
        (ROUTER, ROUTER + "    fallback: {kind: chain, tiers_in_order: [api]}\n",
         "options.buy.fallback: tier 'api' falls back to itself"),
        ("people:\n  engineer:", "  lost: {kind: edge}\npeople:\n  engineer:",
         "tiers.lost: no option leads to this tier"),
        (ROUTER, ROUTER + "    trim: {history: {kept_share: 0.5}}\n", "options.buy.trim.history: no class states"),
        (ROUTER, ROUTER + "    placement: {tiers: {api: [eu]}}\n", "regions: missing; needed because option 'buy'"),
        (ROUTER, CASCADE, "tiers.api.quality: missing; needed because the router of option 'buy' judges its answers"),
    ],
)  # fmt: skip
def test_a_way_that_leads_wrong_is_told_beside_a_bad_discount(tmp_path, old, new, expected):
    """Every fault at once, although no whole scenario can be built."""
    found = told(tmp_path, old, new, INLINE.replace(DISCOUNT, BAD))

    assert any(each.startswith("finance.discount_fraction_per_year: 'eight'") for each in found)
    assert [] != [each for each in found if each.startswith(expected)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    kind: managed_api\n", "    kind: managed_api\n    availability: 1\n"),
        ("    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}\n", "    people: {build_engineer_weeks: -1}\n"),
        ("    input_tokens: {kind: constant, tokens: 1000}\n", "    input_tokens: {kind: constant, tokens: none}\n"),
    ],
)
def test_a_leak_is_told_beside_a_fault_of_the_same_block(tmp_path, old, new):
    """The tier, the option or the class has another key that is wrong."""
    found = told(tmp_path, old, new, plant(*SENSITIVE).text)

    assert LEAK in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{kind: static, shares: {api: 1.0}}", "{kind: static, shares: {api: 1.0}, sharez: 1}"),
        ("    sensitive: true\n", "    sensitive: maybe\n"),
        ("  api:\n    kind: managed_api\n", "  api:\n    kind: managed_apy\n"),
    ],
)
def test_nothing_is_said_of_a_way_that_is_not_known(tmp_path, old, new):
    """A router, a mark or a kind that is wrong itself leads nobody anywhere."""
    found = told(tmp_path, old, new, plant(*SENSITIVE).text)

    assert [] != found
    assert [] == [each for each in found if each.startswith("options.buy.router: requests of class")]


def test_a_misspelt_key_is_not_taken_for_its_default(tmp_path):
    """`qualty` is told; that the tier then has no quality follows from it."""
    quality = "    qualty: {kind: fixed, success_share: 0.5, source: made up}\n"
    found = told(tmp_path, "    kind: managed_api\n", "    kind: managed_api\n" + quality, plant(ROUTER, CASCADE).text)

    assert ["tiers.api.qualty"] == [each.partition(":")[0] for each in found]


def test_a_tier_of_an_option_that_could_not_be_read_is_not_called_lost(tmp_path):
    """The second of two options of one name is dropped, and with it the only way to `lost`."""
    lost = "  lost: {kind: rules, latency: {p50_s: 1, p95_s: 2}, availability_fraction: 1.0, price: {" \
           "request_usd_per_request: 0, source: made up, source_date: 2026-01-31}}\n"  # fmt: skip
    text = plant("people:\n  engineer:", lost + "people:\n  engineer:").text
    text += "  buy:\n    router: {kind: static, shares: {lost: 1.0}}\n    people: {}\n"

    assert ["options.buy"] == [fault.key for fault in faults_in(tmp_path, text)]


def test_devices_keep_data_where_they_are_said_to(tmp_path):
    """Workers at the edge may be a vendor's; that the mark is there to set is told."""
    edge = (
        "  api:\n    kind: edge\n    devices: 5\n    price: {request_usd_per_request: 0, source: ours, source_date: "
        "2026-01-31}\n"
    )
    old = INLINE[INLINE.index("  api:\n    kind: managed_api\n") : INLINE.index("    latency: {ttft_p50_s: 0.4")]
    text = plant(*SENSITIVE).text.replace("    cache:\n", "    cache:\n      on_own_hardware: true\n")
    text = text.replace("    retrieval:\n", "    retrieval:\n      on_own_hardware: true\n")
    marked = edge + "    availability_fraction: 0.99\n    on_own_hardware: true\n"

    assert [] == told(tmp_path, old, marked, text)
    assert (LEAK + ", or on_own_hardware: true in the tier") in told(tmp_path, old, edge, text)
