"""KV memory: how many tokens of context fit beside a model's weights; `step_times.py` asks it.

>>> kv_capacity_tokens("meta-llama/Llama-3.1-8B-Instruct", "h100_sxm", 1, "")
426788
"""

from __future__ import annotations

from typing import NamedTuple

MEMORY_SHARE = 0.9  # vLLM's default gpu_memory_utilization
CACHED_BYTES = 2  # bytes per cached value: 16-bit cache, the engines' default
GPU_GB = {"h100_sxm": 80, "h200_sxm": 141, "b200_sxm": 180}  # nominal, 1e9 bytes
WEIGHT_BYTES = {"": 2.0, "fp8": 1.0, "fp4": 0.5625}  # fp4: 4 bits and one 8-bit scale per 16 values


class Shape(NamedTuple):
    """Public shape of a model: short name, parameters in 1e9, values cached per token, KV heads."""

    name: str
    params_b: float
    cached_values: int
    kv_heads: int


SHAPES = {  # layers x 2 x KV heads x head size; MLA: layers x (512 + 64) in one shared head
    "meta-llama/Llama-3.1-8B-Instruct": Shape("llama-3.1-8b", 8.03, 32 * 2 * 8 * 128, 8),
    "meta-llama/Llama-3.1-70B": Shape("llama-3.1-70b", 70.6, 80 * 2 * 8 * 128, 8),
    "Qwen/Qwen3-32B": Shape("qwen3-32b", 32.8, 64 * 2 * 8 * 128, 8),
    "Qwen/Qwen3-235B-A22B-FP8": Shape("qwen3-235b-a22b", 235.1, 94 * 2 * 4 * 128, 4),
    # half of gpt-oss's layers keep only a 128-token window; counted in full, which is cautious
    "openai/gpt-oss-120b": Shape("gpt-oss-120b", 116.8, 36 * 2 * 8 * 64, 8),
    "deepseek-ai/DeepSeek-R1": Shape("deepseek-r1", 671.0, 61 * 576, 1),
}


def kv_capacity_tokens(model: str, gpu: str, gpus: int, precision: str) -> int:
    """Tokens that fit; with more tensor-parallel ranks than KV heads, each head is held in copies."""
    shape = SHAPES[model]
    weight_gb = shape.params_b * WEIGHT_BYTES[precision]
    free_bytes = 1e9 * (gpus * GPU_GB[gpu] * MEMORY_SHARE - weight_gb)
    copies = max(1, gpus // shape.kv_heads)
    return int(free_bytes / (CACHED_BYTES * shape.cached_values * copies))
