"""Backoff: how long a client waits before it sends a refused or failed request again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.fields import Positive, Share
from tco.plugin import Frozen, together

MOST_RETRIES = 50


class Backoff(Frozen):
    """Exponential backoff with jitter, the same for refusals (429), errors and outages.

    The figures are the defaults of the OpenAI and Anthropic client libraries for Python; those wait for `retry_after`
    instead of their own time, here the time is added to it, so that clients refused together do not return together.

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015), for the shapes of jitter.
    """

    max_retries: Annotated[int, Field(ge=0, le=MOST_RETRIES)] = 2
    """How often a request is sent again before the client gives up."""
    base_s: Positive = 0.5
    """Wait before the first retry, without jitter; seconds."""
    factor: Annotated[float, Field(ge=1, le=100)] = 2.0
    """Each further wait is this many times the one before."""
    cap_s: Positive = 8.0
    """Longest wait, without the vendor's own `retry_after`; seconds."""
    jitter_share: Share = 0.25
    """Share of the wait that is left to chance: 0 none, 1 anything between nothing and the whole wait."""
    honour_retry_after: bool = True
    """Whether the client first waits as long as the vendor's refusal asks for, and then backs off."""

    @together("base_s", "cap_s")
    def _in_order(self) -> None:
        if self.base_s > self.cap_s:
            raise ValueError(f"base_s {self.base_s:g} is above cap_s {self.cap_s:g}")

    def delay_s(self, retry: int, chance: float, retry_after_s: float = 0.0) -> float:
        """Return the wait before a retry, seconds.

        Args:
            retry: 0 before the first retry.
            chance: uniform variate in [0, 1) of this request and retry.
            retry_after_s: how long the vendor asks to wait; 0 when it does not say.

        >>> plain = Backoff(base_s=1.0, factor=2.0, cap_s=5.0, jitter_share=0.0)
        >>> [plain.delay_s(retry, chance=0.9) for retry in range(4)]
        [1.0, 2.0, 4.0, 5.0]
        >>> Backoff(base_s=1.0, jitter_share=1.0).delay_s(1, chance=0.75, retry_after_s=3.0)
        3.5
        """
        asked_s = retry_after_s if self.honour_retry_after else 0.0
        return jittered_s(asked_s, self.full_s(retry), self.jitter_share, chance)

    def full_s(self, retry: int) -> float:
        """Return the wait before a retry without jitter, seconds; `retry` is 0 before the first."""
        return min(self.cap_s, self.base_s * self.factor**retry)


def jittered_s(asked_s: float, full_s: float, jitter_share: float, chance: float) -> float:
    """Return the wait that a refusal asks for and, behind it, a part of one's own that is left to chance; seconds.

    >>> jittered_s(3.0, 2.0, 0.5, 0.5)
    4.5
    """
    return asked_s + full_s * (1.0 - jitter_share * chance)
