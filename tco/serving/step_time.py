"""Step time of a continuous-batching server, and its closed form over many steps.

A step that runs B sequences holding C tokens of context in total and p prefill tokens takes
alpha + beta p + gamma B + delta C seconds. While nobody joins or leaves, every step adds B tokens of context,
so k steps take k (alpha + beta p + gamma B + delta C) + delta B k (k - 1) / 2. Source: docs/simulation.md.
Alpha may grow with the tokens n of the step, because more tokens wake more experts: B and p are constant over a
stretch, so the closed form holds for any such table.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from math import ceil, sqrt
from typing import Annotated

from pydantic import Field

from tco.fields import NonNegative, Positive, Source, TokenCount
from tco.plugin import Frozen, together

# strict=False for the pairs alone: YAML and JSON have lists where Python has tuples
FixedTable = Annotated[tuple[Annotated[tuple[TokenCount, Positive], Field(strict=False)], ...], Field(strict=False)]


SURE = 1e-6  # of a step; far above the rounding of a square root, which is the larger the more steps have passed


def require_budget(step_budget_tokens: int, max_sequences: int) -> None:
    """Refuse a step that cannot hold one token of every running sequence.

    Raises:
        ValueError: naming both values.
    """
    if step_budget_tokens < max_sequences:
        raise ValueError(
            f"step_budget_tokens {step_budget_tokens} is below max_sequences {max_sequences}; "
            "every running sequence needs one token of budget"
        )


class MeasuredRange(Frozen):
    """Where fitted step times hold: from the least to the most that was measured."""

    least_sequences: Annotated[int, Field(ge=1, le=65_536)]
    """Fewest requests under way at once."""
    most_sequences: Annotated[int, Field(ge=1, le=65_536)]
    """Most requests under way at once."""
    least_input_tokens: TokenCount
    """Shortest prompts, tokens."""
    most_input_tokens: TokenCount
    """Longest prompts, tokens."""
    least_output_tokens: TokenCount
    """Shortest answers, tokens."""
    most_output_tokens: TokenCount
    """Longest answers, tokens."""

    @together("least_sequences", "most_sequences")
    def _sequences_in_order(self) -> None:
        require_order("sequences", self.least_sequences, self.most_sequences)

    @together("least_input_tokens", "most_input_tokens")
    def _inputs_in_order(self) -> None:
        require_order("input_tokens", self.least_input_tokens, self.most_input_tokens)

    @together("least_output_tokens", "most_output_tokens")
    def _outputs_in_order(self) -> None:
        require_order("output_tokens", self.least_output_tokens, self.most_output_tokens)


def require_order(name: str, least: int, most: int) -> None:
    """Refuse a range whose ends are swapped.

    Raises:
        ValueError: naming both values.
    """
    if least > most:
        raise ValueError(f"least_{name} {least} is above most_{name} {most}")


class Server(Frozen):
    """One replica: how fast its steps are, and how much fits into it."""

    gpus_per_replica: Annotated[int, Field(ge=1, le=1024)]
    """GPUs that work together as one replica."""
    alpha_s: Positive
    """Fixed time of a step: weights read, launch overhead; seconds."""
    beta_s_per_prefill_token: NonNegative
    """Time per prompt token processed in the step, seconds."""
    gamma_s_per_sequence: NonNegative
    """Time per running sequence, seconds."""
    delta_s_per_context_token: NonNegative
    """Time per token of context read from the KV cache, seconds."""
    fixed_s_by_tokens: FixedTable = ()
    """Where the fixed time grows with the tokens of a step: (tokens, seconds), straight lines from `alpha_s` at 0
    tokens through the points, level after the last. Left out: `alpha_s` for every step."""
    first_token_overhead_s: NonNegative = 0.0
    """Time before a request reaches the batch, seconds: tokeniser, scheduler. It holds up the request, not the GPU."""
    first_token_overhead_steps: NonNegative = 0.0
    """Steps of the running batch before a request joins it, where the scheduler looks for newcomers only every so many
    steps (sglang: scheduler-recv-interval). None where the batch is idle."""
    kv_capacity_tokens: TokenCount
    """Tokens of context that fit into GPU memory beside the weights."""
    max_sequences: Annotated[int, Field(ge=1, le=65_536)]
    """Most sequences that run at once."""
    step_budget_tokens: TokenCount = 2048
    """Most tokens, prefill and decode together, that one step processes (vLLM: max_num_batched_tokens)."""
    measured: MeasuredRange | None = None
    """Where the figures hold; a report warns about tiers that leave it. Left out: nothing is known."""
    source: Source
    """Where the figures were measured or fitted."""

    @together("step_budget_tokens", "max_sequences")
    def _budget_covers_batch(self) -> None:
        require_budget(self.step_budget_tokens, self.max_sequences)

    @together("fixed_s_by_tokens")
    def _tokens_grow(self) -> None:
        tokens = [0, *(point[0] for point in self.fixed_s_by_tokens)]
        for low, high in pairwise(tokens):
            if low >= high:
                raise ValueError(f"fixed_s_by_tokens: {high} tokens follow {low}; they must grow")

    def fixed_s(self, tokens: int) -> float:
        """Return the fixed time of a step that processes so many tokens, seconds.

        >>> figures = dict(beta_s_per_prefill_token=0.0, gamma_s_per_sequence=0.0, delta_s_per_context_token=0.0)
        >>> room = dict(kv_capacity_tokens=10, max_sequences=1, gpus_per_replica=1, source="made up")
        >>> server = Server(alpha_s=1.0, fixed_s_by_tokens=((4, 3.0),), **figures, **room)
        >>> server.fixed_s(0), server.fixed_s(2), server.fixed_s(9)
        (1.0, 2.0, 3.0)
        """
        points = self.fixed_s_by_tokens
        at = bisect_right(points, tokens, key=lambda point: point[0])
        if at == len(points):
            return points[-1][1] if points else self.alpha_s
        low, low_s = points[at - 1] if at else (0, self.alpha_s)
        high, high_s = points[at]
        return low_s + (high_s - low_s) * (tokens - low) / (high - low)


def stretch_s(first_step_s: float, growth_s: float, steps: int) -> float:
    """Seconds that consecutive steps take when each is `growth_s` longer than the one before.

    >>> stretch_s(1.0, 0.5, 3)  # 1 + 1.5 + 2
    4.5
    """
    return steps * first_step_s + growth_s * (steps * (steps - 1) / 2)


def steps_to_reach(elapsed_s: float, first_step_s: float, growth_s: float) -> int:
    """Count the steps, at least 1, after which `elapsed_s` has passed: the inverse of `stretch_s`.

    >>> steps_to_reach(2.5, 1.0, 0.5), steps_to_reach(2.6, 1.0, 0.5), steps_to_reach(0.0, 1.0, 0.5)
    (2, 3, 1)
    """
    if growth_s <= 0.0:
        exact = elapsed_s / first_step_s
    else:
        linear = first_step_s - growth_s / 2
        exact = (sqrt(linear * linear + 2 * growth_s * elapsed_s) - linear) / growth_s
    steps = max(ceil(exact), 1)
    if SURE < steps - exact < 1.0 - SURE:
        return steps
    # The square root may be off by some ulps; the recurrence itself decides on which side of the boundary we are.
    while steps > 1 and stretch_s(first_step_s, growth_s, steps - 1) >= elapsed_s:
        steps -= 1
    while stretch_s(first_step_s, growth_s, steps) < elapsed_s:
        steps += 1
    return steps
