"""Set-ups: names and widths as measurements write them."""

from __future__ import annotations

import pytest

from tco.calibration.measured import read_measurements
from tco.calibration.setups import SAME, find_gpu, find_model, find_precision, set_up_of, widths
from tests.validation.rows import row, write


def read(tmp_path, **changes):
    """Read one row back."""
    return read_measurements(write(tmp_path / "a.csv", [row(**changes)])).rows[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ((8, 8, 1, 1), (8, 8, 1, 1)),
        ((64, 64, 8, 1), (8, 8, 8, 1)),  # tp x ep of one server of eight
        ((16, 16, 4, 1), (4, 4, 4, 1)),
        ((64, 1, 8, 64), (8, 1, 8, 8)),
        ((16, 4, 16, 4), (4, 4, 4, 4)),
        ((4, 2, 4, 2), (2, 2, 2, 2)),
        ((4, 1, 1, 4), (4, 1, 1, 4)),
        ((72, 72, 1, 1), (72, 72, 1, 1)),
        ((2, 2, 0, 1), (2, 2, 1, 1)),
    ],
)
def test_widths_are_what_the_hardware_has(tmp_path, written, meant):
    """GPUs, tensor-parallel width, expert-parallel width, attention ranks."""
    gpus, tp, ep, ranks = written

    assert meant == widths(read(tmp_path, n_gpus=gpus, tp=tp, ep=ep, dp_attention=ranks))


def test_names_are_found_in_the_catalog():
    """Publisher, format and underscores do not matter."""
    assert "llama-3.1-8b" == find_model("nvidia/Llama-3.1-8B-Instruct-FP8").name
    assert "qwen3-235b-a22b" == find_model("Qwen/Qwen3-235B-A22B-FP8").name
    assert "h100-sxm" == find_gpu("h100_sxm").name
    assert "h200-sxm" == find_gpu("H200").name
    assert "fp4" == find_precision("NVFP4").name
    assert "bf16" == find_precision("").name
    assert find_model("somebody/llama-3.1-8bx") is None
    assert find_gpu("tpu_v6") is None


def test_one_shape_under_two_names_is_related_but_not_the_same(tmp_path):
    """DeepSeek-R1 and V3 share a set-up; their names are told apart one level below."""
    one = set_up_of(read(tmp_path, model="deepseek-ai/DeepSeek-R1")).relatives
    other = set_up_of(read(tmp_path, model="deepseek-ai/DeepSeek-V3")).relatives

    assert one[SAME] == other[SAME]
    assert one[SAME + 1] != other[SAME + 1]


def test_an_unknown_model_gets_a_stand_in_of_its_size(tmp_path):
    """It is marked as unknown, so that its roofline is not judged."""
    found = set_up_of(read(tmp_path, model="somebody/Secret-72B-Chat"))

    assert not found.known
    assert "llama-3.1-70b" == found.deployment.model.name
