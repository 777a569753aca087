"""The books of models, GPUs and number formats: complete, plausible, and true to hand-worked figures."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest
from pydantic import ValidationError

from tco import catalog
from tco.errors import CatalogError

DATA = files("tco.catalog") / "data"
ROWS = list(csv.DictReader((DATA / "models.csv").read_text(encoding="utf-8").splitlines()))
BOOKS = ("models.csv", "gpus.csv", "precisions.csv")

# Multi-head latent attention, from each config.json: query rank, key size without rotary part, rotary part, value size.
LATENT = {
    "deepseek-v3": (1536, 128, 64, 128),
    "deepseek-r1": (1536, 128, 64, 128),
    "kimi-k2.5": (1536, 128, 64, 128),
    "glm-5": (2048, 192, 64, 256),
}
LINEAR_PER_LAYER = 4096 * (2 * 16 * 128 + 2 * 64 * 128) + 64 * 128 * 4096  # Qwen3.5's DeltaNet: q, k, v, gate; output


def _number(row: dict[str, str], key: str) -> int:
    return int(row[key] or 0)


def _attention(row: dict[str, str]) -> int:
    """Parameters of one layer's attention."""
    hidden, heads, size = (_number(row, key) for key in ("hidden_size", "attention_heads", "head_size"))
    if row["name"] in LATENT:
        rank, plain, rotary, value = LATENT[row["name"]]
        latent = _number(row, "latent_size") - rotary
        query = hidden * rank + rank * heads * (plain + rotary)
        return query + hidden * (latent + rotary) + latent * heads * (plain + value) + heads * value * hidden
    gate = 3 if row["name"] == "qwen3.5-397b-a17b" else 2  # its queries carry an output gate of their own size
    return gate * hidden * heads * size + 2 * hidden * _number(row, "kv_heads") * size


def _parameters(row: dict[str, str], experts: int) -> int:
    """Count parameters from the shape, with so many routed experts per layer."""
    hidden, layers, dense = (_number(row, key) for key in ("hidden_size", "layers", "dense_layers"))
    attended = layers
    linear = 0
    if row["name"] == "qwen3.5-397b-a17b":
        attended = _number(row, "full_attention_layers")
        linear = (layers - attended) * LINEAR_PER_LAYER
    each = _number(row, "ffn_matrices") * hidden
    expert = each * _number(row, "expert_ffn_size") * (experts + _number(row, "shared_experts"))
    words = _number(row, "vocabulary") * hidden * _number(row, "vocabulary_matrices")
    return (
        attended * _attention(row)
        + linear
        + dense * each * _number(row, "ffn_size")
        + (layers - dense) * expert
        + words
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_stated_parameters_follow_from_the_shape(row):
    """Attention, feed-forward, experts and vocabulary add up to the card's total, within 10 %."""
    assert pytest.approx(_parameters(row, _number(row, "experts")), rel=0.1) == _number(row, "total_parameters")


def test_a_shape_that_is_not_the_models_is_caught():
    """Half the layers of Llama-3.1-8B do not make 8 billion parameters."""
    row = next(row for row in ROWS if row["name"] == "llama-3.1-8b")
    planted = {**row, "layers": "16", "dense_layers": "16"}

    assert pytest.approx(_parameters(planted, 0), rel=0.1) != _number(row, "total_parameters")


@pytest.mark.parametrize("row", [row for row in ROWS if row["experts"] != "0"], ids=lambda row: row["name"])
def test_stated_active_parameters_follow_from_the_shape(row):
    """The experts that a token visits, and all the rest; cards leave out one vocabulary matrix or two, or round."""
    active = _parameters(row, _number(row, "experts_per_token"))
    words = _number(row, "vocabulary") * _number(row, "hidden_size") * _number(row, "vocabulary_matrices")

    assert 0.85 * (active - words) <= _number(row, "active_parameters") <= 1.15 * active


@pytest.mark.parametrize("book", BOOKS)
def test_every_row_has_a_source_and_a_name_of_its_own(book):
    """Nothing stands in a book without saying where it is from and when."""
    rows = list(csv.DictReader((DATA / book).read_text(encoding="utf-8").splitlines()))

    assert len(rows) == len({row["name"] for row in rows})
    assert all(len(row["source"]) > 3 and len(row["source_date"]) == 10 for row in rows)
    assert not [row["name"] for row in rows if None in row or None in row.values()]


def test_the_books_are_as_wide_as_asked():
    """Models from 7B to 700B, dense and of experts, with embeddings, classifiers and distilled sizes; many GPUs."""
    models, gpus = catalog.models(), catalog.gpus()
    sizes = [model.total_parameters for model in models.values() if model.kind == "chat"]

    assert len(models) >= 16
    assert len(gpus) >= 13
    assert len([size for size in sizes if 7e9 <= size <= 750e9]) >= 12
    assert len([size for size in sizes if 0.5e9 <= size <= 4.1e9]) >= 2
    assert len([model for model in models.values() if model.kind == "embedding"]) >= 2
    assert len([model for model in models.values() if model.kind == "classifier"]) >= 1
    assert len([model for model in models.values() if model.is_moe]) >= 6


@pytest.mark.parametrize(
    ("name", "kv_bytes"),
    [
        ("llama-3.1-8b", 131_072),  # 32 layers x 2 x 8 heads x 128 x 2 bytes
        ("llama-3.1-70b", 327_680),  # 80 x 2 x 8 x 128 x 2
        ("qwen3-32b", 262_144),  # 64 x 2 x 8 x 128 x 2
        ("qwen3-235b-a22b", 192_512),  # 94 x 2 x 4 x 128 x 2
        ("deepseek-r1", 70_272),  # 61 x (512 + 64) x 2
        ("gpt-oss-120b", 36_864),  # 18 of 36 layers grow: 18 x 2 x 8 x 64 x 2
        ("qwen3.5-397b-a17b", 30_720),  # 15 of 60 layers grow: 15 x 2 x 2 x 256 x 2
        ("bge-m3", 0),  # an encoder keeps nothing between steps
    ],
)
def test_cache_per_token_is_the_hand_worked_one(name, kv_bytes):
    """Layers x 2 x KV heads x head size x 2 bytes, or layers x latent x 2 bytes; half of it in 8 bits."""
    model = catalog.model(name)

    assert kv_bytes == model.kv_bytes_per_token("fp16")
    assert kv_bytes / 2 == model.kv_bytes_per_token("fp8")


def test_windows_and_states_are_held_once_per_sequence():
    """gpt-oss-120b: 18 layers x 128 tokens x 2 x 8 x 64 values x 2 bytes, whatever the context."""
    assert 18 * 128 * 2 * 8 * 64 * 2 == catalog.model("gpt-oss-120b").kv_bytes_per_sequence()
    assert 0 == catalog.model("llama-3.1-8b").kv_bytes_per_sequence()


@pytest.mark.parametrize(
    ("name", "gpus", "copies"),
    [("llama-3.1-70b", 8, 1), ("llama-3.1-70b", 16, 2), ("qwen3-235b-a22b", 8, 2), ("deepseek-r1", 8, 8)],
)
def test_more_gpus_than_kv_heads_hold_copies(name, gpus, copies):
    """Eight heads split over eight GPUs; four are held twice; a latent is held by every GPU."""
    assert copies == catalog.model(name).kv_copies(gpus)


@pytest.mark.parametrize("gpu", catalog.gpus().values(), ids=lambda gpu: gpu.name)
def test_data_sheets_are_plausible(gpu):
    """8-bit units are as fast as 16-bit ones or up to four times; memory reads in 10 to 100 ms; links are slower."""
    assert 0.01 <= gpu.memory_gb * 1e9 / gpu.memory_bytes_per_s <= 0.1
    assert gpu.interconnect_bytes_per_s < gpu.memory_bytes_per_s
    assert 50 <= gpu.fp16_flop_per_s / gpu.memory_bytes_per_s <= 500
    for wide, narrow in (("fp16", "fp8"), ("fp16", "int8"), ("fp8", "fp4")):
        if gpu.flop_per_s(narrow) is not None:
            assert 1.9 <= gpu.flop_per_s(narrow) / gpu.flop_per_s(wide) <= 4.1


def test_a_format_that_a_chip_lacks_is_unknown_not_zero():
    """A100 has no FP8 units, H100 no FP4 ones."""
    assert catalog.gpu("a100-80").flop_per_s("fp8") is None
    assert catalog.gpu("h100-sxm").flop_per_s("fp4") is None
    assert ("fp16", "fp8", "int8", "fp4") == catalog.gpu("b200-sxm").formats


def test_narrow_weights_take_their_scales_with_them():
    """4 bits and 16 bits per 128 weights are 0.515625 bytes; 4 bits and 8 bits per 16 are 0.5625; per 32, 0.53125."""
    assert 4 / 8 + 2 / 128 == catalog.precision("int4").weight_bytes
    assert 4 / 8 + 1 / 16 == catalog.precision("fp4").weight_bytes
    assert 4 / 8 + 1 / 32 == catalog.precision("mxfp4").weight_bytes


def test_quality_falls_with_the_bits_and_is_unknown_where_nobody_measured():
    """Each format states its benchmark; mxfp4 has no 16-bit original to compare with."""
    quality = {name: facts.quality_share for name, facts in catalog.precisions().items()}

    assert 1 == quality["fp16"] >= quality["fp8"] >= quality["int8"] >= quality["int4"] >= quality["fp4"] > 0.9
    assert quality["mxfp4"] is None


@pytest.mark.parametrize(
    ("look_up", "name", "near"),
    [
        (catalog.model, "llama-3-1-8b", "llama-3.1-8b"),
        (catalog.gpu, "h100-smx", "h100-sxm"),
        (catalog.precision, "in8", "int8"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(look_up, name, near):
    """A slip of the finger is told with what was probably meant."""
    with pytest.raises(CatalogError, match=f"did you mean '{near}'"):
        look_up(name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"active_parameters": 10**12}, "active_parameters 1000000000000 is above total_parameters 8030261248"),
        ({"experts_per_token": 2}, "experts_per_token 2 is above experts 0"),
        ({"attention": "mla"}, "attention 'mla' with latent_size None"),
        ({"sliding_layers": 4}, "sliding_layers 4 with sliding_window_tokens None"),
        ({"full_attention_layers": 33}, "full_attention_layers 33 and sliding_layers 0 are above layers 32"),
    ],
)
def test_a_shape_that_contradicts_itself_is_refused(change, message):
    """Both values in conflict are named."""
    shape = catalog.model("llama-3.1-8b").model_dump()

    with pytest.raises(ValidationError, match=message):
        type(catalog.model("llama-3.1-8b")).model_validate({**shape, **change})


def test_a_score_without_its_benchmark_is_refused():
    """A share of quality says what was measured."""
    facts = catalog.precision("int4")

    with pytest.raises(ValidationError, match=r"quality_share 0\.989 with quality_benchmark None"):
        type(facts).model_validate({**facts.model_dump(), "quality_benchmark": None})
