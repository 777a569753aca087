"""Review: people who look at a sample of the answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Tag

from tco import catalog
from tco.fields import Positive, Share, UnitPrice
from tco.plugin import Frozen, together
from tco.scenario.prices import InlinePrice, InlineSamplePrice
from tco.scenario.references import known, or_figures_with


class ReviewerPrice(InlinePrice):
    """What a reviewer costs."""

    reviewer_usd_per_hour: UnitPrice
    """Loaded cost of a reviewer's hour, USD."""


ReviewPrice = Annotated[
    Annotated[str, known("a price of a judged sample", lambda: catalog.price_names("sample")), Tag("name")]
    | Annotated[InlineSamplePrice, Tag("inline")]
    | Annotated[ReviewerPrice, Tag("inline_hour")],
    or_figures_with("reviewer_usd_per_hour", ReviewerPrice, "inline_hour"),
]


class Review(Frozen):
    """Human review of sampled answers."""

    sampled_share: Annotated[Share, Field(gt=0)]
    """Share of the requests whose answers are looked at."""
    most_samples: Annotated[int, Field(ge=1, le=10**12)] | None = None
    """Most answers that are looked at in a month. None: no limit."""
    price: ReviewPrice
    """Catalog name of a price per judged sample, or an inline one, per sample or per reviewer's hour."""
    review_minutes: Positive | None = None
    """Time that one answer takes, minutes; needed, and allowed, where the price is per hour."""

    @together("price", "review_minutes")
    def _hours_need_minutes(self) -> None:
        by_hour = isinstance(self.price, ReviewerPrice)
        if by_hour and self.review_minutes is None:
            raise ValueError("review_minutes is missing; needed because the price is per hour: unknown is not zero")
        if not by_hour and self.review_minutes is not None:
            raise ValueError(
                f"review_minutes {self.review_minutes:g} is given, and the price is per sample; allowed: one of the two"
            )

    def samples(self, requests: float) -> float:
        """Return the answers that are looked at in a month of so many requests."""
        sampled = requests * self.sampled_share
        return sampled if self.most_samples is None else min(sampled, float(self.most_samples))
