"""Human review of sampled answers, by the sample or by the reviewer's hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.review import Review, ReviewerPrice

ACCOUNT = "quality:review"


class HumanReview(PricingModel):
    """People who look at answers."""

    kind: ClassVar[str] = "review"

    def charges(self, config: Review, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the month's samples, or the hours that they take."""
        key = f"{subject}.price"
        if isinstance(config.price, ReviewerPrice):
            price = rates.price(config.price, "reviewer", "usd_per_hour")
            yield charge(ACCOUNT, "answers reviewed, hours", readings["reviewer_hours"], price, key)
        else:
            price = rates.price(config.price, "sample", "usd_per_sample")
            yield charge(ACCOUNT, "answers reviewed", readings["samples"], price, key)
