"""Speculative decoding: a small model drafts tokens, the large one accepts some of them in one step.

With k drafted tokens, each accepted with probability a given that those before were, a step yields
(1 - a^(k+1)) / (1 - a) tokens on average, at least one. Source: Y. Leviathan, M. Kalman, Y. Matias, "Fast inference
from transformers via speculative decoding" (2023), arXiv:2211.17192, equation 1.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Annotated

from pydantic import Field

from tco.fields import NonNegative
from tco.plugin import Frozen
from tco.serving.step_time import Server


class Speculation(Frozen):
    """A draft model beside the large one."""

    draft_tokens: Annotated[int, Field(ge=1, le=16)]
    """Tokens drafted before each step of the large model."""
    acceptance_share: Annotated[float, Field(ge=0, lt=1)]
    """Probability that a drafted token is accepted, given that those before it were."""
    draft_step_fraction: NonNegative
    """Time of one draft step over a step of the large model (its alpha and gamma); 0.05 to 0.15 is common."""

    def tokens_per_step(self) -> tuple[float, float]:
        """Return mean and variance of the tokens that a step yields.

        >>> draft = Speculation(draft_tokens=2, acceptance_share=0.5, draft_step_fraction=0.1)
        >>> mean, variance = draft.tokens_per_step()
        >>> round(mean, 9), round(variance, 9)  # 1, 2, 3 tokens with probability 1/2, 1/4, 1/4
        (1.75, 0.6875)
        """
        reach = [self.acceptance_share**position for position in range(self.draft_tokens + 1)]
        mean = sum(reach)
        square = sum((2 * position + 1) * chance for position, chance in enumerate(reach))
        return mean, square - mean * mean

    def decode_steps(self, tokens: int, luck: float) -> int:
        """Say in how many steps a sequence gets its tokens: a renewal count, normal in the limit.

        Args:
            tokens: tokens after the first.
            luck: standard normal variate of the sequence.
        """
        if tokens <= 0:
            return 0
        mean, variance = self.tokens_per_step()
        overshoot = (variance + mean * mean - mean) / (2 * mean)  # the last step may yield more than is needed
        steps = (tokens + overshoot) / mean + luck * sqrt(tokens * variance / mean**3)
        return min(max(round(steps), ceil(tokens / (self.draft_tokens + 1))), tokens)

    def slowed(self, server: Server) -> Server:
        """Return the server with the time that drafting and checking add to each step."""
        drafting = 1.0 + self.draft_tokens * self.draft_step_fraction
        checking_s = self.draft_tokens * server.beta_s_per_prefill_token
        return server.model_copy(
            update={
                "alpha_s": server.alpha_s * drafting,
                "fixed_s_by_tokens": tuple(
                    (tokens, drafting * fixed_s) for tokens, fixed_s in server.fixed_s_by_tokens
                ),
                "gamma_s_per_sequence": server.gamma_s_per_sequence * drafting + checking_s,
            }
        )
