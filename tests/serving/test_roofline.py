"""Roofline: hand-worked terms, and what more hardware does."""

from __future__ import annotations

from datetime import date

import pytest

from tco import catalog
from tco.serving.facts import GpuFacts, ModelFacts, PrecisionFacts
from tco.serving.roofline import EFFICIENCIES, KNOTS, Deployment, Efficiencies, pieces, roofline_server, terms
from tco.serving.step_time import Server

DATED = {"source": "made up for the test", "source_date": date(2026, 11, 24)}
IDEAL = Efficiencies(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0)
GPU = GpuFacts(
    name="even", memory_gb=100.0, memory_bytes_per_s=1e12, fp16_flop_per_s=1e15, interconnect_bytes_per_s=1e11, **DATED
)
FP16 = PrecisionFacts(name="fp16", weight_bytes=2.0, compute="fp16", **DATED)
FP8 = PrecisionFacts(name="fp8", weight_bytes=1.0, compute="fp8", **DATED)
SHAPE = {
    "layers": 10, "hidden_size": 1000, "attention_heads": 8, "kv_heads": 2, "head_size": 100,
    "max_context_tokens": 8192,
}  # fmt: skip
DENSE = ModelFacts(name="dense", total_parameters=10**10, active_parameters=10**10, **SHAPE, **DATED)
MOE = ModelFacts(
    name="moe",
    total_parameters=9 * 10**9,
    active_parameters=3 * 10**9,
    experts=8,
    experts_per_token=2,
    **SHAPE,
    **DATED,
)


def test_a_dense_step_reads_its_weights_once():
    """1e10 parameters of two bytes at 1e12 bytes/s: 20 ms, whatever the tokens; 2e10 FLOP a token at 1e15: 20 us."""
    step = pieces(Deployment(DENSE, GPU, FP16), IDEAL)

    assert [0.02] * len(KNOTS) == pytest.approx(step.memory_s)
    assert 2e-5 == pytest.approx(step.token_s)
    assert 2 * 10 * 2 * 100 * 2 / 1e12 == pytest.approx(step.context_s)  # K and V, layers, heads, size, bytes


def test_experts_are_read_as_tokens_touch_them():
    """One expert is 1e9 parameters, 1e9 are dense: one token reads 1 + 2, two 1 + 8 (1 - 0.75^2), many all 9."""
    step = pieces(Deployment(MOE, GPU, FP16), IDEAL)

    assert (3 * 2e-3, (1 + 8 * 0.4375) * 2e-3, 9 * 2e-3) == pytest.approx(
        (step.memory_s[0], step.memory_s[1], step.memory_s[-1])
    )


def test_a_format_that_the_chip_lacks_is_computed_in_16_bits():
    """Half the bytes, the same products."""
    step = pieces(Deployment(DENSE, GPU, FP8), IDEAL)

    assert (0.01, 2e-5) == pytest.approx((step.memory_s[0], step.token_s))


def test_copies_of_the_cache_are_read_by_every_gpu():
    """Two KV heads on eight GPUs are held four times; attention ranks hold each sequence once."""
    split, ranks = Deployment(DENSE, GPU, FP16, 8), Deployment(DENSE, GPU, FP16, 8, attention_ranks=8)

    assert 4 * ranks.kv_bytes_per_token == split.kv_bytes_per_token
    assert 4 * pieces(ranks, IDEAL).context_s == pytest.approx(pieces(split, IDEAL).context_s)


def test_capacity_is_what_the_weights_leave():
    """90 GB less 20 GB, over 8 000 bytes a token."""
    assert 70e9 / 8000 == Deployment(DENSE, GPU, FP16).kv_capacity_tokens
    with pytest.raises(ValueError, match="20 GB of weights in fp16 leave no room in 1 x 20 GB"):
        roofline_server(Deployment(DENSE, GPU.model_copy(update={"memory_gb": 20.0}), FP16))


def test_the_server_is_the_sum_of_the_terms():
    """Fixed time from the table, tokens and context times their coefficients."""
    deployment = Deployment(catalog.model("gpt-oss-120b"), catalog.gpu("h200-sxm"), catalog.precision("fp8"), 4)
    server, known = roofline_server(deployment), terms(deployment)

    assert float(EFFICIENCIES @ known.fixed[:, 5]) == pytest.approx(server.fixed_s(32))
    assert float(EFFICIENCIES @ known.sequence) == pytest.approx(server.gamma_s_per_sequence)


@pytest.mark.parametrize("name", ["llama-3.1-70b", "deepseek-r1", "gpt-oss-120b"])
def test_more_gpus_never_make_a_full_step_longer(name):
    """A step of 256 sequences with 2 000 tokens each and a prompt of 2 000."""
    taken = []
    for gpus in (4, 8):
        deployment = Deployment(catalog.model(name), catalog.gpu("b200-sxm"), catalog.precision("fp8"), gpus)
        step = pieces(deployment)
        taken.append(step.memory_s[-1] + step.overhead_s + 2256 * step.token_s + 512_000 * step.context_s)

    assert taken[1] < taken[0]


@pytest.mark.parametrize("factor", [1.5, 10])
@pytest.mark.parametrize("field", ["memory_bytes_per_s", "fp16_flop_per_s", "interconnect_bytes_per_s"])
def test_a_better_chip_is_never_slower(field, factor):
    """More bandwidth, more FLOP/s or a faster link make no coefficient larger."""
    gpu = catalog.gpu("h100-sxm")
    better = gpu.model_copy(update={field: factor * getattr(gpu, field)})
    before, after = (
        roofline_server(Deployment(catalog.model("llama-3.1-70b"), chip, catalog.precision("fp16"), 4))
        for chip in (gpu, better)
    )

    for coefficient in ("alpha_s", "beta_s_per_prefill_token", "gamma_s_per_sequence", "delta_s_per_context_token"):
        assert getattr(after, coefficient) <= getattr(before, coefficient)


def test_the_catalogs_dense_set_ups_are_met_within_the_aim():
    """Decoding 1, 16 and 64 sequences of 2 000 tokens: the median error is below 20 %, nine in ten below 50 %."""
    errors = sorted(
        abs(decode_s(expected(name), count) / decode_s(server, count) - 1)
        for name, server in catalog.servers().items()
        if name.startswith(("llama-3.1-8b/", "llama-3.1-70b/", "qwen3-32b/"))
        for count in (1, 16, 64)
    )

    assert len(errors) >= 60
    assert errors[len(errors) // 2] < 0.2
    assert errors[int(0.9 * len(errors))] < 0.5


def expected(name: str) -> Server:
    """The roofline of a set-up that the catalog has measured."""
    model, gpu, precision = name.split("/")
    gpu, _, gpus = gpu.partition("-x")
    return roofline_server(
        Deployment(catalog.model(model), catalog.gpu(gpu), catalog.precision(precision), int(gpus or 1))
    )


def decode_s(server: Server, sequences: int) -> float:
    """Time of a step that decodes so many sequences of 2 000 tokens."""
    context = server.delta_s_per_context_token * 2000 * sequences
    return server.fixed_s(sequences) + server.gamma_s_per_sequence * sequences + context
