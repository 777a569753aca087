"""Checks of limits against lengths: a vendor's limit that no burst lets the largest request through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.scenario.parts import Parts, has, read
from tco.scenario.provisioned import Provisioned
from tco.scenario.traffic import RequestClass
from tco.scenario.vendor import RateLimits

READ = ("input_tokens", "output_tokens", "latency_class")  # of a class


def limit_faults(parts: Parts) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Fault token limits below one request's tokens, for the classes that a router or a fallback can send there.

    Args:
        parts: what of the scenario is valid by itself.

    Yields:
        Type of error, location, message.
    """
    for name, tier in parts.tiers.items():
        limits, block = getattr(tier, "limits", None), "limits"
        units = read(tier, "provisioned")
        if isinstance(units, Provisioned) and units.units is not None and has(tier, "limits", "cached_input_share"):
            limits, block = units.limited(limits, read(tier, "cached_input_share")), "provisioned"
        if not isinstance(limits, RateLimits) or limits.tokens_per_minute is None:
            continue
        for label, entry in parts.classes.items():
            if has(entry, *READ) and not _by_batch(tier, entry):
                for key, text in _too_tight(limits, label, entry, parts.largest_prompt_share(label, name)):
                    where = ("limits", key) if block == "limits" else ("provisioned", "units")
                    yield "cross", ("tiers", name, *where), text


def _by_batch(tier: Any, entry: RequestClass) -> bool:
    """Say whether the class goes to the batch endpoint, outside of the limits; also where that cannot be known."""
    return entry.latency_class == "async" and read(tier, "batch") is not None


def _too_tight(limits: RateLimits, label: str, entry: RequestClass, prompt_share: float) -> Iterator[tuple[str, str]]:
    if prompt_share == 0.0:
        return  # nobody comes
    capacity, prompts = limits.tokens_capacity, entry.input_tokens
    prompt = None if prompts is None else prompts.longest_tokens
    answer, reserved = entry.output_tokens.longest_tokens, limits.reserved_output_tokens
    counts_answers = limits.counted_tokens == "input_and_output"
    if prompt is not None and (answer is not None or not counts_answers):
        largest = limits.counted(max(round(prompt * prompt_share), 1), round(answer or 0.0))
        if largest > capacity:
            yield (
                "tokens_per_minute" if limits.burst_tokens is None else "burst_tokens",
                f"{capacity:g} tokens are below the {largest:g} that the largest request of class '{label}' "
                "counts: it would never pass; allowed: a burst of at least one request's tokens",
            )
    if reserved is not None and answer is not None and answer > reserved:
        yield (
            "reserved_output_tokens",
            f"{reserved:g} tokens are below the longest answer of class '{label}', {answer:g} tokens",
        )
