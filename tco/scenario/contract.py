"""Contract: a vendor who sells the whole service, by fee, seat, volume tier, minimum and yearly commitment."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from tco.fields import Share, UnitPrice
from tco.plugin import Frozen, together
from tco.scenario.prices import InlinePrice

MOST_REQUESTS = 1e15  # as of a month's traffic


class VolumeStep(Frozen):
    """One step of a price per request."""

    from_requests: Annotated[float, Field(ge=0, le=MOST_REQUESTS)]
    """Requests of a month from which on the step holds."""
    request_usd_per_request: UnitPrice
    """Price of a request within the step, USD."""


class Contract(InlinePrice):
    """What a vendor charges for the whole service; what is left out is not charged.

    Everything in it counts towards the month's minimum and the year's commitment. It is signed when the option begins
    to serve, for `term_months`, and again whenever a term is over while the plan goes on.
    """

    term_months: Annotated[int, Field(ge=1, le=120)]
    """Length of a term. The last one may end after the plan; the report then shows what is still owed."""
    platform_usd_per_month: UnitPrice | None = None
    """Platform fee, USD per month."""
    seat_usd_per_seat_month: UnitPrice | None = None
    """Price of a seat, USD per month; seats are those of `business`, whole ones, and grow with the traffic."""
    steps: Annotated[tuple[VolumeStep, ...], Field(max_length=50, strict=False)] = ()
    """Prices per request in steps of a month's volume, the first from 0 requests on. What counts are the requests of
    tiers whose price is `included_in: contract`; all of the option's where there is no such tier."""
    steps_apply: Literal["marginal", "all"] = "marginal"
    """Whether each request pays the price of the step it falls into, or all pay that of the step that is reached."""
    minimum_usd_per_month: UnitPrice | None = None
    """Least that a month comes to, USD."""
    commitment_usd_per_year: UnitPrice | None = None
    """Least that a year of the contract comes to, USD; what its use lacks is charged in its last month. A last year of
    fewer months is committed to in proportion."""
    upfront_share: Share = 0.0
    """Share of each year's commitment that is paid when the year begins; use draws it down before anything else is
    paid."""

    @together("platform_usd_per_month", "seat_usd_per_seat_month", "steps", "minimum_usd_per_month",
              "commitment_usd_per_year")  # fmt: skip
    def _something_is_charged(self) -> None:
        stated = (
            self.platform_usd_per_month, self.seat_usd_per_seat_month, self.steps or None, self.minimum_usd_per_month,
            self.commitment_usd_per_year,
        )  # fmt: skip
        if all(value is None for value in stated):
            raise ValueError(
                "a contract that charges nothing; allowed: one at least of platform_usd_per_month, "
                "seat_usd_per_seat_month, steps, minimum_usd_per_month, commitment_usd_per_year"
            )

    @together("steps")
    def _steps_rise(self) -> None:
        if self.steps and self.steps[0].from_requests != 0:
            raise ValueError(f"the first step begins at {self.steps[0].from_requests:g} requests; it must begin at 0")
        for low, high in pairwise(self.steps):
            if high.from_requests <= low.from_requests:
                raise ValueError(
                    f"a step from {high.from_requests:g} requests follows one from {low.from_requests:g}; they must "
                    "rise"
                )

    @together("upfront_share", "commitment_usd_per_year")
    def _what_is_prepaid_is_committed(self) -> None:
        if self.upfront_share > 0 and not self.commitment_usd_per_year:
            raise ValueError(
                f"upfront_share {self.upfront_share:g} is given without commitment_usd_per_year, of which it is a "
                "share; for fees that are paid by the year commit to twelve of them"
            )

    def fixed_usd_per_month(self) -> float:
        """Return what a month costs in which nothing is used, USD; what the year's commitment adds is not in it."""
        return max(self.platform_usd_per_month or 0.0, self.minimum_usd_per_month or 0.0)
