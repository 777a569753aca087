"""Scenario: everything a user states, as frozen, strict models; one class per YAML block."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from tco.fields import Currency, IsoDate, Month, Name, Positive, Share, Source, also, told_again
from tco.plugin import Frozen, SelectedByKind
from tco.scenario.cross import cross_faults, dangling
from tco.scenario.options import Option
from tco.scenario.parts import parts_of
from tco.scenario.placement import Regions
from tco.scenario.price_terms import PriceTerms
from tco.scenario.prices import BadAnswerPrice, EngineerPrice
from tco.scenario.slo import Slo
from tco.scenario.tiers import Tier
from tco.scenario.traffic import CLASS_SHARES, RequestClass, Traffic

AnyTier = Annotated[Tier, SelectedByKind("tco.scenario.tiers")]
MIN_SIMULATED_REQUESTS = 200  # below this the 95th percentile rests on fewer than ten requests


# Words of the reports' own: stages that requests pass before a tier, and how they end.
RESERVED = (
    "ann", "answered", "answered by fallback", "answered from cache", "cache", "failed", "rejected", "requests",
    "retrieval", "router", "timed out",
)  # fmt: skip


def no_reserved_names(tiers: Any) -> PydanticCustomError | None:
    """Fault tiers that are named as something else is in reports and in a run's books."""
    names = [name for name in tiers if name in RESERVED] if isinstance(tiers, dict) else []
    if not names:
        return None
    text = f"'{names[0]}' cannot name a tier, because reports use the word; allowed: any but {', '.join(RESERVED)}"
    return PydanticCustomError("cross", "{text}", {"text": text})


class People(Frozen):
    """What an engineer costs."""

    engineer: EngineerPrice
    """Catalog name of a loaded cost per engineer-year, or an inline one."""


class Exchange(Frozen):
    """A fixed rate from USD, in which prices are stated, to the plan's currency."""

    usd_per_unit: Annotated[float, Field(ge=1e-9, le=1e3)]
    """USD that one unit of the plan's currency is worth: 1.08 where a euro costs $1.08."""
    source: Source
    """Where the rate was read."""
    source_date: IsoDate
    """Its day."""


class Finance(Frozen):
    """How money over time is valued."""

    discount_fraction_per_year: Annotated[float, Field(ge=0, le=1)]
    """Yearly discount rate: 0.08 for 8 %. Month 0 is not discounted."""
    left_over: Literal["book", "nothing"] = "book"
    """What servers and prepaid commitments are worth at the end of the plan, for the NPV: what is not yet written off
    or used up (book), or nothing."""
    exchange: Exchange | None = None
    """Rate at which reports convert USD; needed where `currency` is another."""


class Business(Frozen):
    """What customers pay, for gross margins; seats grow with the traffic."""

    seats: Positive
    """Paying seats in the first month."""
    seat_usd_per_month: Positive
    """Price of a seat, USD per month."""
    users: Positive | None = None
    """Users who are active in the first month, for the cost of one; they grow with the traffic, too."""


class Quality(Frozen):
    """How good and bad answers are counted, of tiers whose quality is known."""

    shared_luck_share: Share = 0.0
    """How much of a request's luck is the same at every tier, 0 to 1: how alike the tiers' faults are beyond what
    complexity explains. 0: each fails by itself."""
    bad_answer: BadAnswerPrice | None = None
    """What a bad answer costs the business, such as the support call that follows. None: not counted."""


class BlindDrift(Frozen):
    """Model spend that grows where nobody measures it: longer prompts, needless calls, dearer models than needed.

    An assumption that can be switched off by leaving it out; the report says it wherever it counts. It moves what is
    paid by token, request or GPU-second; fleets are paid by the size that the traffic asks for.
    """

    rise_fraction_per_year: Annotated[float, Field(gt=0, le=10)]
    """Growth within a year beyond that of the traffic: 0.4 to 0.9 are claimed (brief S15)."""
    for_months: Annotated[int, Field(ge=1, le=120)] = 12
    """Months over which it grows; then it stays."""
    source: Source
    """Where the assumption comes from."""

    def rise(self, month: int) -> float:
        """Return the share by which spend has grown by a month.

        >>> drift = BlindDrift(rise_fraction_per_year=0.44, for_months=12, source="made up")
        >>> [round(drift.rise(month), 6) for month in (0, 6, 12, 30)]
        [0.0, 0.2, 0.44, 0.44]
        """
        return float((1.0 + self.rise_fraction_per_year) ** (min(month, self.for_months) / 12) - 1.0)


class Simulation(Frozen):
    """How much is simulated."""

    window_requests: Annotated[int, Field(ge=MIN_SIMULATED_REQUESTS, le=2_000_000)] = 5000
    """Requests simulated at the busiest hour's rate, at least; more where they would not last five minutes. A trace is
    replayed whole instead."""
    warmup_share: Annotated[Share, Field(le=0.5)] = 0.1
    """Share of the requests at the start that is left out of the latency statistics."""
    engine: Literal["auto", "simpy", "compiled"] = "auto"
    """What simulates: `compiled` is quicker and knows most features, `simpy` knows all; both give the same answers.
    `auto` compiles where runs are long enough to be worth it."""
    coverage: Literal["auto", "every_request", "windows"] = "auto"
    """What `tco compare` and `tco explain` simulate of the months: every request, or windows that stand for them.
    `auto`: every request where that takes some ten seconds."""


class Scenario(Frozen):
    """A question: traffic, limits, tiers, and the options to compare."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Title of the scenario."""
    question: Annotated[str, Field(min_length=1)]
    """What the scenario asks, in a sentence."""
    start: Month
    """First month of the plan, as YYYY-MM."""
    horizon_months: Annotated[int, Field(ge=1, le=120)] = 36
    """Length of the plan, months."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """Seed of every random number: same scenario and seed, same bytes."""
    currency: Currency = "USD"
    """Currency in which reports tell amounts, an ISO code; prices are stated in USD whatever it is."""
    traffic: Traffic
    """How much traffic comes, and when."""
    classes: Annotated[dict[Name, RequestClass], Field(min_length=1), CLASS_SHARES]
    """Kinds of request, by name."""
    slo: Slo
    """Limits to keep."""
    tiers: Annotated[dict[Name, AnyTier], Field(min_length=1), also(no_reserved_names)]
    """Ways of answering a request, by name."""
    regions: Regions | None = None
    """Where users are, for options that say where their tiers stand."""
    quality: Quality = Quality()
    """How good and bad answers are counted."""
    business: Business | None = None
    """What customers pay; gross margins are reported when it is given."""
    prices: PriceTerms = PriceTerms()
    """Negotiated rates, announced changes and yearly drift of prices."""
    blind_drift: BlindDrift | None = None
    """How model spend grows unseen in options without `observability`. None: not counted."""
    people: People
    """What engineers cost."""
    finance: Finance
    """How money over time is valued."""
    simulation: Simulation = Simulation()
    """How much is simulated."""
    options: Annotated[dict[Name, Option], Field(min_length=1)]
    """Architectures to compare, by name; every one gets the same requests."""

    @model_validator(mode="wrap")
    @classmethod
    def _blocks_fit_together(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        of_a_file = info.context is not None
        try:
            result = handler(data)
        except ValidationError as parts:
            raise told_again(parts, cross_faults(data, parts_of(data, info.context), of_a_file=of_a_file)) from parts
        faults = [] if of_a_file else dangling(result)  # with the loader's context each name is judged alone
        faults = faults or cross_faults(result, parts_of(result, info.context), of_a_file=of_a_file)
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return result

    def option(self, name: str) -> Option:
        """Return an option by name."""
        return self.options[name]

    def runs_as(self, option_name: str, month: int) -> str:
        """Return the option that serves in a month: itself, or the one that runs until it is built."""
        option = self.options[option_name]
        return option_name if month >= option.first_month else option.meanwhile or option_name

    def only(self, names: Collection[str]) -> Self:
        """Return the scenario with some options only, and those that run until these are built."""
        needed = {*names, *(self.options[name].meanwhile for name in names)}
        return self.model_copy(
            update={"options": {name: self.options[name] for name in self.options if name in needed}}
        )

    def tiers_of(self, option_name: str) -> dict[str, Tier]:
        """Return the tiers that an option uses, in the order its router names them, then those it falls back to."""
        return {name: self.tiers[name] for name in self.options[option_name].tiers()}
