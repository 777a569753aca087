"""Vendor: the terms on which somebody else's API serves: limits, and a batch endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import Field

from tco.fields import MOST, Positive, Share, TokenCount
from tco.plugin import Frozen, together
from tco.policies.token_bucket import TokenBucket
from tco.scenario.prices import InlineApiPrice
from tco.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Tokens = TypeVar("Tokens", float, "NDArray[np.float64]")  # of one request, or of many
Counted = Literal["input", "input_and_output", "input_and_reserved_output"]
Weight = Annotated[float, Field(ge=0.0, le=1000.0)]


class RateLimits(Frozen):
    """What the vendor lets through in a minute; a request above it is refused with a 429 and takes nothing.

    Each limit is a bucket that refills continuously. Limits that are left out do not bind.
    """

    requests_per_minute: Positive | None = None
    """Requests per minute."""
    burst_requests: Annotated[float, Field(ge=1, le=MOST)] | None = None
    """Most requests that can come at once after a pause; left out: those of a minute."""
    tokens_per_minute: Positive | None = None
    """Tokens per minute, counted as `counted_tokens` says."""
    burst_tokens: Positive | None = None
    """Most tokens that can come at once after a pause; left out: those of a minute."""
    counted_tokens: Counted = "input_and_output"
    """What counts against the tokens: the prompt; prompt and answer; or the prompt and `reserved_output_tokens`,
    as vendors do that take the request's own `max_tokens` before they know the answer's length."""
    reserved_output_tokens: TokenCount | None = None
    """The `max_tokens` that every request is sent with."""
    prompt_weight_ratio: Weight = 1.0
    """Tokens that a prompt token counts as; below 1 where the vendor does not count those it finds in its cache."""
    answer_weight_ratio: Weight = 1.0
    """Tokens that an answer token counts as, reserved ones too; vendors that burn down a quota faster for answers state
    4 to 8."""

    @together("requests_per_minute", "burst_requests")
    def _requests_pass(self) -> None:
        _require_limit("requests", self.requests_per_minute, self.burst_requests)
        if self.requests_per_minute is not None and self.requests_capacity < 1.0:
            raise ValueError(
                f"requests_per_minute {self.requests_per_minute:g} is below 1, and so is the burst that it stands "
                "for: no request would ever pass; give burst_requests"
            )

    @together("tokens_per_minute", "burst_tokens")
    def _burst_tokens_belong_to_a_limit(self) -> None:
        _require_limit("tokens", self.tokens_per_minute, self.burst_tokens)

    @together("counted_tokens", "reserved_output_tokens")
    def _reserved_tokens_are_counted(self) -> None:
        if (self.counted_tokens == "input_and_reserved_output") != (self.reserved_output_tokens is not None):
            raise ValueError(
                f"counted_tokens is '{self.counted_tokens}' and reserved_output_tokens is "
                f"{self.reserved_output_tokens}; reserved_output_tokens belongs to 'input_and_reserved_output'"
            )

    @together("counted_tokens", "prompt_weight_ratio", "answer_weight_ratio")
    def _something_counts(self) -> None:
        answers = 0.0 if self.counted_tokens == "input" else self.answer_weight_ratio
        if self.prompt_weight_ratio == 0.0 and answers == 0.0:
            raise ValueError(
                f"prompt_weight_ratio 0 with counted_tokens '{self.counted_tokens}': no token would ever count; "
                "allowed: a weight above 0 of what is counted"
            )

    @property
    def requests_capacity(self) -> float:
        """Requests that the full bucket holds; meaningful where there is a limit."""
        return self.burst_requests or self.requests_per_minute or 0.0

    @property
    def tokens_capacity(self) -> float:
        """Tokens that the full bucket holds; meaningful where there is a limit."""
        return self.burst_tokens or self.tokens_per_minute or 0.0

    def counted(self, input_tokens: Tokens, output_tokens: Tokens) -> Tokens:
        """Return the tokens of a request, or of many, that count against the limit.

        >>> RateLimits(counted_tokens="input_and_reserved_output", reserved_output_tokens=500).counted(100, 20)
        600.0
        >>> RateLimits(answer_weight_ratio=4).counted(100, 20)
        180.0
        """
        prompt = input_tokens * self.prompt_weight_ratio
        if self.counted_tokens == "input":
            return prompt
        return prompt + (self.reserved_output_tokens or output_tokens) * self.answer_weight_ratio

    def buckets(self) -> tuple[TokenBucket | None, TokenBucket | None]:
        """Return fresh buckets of requests and of tokens; None for what is not limited."""
        requests, tokens = self.requests_per_minute, self.tokens_per_minute
        return (
            None if requests is None else TokenBucket(requests, self.requests_capacity),
            None if tokens is None else TokenBucket(tokens, self.tokens_capacity),
        )

    def admitted_rps(self, mean_tokens: float) -> dict[str, float]:
        """Return the highest rate that each limit lets through in the long run, requests per second, by limit in words.

        Args:
            mean_tokens: counted tokens of the mean request.

        >>> RateLimits(tokens_per_minute=60_000).admitted_rps(500)
        {'tokens_per_minute 60000 at 500 counted tokens a request': 2.0}
        """
        found = {}
        if self.requests_per_minute is not None:
            found[f"requests_per_minute {self.requests_per_minute:g}"] = self.requests_per_minute / SECONDS_PER_MINUTE
        if self.tokens_per_minute is not None:
            words = f"tokens_per_minute {self.tokens_per_minute:g} at {mean_tokens:.4g} counted tokens a request"
            found[words] = self.tokens_per_minute / SECONDS_PER_MINUTE / mean_tokens
        return found


def _require_limit(what: str, limit: float | None, burst: float | None) -> None:
    if limit is None and burst is not None:
        raise ValueError(f"burst_{what} {burst:g} is given, but no {what}_per_minute that it belongs to")


class BatchEndpoint(Frozen):
    """The vendor's batch endpoint: takes the requests of async classes, outside the limits, and answers hours later."""

    turnaround_p50_s: Positive
    """Median time from hand-in to answer, seconds."""
    turnaround_p95_s: Positive
    """95th percentile of that time, seconds; between and beyond, log-normal."""
    discount_share: Share | None = None
    """Share that is taken off the tier's price. Left out, with no `price`: the catalog's own batch price."""
    price: InlineApiPrice | None = None
    """Prices of batch requests, instead of a discount."""

    @together("turnaround_p50_s", "turnaround_p95_s")
    def _turnaround_in_order(self) -> None:
        if self.turnaround_p50_s > self.turnaround_p95_s:
            raise ValueError(
                f"turnaround_p50_s {self.turnaround_p50_s:g} is above turnaround_p95_s {self.turnaround_p95_s:g}"
            )

    @together("discount_share", "price")
    def _one_of_discount_and_price(self) -> None:
        if self.discount_share is not None and self.price is not None:
            raise ValueError(f"discount_share {self.discount_share:g} and price are both given; one says it all")
