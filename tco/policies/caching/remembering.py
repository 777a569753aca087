"""Remembering caches: what exact and semantic caches share, the entries and their life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, inf
from typing import Annotated, Literal

from pydantic import Field

from tco.fields import NonNegative, Positive
from tco.plugin import together
from tco.policies.caching import CachePolicy, CacheState, Found
from tco.policies.caching.popularity import NEVER_AGAIN, SECONDS_PER_DAY, Popularity
from tco.policies.caching.recency import Recency
from tco.policies.caching.steady import Bounds, steady_state
from tco.policies.view import View


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

    def remember(self, view: View, rate_rps: float, storing_share: float = 1.0) -> Memory:
        """Begin with what a cache that has run for long holds.

        Args:
            view: what the policy may see.
            rate_rps: arrival rate that the cache has seen for long, requests per second.
            storing_share: share of the requests that touch the entry of their question.
        """
        asked = self.popularity.asked(view)
        state = steady_state(self.popularity, self.bounds, rate_rps * storing_share, view.generator("cache_state"))
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
        return self.survival[request] < exp(-self.replaced_per_s * since_s)

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

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def store(self, request: int, now_s: float) -> None:
        """Keep what a model has answered."""
        self.memory.store(request, now_s)

    def found(self, request: int, now_s: float) -> Found:
        """Answer from the entry of the request's own question."""
        self.memory.use(request, now_s)
        return Found.ANSWER
