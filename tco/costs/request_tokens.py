"""Request tokens: what the tokens of a single request cost, where a tier is paid by the token or by the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tco.errors import CatalogError
from tco.scenario import Scenario
from tco.scenario.prices import InlineRequestPrice, resolve
from tco.units import TOKENS_PER_MTOK


@dataclass(frozen=True, slots=True)
class TokenCost:
    """Unit prices of one tier, USD.

    Attributes:
        request_usd: per request.
        input_usd: per prompt token.
        output_usd: per generated token.
    """

    request_usd: float
    input_usd: float
    output_usd: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Cost of one answered request, USD.

        >>> TokenCost(0.0, 1e-6, 4e-6).of(1000, 100)
        0.0014
        """
        return self.request_usd + input_tokens * self.input_usd + output_tokens * self.output_usd


def token_costs(scenario: Scenario, tiers: tuple[str, ...]) -> dict[str, TokenCost | None]:
    """Find what the tiers charge for a request's own tokens.

    None for a tier that is paid by time, not by the token: what one request costs there depends on all the others.
    Charges that are not for tokens (minimum fees, cache and vector lookups, people) are in the ledger only.
    """
    return {tier: _token_cost(getattr(scenario.tiers[tier], "price", None)) for tier in tiers}


def _token_cost(price: object) -> TokenCost | None:
    if isinstance(price, InlineRequestPrice):
        return TokenCost(resolve(price, "request", "usd_per_request").value, 0.0, 0.0)
    if price is None:
        return None
    try:
        find: Callable[[str], float] = lambda meter: resolve(price, meter, "usd_per_mtok").value / TOKENS_PER_MTOK  # type: ignore[arg-type]  # noqa: E731
        return TokenCost(0.0, find("input"), find("output"))
    except CatalogError:
        return None
