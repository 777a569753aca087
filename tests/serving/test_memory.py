"""Memory: a model fits or not, by figures that can be worked by hand, and no GPU more makes it worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tco import catalog
from tco.serving.memory import Placement, misfit

MODELS = catalog.models().values()


def placed(model: str, gpu: str, gpus: int = 1, precision: str = "fp16", **changes) -> Placement:
    """A model of the catalog on GPUs of the catalog."""
    return Placement(catalog.model(model), catalog.gpu(gpu), gpus, catalog.precision(precision), **changes)


def test_room_is_what_a_real_server_reports():
    """Llama-3.1-8B in 16 bits on an RTX 4090: vLLM 0.19 printed 41 408 tokens (shared trace set-up)."""
    assert pytest.approx(41_408, rel=0.03) == placed("llama-3.1-8b", "rtx-4090").room_tokens


@pytest.mark.parametrize(
    ("there", "tokens"),
    [
        (placed("llama-3.1-8b", "h100-sxm"), (72e9 - 2 * 8_030_261_248) / 131_072),
        (placed("llama-3.1-8b", "h100-sxm", kv_precision="fp8"), (72e9 - 2 * 8_030_261_248) / 65_536),
        (placed("llama-3.1-8b", "h100-sxm", precision="fp8"), (72e9 - 8_030_261_248) / 131_072),
        (placed("llama-3.1-8b", "h100-sxm", memory_share=0.5), (40e9 - 2 * 8_030_261_248) / 131_072),
        (placed("llama-3.1-70b", "h100-sxm", 2), (144e9 - 2 * 70_553_706_496) / 327_680),
        (placed("qwen3-235b-a22b", "h200-sxm", 8), (1015.2e9 - 2 * 235_093_634_560) / 192_512 / 2),  # 4 KV heads on 8
        (placed("deepseek-r1", "h200-sxm", 8, "fp8"), (1015.2e9 - 671_026_419_200) / 70_272 / 8),  # a latent on each
    ],
)
def test_room_is_the_hand_worked_one(there, tokens):
    """Share of the memory, less the weights, by the bytes of a token, by the copies of it."""
    assert int(tokens) == there.room_tokens


def test_windows_cost_until_they_are_full_and_nothing_after():
    """gpt-oss-120b, 18 layers each way, 2 048 bytes a layer: 4 sequences fill 512 tokens of windows."""
    there = placed("gpt-oss-120b", "h100-sxm", 1, "mxfp4", max_sequences=4)
    free = 72e9 - 116_829_156_672 * 0.53125

    assert int((free - 512 * 18 * 2048) / (18 * 2048)) == there.room_tokens == 268_978
    assert 36 * 2048 * 100 == there.bytes_of(100)
    assert 36 * 2048 * 512 + 18 * 2048 * 488 == there.bytes_of(1000)


def test_states_of_fixed_size_are_kept_for_every_sequence():
    """Qwen3.5 keeps 192 MB a sequence whatever its length, so more sequences leave less for context."""
    few, many = (placed("qwen3.5-397b-a17b", "h200-sxm", 8, "fp8", max_sequences=count) for count in (64, 256))

    assert 192 * 192_061_440 == pytest.approx((few.room_tokens - many.room_tokens) * 30_720 * 4, rel=1e-5)


def test_an_encoder_needs_no_cache():
    """It runs once over the text; what it may hold is bounded by its context alone."""
    assert 256 * 8192 == placed("bge-m3", "l4").room_tokens
    assert misfit(placed("bge-m3", "l4")) is None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("precision", ["fp16", "fp8", "int4"])
def test_the_room_is_used_up(model, precision):
    """As many tokens as there is room for fit beside the weights, and one more does not, nor is a token left over."""
    there = Placement(model, catalog.gpu("mi300x"), 8, catalog.precision(precision), max_sequences=16)
    most = there.max_sequences * model.max_context_tokens
    free = there.memory_bytes - there.weights_bytes

    if there.room_tokens in (0, most):
        assert there.bytes_of(1) > free or there.bytes_of(most) <= free
    else:
        assert there.bytes_of(there.room_tokens) <= free * (1 + 1e-12)
        assert there.bytes_of(there.room_tokens + 1) > free * (1 - 1e-12)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_more_gpus_and_fewer_bits_never_leave_less_room(model):
    """Twice the GPUs hold at least as much; 8 bits at least as much as 16, 4 as much as 8."""
    for gpus in (1, 2, 4, 8, 16):
        rooms = [
            Placement(model, catalog.gpu("h100-sxm"), gpus, catalog.precision(name)).room_tokens
            for name in ("fp16", "fp8", "int4")
        ]
        twice = Placement(model, catalog.gpu("h100-sxm"), 2 * gpus, catalog.precision("fp16")).room_tokens

        assert rooms == sorted(rooms)
        assert rooms[0] <= twice


@pytest.mark.parametrize(
    ("there", "message"),
    [
        (
            placed("llama-3.1-70b", "h100-sxm"),
            "llama-3.1-70b in fp16 needs 141 GB of weights; 1 x h100-sxm has 72 GB at memory_share 0.9; "
            "2 GPUs would fit, with room for 8,827 tokens",
        ),
        (
            placed("kimi-k2.5", "l4"),
            "kimi-k2.5 in fp16 needs 2,080 GB of weights; 1 x l4 has 21.6 GB at memory_share 0.9; "
            "not even 64 GPUs would fit it",
        ),
        (
            placed("llama-3.1-8b", "l4", 3),
            "llama-3.1-8b has 32 heads and 8 KV heads, which do not split over gpus 3; "
            "1 GPU would fit, with room for 42,262 tokens",
        ),
        (
            placed("llama-3.1-8b", "a100-80", 1, "fp8"),
            "precision 'fp8' computes in fp8, which a100-80 lacks; it has fp16, int8",
        ),
        (
            placed("qwen3.5-397b-a17b", "h100-sxm", 8, "fp8", max_sequences=2048),
            "qwen3.5-397b-a17b in fp8 needs 397 GB of weights and 393 GB of states for 2048 sequences; 8 x h100-sxm "
            "has 576 GB at memory_share 0.9; 16 GPUs would fit, with room for 1,471,590 tokens",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_both_numbers_and_the_way_out(there, message):
    """What is needed, what is there, and how many GPUs would do."""
    assert message == misfit(there)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_advice_is_the_fewest_gpus(model):
    """What is advised fits, and no smaller number that splits the heads does."""
    there = Placement(model, catalog.gpu("l40s"), 1, catalog.precision("fp16"))
    advised = there.fitting()

    if advised is None:
        assert replace(there, gpus=64).room_tokens <= 0
        return
    assert misfit(advised) is None
    smaller = [replace(there, gpus=gpus) for gpus in range(1, advised.gpus)]
    assert all(misfit(trial) is not None for trial in smaller)
