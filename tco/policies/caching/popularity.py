"""Popularity: how often which question is asked. Zipf's law, a share that never comes back, and drift."""

from __future__ import annotations

from functools import lru_cache
from math import log1p
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tco.fields import Share, Source
from tco.plugin import Frozen
from tco.policies.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECONDS_PER_DAY = 86_400.0
NEVER_AGAIN = -1  # number of a question that is asked once and never again
MOST_QUESTIONS = 10_000_000  # eight bytes each, a few times over


class Popularity(Frozen):
    """Questions by rank: the kth is asked in proportion to k^-exponent, independent of what was asked before."""

    questions: Annotated[int, Field(ge=1, le=MOST_QUESTIONS)]
    """Different questions that are asked again and again."""
    exponent: Annotated[float, Field(ge=0.0, le=5.0)]
    """Zipf's exponent: 0 asks all equally often, near 1 is usual for what people ask."""
    unique_share: Share = 0.0
    """Share of the requests whose question is never asked again."""
    replaced_share_per_day: Annotated[Share, Field(lt=1.0)] = 0.0
    """Drift: share of the questions that give way to new ones within a day, whatever their rank."""
    same_words_share: Share = 1.0
    """Share of the repetitions that come in the very same words; the rest are paraphrases."""
    source: Source
    """Where the figures come from."""

    @property
    def replaced_per_s(self) -> float:
        """Rate at which a question gives way to a new one, per second."""
        return -log1p(-self.replaced_share_per_day) / SECONDS_PER_DAY

    def shares(self) -> NDArray[np.float64]:
        """Return each question's share of the requests that come back, most popular first; they sum to 1."""
        return _shares(self.questions, self.exponent)[0]

    def asked(self, view: View) -> NDArray[np.int64]:
        """Return the question of each request: its rank, counted from 0, or `NEVER_AGAIN`.

        A function of seed and request, the same in every option and at every load. Which question it is must be
        independent from request to request, where other variates are evenly spread: of a question that comes twenty
        times in a window, an even spread makes the next one a twentieth less likely, and hits with it.
        """
        import numpy as np  # not at the top: `tco check` does without it

        again = view.uniform_array("intent") >= self.unique_share
        chance = view.generator("intent").random(len(again))
        asked = np.searchsorted(_shares(self.questions, self.exponent)[1], chance, side="right")
        asked = np.minimum(asked, self.questions - 1)  # the sums end at 1 less a rounding error
        return np.where(again, asked, NEVER_AGAIN)


@lru_cache(maxsize=4)
def _shares(questions: int, exponent: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares and their running sums; not to be written to, as they are kept."""
    import numpy as np

    weights = np.arange(1.0, questions + 1.0) ** -exponent
    shares = weights / weights.sum()
    sums = np.cumsum(shares)
    shares.flags.writeable = sums.flags.writeable = False
    return shares, sums
