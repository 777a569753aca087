"""Step times computed from the shape of the model and the data sheet of the GPU."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from tco import catalog
from tco.fields import TokenCount
from tco.plugin import together
from tco.scenario.references import NAME_OR_INLINE, known
from tco.scenario.servers import StepModel
from tco.serving.facts import KV_BYTES_PER_VALUE, GpuFacts, KvPrecision, ModelFacts, PrecisionFacts
from tco.serving.memory import MAX_GPUS, Placement, in_gb, misfit
from tco.serving.roofline import Deployment, roofline_server
from tco.serving.step_time import Server

ModelRef = Annotated[
    Annotated[str, known("a model", catalog.models), Tag("name")] | Annotated[ModelFacts, Tag("inline")],
    NAME_OR_INLINE,
]
GpuRef = Annotated[
    Annotated[str, known("a GPU", catalog.gpus), Tag("name")] | Annotated[GpuFacts, Tag("inline")], NAME_OR_INLINE
]
PrecisionRef = Annotated[
    Annotated[str, known("a precision", catalog.precisions), Tag("name")] | Annotated[PrecisionFacts, Tag("inline")],
    NAME_OR_INLINE,
]


class Roofline(StepModel):
    """A model on GPUs that nobody has measured together."""

    kind: Literal["roofline"] = "roofline"
    model: ModelRef
    """Catalog name of a model, or its shape inline."""
    gpu: GpuRef
    """Catalog name of a GPU, or its data sheet inline."""
    gpus: Annotated[int, Field(ge=1, le=MAX_GPUS)] = 1
    """GPUs of one replica, over which weights and heads are split (tensor parallel)."""
    precision: PrecisionRef = "fp16"
    """Catalog name of the number format of the weights, or its figures inline; it decides memory, speed and quality."""
    kv_precision: KvPrecision = "fp16"
    """Number format of the KV cache."""
    memory_share: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Share of the GPU's memory that the server may use (vLLM: gpu_memory_utilization)."""
    kv_capacity_tokens: TokenCount | None = None
    """Tokens of context that the cache holds; what the memory allows when left out."""
    context_tokens: TokenCount | None = None
    """Longest prompt and answer together that must be served (vLLM: max_model_len); only checked."""

    @together(
        "model", "gpu", "gpus", "precision", "kv_precision", "memory_share", "max_sequences", "kv_capacity_tokens",
        "context_tokens",
    )  # fmt: skip
    def _fits(self) -> None:
        placed = self._placed()
        why = misfit(placed) or self._cache_conflict(placed) or self._context_conflict(placed)
        if why:
            raise ValueError(why)

    def resolve(self) -> Server:
        """Estimate the step times; a cache in fewer bytes is read in as much less time."""
        model, gpu, precision = self._model(), self._gpu(), self.weights_precision()
        deployment = Deployment(model, gpu, precision, self.gpus)
        room_tokens = self.kv_capacity_tokens or self._placed().room_tokens
        server = roofline_server(
            deployment, self.max_sequences, self.step_budget_tokens, kv_capacity_tokens=room_tokens
        )
        narrower = KV_BYTES_PER_VALUE[self.kv_precision] / KV_BYTES_PER_VALUE["fp16"]
        source = f"roofline of {model.name} in {precision.name} on {self.gpus} x {gpu.name}"
        return server.model_copy(
            update={
                "delta_s_per_context_token": server.delta_s_per_context_token * narrower,
                "source": f"{source}; {model.source}; {gpu.source}",
            }
        )

    def weights_precision(self) -> PrecisionFacts:
        """Return the number format of the weights."""
        return catalog.precision(self.precision) if isinstance(self.precision, str) else self.precision

    def _model(self) -> ModelFacts:
        return catalog.model(self.model) if isinstance(self.model, str) else self.model

    def _gpu(self) -> GpuFacts:
        return catalog.gpu(self.gpu) if isinstance(self.gpu, str) else self.gpu

    def _placed(self) -> Placement:
        return Placement(
            self._model(),
            self._gpu(),
            self.gpus,
            self.weights_precision(),
            self.kv_precision,
            self.memory_share,
            self.max_sequences,
        )

    def _cache_conflict(self, placed: Placement) -> str | None:
        if self.kv_capacity_tokens is None or self.kv_capacity_tokens <= placed.room_tokens:
            return None
        return (
            f"kv_capacity_tokens {self.kv_capacity_tokens:,} needs {in_gb(placed.bytes_of(self.kv_capacity_tokens))} "
            f"beside {in_gb(placed.weights_bytes)} of weights; {placed.gpus} x {placed.gpu.name} has "
            f"{in_gb(placed.memory_bytes)} at memory_share {placed.memory_share:g}, "
            f"room for {placed.room_tokens:,} tokens"
        )

    def _context_conflict(self, placed: Placement) -> str | None:
        if self.context_tokens is None:
            return None
        model, cached = placed.model, self.kv_capacity_tokens or placed.room_tokens
        if self.context_tokens > model.max_context_tokens:
            longest = f"the {model.max_context_tokens:,} tokens that {model.name} was made for"
            return f"context_tokens {self.context_tokens:,} is above {longest}"
        if self.context_tokens > cached:
            return f"context_tokens {self.context_tokens:,} is above the KV cache of {cached:,} tokens"
        return None
