"""Checks that span blocks: they look at the raw mapping, or at its valid parts, to speak beside every other fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import InitErrorDetails, PydanticCustomError

from tco.scenario.cross_async import jobless_windows
from tco.scenario.cross_dates import distant_prices
from tco.scenario.cross_hours import closed_doors
from tco.scenario.cross_limits import limit_faults
from tco.scenario.cross_money import money_faults
from tco.scenario.cross_prices import price_term_faults
from tco.scenario.cross_routes import route_faults
from tco.scenario.parts import Parts
from tco.scenario.raw import blocks, dig, number

MAX_VOLUME_REQUESTS = 1e15  # a month beyond this is a slip of the pen in the growth
Found = tuple[str, tuple[str, ...], str]  # type of error, location, message


def cross_faults(data: Any, parts: Parts, *, of_a_file: bool) -> list[InitErrorDetails]:
    """Fault what single blocks cannot see: growth that overflows, limits out of reach, routes that lead nowhere.

    Args:
        data: the scenario, raw or valid.
        parts: what of it is valid by itself.
        of_a_file: whether a file is read.
    """
    found = [
        *_overflow(data),
        *_trace_lengths(data),
        *_trace_parts(data),
        *_unknown_availability(data),
        *_rate_of_currency(data),
        *jobless_windows(data),
        *closed_doors(data),
        *distant_prices(data),
        *price_term_faults(data),
        *limit_faults(parts),
        *money_faults(data, parts),
        *route_faults(parts, of_a_file=of_a_file),
    ]
    return _details(found)


def dangling(scenario: Any) -> list[InitErrorDetails]:
    """Fault every name of a tier or an option that an option uses and the scenario does not define."""
    tiers, options = ", ".join(scenario.tiers), ", ".join(scenario.options)
    found: list[Found] = []
    for name, option in scenario.options.items():
        for tier in option.tiers():
            if tier not in scenario.tiers:
                text = f"'{tier}' is not one of the scenario's tiers; defined: {tiers}"
                found.append(("cross", ("options", name, "router"), text))
        if option.meanwhile is not None and option.meanwhile not in scenario.options:
            text = f"'{option.meanwhile}' is not one of the scenario's options; defined: {options}"
            found.append(("cross", ("options", name, "meanwhile"), text))
    return _details(found)


def _details(found: Iterable[Found]) -> list[InitErrorDetails]:
    return [
        InitErrorDetails(type=PydanticCustomError(kind, "{text}", {"text": text}), loc=loc, input=None)
        for kind, loc, text in found
    ]


def _overflow(data: Any) -> Iterator[Found]:
    growth = number(data, -0.9, 1.0, "traffic", "growth_fraction_per_month")
    first = number(data, 0.0, MAX_VOLUME_REQUESTS, "traffic", "requests_per_month")
    months = number({"horizon_months": 36} if dig(data, "horizon_months") is None else data, 1, 120, "horizon_months")
    if growth is None or first is None or months is None:
        return
    last = first * (1.0 + growth) ** (months - 1)
    if last > MAX_VOLUME_REQUESTS:
        yield (
            "cross",
            ("traffic", "growth_fraction_per_month"),
            f"growth of {growth:g} makes {last:.3g} requests in month {months:.0f}; allowed: at most "
            f"{MAX_VOLUME_REQUESTS:g} in a month",
        )


def _trace_lengths(data: Any) -> Iterator[Found]:
    if dig(data, "traffic", "arrivals", "kind") == "trace":
        return
    for name, entry in blocks(data, "classes").items():
        for field in ("input_tokens", "output_tokens"):
            if dig(entry, field, "kind") == "trace":
                yield (
                    "cross",
                    ("classes", name, field, "kind"),
                    "'trace' takes the lengths of the arrivals' trace; allowed where traffic.arrivals.kind is 'trace'",
                )


def _trace_parts(data: Any) -> Iterator[Found]:
    for name, entry in blocks(data, "classes").items():
        for part in ("system", "history", "context", "user"):
            if dig(entry, "prompt", part, "kind") == "trace":
                yield (
                    "cross",
                    ("classes", name, "prompt", part, "kind"),
                    "a trace has whole prompts, not their parts; allowed: another kind, or 'trace' in input_tokens",
                )


def _unknown_availability(data: Any) -> Iterator[Found]:
    if dig(data, "slo", "availability_fraction") is None:
        return
    for name, tier in blocks(data, "tiers").items():
        if all(dig(tier, key) is None for key in ("availability_fraction", "failures", "outages")):
            yield (
                "needed",
                ("tiers", name, "availability_fraction"),
                "missing; needed because slo.availability_fraction is set: unknown is not zero",
            )


def _rate_of_currency(data: Any) -> Iterator[Found]:
    """Fault a currency without a rate, and a rate that nothing is converted at."""
    currency, exchange = dig(data, "currency") or "USD", dig(data, "finance", "exchange")
    if currency != "USD" and exchange is None:
        yield "needed", ("finance", "exchange"), f"missing; needed because currency is {currency}: no rate is known"
    if currency == "USD" and exchange is not None:
        yield "cross", ("finance", "exchange"), "given, and currency is USD; allowed where currency is another"
