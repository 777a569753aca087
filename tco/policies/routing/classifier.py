"""Classifier: how hard a request is gets guessed first, and the guess decides who answers.

Requests are easy or hard, or of more levels, by their true complexity. A confusion matrix says how often each level is
taken for which. Taken for harder, a request costs money; taken for easier, it costs quality.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.fields import SHARE_TOLERANCE, Share, TierName
from tco.plugin import together
from tco.policies.routing import AskMany, Asks, Decider, Route, RouteMany, RoutingPolicy
from tco.policies.view import View

if TYPE_CHECKING:
    from tco.policies.routing import Ints

Row = Annotated[tuple[Share, ...], Field(strict=False)]


class Classifier(RoutingPolicy):
    """Send a request to the tier of the level that it is taken for."""

    kind: Literal["classifier"] = "classifier"
    tiers_in_order: Annotated[tuple[TierName, ...], Field(min_length=2, max_length=20, strict=False)]
    """Tier of each level, the easiest first."""
    level_complexities: Annotated[tuple[Share, ...], Field(min_length=1, max_length=19, strict=False)]
    """Complexity at which each further level begins; 1 leaves the level above empty, 0 the one below."""
    accuracy_fraction: Share | None = None
    """Share of the requests of each level that are taken for what they are; the others for any other level, equally
    likely. 0.85 to 0.9 is reported as enough."""
    confusion_shares: Annotated[tuple[Row, ...], Field(strict=False)] | None = None
    """Instead of the accuracy: for each true level, the shares taken for each level; every row sums to 1."""
    decider: Decider | None = None
    """What the guess costs in time and money. None: nothing, as where rules decide."""

    @together("tiers_in_order", "level_complexities")
    def _levels_match_tiers(self) -> None:
        tiers, edges = len(self.tiers_in_order), self.level_complexities
        if len(edges) != tiers - 1:
            raise ValueError(f"{len(edges)} level_complexities for {tiers} tiers_in_order; allowed: one fewer")
        for low, high in pairwise(edges):
            if high < low:
                raise ValueError(f"level_complexities: {high:g} follows {low:g}; they must not fall")

    @together("accuracy_fraction", "confusion_shares")
    def _one_way_of_being_wrong(self) -> None:
        if (self.accuracy_fraction is None) == (self.confusion_shares is None):
            given = "neither" if self.confusion_shares is None else "both"
            raise ValueError(f"{given} of accuracy_fraction and confusion_shares are given; allowed: one of them")

    @together("tiers_in_order", "confusion_shares")
    def _square(self) -> None:
        levels = len(self.tiers_in_order)
        if self.confusion_shares is None:
            return
        if len(self.confusion_shares) != levels or any(len(row) != levels for row in self.confusion_shares):
            sizes = ", ".join(str(len(row)) for row in self.confusion_shares)
            raise ValueError(
                f"confusion_shares has rows of {sizes} shares; allowed: {levels} rows of {levels}, one a tier"
            )
        for level, row in enumerate(self.confusion_shares):
            if abs(sum(row) - 1.0) > SHARE_TOLERANCE:
                raise ValueError(f"confusion_shares: row {level + 1} sums to {sum(row):.10g}; it must sum to 1")

    def matrix(self) -> tuple[tuple[float, ...], ...]:
        """Return the confusion matrix: share of each true level (row) that is taken for each level (column)."""
        if self.confusion_shares is not None:
            return self.confusion_shares
        levels, right = len(self.tiers_in_order), self.accuracy_fraction or 0.0
        wrong = (1.0 - right) / (levels - 1)
        return tuple(tuple(right if row == column else wrong for column in range(levels)) for row in range(levels))

    @property
    def asks_on(self) -> bool:
        """The guess stands."""
        return False

    def start(self, view: View) -> Route:
        """Guess every request's level."""
        levels: list[int] = self._levels(view).tolist()
        chosen = [self.tiers_in_order[level] for level in levels]
        return lambda request, _class, tried: None if tried else chosen[request]

    def start_many(self, view: View) -> RouteMany:
        """Guess many."""
        import numpy as np  # not at the top: `tco check` does without it

        places = {tier: place for place, tier in enumerate(self.tiers())}
        chosen = np.array([places.get(tier, -1) for tier in self.tiers_in_order])[self._levels(view)]
        return lambda some, tried: np.full(len(some.request), -1) if tried else chosen[some.request]

    def _levels(self, view: View) -> Ints:
        """Say of each request for which level it is taken."""
        import numpy as np

        true = np.searchsorted(self.level_complexities, view.complexity_array(), side="right")
        chances, found = view.uniform_array("classifier"), np.zeros(len(true), np.int64)
        for level, row in enumerate(self.matrix()):
            mine = true == level
            found[mine] = np.searchsorted(list(accumulate(row))[:-1], chances[mine], side="right")
        return found

    def tiers(self) -> tuple[str, ...]:
        """Name the tiers that any level can be taken for."""
        used = [any(row[level] > 0 for row in self.matrix()) for level in range(len(self.tiers_in_order))]
        return tuple(dict.fromkeys(tier for tier, taken in zip(self.tiers_in_order, used, strict=True) if taken))

    def deciders(self) -> tuple[Decider, ...]:
        """List the classifier, where it takes time or money."""
        return (self.decider,) if self.decider else ()

    def start_asking(self, view: View) -> Asks | None:
        """Ask it for every request."""
        del view
        name = self.decider.name if self.decider else None
        return None if name is None else lambda _request, _class: name

    def ask_many(self, view: View) -> AskMany | None:
        """Ask it for all of them."""
        import numpy as np

        del view
        return None if self.decider is None else lambda some: np.zeros(len(some.request), np.int64)
