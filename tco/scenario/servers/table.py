"""Step times fitted to the user's own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo

from tco.calibration.measured import MeasuredRow
from tco.calibration.measured_runs import read_runs
from tco.fields import TokenCount
from tco.plugin import together
from tco.scenario.servers import StepModel
from tco.serving.step_time import Server


def _from_folder(path: str, info: ValidationInfo) -> str:
    """Let a relative path start at the scenario's folder, which the loader hands over."""
    return str((info.context or {}).get("folder", Path()) / path)


class Table(StepModel):
    """A benchmark of one set-up: closed loops of some clients, each measured as a row of a CSV file."""

    kind: Literal["table"] = "table"
    path: Annotated[str, Field(min_length=1), AfterValidator(_from_folder)]
    """CSV file with the columns input_len, output_len, concurrency, ttft_ms, tpot_ms, and others such as gpu, model and
    precision, from which the fit starts; a relative path starts at the scenario's folder."""
    only: Annotated[dict[str, str], Field(default_factory=dict)]
    """Values that a row's other columns must have to be used, such as {gpu: h100_sxm, precision: fp8}."""
    length_share: Annotated[float, Field(ge=0.5, le=1)] = 1.0
    """Mean length of prompts and answers as a share of the stated one; 0.9 where it was drawn from 80 to 100 %."""
    gpus_per_replica: Annotated[int, Field(ge=1, le=1024)]
    """GPUs that worked together in the benchmark."""
    kv_capacity_tokens: TokenCount
    """Tokens of context that fit into GPU memory beside the weights; servers print it when they start."""
    _runs: tuple[MeasuredRow, ...] = PrivateAttr(())

    @together("path", "only", "length_share", "gpus_per_replica")
    def _read(self) -> None:
        self._runs = read_runs(Path(self.path), self.only, self.gpus_per_replica, self.length_share)

    def resolve(self) -> Server:
        """Fit the step times to the runs, as `tco validate serving` does."""
        from tco.calibration.calibrate import fitted_server  # not at the top: `tco check` does without NumPy

        return fitted_server(self._runs).model_copy(
            update={
                "gpus_per_replica": self.gpus_per_replica,
                "kv_capacity_tokens": self.kv_capacity_tokens,
                "max_sequences": self.max_sequences,
                "step_budget_tokens": self.step_budget_tokens,
                "source": f"fitted to {len(self._runs)} runs of {Path(self.path).name}",
            }
        )
