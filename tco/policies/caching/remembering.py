"""Remembering caches: what exact and semantic caches share, the entries and their life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, inf
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from tco.fields import NonNegative, Positive
from tco.plugin import together
from tco.policies.caching import CachePolicy, CacheState, Found
from tco.policies.caching.popularity import NEVER_AGAIN, SECONDS_PER_DAY, Popularity
from tco.policies.caching.recency import Recency
from tco.policies.caching.steady import Bounds, Steady, steady_state
from tco.policies.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]


class RememberingCache(CachePolicy):
    """Base of the caches that remember questions: their hits follow from what was asked before."""

    popularity: Popularity
    """How often which question is asked."""
    capacity_entries: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    """Most answers that are kept; the least recently used one makes room. None: no limit."""
    ttl_s: Positive | None = None
    """Life of an answer, seconds. None: for ever."""
    ttl_from: Literal["storing", "use"] = "storing"
    """When the life begins: when the answer is stored, or anew with each use."""
    filled_for_days: NonNegative | None = None
    """For how long the cache has been filled when a window begins; 0: it begins empty. None: for ever."""

    @together("ttl_from", "ttl_s")
    def _renewed_life_has_an_end(self) -> None:
        if self.ttl_from == "use" and self.ttl_s is None:
            raise ValueError("ttl_from is 'use', but ttl_s is None: nothing expires")

    @property
    def bounds(self) -> Bounds:
        """What bounds the cache."""
        return Bounds(
            capacity=inf if self.capacity_entries is None else self.capacity_entries,
            ttl_s=inf if self.ttl_s is None else self.ttl_s,
            from_use=self.ttl_from == "use",
            filled_s=inf if self.filled_for_days is None else self.filled_for_days * SECONDS_PER_DAY,
        )

    @property
    def most_entries(self) -> int | None:
        """Most answers that are kept."""
        return self.capacity_entries

    @property
    def hits_depend_on_load(self) -> bool:
        """The more traffic, the more of it comes back in time."""
        return True

    @property
    def storing_share(self) -> float:
        """Share of the requests that touch the entry of their question."""
        return 1.0

    def looks(self, view: View) -> Looks:
        """Say of each request what its look would meet."""
        raise NotImplementedError

    def held(self, view: View, rate_rps: float) -> Held:
        """Draw what is asked, and what a cache that has run for long holds when the run begins.

        Args:
            view: what the policy may see.
            rate_rps: arrival rate that the cache has seen for long, requests per second.
        """
        rate_rps *= self.storing_share
        state = steady_state(self.popularity, self.bounds, rate_rps, view.generator("cache_state"))
        return Held(self.popularity.asked(view), state)

    def start(self, view: View, rate_rps: float) -> RememberingState:
        """Begin with what a cache that has run for long holds."""
        return RememberingState(self._remember(view, rate_rps), self.looks(view))

    def _remember(self, view: View, rate_rps: float) -> Memory:
        asked, state = self.held(view, rate_rps)
        wanted = sorted(set(asked.tolist()) - {NEVER_AGAIN})
        places = dict(zip(wanted, state.place[wanted].tolist(), strict=True))
        stored_s = dict(zip(wanted, state.stored_s[wanted].tolist(), strict=True))
        return Memory(
            bounds=self.bounds,
            replaced_per_s=self.popularity.replaced_per_s,
            questions=[-1 - request if rank == NEVER_AGAIN else rank for request, rank in enumerate(asked.tolist())],
            survival=view.uniforms("repeat"),
            recency=Recency(self.bounds.capacity, state.entries, places),
            stored_s={rank: moment for rank, moment in stored_s.items() if moment > -inf},
        )


class Held(NamedTuple):
    """What a run of a remembering cache begins with.

    Attributes:
        asked: question of each request: its rank, counted from 0, or `NEVER_AGAIN`; shape (n,).
        state: what the cache holds.
    """

    asked: Ints
    state: Steady


class Looks(NamedTuple):
    """What the look of each request would meet, shape (n,).

    Attributes:
        same_words: whether its question comes in words that are known, where an answer to it is held.
        right_is_nearest: whether that answer is the nearest neighbour otherwise.
        right_is_near: whether it is near enough to be given.
        other_is_near: whether the answer to another question is.
    """

    same_words: Flags
    right_is_nearest: Flags
    right_is_near: Flags
    other_is_near: Flags


def found_by(
    knows: bool, is_empty: bool, same_words: bool, right_is_nearest: bool, right_is_near: bool, other_is_near: bool
) -> int:
    """Say what a look finds, as a place in `FOUND`; the compiled engine calls the same function.

    Args:
        knows: whether the cache holds a living answer to the question.
        is_empty: whether it holds none at all.
        same_words: as in `Looks`, as are the others.
        right_is_nearest: the same.
        right_is_near: the same.
        other_is_near: the same.
    """
    if knows:
        if same_words:
            return 1
        if right_is_nearest:
            return 1 if right_is_near else 0
    elif is_empty:
        return 0
    return 2 if other_is_near else 0


FOUND = (Found.NOTHING, Found.ANSWER, Found.WRONG_ANSWER)


def is_asked_still(chance: float, replaced_per_s: float, since_s: float) -> bool:
    """Say whether a question has not given way to another one since it was asked; for both engines.

    Args:
        chance: of the request, below 1.
        replaced_per_s: drift, per second.
        since_s: time since then, seconds.
    """
    return chance < exp(-replaced_per_s * since_s)


@dataclass(slots=True)
class Memory:
    """Entries of a cache in the course of a run.

    Attributes:
        bounds: what bounds the cache.
        replaced_per_s: drift, per second.
        questions: question of each request; those that are asked once have numbers of their own.
        survival: chance of each request, which says whether drift has replaced its question since the last use.
        recency: entries in order of use.
        stored_s: when the life of each entry began, seconds; entries whose life was over are left out.
        seen_s: last use of each entry that was used in the run, seconds.
    """

    bounds: Bounds
    replaced_per_s: float
    questions: Sequence[int]
    survival: Sequence[float]
    recency: Recency
    stored_s: dict[int, float]
    seen_s: dict[int, float] = field(default_factory=dict)

    def knows(self, request: int, now_s: float) -> bool:
        """Say whether the cache holds a living answer to a request's question."""
        question = self.questions[request]
        born_s = self.stored_s.get(question)
        if born_s is None or question not in self.recency or now_s - born_s >= self.bounds.ttl_s:
            return False
        return not self.replaced_per_s or self._unchanged(request, question, now_s)

    def _unchanged(self, request: int, question: int, now_s: float) -> bool:
        """Say whether the question is still the one that was asked last, which it was when the run began."""
        since_s = now_s - self.seen_s.get(question, 0.0)
        return is_asked_still(self.survival[request], self.replaced_per_s, since_s)

    def use(self, request: int, now_s: float) -> None:
        """Put the entry of a request's question in front."""
        question = self.questions[request]
        self.recency.use(question)
        if self.bounds.from_use:
            self.stored_s[question] = now_s
        if self.replaced_per_s:
            self.seen_s[question] = now_s

    def store(self, request: int, now_s: float) -> None:
        """Keep the answer to a request's question, in place of an older one."""
        self.use(request, now_s)
        self.stored_s[self.questions[request]] = now_s


class RememberingState(CacheState):
    """A remembering cache in the course of a run."""

    def __init__(self, memory: Memory, looks: Looks) -> None:
        self.memory = memory
        self._met = list(zip(*(flags.tolist() for flags in looks), strict=True))

    def look(self, request: int, now_s: float) -> Found:
        """Look at the nearest neighbour; whatever answers the question itself is used."""
        knows = self.memory.knows(request, now_s)
        found = found_by(knows, not knows and not len(self.memory.recency), *self._met[request])
        if found == 1:
            self.memory.use(request, now_s)
        return FOUND[found]

    def store(self, request: int, now_s: float) -> None:
        """Keep what a model has answered."""
        self.memory.store(request, now_s)
