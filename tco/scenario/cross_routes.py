"""Checks of where requests can go: sensitive ones, and tiers that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.scenario.options import Option
from tco.scenario.parts import Parts, fallback_of, has, keeps_data, read, router_of
from tco.scenario.tiers import FleetTier

Found = tuple[str, tuple[str, ...], str]  # type of error, location, message


def route_faults(parts: Parts, *, of_a_file: bool) -> Iterator[Found]:
    """Fault routes that lead sensitive requests away from own hardware, and tiers that no option of a file names.

    Args:
        parts: what of the scenario is valid by itself; each check looks at that only.
        of_a_file: whether a file is read. A scenario that is built in code may hold tiers for options to come.
    """
    yield from _leaks(parts)
    yield from _nowhere_to_fall(parts)
    yield from _unknown_quality(parts)
    yield from _nothing_to_trim(parts)
    yield from _places(parts)
    if of_a_file and parts.options_whole:
        yield from _unreached(parts)


def _leaks(parts: Parts) -> Iterator[Found]:
    sensitive = [
        name for name, entry in parts.classes.items()
        if has(entry, "sensitive", "share") and entry.sensitive and entry.share > 0
    ]  # fmt: skip
    for name, option in parts.options.items():
        for label in sensitive:
            told, router = f"requests of class '{label}' are sensitive, and", router_of(option)
            for tier in router.tiers_for(label, sensitive=True) if router is not None else ():
                if tier in parts.tiers and keeps_data(parts.tiers[tier]) is False:
                    text = f"{told} tier '{tier}' is not own hardware; {_instead(parts, tier)}"
                    yield "cross", ("options", name, "router"), text
            for block, what, instead in _ways_out(parts, option, label):
                yield "cross", ("options", name, block), f"{told} {what} is not on_own_hardware; allowed: {instead}"


def _instead(parts: Parts, tier: str) -> str:
    own = ", ".join(name for name, other in parts.tiers.items() if keeps_data(other))
    mark = "on_own_hardware: true in the tier" if has(parts.tiers[tier], "on_own_hardware") else ""
    allowed = ", or ".join(filter(None, (own, mark)))
    return f"allowed: {allowed}" if allowed else "the scenario has no tier on own hardware"


def _ways_out(parts: Parts, option: Option, label: str) -> Iterator[tuple[str, str, str]]:
    """Yield what a sensitive class would pass on its way to a tier: the key, what it is, what to write instead."""
    cache = option.cache if has(option, "cache") else None
    retrieval = option.retrieval if has(option, "retrieval") else None
    router = router_of(option)
    if cache is not None and not cache.on_own_hardware and read(parts.classes[label], "cacheable") is True:
        yield "cache", "the cache", "on_own_hardware: true, or cacheable: false for the class"
    if retrieval is not None and not retrieval.on_own_hardware and retrieval.share_of(label) > 0:
        yield "retrieval", "the vector database", f"on_own_hardware: true, or by_class: {{{label}: 0}}"
    for decider in router.deciders_for(label, sensitive=True) if router is not None else ():
        if not decider.on_own_hardware:
            yield "router", f"decider '{decider.name}'", "on_own_hardware: true, or a router that does not ask it"


def _nowhere_to_fall(parts: Parts) -> Iterator[Found]:
    for name, option in parts.options.items():
        router, fallback = router_of(option), fallback_of(option)
        if router is None or fallback is None:
            continue
        routed, chain = router.tiers(), fallback.tiers()
        if len(routed) == 1 and set(chain) <= set(routed):
            yield (
                "cross",
                ("options", name, "fallback"),
                f"tier '{routed[0]}' falls back to itself: the router sends every request there first; allowed: "
                "another tier in the chain",
            )


def _places(parts: Parts) -> Iterator[Found]:
    for name, option in parts.options.items():
        placement = option.placement if has(option, "placement") else None
        if placement is None:
            continue
        if not parts.has_regions:
            yield "needed", ("regions",), f"missing; needed because option '{name}' has a placement"
            continue
        where = ("options", name, "placement", "tiers")
        for tier in option.tiers() if has(option, "router", "fallback") else ():
            if tier not in placement.tiers:
                yield "no_place", where, f"tier '{tier}' stands nowhere; allowed: every tier of the option, placed"
        for tier, regions in placement.tiers.items():
            yield from _place(parts, (*where, tier), tier, regions)


def _place(parts: Parts, where: tuple[str, ...], tier: str, regions: tuple[str, ...]) -> Iterator[Found]:
    known = parts.region_names
    for region in regions:
        if known is not None and region not in known:
            yield "cross", where, f"'{region}' is not one of the scenario's regions; defined: {', '.join(known)}"
    config = parts.tiers.get(tier)
    if config is None or len(regions) == 1:
        return
    held = getattr(config, "held_in_one_region_by", None)  # None as well where what decides that is wrong
    if held is not None:
        yield "cross", where, f"tier '{tier}' has {held} and stands in {len(regions)} regions; allowed: one region"
    if isinstance(config, FleetTier) and has(config, "max_replicas") and config.max_replicas < len(regions):
        text = (
            f"tier '{tier}' has max_replicas {config.max_replicas} and stands in {len(regions)} regions; allowed: at "
            "least one replica in each"
        )
        yield "cross", where, text


def _unreached(parts: Parts) -> Iterator[Found]:
    """A share of 0 is a way that a sweep may open; a tier that nobody names is a slip of the pen."""
    named = {
        word
        for option in parts.options.values()
        for policy in (option.router, option.fallback)
        if policy is not None
        for word in _words(policy.model_dump())
    }
    for name in parts.tier_names:
        if name not in named:
            text = "no option leads to this tier; allowed: tiers that a router or a fallback names"
            yield "unreached", ("tiers", name), text


def _words(value: Any) -> Iterator[str]:
    """List every text of nested mappings and lists, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (*_words(key), *_words(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)


def _nothing_to_trim(parts: Parts) -> Iterator[Found]:
    if not all(has(entry, "prompt") for entry in parts.classes.values()):
        return
    stated = {part for entry in parts.classes.values() if entry.prompt for part in entry.prompt.parts()}
    allowed = f"allowed: {', '.join(sorted(stated))}" if stated else "no class gives its prompt by parts"
    for name, option in parts.options.items():
        for part in option.trim.parts() if has(option, "trim") and option.trim else ():
            if part not in stated:
                text = f"no class states the part '{part}' of its prompt; {allowed}"
                yield "cross", ("options", name, "trim", part), text


def _unknown_quality(parts: Parts) -> Iterator[Found]:
    for name, option in parts.options.items():
        router = router_of(option)
        for tier in router.judged_tiers() if router is not None else ():
            if tier in parts.tiers and read(parts.tiers[tier], "quality") is None:
                yield (
                    "needed",
                    ("tiers", tier, "quality"),
                    f"missing; needed because the router of option '{name}' judges its answers: unknown is not zero",
                )
