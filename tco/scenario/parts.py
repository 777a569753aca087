"""Parts: what of a scenario is valid by itself, for checks that span blocks and must speak beside other faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tco.plugin import plugins_in, valid_fields
from tco.policies.fallback import FallbackPolicy
from tco.policies.routing import RoutingPolicy
from tco.scenario.options import Option
from tco.scenario.placement import Regions
from tco.scenario.raw import dig
from tco.scenario.tiers import Tier
from tco.scenario.traffic import RequestClass

WRONG: Any = object()  # stands for a field that is there, or may be meant by a misspelt key, and is not valid


@dataclass(frozen=True)
class Parts:
    """Blocks of a scenario; those that are no mapping are left out, and of the others the fields that are wrong.

    Attributes:
        tiers: tiers of a known kind.
        classes: request classes.
        options: options.
        has_regions: whether there is a block of regions, right or wrong.
        region_names: its regions; None where there is none, or where they are wrong.
        tier_names: every tier, whatever is wrong with it.
        options_whole: whether router and fallback of every option are valid.
    """

    tiers: dict[str, Tier]
    classes: dict[str, RequestClass]
    options: dict[str, Option]
    has_regions: bool
    region_names: tuple[str, ...] | None
    tier_names: tuple[str, ...]
    options_whole: bool

    def largest_prompt_share(self, label: str, tier_name: str) -> float:
        """Return the largest share of its prompt that a class sends to a tier in any option; 0 where it never comes.

        A fallback sends whole prompts on.
        """
        entry, tier = self.classes[label], self.tiers[tier_name]
        if not has(entry, "sensitive"):
            return 0.0
        shares = [0.0]
        for option in self.options.values():
            router, fallback = router_of(option), fallback_of(option)
            if router is not None:
                shares.append(router.largest_prompt_share(label, tier_name, sensitive=entry.sensitive))
            allowed = not entry.sensitive or keeps_data(tier)  # as the engine's view allows it
            if fallback is not None and allowed and tier_name in fallback.tiers():
                shares.append(1.0)
        return max(shares)


def parts_of(data: Any, context: Any) -> Parts:
    """Take a scenario apart.

    Args:
        data: the raw scenario, mappings or models, or a valid one.
        context: what the loader tells about the whole, such as the names of tiers; None in code.
    """
    tiers, classes, options = (_mapping(data, key) for key in ("tiers", "classes", "options"))
    found = _known({name: valid_fields(Option, option, context) for name, option in options.items()})
    regions = valid_fields(Regions, dig(data, "regions"), context)
    return Parts(
        tiers=_known({name: _tier(tier, context) for name, tier in tiers.items()}),
        classes=_known({name: valid_fields(RequestClass, entry, context) for name, entry in classes.items()}),
        options=found,
        has_regions=dig(data, "regions") is not None,
        region_names=tuple(regions.user_shares) if regions is not None and has(regions, "user_shares") else None,
        tier_names=tuple(tiers),
        options_whole=all(name in found and has(found[name], "router", "fallback") for name in options),
    )


def has(model: Any, *fields: str) -> bool:
    """Say whether fields of a part are valid, so that they can be read."""
    return all(field in vars(model) for field in fields)


def read(model: Any, field: str) -> Any:
    """Read a field of a part; `WRONG` where it is not valid or not known to the model."""
    return vars(model).get(field, WRONG)


def keeps_data(tier: Tier) -> bool | None:
    """Say whether a tier is on own hardware; None where what decides that is wrong."""
    return getattr(tier, "keeps_data", None)


def router_of(option: Option) -> RoutingPolicy | None:
    """Return an option's router where it is valid."""
    return vars(option).get("router")


def fallback_of(option: Option) -> FallbackPolicy | None:
    """Return an option's fallback where there is one and it is valid."""
    return vars(option).get("fallback")


def _mapping(data: Any, key: str) -> dict[str, Any]:
    block = dig(data, key)
    return block if isinstance(block, dict) else {}


def _known(found: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in found.items() if part is not None}


def _tier(data: Any, context: Any) -> Tier | None:
    if isinstance(data, Tier):
        return data
    kind = dig(data, "kind")
    cls = plugins_in("tco.scenario.tiers").get(kind) if isinstance(kind, str) else None
    return None if cls is None else valid_fields(cls, data, context)
