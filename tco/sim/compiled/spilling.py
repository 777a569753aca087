"""Spilling: who is sent elsewhere when a tier is full, wherever in an option's router that is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.policies.routing import RoutingPolicy, Some
from tco.policies.routing.branching import Branching
from tco.policies.routing.spill_over import SpillOver
from tco.policies.view import View

Ints = NDArray[np.int64]
NEVER = -1
MOST_INSIDE = 2**31 - 1  # the largest number that a kernel's record of a request holds; no run has as many


class Spilling(NamedTuple):
    """Where requests go that find their first tier full; arrays have shape (n,).

    Attributes:
        first: names of the tiers that may be full.
        at: requests inside from which on each is sent elsewhere; `NEVER` for those that never are.
        to: place of the tier that they are sent to.
    """

    first: frozenset[str]
    at: Ints
    to: Ints


def leaves(router: RoutingPolicy) -> Iterator[RoutingPolicy]:
    """List the policies that decide, below those that only choose one of them."""
    if isinstance(router, Branching):
        for policy in router.branches().values():
            yield from leaves(policy)
    else:
        yield router


def spilling(
    router: RoutingPolicy, view: View, everybody: Some, place: dict[str, int], replicas: dict[str, int]
) -> Spilling | None:
    """Find out who may be sent elsewhere, and from when on; None where nobody is.

    Args:
        router: the option's.
        view: what it may see.
        everybody: all requests.
        place: of each tier.
        replicas: of those that have any.
    """
    if not router.depends_on_load:
        return None
    at, to, first = np.full(len(everybody.request), NEVER), np.zeros(len(everybody.request), np.int64), set[str]()
    for policy, some in _each(router, view, everybody):
        first.add(policy.first)
        may = np.array([view.allows(name, policy.then) for name in some.classes])[some.label]
        full_at = policy.full_at_requests * max(replicas.get(policy.first, 1), 1)
        at[some.request[may]] = min(full_at, MOST_INSIDE)
        to[some.request] = place[policy.then]
    return Spilling(frozenset(first), at, to)


def _each(router: RoutingPolicy, view: View, some: Some) -> Iterator[tuple[SpillOver, Some]]:
    if isinstance(router, SpillOver):
        yield router, some
    elif isinstance(router, Branching):
        chosen = router.choose_many(view)(some)
        for arm, policy in enumerate(router.branches().values()):
            yield from _each(policy, view, some.of(chosen == arm))
