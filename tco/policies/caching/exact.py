"""An exact cache: it answers a question that was asked before in the same words."""

from __future__ import annotations

from typing import Literal

from tco.policies.caching import CacheState, Found
from tco.policies.caching.remembering import Memory, RememberingCache, RememberingState
from tco.policies.view import View


class ExactCache(RememberingCache):
    """A hash of the prompt: only the same words hit, and a hit is always right."""

    kind: Literal["exact"] = "exact"

    @property
    def embeds(self) -> bool:
        """A hash needs no model."""
        return False

    def start(self, view: View, rate_rps: float) -> CacheState:
        """Begin with what a cache that has run for long holds."""
        same = self.popularity.same_words_share
        return _Exact(self.remember(view, rate_rps), [chance < same for chance in view.uniforms("repeat", 1)])


class _Exact(RememberingState):
    def __init__(self, memory: Memory, same_words: list[bool]) -> None:
        super().__init__(memory)
        self._same_words = same_words

    def look(self, request: int, now_s: float) -> Found:
        """Hit on a living answer to the same words."""
        if self._same_words[request] and self.memory.knows(request, now_s):
            return self.found(request, now_s)
        return Found.NOTHING
