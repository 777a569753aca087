"""Memory: whether a model fits its GPUs, and how much context fits beside it.

Of each GPU a share of the nominal memory is used (vLLM's `gpu_memory_utilization`); weights are split over the GPUs,
and what they leave holds the cache. A GB is 1e9 bytes, although memory is sold in GiB: the 7 % in between stand for
activations and the runtime. An RTX 4090 with Llama-3.1-8B in 16 bits so has room for 42 262 tokens; vLLM 0.19 reports
41 408.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tco.serving.facts import KV_BYTES_PER_VALUE, GpuFacts, KvPrecision, ModelFacts, PrecisionFacts, weights_bytes

GB = 1e9
MAX_GPUS = 64  # one replica of more GPUs than this is no longer one server


@dataclass(frozen=True, slots=True)
class Placement:
    """A model on the GPUs of one replica.

    Attributes:
        model: shape of the model.
        gpu: data sheet of the GPU.
        gpus: GPUs of the replica, over which weights and KV heads are split.
        precision: number format of the weights.
        kv_precision: number format of the cache.
        memory_share: share of the memory that the server may use.
        max_sequences: sequences whose windows and states must find room.
    """

    model: ModelFacts
    gpu: GpuFacts
    gpus: int
    precision: PrecisionFacts
    kv_precision: KvPrecision = "fp16"
    memory_share: float = 0.9
    max_sequences: int = 256

    @property
    def memory_bytes(self) -> float:
        """Memory that the server may use, over all GPUs."""
        return self.gpus * self.gpu.memory_gb * GB * self.memory_share

    @property
    def weights_bytes(self) -> float:
        """Weights, over all GPUs."""
        return weights_bytes(self.model, self.precision)

    @property
    def room_tokens(self) -> int:
        """Tokens of context that fit beside the weights, over all sequences; 0 or less when nothing fits.

        Layers that slide cost like the others until every sequence's window is full, and nothing after that.
        """
        model, copies = self.model, self.model.kv_copies(self.gpus)
        state = self.max_sequences * model.state_bytes_per_sequence
        free = self.memory_bytes - self.weights_bytes - state
        per_layer = copies * model.kv_values_per_layer * KV_BYTES_PER_VALUE[self.kv_precision]
        growing, sliding = model.growing_layers * per_layer, model.sliding_layers * per_layer
        windows_tokens = self.max_sequences * (model.sliding_window_tokens or 0)
        most_tokens = self.max_sequences * model.max_context_tokens
        if growing + sliding == 0:  # an encoder keeps nothing between steps
            return most_tokens if free >= 0 else 0
        tokens = free / (growing + sliding)
        if tokens > windows_tokens:
            tokens = (free - windows_tokens * sliding) / growing if growing else most_tokens
        return min(int(tokens), most_tokens) if tokens > 0 else 0

    def bytes_of(self, tokens: int) -> float:
        """Return what the cache of so many tokens takes, over all GPUs, windows at their fullest."""
        model, copies = self.model, self.model.kv_copies(self.gpus)
        per_layer = copies * model.kv_values_per_layer * KV_BYTES_PER_VALUE[self.kv_precision]
        windows = min(tokens, self.max_sequences * (model.sliding_window_tokens or 0))
        cache = per_layer * (model.growing_layers * tokens + model.sliding_layers * windows)
        return cache + self.max_sequences * model.state_bytes_per_sequence

    def splits(self) -> bool:
        """Say whether heads split evenly over the GPUs, KV heads evenly or into whole copies."""
        heads, kv_heads = self.model.attention_heads, self.model.kv_heads
        return heads % self.gpus == 0 and (kv_heads % self.gpus == 0 or self.gpus % kv_heads == 0)

    def fitting(self) -> Placement | None:
        """Return the same server with the fewest GPUs that hold the model; None when not even `MAX_GPUS` do."""
        trials = (replace(self, gpus=gpus) for gpus in range(1, MAX_GPUS + 1))
        return next((trial for trial in trials if trial.splits() and trial.room_tokens > 0), None)


def misfit(placed: Placement) -> str | None:
    """Say why a model cannot be served so, naming both values in conflict and what would do; None when it can.

    >>> from datetime import date
    >>> dated = dict(source="data sheet", source_date=date(2024, 7, 23))
    >>> small = ModelFacts(name="small", total_parameters=10**10, active_parameters=10**10, layers=32, hidden_size=4096,
    ...                    attention_heads=32, kv_heads=8, head_size=128, max_context_tokens=8192, **dated)
    >>> card = GpuFacts(name="card", memory_gb=16, memory_bytes_per_s=3e11, fp16_flop_per_s=6e13,
    ...                 interconnect_bytes_per_s=3e10, **dated)
    >>> half = PrecisionFacts(name="fp16", weight_bytes=2, compute="fp16", **dated)
    >>> print(misfit(Placement(small, card, 1, half)))
    small in fp16 needs 20 GB of weights; 1 x card has 14.4 GB at memory_share 0.9; 2 GPUs would fit, with room for \
67,138 tokens
    """
    if placed.gpu.flop_per_s(placed.precision.compute) is None:
        return (
            f"precision '{placed.precision.name}' computes in {placed.precision.compute}, which {placed.gpu.name} "
            f"lacks; it has {', '.join(placed.gpu.formats)}"
        )
    if placed.room_tokens <= 0:
        return f"{_need(placed)}; {placed.gpus} x {_have(placed)}; {_remedy(placed)}"
    if not placed.splits():
        heads = f"{placed.model.attention_heads} heads and {placed.model.kv_heads} KV heads"
        return f"{placed.model.name} has {heads}, which do not split over gpus {placed.gpus}; {_remedy(placed)}"
    return None


def _need(placed: Placement) -> str:
    state = placed.max_sequences * placed.model.state_bytes_per_sequence
    states = f" and {in_gb(state)} of states for {placed.max_sequences} sequences" if state else ""
    return f"{placed.model.name} in {placed.precision.name} needs {in_gb(placed.weights_bytes)} of weights{states}"


def _have(placed: Placement) -> str:
    return f"{placed.gpu.name} has {in_gb(placed.memory_bytes)} at memory_share {placed.memory_share:g}"


def _remedy(placed: Placement) -> str:
    fitting = placed.fitting()
    if fitting is None:
        return f"not even {MAX_GPUS} GPUs would fit it"
    return f"{fitting.gpus} GPU{'s' * (fitting.gpus > 1)} would fit, with room for {fitting.room_tokens:,} tokens"


def in_gb(size: float) -> str:
    """Write a size in bytes as GB, to three digits.

    >>> in_gb(141.1e9), in_gb(7.2e10), in_gb(2.08e12)
    ('141 GB', '72 GB', '2,080 GB')
    """
    return f"{size / GB:,.0f} GB" if size >= 100 * GB else f"{size / GB:.3g} GB"
