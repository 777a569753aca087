"""A semantic cache: it answers a question that looks alike, which may be another one."""

from __future__ import annotations

from typing import Literal

from tco.fields import Share
from tco.policies.caching.remembering import Looks, RememberingCache
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

    @property
    def storing_share(self) -> float:
        """Questions that another answer serves are not stored."""
        return 1.0 - self.similarity.other_share_above(self.threshold)

    def looks(self, view: View) -> Looks:
        """One chance says how similar the nearest neighbour is, whichever it is."""
        chances = view.uniform_array("similarity")
        return Looks(
            same_words=view.uniform_array("repeat", 1) < self.popularity.same_words_share,
            right_is_nearest=view.uniform_array("similarity", 1) < self.similarity.right_nearest_share,
            right_is_near=chances >= 1.0 - self.similarity.right_share_above(self.threshold),
            other_is_near=chances >= 1.0 - self.similarity.other_share_above(self.threshold),
        )
