"""Request tokens: what the tokens of a single request cost, where a tier is paid by the token or by the request.

The same prices as in the bill: what a prompt cache held, batch requests and very long prompts at their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from tco.costs.managed_api import batch_price, long_batch_meter
from tco.costs.rates import Rates
from tco.errors import CatalogError
from tco.scenario import Scenario
from tco.scenario.prices import InlineRequestPrice
from tco.scenario.tiers.managed_api import ManagedApi
from tco.units import TOKENS_PER_MTOK


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """Unit prices of one way of being served, USD.

    Attributes:
        request_usd: per request.
        input_usd: per prompt token.
        output_usd: per generated token.
        cached_usd: per prompt token that a prompt cache held.
        written_usd: per prompt token that is written into it.
        written_share: share of the prompt tokens that is written into it.
    """

    request_usd: float
    input_usd: float
    output_usd: float
    cached_usd: float = 0.0
    written_usd: float = 0.0
    written_share: float = 0.0

    def of(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """Cost of one answered request, USD.

        >>> TokenPrices(0.0, 1e-6, 4e-6, 1e-7).of(1000, 100, 500)
        0.00095
        >>> round(TokenPrices(0.0, 1e-6, 4e-6, 1e-7, 2e-6, 0.25).of(1000, 100, 500), 9)
        0.0012
        """
        written = input_tokens * self.written_share
        fresh = input_tokens - cached_tokens - written
        return (
            self.request_usd
            + fresh * self.input_usd
            + cached_tokens * self.cached_usd
            + written * self.written_usd
            + output_tokens * self.output_usd
        )


@dataclass(frozen=True, slots=True)
class TokenCost:
    """What one tier charges for a request.

    Attributes:
        usual: prices of most requests.
        batch: prices of async requests; None where they are served like all others.
        long: prices of prompts longer than `long_tokens`.
        long_tokens: prompt length above which they are charged.
        long_batch: prices of such prompts in async requests.
    """

    usual: TokenPrices
    batch: TokenPrices | None = None
    long: TokenPrices | None = None
    long_tokens: float = inf
    long_batch: TokenPrices | None = None

    def of(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, is_async: bool = False) -> float:
        """Cost of one answered request, USD."""
        is_long = input_tokens > self.long_tokens
        if is_async and self.batch is not None:
            prices = self.long_batch if is_long and self.long_batch is not None else self.batch
            return prices.of(input_tokens, output_tokens)
        if self.long is not None and is_long:
            return self.long.of(input_tokens, output_tokens)
        return self.usual.of(input_tokens, output_tokens, cached_tokens)


def token_costs(scenario: Scenario, tiers: tuple[str, ...]) -> dict[str, TokenCost | None]:
    """Find what the tiers charge for a request's own tokens.

    None for a tier that is paid by time, not by the token: what one request costs there depends on all the others.
    Charges that are not for tokens (minimum fees, cache and vector lookups, people) are in the ledger only.
    """
    return {tier: _token_cost(scenario.tiers[tier], Rates(scenario)) for tier in tiers}


def _token_cost(config: object, rates: Rates) -> TokenCost | None:
    price = getattr(config, "price", None) or getattr(config, "token_price", None)  # a platform may charge either way
    if price is None:
        return None
    try:
        if not isinstance(config, ManagedApi):
            return TokenCost(_prices(rates, price))
        return TokenCost(
            usual=_with_cache(_prices(rates, price), rates, config),
            batch=_batch(rates, config) if config.batch is not None else None,
            long=_long(rates, price) if config.long_context_tokens is not None else None,
            long_tokens=inf if config.long_context_tokens is None else config.long_context_tokens,
            long_batch=_batch(rates, config, is_long=True)
            if config.batch is not None and config.long_context_tokens is not None
            else None,
        )
    except CatalogError:
        return None


def _prices(rates: Rates, price: object) -> TokenPrices:
    if isinstance(price, InlineRequestPrice):
        return TokenPrices(rates.price(price, "request", "usd_per_request").value, 0.0, 0.0)
    return TokenPrices(0.0, _per_token(rates, price, "input"), _per_token(rates, price, "output"))


def _with_cache(plain: TokenPrices, rates: Rates, config: ManagedApi) -> TokenPrices:
    """Add what the vendor's prompt cache charges, where the tier uses it."""
    share = config.cache_write_share
    return replace(
        plain,
        cached_usd=_per_token(rates, config.price, "cached_input") if config.cached_input_share > 0.0 else 0.0,
        written_usd=_per_token(rates, config.price, "cache_write") if share > 0.0 else 0.0,
        written_share=share,
    )


def _long(rates: Rates, price: object) -> TokenPrices:
    return TokenPrices(0.0, _per_token(rates, price, "input_above_tier"), _per_token(rates, price, "output_above_tier"))


def _batch(rates: Rates, config: ManagedApi, *, is_long: bool = False) -> TokenPrices:
    stated = config.batch.price if config.batch is not None else None
    reference = stated if stated is not None else config.price
    if isinstance(reference, InlineRequestPrice):
        return TokenPrices(batch_price(rates, config, reference, "request", "usd_per_request").value, 0.0, 0.0)
    meters = [long_batch_meter(config, meter) if is_long else meter for meter in ("input", "output")]
    each = [batch_price(rates, config, reference, meter, "usd_per_mtok").value for meter in meters]
    return TokenPrices(0.0, *(usd / TOKENS_PER_MTOK for usd in each))


def _per_token(rates: Rates, price: object, meter: str) -> float:
    return rates.price(price, meter, "usd_per_mtok").value / TOKENS_PER_MTOK  # type: ignore[arg-type]  # a name or inline
