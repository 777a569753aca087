"""Observability: records by the request and by the GB, their keeping, the service's fee, and runs of evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.observability import METERS, EvalSamplePrice, Evaluations, Observability

ACCOUNT = "platform:observability"


class Telemetry(PricingModel):
    """What is recorded and kept, the fee of the month, and what judging samples costs."""

    kind: ClassVar[str] = "observability"

    def charges(self, config: Observability, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge whatever the service has a price for, then the evaluations."""
        for meter, unit, item, words in METERS:
            if item in readings and config.charges(meter, unit):
                price = rates.price(config.price, meter, unit)
                yield charge(ACCOUNT, words, readings[item], price, f"{subject}.price")
        if config.evals is not None:
            yield from _evaluations(config.evals, f"{subject}.evals.price", readings, rates)


def _evaluations(evals: Evaluations, key: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
    if isinstance(evals.price, EvalSamplePrice):
        price = rates.price(evals.price, "sample", "usd_per_sample")
        yield charge(ACCOUNT, "evaluation samples", readings["eval_samples"], price, key)
        return
    for meter in ("input", "output"):
        price = rates.price(evals.price, meter, "usd_per_mtok")
        yield charge(ACCOUNT, f"evaluation {meter} tokens", readings[f"judge_{meter}_tokens"], price, key)
