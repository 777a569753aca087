"""Staffing: engineers who build, run, tune, are on call, and those who are hired for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.fields import Share, UnitPrice
from tco.plugin import Frozen, together
from tco.scenario.prices import EngineerPrice, InlinePrice

Fte = Annotated[float, Field(ge=0, le=100_000)]


class StipendPrice(InlinePrice):
    """What an engineer is paid for being on call."""

    stipend_usd_per_week: UnitPrice
    """Pay of one engineer for a week on duty, USD."""


class OnCall(Frozen):
    """A rotation of engineers who can be called at any hour."""

    engineers: Annotated[int, Field(ge=1, le=10_000)]
    """Engineers in the rotation."""
    on_duty: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many of them are on duty at the same time."""
    price: StipendPrice | None = None
    """What those on duty are paid for it; None: nothing."""
    lost_engineer_fte: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Working time that calls, and the rest after them, take from each engineer of the rotation; full-time
    equivalents."""

    @together("engineers", "on_duty")
    def _enough_for_the_duty(self) -> None:
        if self.on_duty > self.engineers:
            raise ValueError(f"on_duty {self.on_duty} is above engineers {self.engineers}, who take turns")

    @together("price", "lost_engineer_fte")
    def _it_costs_something(self) -> None:
        if self.price is None and self.lost_engineer_fte == 0:
            raise ValueError("neither price nor lost_engineer_fte is given; allowed: one at least, 0 in a price too")


class Hiring(Frozen):
    """Engineers who are hired for the option. The work that they do is in the weeks and full-time equivalents above."""

    hires: Annotated[int, Field(ge=1, le=100_000)]
    """Engineers who begin in the first month."""
    ramp_months: Annotated[int, Field(ge=0, le=36)]
    """Months until they are fully productive."""
    mean_productive_share: Share = 0.5
    """How much of their time counts as work in these months, on average; the rest is paid for as hiring. 0.5: it rises
    evenly from nothing."""
    recruiting_fraction: Annotated[float, Field(ge=0, le=10)] = 0.0
    """What it takes to find one, as a fraction of a loaded year."""


class Staffing(Frozen):
    """Engineers' time that the option needs."""

    build_engineer_weeks: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    """One-off work before launch; weeks of one engineer."""
    build_months: Annotated[int, Field(ge=1, le=120)] = 1
    """Months over which that work is spread evenly, from the first on. Where the option says what runs `meanwhile`, it
    begins to serve after them; where it does not, it serves from the first month all the same."""
    run_engineer_fte: Fte = 0.0
    """Engineers who keep it running, every month that it serves; full-time equivalents."""
    tuning_fraction_per_year: Annotated[float, Field(ge=0, le=5)] = 0.0
    """Work of tuning prompts and models anew, per year as a fraction of the build weeks, from when it serves: 0.2 to
    0.3 are usual."""
    on_call: OnCall | None = None
    """Rotation of engineers who can be called, from when it serves. None: nobody is."""
    hiring: Hiring | None = None
    """Engineers who are hired for it. None: nobody is."""
    engineer: EngineerPrice | None = None
    """Loaded cost of an engineer of this option, where it is not that of the scenario."""

    @together("build_engineer_weeks", "tuning_fraction_per_year")
    def _tuning_is_a_part_of_something(self) -> None:
        if self.tuning_fraction_per_year > 0 and self.build_engineer_weeks == 0:
            raise ValueError(
                f"tuning_fraction_per_year {self.tuning_fraction_per_year:g} is a fraction of build_engineer_weeks, "
                "which is 0"
            )
