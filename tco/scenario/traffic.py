"""Traffic: how many requests come, when in the week, how they are spaced, and what kinds there are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from tco import catalog
from tco.arrivals import ArrivalProcess
from tco.errors import suggestion
from tco.fields import SHARES, Name, NonNegative, Share, also, sums_to_one
from tco.lengths import LengthDistribution
from tco.plugin import Frozen, SelectedByKind, together
from tco.quality.complexity import Complexity
from tco.quality.complexity.uniform import Uniform
from tco.scenario.prompt import Prompt
from tco.units import HOURS_PER_WEEK

Arrivals = Annotated[ArrivalProcess, SelectedByKind("tco.arrivals")]
Lengths = Annotated[LengthDistribution, SelectedByKind("tco.lengths")]
AnyComplexity = Annotated[Complexity, SelectedByKind("tco.quality.complexity")]


def _known_profile(name: str) -> str:
    known = catalog.hour_of_week_profiles()
    if name not in known:
        raise PydanticCustomError(
            "unknown_name",
            "'{found}' is not an hour-of-week profile of the catalog; known: {names}",
            {"found": name, "names": ", ".join(known), "hint": suggestion(name, known)},
        )
    return name


def _some_traffic(weights: tuple[float, ...]) -> tuple[float, ...]:
    if sum(weights) <= 0:
        raise ValueError("every hour of the profile is 0; allowed: at least one rate above 0")
    return weights


def _name_or_weights(value: Any) -> str | None:
    if isinstance(value, str):
        return "name"
    return "weights" if isinstance(value, list | tuple) else None


HourOfWeek = Annotated[
    Annotated[str, AfterValidator(_known_profile), Tag("name")]
    | Annotated[
        tuple[NonNegative, ...],
        Field(min_length=HOURS_PER_WEEK, max_length=HOURS_PER_WEEK, strict=False),
        AfterValidator(_some_traffic),
        Tag("weights"),
    ],
    Discriminator(
        _name_or_weights,
        custom_error_type="name_or_inline",
        custom_error_message=f"allowed: a catalog name, or a list of {HOURS_PER_WEEK} rates from Monday 00:00",
    ),
]


class Traffic(Frozen):
    """How much traffic comes, and when."""

    requests_per_month: Annotated[float, Field(gt=0, le=1e12)]
    """Requests in the first month (a month has 730 hours)."""
    growth_fraction_per_month: Annotated[float, Field(ge=-0.9, le=1.0)] = 0.0
    """Growth from each month to the next: 0.03 for 3 %, negative for decline."""
    hour_of_week: HourOfWeek = "flat"
    """Catalog name of a weekly profile, or 168 relative rates from Monday 00:00."""
    arrivals: Arrivals
    """How requests are spaced within an hour."""
    product_shares: Annotated[dict[Name, Share], SHARES] | None = None
    """Product tier of the customers, such as free and paid, to its share of the requests; the shares sum to 1."""


class RequestClass(Frozen):
    """One kind of request."""

    share: Share
    """Share of all requests; the shares of all classes sum to 1."""
    latency_class: Literal["interactive", "async"] = "interactive"
    """Interactive requests have a person waiting and count for the latency SLO; async ones do not."""
    input_tokens: Lengths | None = None
    """Prompt length; or give `prompt`."""
    prompt: Prompt | None = None
    """Prompt length by its parts, in place of `input_tokens`."""
    output_tokens: Lengths
    """Answer length."""
    complexity: AnyComplexity = Uniform()
    """How hard the requests are, 0 to 1. Left out: spread evenly, so that a complexity is a rank."""
    sensitive: bool = False
    """Whether the requests must never leave own hardware."""
    cacheable: bool = True
    """Whether a cache may answer the requests, and keep their answers; others go past it."""

    @together("input_tokens", "prompt")
    def _one_prompt_length(self) -> None:
        if self.input_tokens is None and self.prompt is None:
            raise ValueError("no prompt length; one is required: input_tokens, or prompt with its parts")
        if self.input_tokens is not None and self.prompt is not None:
            raise ValueError("input_tokens and prompt both give the prompt's length; allowed: one of them")


def class_shares_sum(classes: Any) -> PydanticCustomError | None:
    """Fault classes whose shares do not sum to 1."""
    if not isinstance(classes, dict) or not classes:
        return None
    shares = {
        name: entry.get("share") if isinstance(entry, dict) else getattr(entry, "share", None)
        for name, entry in classes.items()
    }
    return sums_to_one(shares)


CLASS_SHARES = also(class_shares_sum)  # marks a mapping of entries with a share each
