"""Facts: the published shape of a model, the data sheet of a GPU, and what a number format changes.

They are what a roofline needs. A GB is 1e9 bytes throughout, and a GPU has the GB of its data sheet.
"""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from tco.fields import MOST_COUNT, IsoDate, Positive, Source
from tco.plugin import Frozen, together

Count = Annotated[int, Field(ge=1, le=MOST_COUNT)]
CountOrNone = Annotated[int, Field(ge=0, le=MOST_COUNT)]
Compute = Literal["fp16", "fp8", "int8", "fp4"]
KvPrecision = Literal["fp16", "fp8", "int8"]

KV_BYTES_PER_VALUE: dict[KvPrecision, float] = {"fp16": 2.0, "fp8": 1.0, "int8": 1.0}  # scales are under 1 %


class ModelFacts(Frozen):
    """The public shape of a model: what decides its memory, the work per token and its KV cache."""

    name: Annotated[str, Field(min_length=1)]
    """Name of the model."""
    kind: Literal["chat", "embedding", "classifier"] = "chat"
    """What it produces: text token by token, or a vector or a label after one pass over the prompt."""
    total_parameters: Count
    """All parameters, those of every expert included."""
    active_parameters: Count
    """Parameters that one token passes through; equal to the total for a dense model."""
    layers: Count
    """Transformer layers."""
    hidden_size: Count
    """Width of the residual stream."""
    attention_heads: Count
    """Query heads per layer."""
    kv_heads: Count
    """Heads whose keys and values are cached; 1 for multi-head latent attention: all heads share the latent."""
    head_size: Count
    """Values per cached head."""
    attention: Literal["gqa", "mla"] = "gqa"
    """Grouped keys and values (which includes one per head), or one latent vector per token."""
    latent_size: Count | None = None
    """Values that multi-head latent attention caches per token and layer, rotary part included; 576 for DeepSeek-V3."""
    full_attention_layers: CountOrNone | None = None
    """Layers whose cache grows with the whole context; all that do not slide when left out, 0 for an encoder."""
    sliding_layers: CountOrNone = 0
    """Layers that cache a window of the latest tokens only."""
    sliding_window_tokens: Count | None = None
    """Length of that window, tokens."""
    state_bytes_per_sequence: CountOrNone = 0
    """State of fixed size that linear-attention layers keep for a running sequence, bytes."""
    experts: CountOrNone = 0
    """Routed experts per layer; 0 for a dense model."""
    experts_per_token: CountOrNone = 0
    """Routed experts that one token visits."""
    max_context_tokens: Count
    """Longest context, prompt and answer together, that the model was made for."""
    source: Source
    """Model card or configuration that states the shape."""
    source_date: IsoDate
    """Day of the source."""

    @together("active_parameters", "total_parameters")
    def _active_parameters_are_some_of_all(self) -> None:
        if self.active_parameters > self.total_parameters:
            raise ValueError(
                f"active_parameters {self.active_parameters} is above total_parameters {self.total_parameters}"
            )

    @together("experts_per_token", "experts")
    def _visited_experts_are_some_of_all(self) -> None:
        if self.experts_per_token > self.experts:
            raise ValueError(f"experts_per_token {self.experts_per_token} is above experts {self.experts}")

    @together("attention", "latent_size")
    def _latent_attention_has_a_size(self) -> None:
        if (self.attention == "mla") != (self.latent_size is not None):
            raise ValueError(f"attention '{self.attention}' with latent_size {self.latent_size}; 'mla' alone has one")

    @together("sliding_layers", "sliding_window_tokens")
    def _sliding_layers_have_a_window(self) -> None:
        if (self.sliding_layers > 0) != (self.sliding_window_tokens is not None):
            raise ValueError(
                f"sliding_layers {self.sliding_layers} with sliding_window_tokens {self.sliding_window_tokens}"
            )

    @together("full_attention_layers", "sliding_layers", "layers")
    def _layers_cover_those_that_cache(self) -> None:
        if self.growing_layers + self.sliding_layers > self.layers:
            raise ValueError(
                f"full_attention_layers {self.growing_layers} and sliding_layers {self.sliding_layers} are above "
                f"layers {self.layers}"
            )

    @property
    def growing_layers(self) -> int:
        """Layers whose cache grows with the context."""
        return self.layers - self.sliding_layers if self.full_attention_layers is None else self.full_attention_layers

    @property
    def is_moe(self) -> bool:
        """Whether tokens are routed to experts."""
        return self.experts > 0

    @property
    def kv_values_per_layer(self) -> int:
        """Values that one layer caches for one token."""
        return self.latent_size if self.latent_size is not None else 2 * self.kv_heads * self.head_size

    def kv_bytes_per_token(self, kv_precision: KvPrecision = "fp16") -> float:
        """Return what one more token of context adds to the cache, over all layers, held once, in bytes.

        Windows that slide and states of fixed size do not grow: see `kv_bytes_per_sequence`.
        """
        return self.growing_layers * self.kv_values_per_layer * KV_BYTES_PER_VALUE[kv_precision]

    def kv_bytes_per_sequence(self, kv_precision: KvPrecision = "fp16") -> float:
        """Return what a running sequence holds whatever its length, in bytes: full windows, linear-attention state."""
        window = self.sliding_layers * (self.sliding_window_tokens or 0)
        return window * self.kv_values_per_layer * KV_BYTES_PER_VALUE[kv_precision] + self.state_bytes_per_sequence

    def kv_copies(self, gpus: int) -> int:
        """Count how often the cache is held under tensor parallelism: more GPUs than KV heads hold copies.

        A latent (MLA) is one head, so every GPU holds all of it.
        """
        return max(1, ceil(gpus / self.kv_heads))


class GpuFacts(Frozen):
    """What a GPU's data sheet says; FLOP/s are dense, never with structured sparsity."""

    name: Annotated[str, Field(min_length=1)]
    """Name of the GPU."""
    memory_gb: Positive
    """Memory, GB."""
    memory_bytes_per_s: Positive
    """Memory bandwidth, bytes per second."""
    fp16_flop_per_s: Positive
    """Dense tensor FLOP/s in FP16 or BF16, accumulated in 32 bits."""
    fp8_flop_per_s: Positive | None = None
    """Dense FP8 FLOP/s; left out where the chip has no FP8 tensor cores."""
    int8_flop_per_s: Positive | None = None
    """Dense INT8 operations per second; left out where the chip lacks them."""
    fp4_flop_per_s: Positive | None = None
    """Dense FP4 FLOP/s; left out where the chip lacks it."""
    interconnect_bytes_per_s: Positive
    """What one GPU can send to the others of its server, one direction, bytes per second: half of NVLink's quoted
    total."""
    source: Source
    """Data sheet."""
    source_date: IsoDate
    """Day of the source."""

    def flop_per_s(self, compute: Compute) -> float | None:
        """Return the dense FLOP/s in a number format; None where the chip lacks it."""
        found: float | None = getattr(self, f"{compute}_flop_per_s")
        return found

    @property
    def formats(self) -> tuple[Compute, ...]:
        """Number formats that the chip computes in."""
        known: tuple[Compute, ...] = ("fp16", "fp8", "int8", "fp4")
        return tuple(compute for compute in known if self.flop_per_s(compute) is not None)


class PrecisionFacts(Frozen):
    """What a number format of the weights changes: memory, the units that compute, and quality."""

    name: Annotated[str, Field(min_length=1)]
    """Name of the format."""
    weight_bytes: Positive
    """Bytes per weight, its share of the scales included."""
    compute: Compute
    """Format in which products are formed: 16 bits where only the weights are quantised."""
    quality_share: Annotated[float, Field(gt=0, le=1.05)] | None = None
    """Benchmark score as a share of the same model's in 16 bits; None where none was published."""
    quality_benchmark: str | None = None
    """Benchmark and model of that score."""
    source: Source
    """Where format and score are from."""
    source_date: IsoDate
    """Day of the source."""

    @together("quality_share", "quality_benchmark")
    def _score_names_its_benchmark(self) -> None:
        if (self.quality_share is None) != (self.quality_benchmark is None):
            raise ValueError(f"quality_share {self.quality_share} with quality_benchmark {self.quality_benchmark}")


def weights_bytes(model: ModelFacts, precision: PrecisionFacts) -> float:
    """Return the bytes of a model's weights, all experts included.

    >>> from datetime import date
    >>> shape = dict(layers=32, hidden_size=4096, attention_heads=32, kv_heads=8, head_size=128)
    >>> dated = dict(source="model card", source_date=date(2024, 7, 23))
    >>> llama = ModelFacts(name="8b", total_parameters=8_030_261_248, active_parameters=8_030_261_248,
    ...                    max_context_tokens=131_072, **shape, **dated)
    >>> fp8 = PrecisionFacts(name="fp8", weight_bytes=1.0, compute="fp8", **dated)
    >>> round(weights_bytes(llama, fp8) / 1e9, 2), llama.kv_bytes_per_token()
    (8.03, 131072.0)
    """
    return model.total_parameters * precision.weight_bytes
