"""Remembering caches: who is answered from one that keeps what models answered before, in front of steady tiers.

Such a cache looks back: whether a request hits depends on which answers came back before it looked. Where tiers answer
at their own pace, however many ask, an answer comes back at the same time whoever else hits. So all requests are sent
through once without the cache, and then the looks and the answers are played in order of time.
"""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from tco.policies.caching import CacheState, Found
from tco.scenario.tiers import Tier
from tco.scenario.tiers.managed_api import ManagedApi
from tco.scenario.tiers.rules import Rules

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def is_steady(tier: Tier) -> bool:
    """Say whether a tier answers every call at once, in a time that does not depend on the others."""
    return isinstance(tier, Rules) or (isinstance(tier, ManagedApi) and tier.is_plain)


def hits_of(state: CacheState, looks: Flags, looked_s: Floats, answered_s: Floats) -> tuple[Flags, Flags]:
    """Play looks and answers in order of time; return who is answered by the cache, and who of them wrongly.

    Args:
        state: the cache, begun.
        looks: whether each request is looked up, and its answer kept, shape (n,).
        looked_s: when.
        answered_s: when a model answers it, if the cache does not, seconds.
    """
    hits, wrong = np.zeros(len(looks), np.bool_), np.zeros(len(looks), np.bool_)
    answers: list[tuple[float, int]] = []
    who = np.flatnonzero(looks)
    order = who[np.argsort(looked_s[who], kind="stable")]
    for request, now_s, answer_s in zip(
        order.tolist(), looked_s[order].tolist(), answered_s[order].tolist(), strict=True
    ):
        while answers and answers[0][0] <= now_s:
            at_s, answered = heappop(answers)
            state.store(answered, at_s)
        found = state.look(request, now_s)
        if found is Found.NOTHING:
            heappush(answers, (answer_s, request))
        else:
            hits[request], wrong[request] = True, found is Found.WRONG_ANSWER
    return hits, wrong
