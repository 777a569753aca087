"""Roofline: how long a step takes by the shape of the model and the data sheet of the GPU.

A step of n tokens reads the weights that its tokens touch and the context of its sequences, and multiplies every
token with its active weights; layers cost launches, and an exchange where GPUs work together. Each term is what
the data sheet allows, times an efficiency that is fitted once over many models and GPUs (`EFFICIENCIES`,
docs/derivations/roofline.py). The terms are added, not overlapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tco.serving.facts import GpuFacts, ModelFacts, PrecisionFacts, weights_bytes
from tco.serving.step_time import Server

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KNOTS = tuple(2**power for power in range(15))  # tokens of a step at which the fixed time is known: 1 to 16 384
SERVER_GPUS = 8  # of one server; attention is not split further: beyond it, each rank has sequences of its own
MEMORY_SHARE = 0.9  # vLLM's default gpu_memory_utilization
ACTIVATION_BYTES = 2.0  # 16-bit activations between GPUs


class Efficiencies(NamedTuple):
    """How far above the data sheet's times real steps are; the order is that of `Terms`."""

    weights: float = 1.15
    """Reading dense weights, multiple of bytes over bandwidth."""
    experts: float = 1.15
    """Reading routed experts, multiple of bytes over bandwidth."""
    compute: float = 1.25
    """Dense products, multiple of FLOP over peak."""
    expert_compute: float = 10.47
    """Products of routed experts, multiple of FLOP over peak: few tokens meet in one expert, far below a full tile."""
    context: float = 1.15
    """Reading the KV cache, multiple of bytes over bandwidth."""
    exchange: float = 7.114
    """Exchanges between GPUs, multiple of bytes over link speed."""
    layer_s: float = 4.531e-5
    """Launches per layer, seconds."""
    expert_layer_s: float = 3.855e-5
    """Routing per layer of a mixture of experts, seconds."""
    parallel_layer_s: float = 2.34e-5
    """Waiting for the other GPUs per layer, seconds."""
    sequence_s: float = 1.484e-6
    """Sampling and bookkeeping per sequence, seconds."""


EFFICIENCIES = Efficiencies()


@dataclass(frozen=True, slots=True)
class Deployment:
    """One replica: which model runs on which GPUs.

    Attributes:
        model: shape of the model.
        gpu: data sheet of each GPU.
        precision: number format of the weights.
        gpus: GPUs that work together.
        attention_ranks: groups of GPUs that attend to sequences of their own; 1 for tensor parallelism alone.
    """

    model: ModelFacts
    gpu: GpuFacts
    precision: PrecisionFacts
    gpus: int = 1
    attention_ranks: int = 1

    @property
    def splits_sequences(self) -> bool:
        """Whether each GPU holds the context of some sequences, not a slice of all."""
        return self.attention_ranks > 1 or self.gpus > SERVER_GPUS

    @property
    def kv_bytes_per_token(self) -> float:
        """Bytes that one more token of context takes on all GPUs together, 16-bit cache."""
        copies = 1 if self.splits_sequences else self.model.kv_copies(self.gpus)
        return self.model.kv_bytes_per_token() * copies

    @property
    def kv_capacity_tokens(self) -> int:
        """Tokens of context that fit beside the weights; 0 where the weights alone are too large."""
        free = self.gpus * self.gpu.memory_gb * 1e9 * MEMORY_SHARE - weights_bytes(self.model, self.precision)
        return max(int(free / max(self.kv_bytes_per_token, 1.0)), 0)


class Terms(NamedTuple):
    """What each efficiency multiplies in a step: rows as in `Efficiencies`.

    Attributes:
        fixed: per step, at each of `KNOTS` tokens, shape (10, 15).
        prefill: per prompt token, shape (10,).
        sequence: per running sequence, shape (10,).
        context: per token of context, shape (10,).
    """

    fixed: NDArray[np.float64]
    prefill: NDArray[np.float64]
    sequence: NDArray[np.float64]
    context: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A step time in five pieces that a calibration may stretch one by one, seconds.

    Attributes:
        memory_s: reading weights, at each of `KNOTS` tokens, shape (15,).
        overhead_s: launches and waiting, per step.
        token_s: products and exchanges, per token.
        sequence_s: bookkeeping, per running sequence.
        context_s: reading the cache, per token of context.
    """

    memory_s: NDArray[np.float64]
    overhead_s: float
    token_s: float
    sequence_s: float
    context_s: float


def terms(deployment: Deployment) -> Terms:
    """Work out what the data sheet allows for each term of a step.

    Experts touched by n tokens: E (1 - (1 - k/E)^n), tokens choosing k of E independently.
    """
    import numpy as np

    model, gpu, gpus = deployment.model, deployment.gpu, deployment.gpus
    tokens = np.array(KNOTS, np.float64)
    dense, expert = _split(model)
    read_s = deployment.precision.weight_bytes / gpu.memory_bytes_per_s / gpus
    flop_s = 2.0 / _flop_per_s(deployment) / gpus
    touched = model.experts * (1.0 - (1.0 - model.experts_per_token / max(model.experts, 1)) ** tokens)
    together = float(gpus > 1)
    apart = gpus if gpus > SERVER_GPUS else 1  # beyond one server, ranks exchange and sample on their own
    sent_s = model.layers * model.hidden_size * ACTIVATION_BYTES * together / gpu.interconnect_bytes_per_s / apart
    flat = np.ones_like(tokens)
    none = np.zeros_like(tokens)
    layers = (model.layers, model.layers * float(model.is_moe), model.layers * together)
    fixed = [dense * read_s * flat, expert * touched * read_s, none, none, none, none]
    fixed += [*(count * flat for count in layers), none]
    per_token = [0.0, 0.0, dense * flop_s, expert * model.experts_per_token * flop_s, 0.0, sent_s, 0.0, 0.0, 0.0]
    context = np.zeros(len(Efficiencies._fields))
    context[Efficiencies._fields.index("context")] = deployment.kv_bytes_per_token / gpus / gpu.memory_bytes_per_s
    return Terms(np.array(fixed), np.array([*per_token, 0.0]), np.array([*per_token, 1.0 / apart]), context)


def _split(model: ModelFacts) -> tuple[float, float]:
    """Split parameters into those that every token passes and those of one expert in all layers.

    Total = dense + E x and active = dense + k x give x and dense.
    """
    if not model.is_moe:
        return float(model.total_parameters), 0.0
    expert = (model.total_parameters - model.active_parameters) / (model.experts - model.experts_per_token)
    return model.active_parameters - model.experts_per_token * expert, expert


def _flop_per_s(deployment: Deployment) -> float:
    """Return the peak in the weights' format; where the chip lacks it, weights are unpacked to 16 bits first."""
    return deployment.gpu.flop_per_s(deployment.precision.compute) or deployment.gpu.fp16_flop_per_s


def pieces(deployment: Deployment, efficiencies: Efficiencies = EFFICIENCIES) -> Pieces:
    """Return the step time of a deployment in its pieces."""
    import numpy as np

    known = terms(deployment)
    factor = np.array(efficiencies)
    reads = np.array([name in ("weights", "experts") for name in Efficiencies._fields])
    return Pieces(
        memory_s=(factor * reads) @ known.fixed,
        overhead_s=float((factor * ~reads) @ known.fixed[:, 0]),
        token_s=float(factor @ known.prefill),
        sequence_s=float(factor @ (known.sequence - known.prefill)),
        context_s=float(factor @ known.context),
    )


def roofline_server(
    deployment: Deployment,
    max_sequences: int = 256,
    step_budget_tokens: int = 8192,
    efficiencies: Efficiencies = EFFICIENCIES,
    kv_capacity_tokens: int | None = None,
) -> Server:
    """Return the server that the roofline expects.

    Args:
        deployment: model, GPUs and precision.
        max_sequences: most sequences that run at once; 256 is vLLM's long-standing default.
        step_budget_tokens: most tokens of a step; 8 192 is vLLM's default on large GPUs.
        efficiencies: how far real steps are from the data sheet.
        kv_capacity_tokens: tokens of context that fit; computed from the memory when left out.

    Raises:
        ValueError: when the weights leave no room for a token of context.
    """
    room_tokens = kv_capacity_tokens or deployment.kv_capacity_tokens
    if room_tokens < 1:
        raise ValueError(
            f"{deployment.model.name}: {weights_bytes(deployment.model, deployment.precision) / 1e9:.0f} GB of weights "
            f"in {deployment.precision.name} leave no room in {deployment.gpus} x {deployment.gpu.memory_gb:g} GB"
        )
    step = pieces(deployment, efficiencies)
    return server_of(
        step.memory_s + step.overhead_s, step.token_s, step.token_s + step.sequence_s, step.context_s, deployment.gpus,
        room_tokens, max_sequences, max(step_budget_tokens, max_sequences), 0.0,
        f"roofline: {deployment.model.source}; {deployment.gpu.source}",
    )  # fmt: skip


def server_of(
    fixed_s: NDArray[np.float64],
    prefill_s: float,
    sequence_s: float,
    context_s: float,
    gpus: int,
    kv_capacity_tokens: int,
    max_sequences: int,
    step_budget_tokens: int,
    first_token_overhead_s: float,
    source: str,
) -> Server:
    """Build a server from a fixed time at each of `KNOTS` tokens, shape (15,), and times per token, seconds."""
    least = max(float(fixed_s[0]), 1e-6)  # a microsecond: no step takes no time at all
    rising = bool((abs(fixed_s - fixed_s[0]) > 1e-12).any())
    points = zip(KNOTS, (max(float(value), 1e-6) for value in fixed_s), strict=True)
    return Server(
        gpus_per_replica=gpus,
        alpha_s=least,
        beta_s_per_prefill_token=float(prefill_s),
        gamma_s_per_sequence=float(sequence_s),
        delta_s_per_context_token=float(context_s),
        fixed_s_by_tokens=tuple(points) if rising else (),
        first_token_overhead_s=float(first_token_overhead_s),
        kv_capacity_tokens=kv_capacity_tokens,
        max_sequences=max_sequences,
        step_budget_tokens=step_budget_tokens,
        source=source,
    )
