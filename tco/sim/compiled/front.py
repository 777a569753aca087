"""Front: what requests pass before their first tier, all of them at once: cache, deciders, vector search."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tco.demand.prompts import who_retrieves
from tco.demand.workload import Workload
from tco.policies.caching.fixed import FixedHitShare
from tco.policies.routing import Some
from tco.policies.view import View
from tco.scenario import Scenario
from tco.scenario.options import Option
from tco.serving.latency import Quantiles
from tco.sim.compiled.tiers import delays_s
from tco.sim.stations import StationBooks

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass
class Front:
    """The stages of one run, and what came of them; arrays have shape (n,).

    Attributes:
        now_s: when each request is through with all stages so far, seconds.
        hits: who is answered by a cache that remembers, and who of them wrongly; None where hits are drawn.
        cached: requests that the cache answers.
        false_hits: of these, the ones that get the answer to another question.
        reached_s: end of each stage, NaN for who does not enter it.
        books: of the stages' stations.
    """

    scenario: Scenario
    option: Option
    workload: Workload
    view: View
    everybody: Some
    now_s: Floats
    hits: tuple[Flags, Flags] | None = None
    cached: Flags = field(init=False)
    false_hits: Flags = field(init=False)
    reached_s: dict[str, Floats] = field(default_factory=dict)
    books: dict[str, StationBooks] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.workload)
        self.cached, self.false_hits = np.zeros(n, np.bool_), np.zeros(n, np.bool_)

    def pass_all(self) -> None:
        """Pass the stages, in the order of `stages_of`."""
        if self.option.cache is not None:
            self._cache()
        self._deciders()
        if self.option.retrieval is not None:
            self._retrieval()

    def _delay(self, mine: Flags, delay_s: Floats) -> StationBooks:
        """Hold some requests; return the books of the station."""
        entered_s = self.now_s[mine]
        self.now_s[mine] = left_s = entered_s + delay_s[mine]
        count = int(mine.sum())
        return StationBooks(count, count, 0, 0, 0, 0, 0, float((left_s - entered_s).sum()))

    def _cache(self) -> None:
        cache, workload = self.option.cache, self.workload
        assert cache is not None  # noqa: S101  # the caller looked
        looks = self.looks()
        self.books["cache"] = self._delay(looks, delays_s(cache.lookup, workload, "cache_lookup", 0))
        self.reached_s["cache"] = np.where(looks, self.now_s, np.nan)
        if self.hits is not None:
            self.cached, self.false_hits = self.hits
        elif isinstance(cache.policy, FixedHitShare):
            hits, right = cache.policy.hits(workload.uniform_array("cache"))
            self.cached, self.false_hits = looks & hits, looks & hits & ~right

    def looks(self) -> Flags:
        """Say which requests are looked up in the cache: those of classes that may be cached."""
        allowed = np.array([self.scenario.classes[name].cacheable for name in self.workload.classes])
        return np.asarray(allowed[self.workload.class_index])

    def _deciders(self) -> None:
        router = self.option.router
        ask = router.ask_many(self.view)
        if ask is None:
            return
        asked, deciders = ask(self.everybody), router.deciders()
        reached_s = np.full(len(self.workload), np.nan)
        for name in dict.fromkeys(decider.name for decider in deciders):
            places = [place for place, decider in enumerate(deciders) if decider.name == name]
            mine = np.isin(asked, places) & ~self.cached
            latency = Quantiles(p50_s=deciders[places[-1]].p50_s, p95_s=deciders[places[-1]].p95_s)
            self.books[f"router {name}"] = self._delay(mine, delays_s(latency, self.workload, "decider", 0))
            reached_s[mine] = self.now_s[mine]
        self.reached_s["router"] = reached_s

    def _retrieval(self) -> None:
        retrieval, workload = self.option.retrieval, self.workload
        assert retrieval is not None  # noqa: S101  # the caller looked
        retrieves = who_retrieves(retrieval, workload)
        mine = ~self.cached if retrieves is None else ~self.cached & retrieves
        searching = mine
        if retrieval.ann_cache is not None:
            index = retrieval.ann_cache
            self.books["ann"] = self._delay(mine, delays_s(index.latency, workload, "ann", 1))
            searching = mine & ~(workload.uniform_array("ann") < index.answered_share)
        self.books["retrieval"] = self._delay(searching, delays_s(retrieval.latency, workload, "retrieval", 0))
        self.reached_s["retrieval"] = np.where(mine, self.now_s, np.nan)
