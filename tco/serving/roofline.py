"""Roofline: the time of a step from what it must read and compute, where nobody has measured it.

A step reads the weights once, computes 2 FLOP per active parameter and token, and reads the cache of every sequence.
Each bound is reached to a stated part only.
"""

from __future__ import annotations

from tco.serving.facts import GpuFacts, KvPrecision, ModelFacts, PrecisionFacts, weights_bytes
from tco.serving.memory import Placement
from tco.serving.step_time import Server

# What Llama-3.1-8B on one H100 reaches by the catalog's fit (alpha 6.6 ms against 4.8 for the weights; beta 22.6 us
# against 16.2; delta 52.8 ns against 39.1): 0.73, 0.72 and 0.74.
READ_EFFICIENCY = 0.73
COMPUTE_EFFICIENCY = 0.72
SEQUENCE_OVERHEAD_S = 2e-5  # what gamma comes to in the catalog's fits beyond compute: sampling, scheduling


def roofline_server(
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
    flop_per_s = gpu.flop_per_s(precision.compute)
    if flop_per_s is None:
        raise ValueError(f"{gpu.name} does not compute in {precision.compute}")
    placed = Placement(model, gpu, gpus, precision, kv_precision, memory_share, max_sequences)
    compute_s = 2 * model.active_parameters / (gpus * flop_per_s * COMPUTE_EFFICIENCY)
    read_bytes_per_s = gpus * gpu.memory_bytes_per_s * READ_EFFICIENCY
    cached_bytes = model.kv_bytes_per_token(kv_precision) * model.kv_copies(gpus)
    return Server(
        gpus_per_replica=gpus,
        alpha_s=weights_bytes(model, precision) / read_bytes_per_s,
        beta_s_per_prefill_token=compute_s,
        gamma_s_per_sequence=compute_s + SEQUENCE_OVERHEAD_S,
        delta_s_per_context_token=cached_bytes / read_bytes_per_s,
        kv_capacity_tokens=kv_capacity_tokens or placed.room_tokens,
        max_sequences=max_sequences,
        step_budget_tokens=step_budget_tokens,
        source=f"roofline of {model.name} in {precision.name} on {gpus} x {gpu.name}; {model.source}; {gpu.source}",
    )
