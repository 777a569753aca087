"""Provisioned throughput: a model behind an API, bought by units of capacity instead of by the token."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from pydantic import Field

from tco.fields import MOST_COUNT, NonNegative, Positive, UnitPrice
from tco.plugin import Frozen, together
from tco.scenario.prices import InlinePrice
from tco.scenario.vendor import RateLimits, Weight

WHOLE_STEP = 1e-9  # of the units: what a rounding error adds is no step more
UnitCount = Annotated[int, Field(ge=1, le=MOST_COUNT)]


class UnitPriceBlock(InlinePrice):
    """What a unit costs, by the hour or by the month; one of them."""

    unit_usd_per_unit_hour: UnitPrice | None = None
    """Price of one unit for one hour, USD."""
    unit_usd_per_unit_month: UnitPrice | None = None
    """Price of one unit for one month, USD; a yearly price is given as its twelfth."""

    @together("unit_usd_per_unit_hour", "unit_usd_per_unit_month")
    def _by_the_hour_or_by_the_month(self) -> None:
        if (self.unit_usd_per_unit_hour is None) == (self.unit_usd_per_unit_month is None):
            found = "neither is" if self.unit_usd_per_unit_hour is None else "both are"
            raise ValueError(f"one of unit_usd_per_unit_hour and unit_usd_per_unit_month is needed; {found} given")


class Provisioned(Frozen):
    """Units of capacity that a vendor keeps ready, paid whether they are used or not."""

    unit_tokens_per_minute: Positive
    """Prompt tokens that one unit processes in a minute."""
    answer_weight_ratio: Weight = 1.0
    """Prompt tokens that an answer token counts as; vendors state 3 to 8."""
    cached_weight_ratio: Weight = 1.0
    """Prompt tokens that one of the tier's `cached_input_share` counts as; 0 where the vendor does not count them."""
    units: UnitCount | None = None
    """Units bought, whatever comes; what exceeds them is refused with a 429. Left out: as many each month as its
    busiest hour takes."""
    least_units: UnitCount = 1
    """Fewest that the vendor sells."""
    step_units: UnitCount = 1
    """Units are sold in multiples of this."""
    headroom_fraction: NonNegative = 0.0
    """Units bought beyond those that the busiest hour takes, as a fraction of them."""
    term_months: Annotated[int, Field(ge=1, le=120)] | None = None
    """Months for which units are committed, those that the growth adds for a term of their own. Left out: units are
    given back when the busiest hour needs fewer."""
    price: UnitPriceBlock
    """What a unit costs."""

    @together("units", "least_units", "step_units")
    def _sold_like_this(self) -> None:
        if self.units is not None and self.units != self.sold(self.units):
            raise ValueError(
                f"units {self.units} are not sold: at least {self.least_units}, in steps of {self.step_units}; "
                f"allowed: {self.sold(self.units)}"
            )

    @together("units", "headroom_fraction")
    def _stated_units_have_no_headroom(self) -> None:
        if self.units is not None and self.headroom_fraction > 0.0:
            raise ValueError(
                f"headroom_fraction {self.headroom_fraction:g} is given with units {self.units}; it belongs to units "
                "that follow the busiest hour"
            )

    def sold(self, needed_units: float) -> int:
        """Round a need up to what is sold.

        >>> price = {"unit_usd_per_unit_hour": 1.0, "source": "made up", "source_date": "2026-06-25"}
        >>> block = Provisioned(unit_tokens_per_minute=3000.0, least_units=15, step_units=5, price=price)
        >>> [block.sold(units) for units in (3.0, 15.1, 117.1, 120.0)]
        [15, 20, 120, 120]
        """
        steps = ceil(max(needed_units, self.least_units) / self.step_units * (1.0 - WHOLE_STEP))
        return steps * self.step_units

    def prompt_weight_ratio(self, cached_share: float) -> float:
        """Return what a prompt token counts as where a share of them is cached."""
        return 1.0 - cached_share * (1.0 - self.cached_weight_ratio)

    def counted(self, input_tokens: float, output_tokens: float, cached_share: float) -> float:
        """Return the prompt tokens that a request counts as.

        >>> price = {"unit_usd_per_unit_hour": 1.0, "source": "made up", "source_date": "2026-06-25"}
        >>> block = Provisioned(
        ...     unit_tokens_per_minute=3000.0, answer_weight_ratio=4.0, cached_weight_ratio=0.0, price=price)
        >>> block.counted(1800, 650, 0.2)
        4040.0
        """
        return input_tokens * self.prompt_weight_ratio(cached_share) + output_tokens * self.answer_weight_ratio

    def limited(self, limits: RateLimits | None, cached_share: float) -> RateLimits | None:
        """Return the limits of a tier with these units: what stated units let through, beside its own."""
        if self.units is None:
            return limits
        own = {} if limits is None else limits.model_dump(exclude_none=True)
        return RateLimits.model_validate({
            **own,
            "tokens_per_minute": self.units * self.unit_tokens_per_minute,
            "prompt_weight_ratio": self.prompt_weight_ratio(cached_share),
            "answer_weight_ratio": self.answer_weight_ratio,
        })  # fmt: skip
