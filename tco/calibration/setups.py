"""Set-ups: which deployment a measured row is from, and which other rows are its relatives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tco import catalog
from tco.calibration.measured import MeasuredRow
from tco.serving.facts import GpuFacts, ModelFacts, PrecisionFacts
from tco.serving.roofline import Deployment

LEVELS = (
    "model",
    "model, GPU and precision",
    "model, GPU, precision and engine",
    "model, GPU, precision, engine and number of GPUs",
    "set-up",
    "set-up and name of the model",
    "set-up, name of the model and engine version",
)
SAME = 4  # from this level on a row is of the same set-up
STAND_IN_MODEL, STAND_IN_GPU, STAND_IN_PRECISION = "llama-3.1-70b", "h100-sxm", "bf16"
_FORMATS = re.compile(r"-(instruct|chat|it|hf|fp8|fp4|nvfp4|mxfp4|int4|int8|bf16|awq|gptq)(?=-|$)")
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)b(?![a-z0-9])")


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a row was measured on.

    Attributes:
        deployment: model, GPUs and precision, for the roofline.
        relatives: keys from coarse to fine, one for each of `LEVELS`; rows with equal keys are related.
        known: whether the catalog holds model, GPU and precision; else a stand-in shapes the step time.
    """

    deployment: Deployment
    relatives: tuple[tuple[Any, ...], ...]
    known: bool


def set_up_of(row: MeasuredRow) -> SetUp:
    """Work out a row's set-up.

    The files write widths in several ways: an expert-parallel server of eight GPUs may stand there as 64 = tp x ep.
    """
    model, gpu, precision = find_model(row.model), find_gpu(row.gpu), find_precision(row.precision)
    gpus, tp, ep, ranks = widths(row)
    shape = _plain(row.model) if model is None else _shape(model)
    keys: list[tuple[Any, ...]] = [(shape,)]
    for part in (
        (row.gpu.lower(), row.precision.lower()),
        (row.backend.lower(),),
        (gpus, ranks > 1),
        (tp, ep, ranks),
        (_plain(row.model),),  # one shape under two names may have run with other switches
        (row.backend_version,),
    ):
        keys.append((*keys[-1], *part))
    return SetUp(
        Deployment(
            model or _sized_stand_in(row.model),
            gpu or catalog.gpu(STAND_IN_GPU),
            precision or catalog.precision(STAND_IN_PRECISION),
            gpus,
            ranks,
        ),
        tuple(keys),
        None not in (model, gpu, precision),
    )


def widths(row: MeasuredRow) -> tuple[int, int, int, int]:
    """Return GPUs, tensor-parallel width, expert-parallel width and attention ranks, as the hardware has them.

    Where experts are parallel and the count is the square of a width, the width was counted twice.
    """
    tp, ep, ranks = (max(round(value or 1), 1) for value in (row.tp, row.ep, row.dp_attention))
    stated = max(round(row.n_gpus or 0), 0) or tp * ranks
    gpus = stated
    if ep > 1 and ep * ep == stated:
        gpus = ep
    elif ep > 1 and tp == ranks and tp * tp == stated == ep:
        gpus = tp
    gpus = min(gpus, 1024)
    return gpus, min(tp, gpus), min(ep, gpus), min(ranks, gpus)


@lru_cache
def find_model(name: str) -> ModelFacts | None:
    """Find a model of the catalog by a name such as `nvidia/Qwen3-32B-NVFP4`; None when there is none.

    >>> found = find_model("nvidia/DeepSeek-V3.1-NVFP4")
    >>> found.name if found else None
    'deepseek-v3'
    """
    plain, known = _plain(name), catalog.models()
    if plain in known:
        return known[plain]
    near = [each for each in known if plain.startswith((f"{each}-", f"{each}."))]
    return known[max(near, key=len)] if near else None


@lru_cache
def find_gpu(name: str) -> GpuFacts | None:
    """Find a GPU of the catalog by a name such as `h100_sxm`; None when there is none."""
    plain, known = name.lower().replace("_", "-").replace(" ", "-"), catalog.gpus()
    if plain in known:
        return known[plain]
    near = sorted((each for each in known if each.startswith(f"{plain}-")), key=lambda each: -known[each].memory_gb)
    return known[near[0]] if near else None


@lru_cache
def find_precision(name: str) -> PrecisionFacts | None:
    """Find a number format; a row that names none ran in 16 bits."""
    plain, known = name.lower() or "bf16", catalog.precisions()
    return known.get(plain) or known.get(
        {"nvfp4": "fp4", "w4a16": "int4", "w8a8": "int8", "half": "fp16"}.get(plain, "")
    )


def _plain(name: str) -> str:
    return _FORMATS.sub("", name.rpartition("/")[2].lower().replace("_", "-"))


def _shape(model: ModelFacts) -> tuple[Any, ...]:
    """Everything that decides speed: DeepSeek-R1 and V3 are one model here."""
    return tuple(
        sorted(model.model_dump(exclude={"name", "source", "source_date", "kind", "max_context_tokens"}).items())
    )


@lru_cache
def _sized_stand_in(name: str) -> ModelFacts:
    """Return the catalog's chat model nearest in size to the `70B` in a name; a dense one where nothing is said."""
    sizes = [float(size) * 1e9 for size in _SIZE.findall(name.lower())]
    if not sizes:
        return catalog.model(STAND_IN_MODEL)
    chats = [model for model in catalog.models().values() if model.kind == "chat"]
    return min(chats, key=lambda model: (abs(model.total_parameters / max(sizes) - 1), model.name))
