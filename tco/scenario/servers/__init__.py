"""Servers: where the step times of a replica come from. One file a kind; each resolves to the same figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.fields import TokenCount
from tco.plugin import Plugin, together
from tco.serving.facts import PrecisionFacts
from tco.serving.step_time import Server, require_budget


class StepModel(Plugin):
    """Base of the step-time models."""

    max_sequences: Annotated[int, Field(ge=1, le=65_536)] = 256
    """Most sequences that run at once (vLLM: max_num_seqs)."""
    step_budget_tokens: TokenCount = 2048
    """Most tokens, prefill and decode together, that one step processes (vLLM: max_num_batched_tokens)."""

    @together("step_budget_tokens", "max_sequences")
    def _budget_covers_batch(self) -> None:
        require_budget(self.step_budget_tokens, self.max_sequences)

    def resolve(self) -> Server:
        """Return the step times and the room of one replica."""
        raise NotImplementedError

    def weights_precision(self) -> PrecisionFacts | None:
        """Return the number format of the weights; None when the scenario does not state it."""
        return None
