"""genai-prices: what the installed package says that a model charges, in the meters of a price book.

The package holds its prices itself, so nothing is fetched. What it knows and a book cannot hold is said in words
beside the figures: searches, sound and pictures, prices by the hour of the day, faster and slower ways of being
served, prices announced for later. A price that the package converted from another currency is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard

from tco.catalog.meters import THRESHOLD

if TYPE_CHECKING:
    from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice, Provider, TieredPrices

METERS_BY_KEY = {
    "input_mtok": "input",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_mtok": "output",
}
BATCH = {"processing": "batch"}
SOURCE = "genai-prices"
_FOREIGN = re.compile(r"\b(CNY|RMB|EUR|GBP|JPY)\b|[¥€£]")


@dataclass(frozen=True, slots=True)
class Listing:
    """What the package says of one model.

    Attributes:
        provider: who serves it.
        model: what the package calls it.
        source: the package, its version, and the page that it names.
        prices: amount by meter, USD; empty where the book cannot hold them.
        remarks: what the book does not hold, in words.
        deprecated: whether the provider is about to withdraw it.
    """

    provider: str
    model: str
    source: str
    prices: dict[str, float]
    remarks: tuple[str, ...]
    deprecated: bool


def listing(provider: str, model: str, on: date) -> Listing | None:
    """Find what a model charges on a day; None when the package does not list it under exactly this name."""
    found = _models().get((provider, model))
    return None if found is None else _listing(*found, on)


def listed(patterns: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Find provider and model by patterns such as `openai/gpt-5*`, whatever the case.

    >>> listed(["openai/text-embedding-3-*"])
    {'openai/text-embedding-3-*': [('openai', 'text-embedding-3-large'), ('openai', 'text-embedding-3-small')]}
    """
    names = {(provider, model): f"{provider}/{model}".lower() for provider, model in _models()}
    return {pattern: [key for key, name in names.items() if fnmatchcase(name, pattern.lower())] for pattern in patterns}


def all_names() -> tuple[str, ...]:
    """List every model of the package as `provider/model`."""
    return tuple(f"{provider}/{model}" for provider, model in _models())


@lru_cache
def version() -> str:
    """Version of the installed package."""
    from importlib.metadata import version as version_of

    return version_of("genai-prices")


@lru_cache
def _models() -> dict[tuple[str, str], tuple[Provider, ModelInfo]]:
    from genai_prices.data_snapshot import get_snapshot

    return {
        (provider.id, model.id): (provider, model) for provider in get_snapshot().providers for model in provider.models
    }


def _listing(provider: Provider, model: ModelInfo, on: date) -> Listing:
    page = (provider.pricing_urls or [provider.id])[0]
    source = f"{SOURCE} {version()} (MIT); {page}"
    comments = f"{provider.price_comments or ''} {model.price_comments or ''}"
    refused = _reason_to_refuse(model, comments, on)
    prices = {} if refused else _by_meter(model, on)
    remarks = (refused,) if refused else tuple(_remarks(model, on))
    return Listing(provider.id, model.id, source, prices, remarks, bool(model.deprecated))


def _noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def _dated(model: ModelInfo) -> list[ConditionalPrice]:
    """List a model's prices without those that hold for hours of the day only, the oldest first."""
    from genai_prices.types import ConditionalPrice, ModelPrice, TimeOfDateConstraint

    if isinstance(model.prices, ModelPrice):
        return [ConditionalPrice(prices=model.prices)]
    return [each for each in model.prices if not isinstance(each.constraint, TimeOfDateConstraint)]


def _in_force(model: ModelInfo, on: date) -> ModelPrice:
    """Return the price of a day outside the hours that have a price of their own; the first where none has begun."""
    dated = _dated(model)
    begun = [each for each in dated if each.constraint is None or each.constraint.active(_noon(on))]
    return (begun[-1] if begun else dated[0]).prices


def _in_batch(model: ModelInfo, on: date) -> dict[str, object]:
    """Return the price keys of a batch; none where no batch is offered on the day."""
    offered = [
        each
        for each in model.price_variants or ()
        if each.when == BATCH and (each.constraint is None or each.constraint.active(_noon(on)))
    ]
    keys: dict[str, object] = {}
    for each in reversed(offered):  # the first that has a key gives its price
        keys |= _keys(each.prices)
    return _keys(_in_force(model, on)) | keys if keys else {}


def _keys(prices: ModelPrice) -> dict[str, object]:
    return {key: value for key, value in vars(prices).items() if value is not None}


def _by_meter(model: ModelInfo, on: date) -> dict[str, float]:
    found: dict[str, float] = {}
    for batch, keys in (("", _keys(_in_force(model, on))), ("batch_", _in_batch(model, on))):
        for key, value in keys.items():
            if key in METERS_BY_KEY:
                found |= _one_meter(f"{batch}{METERS_BY_KEY[key]}", value)
    return found


def _one_meter(meter: str, value: object) -> dict[str, float]:
    if not _is_tiered(value):
        return {meter: float(str(value))}
    (tier,) = value.tiers
    return {meter: float(value.base), f"{meter}_above_tier": float(tier.price), THRESHOLD: float(tier.start)}


def _is_tiered(value: object) -> TypeGuard[TieredPrices]:
    return hasattr(value, "tiers")


def _reason_to_refuse(model: ModelInfo, comments: str, on: date) -> str | None:
    foreign = _FOREIGN.search(comments)
    if foreign:
        return f"not taken over: converted from another currency ({foreign[0]}), says {SOURCE}; a book holds USD only"
    keys = [*_keys(_in_force(model, on)).items(), *_in_batch(model, on).items()]
    starts = {tuple(tier.start for tier in value.tiers) for _, value in keys if _is_tiered(value)}
    if len(starts) > 1 or any(len(each) != 1 for each in starts):
        told = "; ".join(sorted(", ".join(f"{start:,}" for start in each) for each in starts))
        return f"not taken over: prices change at several prompt lengths ({told}); a book holds one"
    if not any(key in METERS_BY_KEY for key, _ in keys):
        return f"not taken over: no price per token, but {', '.join(sorted({key for key, _ in keys})) or 'none at all'}"
    return None


def _remarks(model: ModelInfo, on: date) -> Iterator[str]:
    others = {key: value for key, value in _keys(_in_force(model, on)).items() if key not in METERS_BY_KEY}
    if others:
        yield f"also charges {', '.join(f'{key} {_told(value)}' for key, value in others.items())}"
    yield from _hours(model)
    ways = sorted({_way(each.when) for each in model.price_variants or () if each.when not in (BATCH, _DEFAULT)})
    if ways:
        yield f"other prices hold for {', '.join(ways)}"
    yield from _announced(model, on)


_DEFAULT = {"service_tier": "default"}


def _way(when: dict[str, str]) -> str:
    return " and ".join(f"{key} {value}" for key, value in when.items())


def _hours(model: ModelInfo) -> Iterator[str]:
    from genai_prices.types import ModelPrice, TimeOfDateConstraint

    if isinstance(model.prices, ModelPrice):
        return
    for each in model.prices:
        if isinstance(each.constraint, TimeOfDateConstraint):
            start, end = each.constraint.start_time, each.constraint.end_time
            yield f"from {start:%H:%M} to {end:%H:%M} UTC {_figures(each.prices)}; the book holds that of other hours"


def _announced(model: ModelInfo, on: date) -> Iterator[str]:
    for each in _dated(model):
        start = getattr(each.constraint, "start_date", None)
        if start is not None and start > on:
            yield f"announced: from {start} {_figures(each.prices)}; import again on that day"


def _figures(prices: ModelPrice) -> str:
    keys = [(METERS_BY_KEY[key], value) for key, value in _keys(prices).items() if key in METERS_BY_KEY]
    return ", ".join(f"{meter} {_told(value)}" for meter, value in keys)


def _told(value: object) -> str:
    return f"{value.base} and more" if _is_tiered(value) else str(value)
