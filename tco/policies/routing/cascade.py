"""Cascade: each tier answers with a confidence; below a threshold the next tier is asked.

Confidence is what a verifier, a self-rating or token probabilities give. It is related to whether the answer is good
by the area under its ROC curve (AUC): the chance that a good answer has more confidence than a bad one.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.fields import Share, TierName, each_once
from tco.plugin import together
from tco.policies.routing import Route, RouteMany, Some
from tco.policies.routing.asking_on import AskingOn
from tco.policies.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tco.policies.routing import Ints


class Cascade(AskingOn):
    """Ask the tiers in order until one is confident enough; the last one's answer always stands. All calls are paid."""

    kind: Literal["cascade"] = "cascade"
    tiers_in_order: Annotated[
        tuple[TierName, ...],
        Field(min_length=2, max_length=20, strict=False),
        each_once("the route would go in a circle"),
    ]
    """Tiers, the cheapest first."""
    confidence_thresholds: Annotated[tuple[Share, ...], Field(min_length=1, max_length=19, strict=False)]
    """Confidence below which the next tier is asked, for every tier but the last; 0 never asks on, 1 always does.
    A confidence of 0.5 is halfway between what good and bad answers have in the middle."""
    auc_fraction: Annotated[float, Field(ge=0.5, lt=1)]
    """Chance that a good answer has more confidence than a bad one: 0.5 for a coin, 0.75 to 0.85 is often measured."""

    @together("tiers_in_order", "confidence_thresholds")
    def _one_threshold_between_tiers(self) -> None:
        tiers, thresholds = len(self.tiers_in_order), len(self.confidence_thresholds)
        if thresholds != tiers - 1:
            raise ValueError(
                f"{thresholds} confidence_thresholds for {tiers} tiers_in_order; allowed: one fewer than tiers"
            )

    def start(self, view: View) -> Route:
        """Compare every answer's confidence with the threshold of its tier."""
        following = dict(zip(self.tiers_in_order, self.tiers_in_order[1:], strict=False))
        last = self.tiers_in_order[-1]
        asks_on = {tier: each.tolist() for tier, each in self._asks_on(view).items()}

        def route(request: int, _class: str, tried: tuple[str, ...]) -> str | None:
            if not tried:
                return self.tiers_in_order[0]
            tier = tried[-1]
            return following[tier] if tier != last and asks_on[tier][request] else None

        return route

    def start_many(self, view: View) -> RouteMany:
        """Compare many answers' confidence."""
        import numpy as np  # not at the top: `tco check` does without it

        asks_on = self._asks_on(view)

        def many(some: Some, tried: tuple[str, ...]) -> Ints:
            if not tried:
                return np.zeros(len(some.request), np.int64)
            if tried[-1] not in asks_on:
                return np.full(len(some.request), -1)
            further = self.tiers_in_order.index(tried[-1]) + 1
            return np.where(asks_on[tried[-1]][some.request], further, -1)

        return many

    def _asks_on(self, view: View) -> dict[str, NDArray[np.bool_]]:
        """Say of each tier but the last about which requests the next one is asked."""
        return {
            tier: _below(view, attempt, tier, self.auc_fraction, threshold)
            for attempt, (tier, threshold) in enumerate(zip(self.tiers(), self.confidence_thresholds, strict=False))
        }

    def tiers(self) -> tuple[str, ...]:
        """Name the tiers that are ever asked: none behind a threshold of 0."""
        reached = next(
            (at for at, threshold in enumerate(self.confidence_thresholds) if threshold == 0.0),
            len(self.confidence_thresholds),
        )
        return self.tiers_in_order[: reached + 1]

    def hops(self) -> tuple[tuple[str, str], ...]:
        """Name the steps."""
        return tuple(pairwise(self.tiers()))

    def judged_tiers(self) -> tuple[str, ...]:
        """Name the tiers whose answers are compared with a threshold that can go either way."""
        asked = zip(self.tiers(), self.confidence_thresholds, strict=False)
        return tuple(tier for tier, threshold in asked if 0.0 < threshold < 1.0)


def _below(view: View, attempt: int, tier: str, auc: float, threshold: float) -> NDArray[np.bool_]:
    """Say for each request whether the tier's confidence is below the threshold.

    The usual binormal model: the score of good answers is normal with mean d, of bad ones with mean 0, both with
    variance 1, and AUC = Phi(d / sqrt 2). Confidence is Phi(score - d / 2), so that it lies between 0 and 1.
    """
    import numpy as np

    chances = view.normal_array("confidence", attempt)
    if threshold in (0.0, 1.0):
        return np.full(len(chances), threshold == 1.0)
    distance = sqrt(2.0) * NormalDist().inv_cdf(auc)
    limit = NormalDist().inv_cdf(threshold) + distance / 2
    return np.asarray(chances + distance * view.good_array(tier) < limit)
