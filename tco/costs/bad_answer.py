"""Bad answers: what the business loses by them, where the scenario says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.prices import BadAnswerPrice


class BadAnswers(PricingModel):
    """Each bad answer at the stated cost."""

    kind: ClassVar[str] = "bad_answer"

    def charges(self, config: BadAnswerPrice, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the answers that are not good."""
        del rates
        price = config.price("bad_answer", "usd_per_answer")
        yield charge("quality:bad-answers", "bad answers", readings["bad_answers"], price, subject)
