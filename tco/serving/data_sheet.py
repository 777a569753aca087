"""Data sheet: the time of a step from what it must read, compute and exchange, where nobody has measured it.

A step reads the weights once, computes 2 FLOP per active parameter and token, reads the cache of every sequence, and
under tensor parallelism adds up every token's activations twice a layer. Each bound is reached to a stated part only.
The few tokens that decode are computed while the weights are read, up to some 200 sequences on an H100, prompts not.
Every expert is taken to be read in every step, which is true of large batches and cautious for small ones.
"""

from __future__ import annotations

from math import log2

from tco.serving.facts import Compute, GpuFacts, KvPrecision, ModelFacts, PrecisionFacts, weights_bytes
from tco.serving.memory import Placement
from tco.serving.step_time import Server

# Chosen by eye on the catalog's dense rows (Llama-3.1-8B and 70B, Qwen3-32B on H100, H200, B200; 1 to 8 GPUs); the
# error they leave is in tests/serving/test_data_sheet.py.
READ_EFFICIENCY = 0.75
COMPUTE_EFFICIENCY: dict[Compute, float] = {"fp16": 0.6, "fp8": 0.4, "int8": 0.4, "fp4": 0.2}
LAYER_OVERHEAD_S = 15e-6  # launches of one layer's kernels
EXCHANGE_LATENCY_S = 10e-6  # of one layer, for each doubling of the GPUs
SEQUENCE_OVERHEAD_S = 25e-6  # sampling and scheduling
ACTIVATION_BYTES = 2  # activations are exchanged in 16 bits
EXCHANGES_PER_LAYER = 2  # after attention and after the feed-forward part


def data_sheet_server(
    model: ModelFacts,
    gpu: GpuFacts,
    gpus: int,
    precision: PrecisionFacts,
    kv_precision: KvPrecision = "fp16",
    *,
    memory_share: float = 0.9,
    max_sequences: int = 256,
    step_budget_tokens: int = 2048,
    kv_capacity_tokens: int | None = None,
) -> Server:
    """Estimate the step times of one replica.

    Args:
        model: shape of the model.
        gpu: data sheet of the GPU.
        gpus: GPUs of the replica, tensor parallel.
        precision: number format of the weights.
        kv_precision: number format of the cache.
        memory_share: share of the memory that the server may use.
        max_sequences: most sequences that run at once.
        step_budget_tokens: most tokens that one step processes.
        kv_capacity_tokens: tokens of context that fit; computed from the memory when left out.

    Raises:
        ValueError: when the chip cannot compute in the format, or nothing fits beside the weights.
    """
    read_bytes_per_s = gpus * gpu.memory_bytes_per_s * READ_EFFICIENCY
    exchange_s = _exchange_s(model, gpu, gpus)
    cached_bytes = model.kv_bytes_per_token(kv_precision) * model.kv_copies(gpus)
    placed = Placement(model, gpu, gpus, precision, kv_precision, memory_share, max_sequences)
    return Server(
        gpus_per_replica=gpus,
        alpha_s=weights_bytes(model, precision) / read_bytes_per_s + model.layers * _layer_s(gpus),
        beta_s_per_prefill_token=_compute_s(model, gpu, gpus, precision) + exchange_s,
        gamma_s_per_sequence=exchange_s + SEQUENCE_OVERHEAD_S,
        delta_s_per_context_token=cached_bytes / read_bytes_per_s,
        kv_capacity_tokens=kv_capacity_tokens or placed.room_tokens,
        max_sequences=max_sequences,
        step_budget_tokens=step_budget_tokens,
        source=f"roofline of {model.name} in {precision.name} on {gpus} x {gpu.name}; {model.source}; {gpu.source}",
    )


def _compute_s(model: ModelFacts, gpu: GpuFacts, gpus: int, precision: PrecisionFacts) -> float:
    """Return the time that one token computes, in the format in which products are formed."""
    flop_per_s = gpu.flop_per_s(precision.compute)
    if flop_per_s is None:
        raise ValueError(f"{gpu.name} does not compute in {precision.compute}")
    return 2 * model.active_parameters / (gpus * flop_per_s * COMPUTE_EFFICIENCY[precision.compute])


def _exchange_s(model: ModelFacts, gpu: GpuFacts, gpus: int) -> float:
    """Return the time that one token's activations take over the link: a ring sends 2 (n - 1) / n of them."""
    sent_bytes = 2 * (gpus - 1) / gpus * model.hidden_size * ACTIVATION_BYTES
    return EXCHANGES_PER_LAYER * model.layers * sent_bytes / gpu.interconnect_bytes_per_s


def _layer_s(gpus: int) -> float:
    """Return what a layer costs whatever it works on."""
    return LAYER_OVERHEAD_S + EXCHANGE_LATENCY_S * log2(gpus)
