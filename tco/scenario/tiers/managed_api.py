"""A model behind somebody else's API: paid by the token, no capacity to size."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco import catalog
from tco.fields import SHARE_TOLERANCE, Positive, Share
from tco.plugin import together
from tco.policies.backoff import Backoff
from tco.scenario.prices import IncludedPrice, InlineTokenPrice, Latency, TokenPrice
from tco.scenario.provisioned import Provisioned
from tco.scenario.tiers import Tier
from tco.scenario.vendor import BatchEndpoint, RateLimits
from tco.serving.latency import ApiLatency
from tco.serving.outages import Outages


class ManagedApi(Tier):
    """A managed API."""

    kind: Literal["managed_api"] = "managed_api"
    price: TokenPrice | None = None
    """Catalog name of the model, inline prices per token or per request, or `included_in: contract` where the option's
    contract pays for it. Needed unless `provisioned` units are bought."""
    latency: Latency
    """Catalog name of a measured API latency, or inline quantiles."""
    provisioned: Provisioned | None = None
    """Units of throughput that are bought instead of tokens; in place of `price`."""
    max_concurrency: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Most requests that the vendor serves at once; further ones wait, first come first served. None: no limit."""
    max_queue_requests: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    """Most requests that may wait for `max_concurrency`; further ones are refused with a 429. None: no limit."""
    limits: RateLimits | None = None
    """Requests and tokens per minute that the vendor lets through."""
    retry: Backoff | None = None
    """How the client sends refused and failed requests again. None: it gives up at once."""
    timeout_s: Positive | None = None
    """How long the client waits for a whole answer, every retry included, before it gives up; seconds."""
    error_share: Share = 0.0
    """Share of sent requests that fail for no lasting reason (5xx), at the time their first token was due."""
    outages: Outages | None = None
    """When the vendor is down; a request that is sent meanwhile fails at once."""
    batch: BatchEndpoint | None = None
    """Batch endpoint for the requests of async classes. None: they are served like all others."""
    cached_input_share: Share = 0.0
    """Share of the prompt tokens that the vendor bills as cached input; batch requests have none."""
    cache_write_share: Share = 0.0
    """Share of the prompt tokens that the vendor writes into its cache and bills as such, where it charges for that;
    batch requests have none."""

    @together("max_queue_requests", "max_concurrency")
    def _queue_has_a_limit_to_wait_for(self) -> None:
        if self.max_queue_requests is not None and self.max_concurrency is None:
            raise ValueError(
                f"max_queue_requests {self.max_queue_requests} is given, but max_concurrency is None: "
                "nobody ever waits without a limit on concurrency"
            )

    @together("timeout_s", "latency")
    def _patience_outlasts_the_first_token(self) -> None:
        ttft_s = self.measured_latency.ttft_p50_s
        if self.timeout_s is not None and self.timeout_s <= ttft_s:
            raise ValueError(f"timeout_s {self.timeout_s:g} is not above the median time to first token {ttft_s:g} s")

    @together("provisioned", "price")
    def _units_pay_for_it(self) -> None:
        if (self.price is None) == (self.provisioned is None):
            found = "neither is" if self.price is None else "both are"
            raise ValueError(f"one of price, by the token, and provisioned, by the unit, is needed; {found} given")

    @together("provisioned", "limits", "batch", "cache_write_share")
    def _units_are_the_limit(self) -> None:
        if self.provisioned is None:
            return
        if self.cache_write_share > 0.0:
            raise ValueError(
                "cache_write_share is a price's, and units have none by the token; allowed: leaving it out"
            )
        if self.batch is not None:
            raise ValueError("batch requests take no provisioned units; allowed: a tier of their own for them")
        if self.provisioned.units is not None and self.limits is not None and self.limits.tokens_per_minute is not None:
            raise ValueError(
                f"limits.tokens_per_minute {self.limits.tokens_per_minute:g} is given, and follows from "
                f"provisioned.units {self.provisioned.units}; allowed: one of them"
            )

    @together("batch", "price")
    def _batch_has_a_price(self) -> None:
        batch, known = self.batch, self._priced_by_name
        if isinstance(self.price, IncludedPrice):
            if batch is not None and (batch.discount_share is not None or batch.price is not None):
                given = "price" if batch.discount_share is None else "discount_share"
                raise ValueError(
                    f"batch has a {given} of its own, and the tier's price is included in the contract; allowed: "
                    "batch without one, which the contract pays too"
                )
            return
        unpriced = self.price is not None and batch is not None and batch.price is None and batch.discount_share is None
        if unpriced and "batch_output" not in known:
            raise ValueError(
                f"batch has neither discount_share nor price, and {self._price_in_words} has no batch price"
            )

    @together("cached_input_share", "price")
    def _cached_input_has_a_price(self) -> None:
        if self.price is not None and self.cached_input_share > 0.0 and not self._has_price("cached_input"):
            raise ValueError(
                f"cached_input_share is {self.cached_input_share:g}, but {self._price_in_words} has no price for "
                "cached input"
            )

    @together("cache_write_share", "price")
    def _cache_writes_have_a_price(self) -> None:
        if self.price is not None and self.cache_write_share > 0.0 and not self._has_price("cache_write"):
            raise ValueError(
                f"cache_write_share is {self.cache_write_share:g}, but {self._price_in_words} has no price for "
                "writing into the cache"
            )

    @together("cached_input_share", "cache_write_share")
    def _a_token_is_read_or_written(self) -> None:
        if self.cached_input_share + self.cache_write_share > 1.0 + SHARE_TOLERANCE:
            raise ValueError(
                f"cached_input_share {self.cached_input_share:g} and cache_write_share {self.cache_write_share:g} are "
                "more than the whole prompt; allowed: at most 1 together"
            )

    def _has_price(self, meter: str) -> bool:
        """Say whether the tier's price states what a million prompt tokens of a kind cost."""
        if isinstance(self.price, InlineTokenPrice):
            return getattr(self.price, f"{meter}_usd_per_mtok") is not None
        return meter in self._priced_by_name

    @property
    def _priced_by_name(self) -> frozenset[str]:
        return frozenset(catalog.meters_of(self.price)) if isinstance(self.price, str) else frozenset()

    @property
    def _price_in_words(self) -> str:
        if isinstance(self.price, IncludedPrice):
            return f"the {self.price.included_in}"
        return f"the catalog's '{self.price}'" if isinstance(self.price, str) else "the inline price"

    @property
    def measured_latency(self) -> ApiLatency:
        """The latency, looked up where it is a name."""
        return catalog.api_latencies()[self.latency] if isinstance(self.latency, str) else self.latency

    @property
    def limits_in_force(self) -> RateLimits | None:
        """Stated limits, and what stated units let through; units that follow the load refuse nobody."""
        if self.provisioned is None:
            return self.limits
        return self.provisioned.limited(self.limits, self.cached_input_share)

    @property
    def is_plain(self) -> bool:
        """Whether nothing in the vendor's terms can hold a call up or lose it, so that all are served at once."""
        terms = (self.limits_in_force, self.max_concurrency, self.max_queue_requests, self.timeout_s, self.outages)
        return not self.error_share and self.batch is None and all(term is None for term in terms)

    @property
    def provider(self) -> str:
        """Whose outages the tier shares: as stated, else by the price's catalog name."""
        stated = self.outages.provider if self.outages is not None else None
        return stated or (self.price.split("/")[0] if isinstance(self.price, str) else "inline")

    @property
    def long_context_tokens(self) -> float | None:
        """Prompt length above which the vendor bills the whole request at higher prices; None where it does not."""
        if isinstance(self.price, str) and "tier_above_input_tokens" in catalog.meters_of(self.price):
            return catalog.price(self.price, "tier_above_input_tokens").value
        return None

    def up_fraction(self, sized: int) -> float | None:
        """As stated; else what the outages leave in the long run."""
        del sized  # the vendor's affair
        if self.availability_fraction is None and self.outages is not None:
            return 1.0 - self.outages.down_share
        return self.availability_fraction

    @property
    def answers_depend_on_load(self) -> bool:
        """Rate limits refuse, and so does a full queue; in a long one clients give up."""
        gives_up = self.max_queue_requests is not None or self.timeout_s is not None
        return self.limits_in_force is not None or (self.max_concurrency is not None and gives_up)
