"""Tokens: what one call to a model costs, as its vendor charges it.

A call above the threshold pays the higher price for every token, not only for those above it. Tokens of a kind that
has no price of its own are charged as the kind that they are part of: what a cache held, as any prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tco.catalog.meters import METERS, THRESHOLD
from tco.catalog.prices import shipped_book
from tco.errors import CatalogError
from tco.units import TOKENS_PER_MTOK

PART_OF = {"cached_input": "input", "cache_write": "input", "cache_write_1h": "cache_write"}


@dataclass(frozen=True, slots=True)
class Call:
    """Tokens of one call.

    Attributes:
        input_tokens: the whole prompt, whatever the cache held or took in.
        output_tokens: generated.
        cached_tokens: part of the prompt that the cache held.
        cache_write_tokens: part of the prompt that the cache took in.
        cache_write_1h_tokens: part of what it took in that it keeps for an hour.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0

    def by_meter(self) -> dict[str, int]:
        """Take the prompt apart, so that every token is in one meter.

        >>> Call(1000, 50, 600, 300, 100).by_meter()
        {'input': 100, 'cached_input': 600, 'cache_write': 200, 'cache_write_1h': 100, 'output': 50}
        """
        return {
            "input": self.input_tokens - self.cached_tokens - self.cache_write_tokens,
            "cached_input": self.cached_tokens,
            "cache_write": self.cache_write_tokens - self.cache_write_1h_tokens,
            "cache_write_1h": self.cache_write_1h_tokens,
            "output": self.output_tokens,
        }


def token_prices(name: str, on: date | None = None) -> dict[str, float]:
    """Look up everything that the shipped book says of a model, by meter; on a day, what it says up to then.

    >>> token_prices("openai/text-embedding-3-small")
    {'input': 0.02}
    """
    book = shipped_book()
    meters = sorted(meter for meter in book.meters_of(name) if METERS[meter].kind == "api")
    known = [meter for meter in meters if on is None or book.history(name, meter)[0].source_date <= on.isoformat()]
    return {meter: book.newest(name, meter, on)[0].value for meter in known}


def call_usd(prices: Mapping[str, float], call: Call, is_batch: bool = False) -> float:
    """Cost of one call, USD.

    Args:
        prices: by meter, USD per million tokens.
        call: its tokens.
        is_batch: whether it is sent in a batch.

    Raises:
        CatalogError: when there is no price for tokens that it has.

    >>> 1_000_000 * call_usd({"input": 2.0, "cached_input": 0.5, "output": 8.0}, Call(1000, 100, 400))
    2200.0
    >>> 1_000_000 * call_usd({"input": 2.0, "input_above_tier": 4.0, "tier_above_input_tokens": 900}, Call(1000, 0))
    4000.0
    """
    is_long = call.input_tokens > prices.get(THRESHOLD, call.input_tokens)
    total = sum(
        tokens * _price(prices, meter, is_batch, is_long) for meter, tokens in call.by_meter().items() if tokens
    )
    return total / TOKENS_PER_MTOK


def _price(prices: Mapping[str, float], meter: str, is_batch: bool, is_long: bool) -> float:
    name = f"batch_{meter}" if is_batch else meter
    if is_long and f"{name}_above_tier" in prices:
        return prices[f"{name}_above_tier"]
    if name in prices:
        return prices[name]
    if meter in PART_OF:
        return _price(prices, PART_OF[meter], is_batch, is_long)
    raise CatalogError(f"no price is known for '{name}'")
