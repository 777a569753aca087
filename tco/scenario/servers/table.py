"""Step times fitted to the user's own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from tco.errors import UsageError
from tco.fields import TokenCount
from tco.scenario.servers import StepModel
from tco.serving.measured_runs import Run, read_runs
from tco.serving.step_time import Server


class Table(StepModel):
    """A benchmark of one set-up: closed loops of some clients, each measured as a row of a CSV file."""

    kind: Literal["table"] = "table"
    path: Annotated[str, Field(min_length=1)]
    """CSV file with the columns input_len, output_len, concurrency, ttft_ms, tpot_ms, and others such as gpu and model;
    a relative path starts at the scenario's folder."""
    only: Annotated[dict[str, str], Field(default_factory=dict)]
    """Values that a row's other columns must have to be used, such as {gpu: h100_sxm, precision: fp8}."""
    length_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Mean length of prompts and answers as a share of the stated one; 0.9 where it was drawn from 80 to 100 %."""
    gpus_per_replica: Annotated[int, Field(ge=1, le=1024)]
    """GPUs that worked together in the benchmark."""
    kv_capacity_tokens: TokenCount
    """Tokens of context that fit into GPU memory beside the weights; servers print it when they start."""
    _runs: tuple[Run, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _read(self, info: ValidationInfo) -> Self:
        folder = (info.context or {}).get("folder", Path())
        self._runs = read_runs(folder / self.path, self.only)
        return self

    def resolve(self) -> Server:
        """Fit the step times to the runs.

        Raises:
            UsageError: when the runs do not show how long a step takes; reading them could not see that.
        """
        from tco.serving.closed_loop_fit import fit_step_times  # not at the top: `tco check` does without NumPy

        try:
            alpha, beta, gamma, delta = fit_step_times(self._runs, self.length_share)
        except ValueError as error:
            raise UsageError(f"{self.path}: {error}") from error
        return Server(
            gpus_per_replica=self.gpus_per_replica,
            alpha_s=alpha,
            beta_s_per_prefill_token=beta,
            gamma_s_per_sequence=gamma,
            delta_s_per_context_token=delta,
            kv_capacity_tokens=self.kv_capacity_tokens,
            max_sequences=self.max_sequences,
            step_budget_tokens=self.step_budget_tokens,
            source=f"fitted to {len(self._runs)} runs of {Path(self.path).name}",
        )
