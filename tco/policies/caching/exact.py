"""An exact cache: it answers a question that was asked before in the same words."""

from __future__ import annotations

from typing import Literal

from tco.policies.caching.remembering import Looks, RememberingCache
from tco.policies.view import View


class ExactCache(RememberingCache):
    """A hash of the prompt: only the same words hit, and a hit is always right."""

    kind: Literal["exact"] = "exact"

    @property
    def embeds(self) -> bool:
        """A hash needs no model."""
        return False

    def looks(self, view: View) -> Looks:
        """Other words have another hash, which is near to none."""
        same = view.uniform_array("repeat", 1) < self.popularity.same_words_share
        nobody = same & ~same
        return Looks(same_words=same, right_is_nearest=~nobody, right_is_near=nobody, other_is_near=nobody)
