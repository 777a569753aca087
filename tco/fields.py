"""Field types: the numbers and names that input models are made of, each with its own check.

References (tier and class names) are checked against the names that the scenario defines, which the loader puts
into pydantic's validation context; without a context, as in code, `Scenario` checks them itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from math import fsum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from tco.errors import suggestion

SHARE_TOLERANCE = 1e-9  # shares typed by hand as 0.7 + 0.2 + 0.1 miss 1 by a rounding error only

# Every number has a bound, so that no product or quotient of a dozen leaves the range of a float (1.8e308). A larger
# figure is a slip of the pen: a chip does 1e16 operations a second, 1e18 seconds are twice the age of the universe.
MOST = 1e18
LEAST = 1e-18  # of what divides
MOST_USD = 1e9  # a unit price; a year of the dearest engineer and an hour of the largest machine are far below
MOST_TOKENS = 10**12  # in a cache or a step; the largest caches hold 1e7
MOST_COUNT = 10**15  # parameters, layers, heads; the largest models have 1e13 parameters


def _not_tiny(value: float) -> float:
    if value < LEAST:
        raise PydanticCustomError("too_tiny", "{found}; allowed: at least {least}", {"found": value, "least": "1e-18"})
    return value


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0, le=MOST), AfterValidator(_not_tiny)]
NonNegative = Annotated[float, Field(ge=0.0, le=MOST)]
UnitPrice = Annotated[float, Field(ge=0.0, le=MOST_USD)]
CostlyPrice = Annotated[float, Field(gt=0.0, le=MOST_USD)]  # of what nobody gives away: engineers, servers, power
TokenCount = Annotated[int, Field(ge=1, le=MOST_TOKENS)]
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$"
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=NAME_PATTERN)]
MONTH_PATTERN = r"^20\d\d-(0[1-9]|1[0-2])$"
Month = Annotated[str, Field(pattern=MONTH_PATTERN)]
CURRENCY_PATTERN = r"^[A-Z]{3}$"
Currency = Annotated[str, Field(pattern=CURRENCY_PATTERN)]
Source = Annotated[str, Field(min_length=3)]

# What the patterns ask for, for people.
PATTERNS = {
    NAME_PATTERN: "letters, digits, spaces, '.', '_' and '-', beginning with a letter or a digit",
    CURRENCY_PATTERN: "an ISO code of three capitals, such as EUR",
    MONTH_PATTERN: "a month as YYYY-MM, from 2000-01 to 2099-12",
}


def _iso_date(value: Any) -> Any:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value  # the date check itself says what is wrong


IsoDate = Annotated[date, BeforeValidator(_iso_date)]


def _reference(what: str) -> AfterValidator:
    def check(name: str, info: ValidationInfo) -> str:
        known = (info.context or {}).get(what)
        if known is not None and name not in known:
            names = ", ".join(known) or "none is defined"
            hint = suggestion(name, known)
            raise PydanticCustomError(
                "unknown_name",
                "'{found}' is not one of the scenario's {what}; defined: {names}",
                {"found": name, "what": what, "names": names, "hint": hint},
            )
        return name

    return AfterValidator(check)


TierName = Annotated[str, _reference("tiers")]
ClassName = Annotated[str, _reference("classes")]
ProductName = Annotated[str, _reference("products")]
RegionName = Annotated[str, _reference("regions")]
OptionName = Annotated[str, _reference("options")]


def quantile_table(what: str, *, strictly: bool = False) -> AfterValidator:
    """Accept pairs of probability and value that cover all probabilities and never fall.

    Args:
        what: what the values are, in the plural, for the message.
        strictly: whether values must rise.
    """

    def check(table: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if (table[0][0], table[-1][0]) != (0.0, 1.0):
            raise ValueError("the table must begin at probability 0 and end at probability 1")
        for (p, low), (next_p, high) in pairwise(table):
            if next_p <= p:
                raise ValueError(f"probability {next_p:g} follows {p:g}; probabilities must rise")
            if high < low or (strictly and high == low):
                verb = "rise" if strictly else "not fall"
                raise ValueError(f"{high:g} follows {low:g}; {what} must {verb}")
        return table

    return AfterValidator(check)


def also(check: Callable[[Any], PydanticCustomError | None]) -> WrapValidator:
    """Run a check of the whole value beside the checks of its parts, so that both kinds of fault are told."""

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        whole = check(value)
        try:
            result = handler(value)
        except ValidationError as parts:
            if whole is None:
                raise
            raise told_again(parts, [InitErrorDetails(type=whole, loc=(), input=value)]) from parts
        if whole is not None:
            raise whole
        return result

    return WrapValidator(validate)


def told_again(parts: ValidationError, more: list[InitErrorDetails]) -> ValidationError:
    """Return the faults of a validation error together with further ones."""
    return ValidationError.from_exception_data(parts.title, [*map(_again, parts.errors()), *more])


def _again(error: Any) -> InitErrorDetails:
    context = error.get("ctx") or {}
    kind = PydanticCustomError(error["type"], "{as_told}", {**context, "as_told": error["msg"]})
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"])


def each_once(why: str = "") -> WrapValidator:
    """Accept lists in which nothing stands twice.

    Args:
        why: what a repetition would mean, for the message; nothing is added where it is plain.
    """

    def check(entries: Any) -> PydanticCustomError | None:
        names = [name for name in entries if isinstance(name, str)] if isinstance(entries, list | tuple) else []
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is None:
            return None
        text = f"'{twice}' stands twice; {why or 'allowed: each once'}"
        return PydanticCustomError("cross", "{text}", {"text": text})

    return also(check)


def sums_to_one(shares: Any) -> PydanticCustomError | None:
    """Fault a mapping of numbers that does not sum to 1; leave other faults to the checks of the parts."""
    if not isinstance(shares, dict):
        return None
    if not shares:
        return PydanticCustomError("no_shares", "no shares; allowed: at least one name with its share")
    values = list(shares.values())
    if not all(isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 for value in values):
        return None
    total = fsum(values)
    if abs(total - 1.0) <= SHARE_TOLERANCE:
        return None
    return PydanticCustomError(
        "shares_sum", "the shares sum to {total}; they must sum to 1", {"total": f"{total:.10g}"}
    )


SHARES = also(sums_to_one)  # marks a mapping of shares; what varies one of them moves the others
TierShares = Annotated[dict[TierName, Share], SHARES]
