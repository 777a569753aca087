"""Remembering caches: who is answered from one that keeps what models answered before.

Such a cache looks back: whether a request hits depends on which answers came back before it looked. In front of steady
tiers, which answer at their own pace however many ask, an answer comes back at the same time whoever else hits: all
requests are sent through once without the cache, then looks and answers are played in order of time.

Where tiers fill up, whoever hits spares the others a wait, so hits and answers depend on each other, but only forward
in time: a hit on the answers before it, an answer on the hits before it. So hits are guessed, the requests sent
through, the looks played again with the answers as they came, and so on until nobody's hit changes. What is right up to
some moment stays so and grows, and hits that reproduce themselves are the only ones that do: they are those of the
other engine, which does it all in one go.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.policies.caching import CachePolicy
from tco.policies.caching.popularity import NEVER_AGAIN
from tco.policies.caching.remembering import RememberingCache
from tco.policies.view import View
from tco.scenario.tiers import Tier
from tco.scenario.tiers.managed_api import ManagedApi
from tco.scenario.tiers.rules import Rules
from tco.sim.compiled.kernels.calls import MOMENT
from tco.sim.compiled.kernels.lookups import ENTRY, NOT_THERE, SHELF, Cache, run_lookups

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Hits(NamedTuple):
    """Who is answered by a cache, shape (n,).

    Attributes:
        cached: requests that are.
        wrong: of these, the ones that get the answer to another question.
    """

    cached: Flags
    wrong: Flags


def is_known(policy: CachePolicy) -> bool:
    """Say whether the kernel knows a cache."""
    return isinstance(policy, RememberingCache)


def is_steady(tier: Tier) -> bool:
    """Say whether a tier answers every call at once, in a time that does not depend on the others."""
    return isinstance(tier, Rules) or (isinstance(tier, ManagedApi) and tier.is_plain)


class Looking:
    """All looks into a cache, which can be played again and again.

    Args:
        policy: the cache's.
        view: what it may see.
        rate_rps: arrival rate that the cache has seen for long, requests per second.
        looks: whether each request is looked up, and its answer kept, shape (n,).
        looked_s: when, seconds.
    """

    def __init__(self, policy: CachePolicy, view: View, rate_rps: float, looks: Flags, looked_s: Floats) -> None:
        assert isinstance(policy, RememberingCache)  # noqa: S101  # the caller looked
        self.looked_s = looked_s
        who = np.flatnonzero(looks)
        self.order = who[np.argsort(looked_s[who], kind="stable")]
        (asked, state), bounds = policy.held(view, rate_rps), policy.bounds
        never = asked == NEVER_AGAIN
        ranks, of_asked = np.unique(asked[~never], return_inverse=True)
        question = np.empty(len(asked), np.int64)
        question[~never] = of_asked
        question[never] = len(ranks) + np.arange(int(never.sum()))
        entries = np.zeros(len(ranks) + int(never.sum()) + 1, ENTRY)
        entries["stored_s"], entries["place"] = -inf, NOT_THERE
        entries["after"] = entries["before"] = np.arange(len(entries))
        known, places = entries[: len(ranks)], state.place[ranks]
        known["stored_s"], known["place"] = state.stored_s[ranks], places
        marks = np.unique(places[places < state.entries])
        known["mark"] = np.searchsorted(marks, places)
        shelf = np.zeros(1, SHELF)
        shelf["capacity"], shelf["ttl_s"], shelf["from_use"] = bounds.capacity, bounds.ttl_s, bounds.from_use
        shelf["replaced_per_s"] = policy.popularity.replaced_per_s
        shelf["end"], shelf["last_mark"] = state.entries, len(marks) - 1
        self._fresh = Cache(
            shelf, entries, marks, np.zeros(len(marks), np.bool_), question, view.uniform_array("repeat"),
            *policy.looks(view),
        )  # fmt: skip

    def play(self, answered_s: Floats, ranks: Ints) -> Hits:
        """Play looks and answers; return who hits.

        Args:
            answered_s: when a model answers each request, if the cache does not; infinite where none does, shape (n,).
            ranks: in which order those are answered that are at the same moment, shape (n,).
        """
        fresh = self._fresh
        cache = fresh._replace(shelf=fresh.shelf.copy(), entries=fresh.entries.copy(), is_moved=fresh.is_moved.copy())
        n = len(answered_s)
        hits = Hits(np.zeros(n, np.bool_), np.zeros(n, np.bool_))
        run_lookups(cache, np.empty(n, MOMENT), self.order, self.looked_s, answered_s, ranks, *hits)
        return hits

    def settled_share(self, hits: Hits, again: Hits) -> float:
        """Return the share of the looks before the first of which two plays find something else; 1 where none does."""
        changed = (hits.cached != again.cached) | (hits.wrong != again.wrong)
        places = np.flatnonzero(changed[self.order])
        return float(places[0] / len(self.order)) if len(places) else 1.0
