"""Terms of a vendor that cannot be: each is refused at its place, with both values in conflict."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.laws.build import api, chat, fixed, flat_api, gpu, scene, static
from tests.scenario.texts import CATALOG, INLINE, faults_in, plant

HOURS = {"turnaround_p50_s": 3600.0, "turnaround_p95_s": 7200.0}
FIXED = {"chat": {"share": 1.0, "input_tokens": fixed(1000), "output_tokens": fixed(200)}}


def vendor(classes: dict[str, Any] = FIXED, **changes: Any) -> None:
    """Build a scenario with one vendor."""
    scene({"bought": api(**changes)}, {"it": static(bought=1.0)}, classes=classes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"max_queue_requests": 5}, "max_queue_requests 5 is given, but max_concurrency is None"),
        ({"timeout_s": 0.0}, "greater than 0"),
        ({"timeout_s": 0.2}, "timeout_s 0.2 is not above the median time to first token 0.3 s"),
        ({"error_share": 1.5}, "less than or equal to 1"),
        ({"retry": {"base_s": 9.0}}, "base_s 9 is above cap_s 8"),
        ({"limits": {"burst_tokens": 5.0}}, "burst_tokens 5 is given, but no tokens_per_minute"),
        ({"limits": {"requests_per_minute": 0.5}}, "requests_per_minute 0.5 is below 1"),
        ({"limits": {"requests_per_minute": 0.0}}, "greater than 0"),
        ({"limits": {"counted_tokens": "input_and_reserved_output"}}, "reserved_output_tokens is None"),
        ({"limits": {"reserved_output_tokens": 5}}, "counted_tokens is 'input_and_output' and reserved_output_tokens"),
        ({"limits": {"tokens_per_minute": 1199.0}}, "1199 tokens are below the 1200 that the largest request of class"),
        (
            {"limits": {"tokens_per_minute": 1e6, "burst_tokens": 900.0, "counted_tokens": "input"}},
            "900 tokens are below the 1000",
        ),
        (
            {
                "limits": {
                    "tokens_per_minute": 1e6,
                    "counted_tokens": "input_and_reserved_output",
                    "reserved_output_tokens": 100,
                }
            },
            "100 tokens are below the longest answer of class 'chat', 200 tokens",
        ),
        ({"batch": {"turnaround_p50_s": 9.0, "turnaround_p95_s": 8.0}}, "turnaround_p50_s 9 is above"),
        ({"batch": HOURS}, "batch has neither discount_share nor price, and the inline price has no batch price"),
        ({"batch": HOURS, "price": "groq/llama-3.1-8b"}, "the catalog's 'groq/llama-3.1-8b' has no batch price"),
        ({"cached_input_share": 0.5}, "cached_input_share is 0.5, but the inline price has no price for cached input"),
        ({"cache_write_share": 0.5}, "cache_write_share is 0.5, but the inline price has no price for writing into"),
        ({"cached_input_share": 0.6, "cache_write_share": 0.5}, "more than the whole prompt; allowed: at most 1"),
        ({"outages": {"mtbf_hours": 0.0, "mttr_hours": 1.0}}, "greater than 0"),
    ],
)
def test_impossible_terms_are_refused(changes, why):
    """The message names what is in conflict."""
    with pytest.raises(ValidationError, match=why):
        vendor(**changes)


def test_two_prices_for_batch_are_refused():
    """A discount and a price contradict each other."""
    price = flat_api(0.1)["price"]
    with pytest.raises(ValidationError, match=r"discount_share 0\.5 and price are both given"):
        vendor(batch={**HOURS, "discount_share": 0.5, "price": price})


def test_a_limit_that_just_fits_is_accepted():
    """One request's tokens are enough, by any way of counting and from a table of lengths."""
    table = {"kind": "quantiles", "table": [[0.0, 10.0], [1.0, 1000.0]], "source": "made up"}
    vendor(limits={"tokens_per_minute": 1200.0})
    vendor(
        {"chat": {"share": 1.0, "input_tokens": table, "output_tokens": fixed(200)}},
        limits={"tokens_per_minute": 1200.0},
    )


def test_only_classes_that_can_come_are_held_against_a_limit():
    """A class of long prompts that the router sends elsewhere, or the batch endpoint takes, does not matter."""
    long = {"input_tokens": fixed(90_000), "output_tokens": fixed(200)}
    classes = {"chat": {**FIXED["chat"], "share": 0.5}, "long": {"share": 0.5, "latency_class": "async", **long}}
    tight = {"limits": {"tokens_per_minute": 5000.0}}
    elsewhere = {"kind": "static", "shares": {"bought": 1.0}, "by_class": {"long": {"other": 1.0}}}
    scene({"bought": api(**tight), "other": api()}, {"it": {"router": elsewhere, "people": {}}}, classes=classes)
    vendor(classes, **tight, batch={**HOURS, "discount_share": 0.5})

    with pytest.raises(ValidationError, match=r"5000 tokens are below the 90200 .* of class 'long'"):
        vendor(classes, **tight)


def test_a_class_is_held_against_limits_where_its_own_branch_leads():
    """A router may hold others: short requests go to the limited tier, long ones elsewhere."""
    classes = {name: {"share": 0.5, "input_tokens": fixed(tokens), "output_tokens": fixed(10)}
               for name, tokens in (("short", 100), ("long", 9000))}  # fmt: skip
    limited, free = ({"kind": "static", "shares": {name: 1.0}} for name in ("limited", "free"))
    tiers = {"limited": api(limits={"tokens_per_minute": 5000.0}), "free": api()}

    def built(named: str) -> None:
        router = {"kind": "by_class", "classes": {named: limited}, "otherwise": free}
        scene(tiers, {"it": {"router": router, "people": {}}}, classes=classes)

    built("short")
    with pytest.raises(ValidationError, match=r"5000 tokens are below the 9010 .* of class 'long'"):
        built("long")


def test_a_fallback_leads_to_a_limit_too():
    """Unless what may fall there must stay on own hardware."""
    tiers = {"bought": api(), "spare": api(limits={"tokens_per_minute": 1000.0})}
    option = {**static(bought=1.0), "fallback": {"kind": "chain", "tiers_in_order": ["spare"]}}

    with pytest.raises(
        ValidationError, match=r"tiers\.spare\.limits\.tokens_per_minute\n.*1000 tokens are below the 1200"
    ):
        scene(tiers, {"it": option}, classes=FIXED)
    tiers["bought"] = gpu()
    scene(tiers, {"it": option}, classes={"chat": {**FIXED["chat"], "sensitive": True}})


def test_a_further_call_counts_the_part_of_the_prompt_that_it_sends():
    """1 000 tokens the first time, 300 and 200 of answer the second; through a router within a router, too."""
    tiers = {"first": api(), "then": api(limits={"tokens_per_minute": 500.0})}

    def built(share: float) -> None:
        climb = {"kind": "escalation", "first": "first", "then": "then", "escalated_share": 0.5}
        router = {"kind": "by_class", "classes": {}, "otherwise": {**climb, "further_prompt_share": share}}
        scene(tiers, {"it": {"router": router, "people": {}}}, classes=FIXED)

    built(0.3)
    with pytest.raises(ValidationError, match="500 tokens are below the 501"):
        built(0.301)


def test_a_limit_out_of_reach_is_told_beside_another_fault(tmp_path):
    """The same with a discount that is no number, and a price that is not there."""
    planted = plant(
        "    latency: frontier-2024\n", "    latency: frontier-2024\n    limits: {tokens_per_minute: 1000}\n", CATALOG
    )
    text = planted.text.replace("year: 0.08", "year: eight").replace("price: openai/gpt-6-astra", "price: nobody/knows")

    assert [
        "tiers.frontier.price",
        "tiers.frontier.limits.tokens_per_minute",
        "finance.discount_fraction_per_year",
    ] == [fault.key for fault in faults_in(tmp_path, text)]


def test_outages_are_a_known_availability():
    """With outages stated the SLO's availability needs no further figure; without either it does."""
    slo = {"availability_fraction": 0.99}
    option = {"it": static(bought=1.0)}
    outages = {"mtbf_hours": 99.0, "mttr_hours": 1.0}
    tier = scene({"bought": api(outages=outages)}, option, slo=slo).tiers["bought"]

    assert 0.99 == pytest.approx(tier.up_fraction(0))
    with pytest.raises(ValidationError, match="availability_fraction"):
        scene({"bought": api()}, option, slo=slo)


def test_the_provider_is_that_of_the_price():
    """Catalog names begin with it; a stated one wins."""
    option, outages = {"it": static(bought=1.0)}, {"mtbf_hours": 9.0, "mttr_hours": 1.0}

    def provider(**changes: Any) -> str:
        tier = scene({"bought": api(**changes)}, option, classes={"chat": chat()}).tiers["bought"]
        return tier.provider  # type: ignore[attr-defined, no-any-return]

    assert "openai" == provider(price="openai/gpt-4o", outages=outages)
    assert "inline" == provider(outages=outages)
    assert "ours" == provider(price="openai/gpt-4o", outages={**outages, "provider": "ours"})


def test_a_fault_is_told_at_its_line(tmp_path):
    """The limit is faulted where it stands in the file, beside every other fault."""
    planted = plant(
        "    price: openai/gpt-6-astra\n",
        "    price: openai/gpt-6-astra\n    limits: {tokens_per_minute: §1000}\n",
        CATALOG,
    )
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.place == (fault.line, fault.column)
    assert "tiers.frontier.limits.tokens_per_minute" == fault.key
    assert "1000 tokens are below the 1200" in fault.message


@pytest.mark.parametrize("limits", ["5", "{tokens_per_minute: many}", "{tokens_per_minute: [1]}", "[]", "{}"])
def test_nonsense_for_limits_does_not_break_the_reading(tmp_path, limits):
    """The check of limits against lengths looks at what is valid, and must bear anything else."""
    text = INLINE.replace("    kind: managed_api\n", f"    kind: managed_api\n    limits: {limits}\n", 1)

    assert all("limits" in fault.key for fault in faults_in(tmp_path, text))
