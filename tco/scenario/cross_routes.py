"""Checks of where requests can go: sensitive ones, and tiers that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic_core import InitErrorDetails, PydanticCustomError

from tco.scenario.tiers import FleetTier

if TYPE_CHECKING:
    from tco.scenario import Scenario
    from tco.scenario.options import Option

Found = tuple[tuple[str, ...], str]  # location, message


def route_faults(scenario: Scenario, *, of_a_file: bool) -> list[InitErrorDetails]:
    """Fault routes that lead sensitive requests away from own hardware, and tiers that no option of a file names.

    A scenario that is built in code may hold tiers for options to come.
    """
    found = [*_leaks(scenario), *_nowhere_to_fall(scenario), *_unknown_quality(scenario), *_nothing_to_trim(scenario)]
    found += _places(scenario)
    if of_a_file:
        found += _unreached(scenario)
    return [
        InitErrorDetails(type=PydanticCustomError("cross", "{text}", {"text": text}), loc=loc, input=None)
        for loc, text in found
    ]


def _leaks(scenario: Scenario) -> Iterator[Found]:
    own = [name for name, tier in scenario.tiers.items() if tier.keeps_data]
    allowed = f"allowed: {', '.join(own)}" if own else "the scenario has no tier on own hardware"
    sensitive = [name for name, entry in scenario.classes.items() if entry.sensitive and entry.share > 0]
    for name, option in scenario.options.items():
        for label in sensitive:
            told = f"requests of class '{label}' are sensitive, and"
            for tier in option.router.tiers_for(label, sensitive=True):
                if tier not in own:
                    yield ("options", name, "router"), f"{told} tier '{tier}' is not own hardware; {allowed}"
            for block, what, instead in _ways_out(scenario, option, label):
                yield ("options", name, block), f"{told} {what} is not on_own_hardware; allowed: {instead}"


def _ways_out(scenario: Scenario, option: Option, label: str) -> Iterator[tuple[str, str, str]]:
    """Yield what a sensitive class would pass on its way to a tier: the key, what it is, what to write instead."""
    cache, retrieval = option.cache, option.retrieval
    if cache is not None and not cache.on_own_hardware and scenario.classes[label].cacheable:
        yield "cache", "the cache", "on_own_hardware: true, or cacheable: false for the class"
    if retrieval is not None and not retrieval.on_own_hardware and retrieval.share_of(label) > 0:
        yield "retrieval", "the vector database", f"on_own_hardware: true, or by_class: {{{label}: 0}}"
    for decider in option.router.deciders_for(label, sensitive=True):
        if not decider.on_own_hardware:
            yield "router", f"decider '{decider.name}'", "on_own_hardware: true, or a router that does not ask it"


def _nowhere_to_fall(scenario: Scenario) -> Iterator[Found]:
    for name, option in scenario.options.items():
        if option.fallback is None:
            continue
        routed, chain = option.router.tiers(), option.fallback.tiers()
        if len(routed) == 1 and set(chain) <= set(routed):
            yield (
                ("options", name, "fallback"),
                f"tier '{routed[0]}' falls back to itself: the router sends every request there first; allowed: "
                "another tier in the chain",
            )


def _places(scenario: Scenario) -> Iterator[Found]:
    for name, option in scenario.options.items():
        if option.placement is None:
            continue
        if scenario.regions is None:
            yield ("regions",), f"missing; needed because option '{name}' has a placement"
            continue
        where = ("options", name, "placement", "tiers")
        for tier in option.tiers():
            if tier not in option.placement.tiers:
                yield where, f"tier '{tier}' stands nowhere; allowed: every tier of the option, placed"
        for tier, regions in option.placement.tiers.items():
            yield from _place(scenario, (*where, tier), tier, regions)


def _place(scenario: Scenario, where: tuple[str, ...], tier: str, regions: tuple[str, ...]) -> Iterator[Found]:
    known = scenario.regions.user_shares if scenario.regions is not None else {}
    for region in regions:
        if region not in known:
            yield where, f"'{region}' is not one of the scenario's regions; defined: {', '.join(known)}"
    config = scenario.tiers.get(tier)
    if config is None or len(regions) == 1:
        return
    if config.held_in_one_region_by is not None:
        held = config.held_in_one_region_by
        yield where, f"tier '{tier}' has {held} and stands in {len(regions)} regions; allowed: one region"
    if isinstance(config, FleetTier) and config.max_replicas < len(regions):
        yield (
            where,
            f"tier '{tier}' has max_replicas {config.max_replicas} and stands in {len(regions)} regions; allowed: at "
            "least one replica in each",
        )


def _unreached(scenario: Scenario) -> Iterator[Found]:
    """A share of 0 is a way that a sweep may open; a tier that nobody names is a slip of the pen."""
    named = {
        word
        for option in scenario.options.values()
        for policy in (option.router, option.fallback)
        if policy is not None
        for word in _words(policy.model_dump())
    }
    for name in scenario.tiers:
        if name not in named:
            yield ("tiers", name), "no option leads to this tier; allowed: tiers that a router or a fallback names"


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


def _nothing_to_trim(scenario: Scenario) -> Iterator[Found]:
    stated = {part for entry in scenario.classes.values() if entry.prompt for part in entry.prompt.parts()}
    allowed = f"allowed: {', '.join(sorted(stated))}" if stated else "no class gives its prompt by parts"
    for name, option in scenario.options.items():
        for part in option.trim.parts() if option.trim else ():
            if part not in stated:
                yield (("options", name, "trim", part), f"no class states the part '{part}' of its prompt; {allowed}")


def _unknown_quality(scenario: Scenario) -> Iterator[Found]:
    for name, option in scenario.options.items():
        for tier in option.router.judged_tiers():
            if scenario.tiers[tier].quality is None:
                yield (
                    ("tiers", tier, "quality"),
                    f"missing; needed because the router of option '{name}' judges its answers: unknown is not zero",
                )
