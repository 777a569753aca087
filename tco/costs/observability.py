"""Observability: records by the request and by the GB, their keeping, the service's fee, and runs of evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.catalog import Price
from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.costs.steps import by_step
from tco.scenario.observability import CHARGED, Charged, Evaluations, Observability, ObservabilityPrice
from tco.scenario.prices import InlineSamplePrice

ACCOUNT = "platform:observability"


class Telemetry(PricingModel):
    """What is recorded and kept, the fee of the month, and what judging samples costs."""

    kind: ClassVar[str] = "observability"

    def charges(self, config: Observability, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge whatever the service has a price for, then the evaluations."""
        key = f"{subject}.price"
        for each in CHARGED:
            if each.item not in readings or not config.charges(each.meter, each.unit):
                continue
            steps = _steps(config.price, each, rates)
            for start, part, price in by_step(readings[each.item], steps):
                words = each.words if len(steps) == 1 else f"{each.words} from {start * each.each:,.12g}"
                yield charge(ACCOUNT, words, part, price, key)
        if config.evals is not None:
            yield from _evaluations(config.evals, f"{subject}.evals.price", readings, rates)


def _steps(reference: str | ObservabilityPrice, each: Charged, rates: Rates) -> list[tuple[float, Price]]:
    if isinstance(reference, str):
        return [(start / each.each, price) for start, price in rates.steps(reference, each.meter, each.unit)]
    return [(0.0, rates.price(reference, each.meter, each.unit))]


def _evaluations(evals: Evaluations, key: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
    if isinstance(evals.price, InlineSamplePrice):
        price = rates.price(evals.price, "sample", "usd_per_sample")
        yield charge(ACCOUNT, "evaluation samples", readings["eval_samples"], price, key)
        return
    for meter in ("input", "output"):
        price = rates.price(evals.price, meter, "usd_per_mtok")
        yield charge(ACCOUNT, f"evaluation {meter} tokens", readings[f"judge_{meter}_tokens"], price, key)
