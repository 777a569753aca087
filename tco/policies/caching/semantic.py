"""A semantic cache: it answers a question that looks alike, which may be another one."""

from __future__ import annotations

from typing import Literal

from tco.fields import Share
from tco.policies.caching import CacheState, Found
from tco.policies.caching.remembering import Memory, RememberingCache, RememberingState
from tco.policies.caching.similarity import CLINC150, Similarity
from tco.policies.view import View


class SemanticHits(RememberingCache):
    """An embedding and a nearest neighbour: it hits from a threshold on, rightly or wrongly.

    Where the cache holds an answer to the question, the nearest neighbour is that one or, now and then, another; where
    it does not, the nearest neighbour answers another question. How similar either is was measured.
    """

    kind: Literal["semantic"] = "semantic"
    threshold: Share
    """Least cosine similarity of a hit; 1: only the same words."""
    similarity: Similarity = CLINC150
    """How similar the nearest neighbours are."""

    def start(self, view: View, rate_rps: float) -> CacheState:
        """Begin with what a cache that has run for long holds; questions that another answer serves are not stored."""
        chances, same = view.uniforms("similarity"), self.popularity.same_words_share
        strange = self.similarity.other_share_above(self.threshold)
        return _Semantic(
            memory=self.remember(view, rate_rps, 1.0 - strange),
            same_words=[chance < same for chance in view.uniforms("repeat", 1)],
            right_is_nearest=[
                chance < self.similarity.right_nearest_share for chance in view.uniforms("similarity", 1)
            ],
            right_is_near=[chance >= 1.0 - self.similarity.right_share_above(self.threshold) for chance in chances],
            other_is_near=[chance >= 1.0 - strange for chance in chances],
        )


class _Semantic(RememberingState):
    """Per request: whether it comes in known words, whose answer is nearest, and whether that is near enough."""

    def __init__(
        self,
        memory: Memory,
        same_words: list[bool],
        right_is_nearest: list[bool],
        right_is_near: list[bool],
        other_is_near: list[bool],
    ) -> None:
        super().__init__(memory)
        self._same_words, self._right_is_nearest = same_words, right_is_nearest
        self._right_is_near, self._other_is_near = right_is_near, other_is_near

    def look(self, request: int, now_s: float) -> Found:
        """Hit on the nearest neighbour, if it is near enough."""
        if self.memory.knows(request, now_s):
            if self._same_words[request]:
                return self.found(request, now_s)
            if self._right_is_nearest[request]:
                return self.found(request, now_s) if self._right_is_near[request] else Found.NOTHING
        elif not len(self.memory.recency):
            return Found.NOTHING
        return Found.WRONG_ANSWER if self._other_is_near[request] else Found.NOTHING
