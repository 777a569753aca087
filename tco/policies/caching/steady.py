"""Steady state: what a cache holds that has run for long, drawn instead of replayed.

A window lasts minutes, a cache fills up over days, so it must not begin empty. Under independent references the last
request for a question that is asked `r` times a second lies an exponential time of mean 1/r back. A cache that throws
out the least recently used holds the youngest of these; expiry bounds their age. The exponentials are the same at every
rate (they are divided by it), so that a busier cache never holds less.

Sources: H. Che, Y. Tung, Z. Wang, "Hierarchical web caching systems" (2002); C. Fricker, P. Robert, J. Roberts, "A
versatile and accurate approximation for LRU cache performance" (2012); N. C. Fofack et al., "Analysis of TTL-based
cache networks" (2012). The laws are checked in tests/policies/test_caches.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from tco.policies.caching.popularity import Popularity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MOST_GENERATIONS = 40  # of a question that one cache can hold, so that no drift keeps the drawing going for ever


@dataclass(frozen=True)
class Steady:
    """What is known of a full cache; arrays have shape (questions,).

    Attributes:
        place: place in order of the last use, 0 the youngest; at least `entries` for what is not held.
        stored_s: when the entry's life began, before the run and so negative; -inf where it is over.
        entries: entries held, of questions that are still asked and of those that are not.
    """

    place: NDArray[np.int64]
    stored_s: NDArray[np.float64]
    entries: int


@dataclass(frozen=True)
class Bounds:
    """What bounds a cache; infinite for no bound.

    Attributes:
        capacity: most entries.
        ttl_s: life of an entry, seconds.
        from_use: whether the life begins anew with each use, not only when the answer is stored.
        filled_s: time for which the cache has been filled, seconds.
    """

    capacity: float
    ttl_s: float
    from_use: bool
    filled_s: float


def steady_state(popularity: Popularity, bounds: Bounds, rate_rps: float, generator: np.random.Generator) -> Steady:
    """Draw the state of a cache at a random moment of its long run.

    Exact under independent references, but for one case: where entries both expire from the time they were stored and
    are thrown out for want of room, the ages since storing are those without the want of room.

    Args:
        popularity: how often which question is asked.
        bounds: what bounds the cache.
        rate_rps: requests per second that come to the cache.
        generator: chance; the same stream for every rate.
    """
    import numpy as np  # not at the top: `tco check` does without it

    count, repeated = popularity.questions, 1.0 - popularity.unique_share
    waits_s = 1.0 / np.maximum(popularity.shares() * (rate_rps * repeated), 1e-300)
    luck = generator.standard_exponential(count)
    if bounds.from_use or bounds.ttl_s == inf:
        used_s = luck * waits_s
        life_s = min(bounds.ttl_s, bounds.filled_s)
        dead = used_s >= life_s
        if drift := popularity.replaced_per_s:
            dead |= used_s * drift >= generator.standard_exponential(count)
        stored_s = np.where(dead, -inf, -used_s)
    else:
        used_s, stored_s = _since_stored(popularity, bounds, waits_s, luck, generator)
    others_s = _others_s(popularity, bounds, rate_rps, waits_s, used_s, generator)
    return _held(used_s, stored_s, others_s, bounds)


def _held(
    used_s: NDArray[np.float64], stored_s: NDArray[np.float64], others_s: NDArray[np.float64], bounds: Bounds
) -> Steady:
    """Keep the youngest, as many as there is room for."""
    import numpy as np

    if bounds.capacity == inf:
        held = used_s < bounds.filled_s
        return Steady(np.where(held, 0, 1), stored_s, int(held.any()))
    everyone_s = np.concatenate([used_s, others_s])
    everyone_s = everyone_s[everyone_s < bounds.filled_s]
    entries = min(len(everyone_s), int(bounds.capacity))
    if len(everyone_s) > entries:
        everyone_s = np.partition(everyone_s, entries - 1)[:entries] if entries else everyone_s[:0]
    everyone_s.sort()
    return Steady(np.searchsorted(everyone_s, used_s), stored_s, entries)


def _since_stored(
    popularity: Popularity,
    bounds: Bounds,
    waits_s: NDArray[np.float64],
    luck: NDArray[np.float64],
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw where each entry is between one storing and the next: alive, or waiting to be asked for again.

    An entry lives until it expires or its question gives way, then waits for the next request: a renewal process, in
    which the mean life is (1 - e^(-mu T)) / mu for a drift of mu a second, and T without drift.

    Returns:
        Age of the last use, and when the entry was stored (-inf where its life is over), seconds.
    """
    import numpy as np

    drift, ttl_s = popularity.replaced_per_s, bounds.ttl_s
    mean_life_s = -np.expm1(-drift * ttl_s) / drift if drift else ttl_s
    point_s = generator.random(len(waits_s)) * (mean_life_s + waits_s)
    alive = point_s < mean_life_s
    inner_s = np.minimum(point_s, mean_life_s)
    with np.errstate(divide="ignore"):
        age_s = -np.log1p(-np.minimum(drift * inner_s, 1.0)) / drift if drift else inner_s
    age_s = np.minimum(age_s, ttl_s)
    life_s = np.minimum(ttl_s, generator.standard_exponential(len(waits_s)) / drift) if drift else ttl_s
    waited_s = generator.standard_exponential(len(waits_s)) * waits_s
    used_s = np.where(alive, np.minimum(age_s, luck * waits_s), waited_s + np.minimum(life_s, luck * waits_s))
    return used_s, np.where(alive & (age_s < bounds.filled_s), -age_s, -inf)


def _others_s(
    popularity: Popularity,
    bounds: Bounds,
    rate_rps: float,
    waits_s: NDArray[np.float64],
    used_s: NDArray[np.float64],
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw the ages of entries that take room and are never asked for again: unique ones, and what drift has left."""
    import numpy as np

    if bounds.capacity == inf:
        return np.empty(0)
    room = int(bounds.capacity)
    longest_s = bounds.filled_s
    if len(used_s) > room:
        longest_s = min(longest_s, float(np.partition(used_s, room - 1)[room - 1]))
    found = [np.empty(0)]
    unique_rps = rate_rps * popularity.unique_share
    if unique_rps:
        most = min(room, int(unique_rps * longest_s * 1.1 + 100)) if longest_s != inf else room
        found.append(np.cumsum(generator.standard_exponential(most)) / unique_rps)
    if popularity.replaced_per_s:
        found += _outdated_s(popularity.replaced_per_s, waits_s, used_s, longest_s, room, generator)
    return np.concatenate(found)


def _outdated_s(
    drift_per_s: float,
    waits_s: NDArray[np.float64],
    used_s: NDArray[np.float64],
    longest_s: float,
    room: int,
    generator: np.random.Generator,
) -> Iterator[NDArray[np.float64]]:
    """Draw the ages of entries whose question gave way: the last use of the question before, and of those before it."""
    rounds = MOST_GENERATIONS if longest_s != inf else min(4 * (room // len(used_s) + 1), MOST_GENERATIONS)
    ages_s = used_s
    for _ in range(rounds):
        gone_s = generator.standard_exponential(len(ages_s)) / drift_per_s
        ages_s = ages_s + gone_s + generator.standard_exponential(len(ages_s)) * waits_s
        near = ages_s < longest_s
        ages_s, waits_s = ages_s[near], waits_s[near]
        if not len(ages_s):
            return
        yield ages_s
