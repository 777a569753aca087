"""Order: in which order tiers are served, so that requests go on to later ones only, where that can be."""

from __future__ import annotations

from tco.scenario.options import Option

Hop = tuple[str, str]


def tier_order(option: Option, tiers: tuple[str, ...]) -> tuple[str, ...]:
    """Put an option's tiers in an order in which its router's hops lead on, and if possible its fallback's as well.

    Requests that go back nevertheless are noticed in the run.

    Args:
        option: the option.
        tiers: its tiers, in the order in which they are named, which decides where nothing else does.
    """
    if len(tiers) == 1:
        return tiers
    hard, soft, left, found = set(option.router.hops()), _falls(option, tiers), list(tiers), list[str]()
    while left:
        free = [tier for tier in left if not _follows(tier, hard, left)] or left
        best = next((tier for tier in free if not _follows(tier, soft, left)), free[0])
        left.remove(best)
        found.append(best)
    return tuple(found)


def _follows(tier: str, hops: set[Hop], left: list[str]) -> bool:
    return any((other, tier) in hops for other in left if other != tier)


def _falls(option: Option, tiers: tuple[str, ...]) -> set[Hop]:
    """List from which tier to which a fallback leads; along its own tiers it goes forward only."""
    if option.fallback is None:
        return set()
    chain = option.fallback.tiers()
    behind = {tier: chain[chain.index(tier) + 1 :] if tier in chain else chain for tier in tiers}
    return {(tier, other) for tier, others in behind.items() for other in others}
