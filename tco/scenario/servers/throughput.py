"""Step times behind tokens a second, as published studies and vendors state the speed of a server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.fields import MOST_TOKENS, Positive, Source, TokenCount
from tco.plugin import together
from tco.scenario.servers import StepModel
from tco.serving.step_time import Server


class Throughput(StepModel):
    """A replica of which only the tokens a second are known: no more of its latency than follows from them."""

    kind: Literal["throughput"] = "throughput"
    gpus_per_replica: Annotated[int, Field(ge=1, le=1024)]
    """GPUs that work together as one replica."""
    prompt_tokens_per_s: Positive
    """Prompt tokens that the replica processes in a second, when it does nothing else."""
    answer_tokens_per_s: Positive
    """Answer tokens of all users together in a second, with `max_sequences` answers under way and no prompts."""
    lone_user_tokens_per_s: Positive | None = None
    """Answer tokens a second of a user who is alone. Left out: as many as at full load, where each user gets
    `answer_tokens_per_s` / `max_sequences`."""
    kv_capacity_tokens: TokenCount = MOST_TOKENS
    """Tokens of context that fit into GPU memory. Left out: memory is not what limits the stated figures."""
    source: Source
    """Where the figures are stated."""

    @together("answer_tokens_per_s", "max_sequences", "lone_user_tokens_per_s")
    def _company_slows(self) -> None:
        lone, each = self.lone_user_tokens_per_s, self.answer_tokens_per_s / self.max_sequences
        if lone is not None and lone < each:
            raise ValueError(
                f"lone_user_tokens_per_s {lone:g} is below the {each:g} that each of {self.max_sequences} users gets "
                f"at answer_tokens_per_s {self.answer_tokens_per_s:g}; alone nobody is slower"
            )
        if lone is not None and lone >= self.answer_tokens_per_s and self.max_sequences > 1:
            raise ValueError(
                f"lone_user_tokens_per_s {lone:g} is not below answer_tokens_per_s {self.answer_tokens_per_s:g}, which "
                f"{self.max_sequences} users get together"
            )

    def resolve(self) -> Server:
        """Solve for a step that is as long as stated with one answer under way, and with all.

        >>> node = Throughput(gpus_per_replica=8, prompt_tokens_per_s=1000.0, answer_tokens_per_s=200.0,
        ...     lone_user_tokens_per_s=20.0, max_sequences=16, source="made up")
        >>> found = node.resolve()
        >>> [round(found.alpha_s + users * found.gamma_s_per_sequence, 6) for users in (1, 16)]  # 1 / 20, 16 / 200
        [0.05, 0.08]
        """
        full_s = self.max_sequences / self.answer_tokens_per_s
        lone_s = full_s if self.lone_user_tokens_per_s is None else 1.0 / self.lone_user_tokens_per_s
        others = self.max_sequences - 1
        gamma_s = (full_s - lone_s) / others if others else 0.0
        return Server(
            gpus_per_replica=self.gpus_per_replica,
            alpha_s=lone_s - gamma_s,
            beta_s_per_prefill_token=1.0 / self.prompt_tokens_per_s,
            gamma_s_per_sequence=gamma_s,
            delta_s_per_context_token=0.0,
            kv_capacity_tokens=self.kv_capacity_tokens,
            max_sequences=self.max_sequences,
            step_budget_tokens=self.step_budget_tokens,
            source=self.source,
        )
