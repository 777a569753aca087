"""C14: how many requests a second one GPU serves."""

from __future__ import annotations

from typing import ClassVar

from tco.capacity.replicate import Runner
from tco.capacity.saturate import saturate
from tco.validation.claims import Claim, Finding, Play

# Tier, tokens in, tokens out: from what a classifier sends to what a chat does.
CASES = (
    ("h100-1b", 128, 1), ("h100-1b", 256, 16), ("h100-1b", 1000, 150), ("a100-1b", 128, 1), ("h100-8b", 128, 1),
    ("a100-8b", 256, 16),
)  # fmt: skip
THOUSANDS_RPS = 1000.0
START_RPS = 10.0


class RequestsPerGpu(Claim):
    """The highest rate within a second end to end, by model, GPU and tokens of a request."""

    kind: ClassVar[str] = "C14"
    says: ClassVar[str] = "A single A100 or H100 serves thousands of requests a second for a distilled model."
    inputs: ClassVar[str] = (
        "Neither size nor tokens are given: 1B and 8B models from data sheets (FP8 on H100, FP16 on A100), 128 to "
        "1,000 tokens in and 1 to 150 out; p95 within a second."
    )
    file: ClassVar[str] = "c14-requests-per-gpu.yaml"
    slow: ClassVar[bool] = True

    def judge(self, play: Play) -> Finding:
        """Simulate one replica at rising load."""
        rates = {case: self._highest_rps(play, *case) for case in CASES}
        gives = tuple(
            f"{tier}, {tokens_in} in and {tokens_out} out: {rate:,.0f} requests a second."
            for (tier, tokens_in, tokens_out), rate in rates.items()
        )
        thousands = [f"{tier} at {i} + {o}" for (tier, i, o), rate in rates.items() if rate >= THOUSANDS_RPS]
        why = (
            f"Thousands only for {' and '.join(thousands) or 'none'}: a model of a billion parameters on an H100 that "
            "reads and hardly writes. A GPU has tokens a second, not requests; a chat of 1,000 + 150 is hundreds at "
            "best. Data sheets count no host: a server's own scheduling may bind earlier."
        )
        figures = {f"{tier}_{i}_{o}_rps": rate for (tier, i, o), rate in rates.items()}
        return self.found("holds when" if thousands else "does not follow", why, gives, figures)

    def _highest_rps(self, play: Play, tier: str, tokens_in: int, tokens_out: int) -> float:
        lengths = {"classes.call.input_tokens.tokens": tokens_in, "classes.call.output_tokens.tokens": tokens_out}
        with Runner(play.changed(lengths, (tier,))) as runner:
            return saturate(runner, tier, START_RPS, {tier: 1}).holds_rps or 0.0
