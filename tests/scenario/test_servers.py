"""Servers in YAML: four ways to say how fast a replica is, one way to use it, and faults at their line."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from statistics import median

import pytest

from tco import catalog
from tco.calibration.loops import Loop
from tco.scenario.loader import load_scenario
from tco.scenario.server import precision_of, server_of
from tco.sim.closed_loop import run_closed_loop
from tests.scenario.texts import CATALOG, INLINE, MARK, faults_in, plant
from tests.validation.rows import true_rows, write

NAMED = "server: llama-3.1-8b/h100-sxm/bf16"
EXPLICIT = "    server:\n      gpus_per_replica: 1\n"
TABLE = "{kind: table, path: mine.csv, length_share: 0.9, gpus_per_replica: 1, kv_capacity_tokens: 400000}"


def with_server(text: str) -> str:
    """The scenario with another server."""
    return CATALOG.replace(NAMED, f"server: {text}")


def tier_of(folder, text: str):
    """Load a scenario and return its GPU tier."""
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return next(tier for tier in load_scenario(path).scenario.tiers.values() if tier.kind == "gpu_fleet")


def roofline(**changes: str) -> str:
    """A roofline server in YAML."""
    keys = {"kind": "roofline", "model": "llama-3.1-8b", "gpu": "h100-sxm", **changes}
    return "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def benchmark(folder, **changes) -> None:
    """Write closed loops of a server that is 30 % slower than its roofline, and 20 ms late with first tokens."""
    write(folder / "mine.csv", known_runs(**changes))


@lru_cache
def known_runs(**changes) -> list[dict[str, str]]:
    """Runs of the server at four loads."""
    return true_rows((1, 4, 16, 64), 1.3, 0.02, **changes)


def test_a_name_stands_for_the_catalogs_server(tmp_path):
    """As measured, with the number format of its row."""
    tier = tier_of(tmp_path, CATALOG)

    assert catalog.servers()["llama-3.1-8b/h100-sxm/bf16"] == server_of(tier)
    assert "bf16" == precision_of(tier).name


def test_coefficients_need_no_kind_and_may_have_one(tmp_path):
    """Scenarios written before there were kinds read as before."""
    bare = tier_of(tmp_path, INLINE)
    kinded = tier_of(
        tmp_path, INLINE.replace(EXPLICIT, EXPLICIT.replace("server:\n", "server:\n      kind: explicit\n"))
    )

    assert server_of(bare) == server_of(kinded)
    assert 0.01 == server_of(bare).alpha_s
    assert precision_of(bare) is None


def test_a_roofline_resolves_to_a_server(tmp_path):
    """Room and width are those asked for, and the source says what it was computed from."""
    tier = tier_of(tmp_path, with_server(roofline(gpus="2", precision="fp8", max_sequences="64", kv_precision="fp8")))
    server = server_of(tier)

    assert (2, 64, 2048) == (server.gpus_per_replica, server.max_sequences, server.step_budget_tokens)
    assert int((144e9 - 8_030_261_248) / 65_536) == server.kv_capacity_tokens
    assert "llama-3.1-8b in fp8 on 2 x h100-sxm" in server.source
    assert "fp8" == precision_of(tier).name


def test_figures_may_stand_where_names_stand(tmp_path):
    """A model, a GPU and a precision of one's own give the same server as the catalog's with the same figures."""
    dated = "source: our own, source_date: 2026-01-31"
    model = (
        "{name: llama-3.1-8b, total_parameters: 8030261248, active_parameters: 8030261248, layers: 32, "
        f"hidden_size: 4096, attention_heads: 32, kv_heads: 8, head_size: 128, max_context_tokens: 131072, {dated}}}"
    )
    gpu = (
        "{name: l4, memory_gb: 24, memory_bytes_per_s: 300000000000, fp16_flop_per_s: 121000000000000, "
        f"interconnect_bytes_per_s: 32000000000, {dated}}}"
    )
    precision = f"{{name: fp16, weight_bytes: 2, compute: fp16, {dated}}}"
    own = server_of(tier_of(tmp_path, with_server(roofline(model=model, gpu=gpu, precision=precision))))
    known = server_of(tier_of(tmp_path, with_server(roofline(gpu="l4"))))

    assert known.model_copy(update={"source": ""}) == own.model_copy(update={"source": ""})


def test_narrow_weights_read_faster_and_compute_as_fast_as_their_format(tmp_path):
    """4-bit weights compute in 16 bits: decoding is faster, prefill is not; FP8 makes both faster."""
    wide, int4, fp8 = (
        server_of(tier_of(tmp_path, with_server(roofline(precision=name)))) for name in ("fp16", "int4", "fp8")
    )

    assert int4.alpha_s < fp8.alpha_s < wide.alpha_s
    assert fp8.beta_s_per_prefill_token < 0.9 * wide.beta_s_per_prefill_token
    assert pytest.approx(wide.beta_s_per_prefill_token, rel=0.05) == int4.beta_s_per_prefill_token
    assert int4.kv_capacity_tokens > fp8.kv_capacity_tokens > wide.kv_capacity_tokens


def test_a_cache_of_half_the_bits_reads_twice_as_fast(tmp_path):
    """The time per token of context follows the bytes of the cache."""
    wide, narrow = (server_of(tier_of(tmp_path, with_server(roofline(kv_precision=name)))) for name in ("fp16", "fp8"))

    assert pytest.approx(wide.delta_s_per_context_token / 2, rel=0.05) == narrow.delta_s_per_context_token


def test_a_table_is_fitted_as_validation_proves(tmp_path):
    """At loads never measured half the figures are met within 5 %; paths start at the scenario's folder.

    Not all: 32 answers of 32 tokens run in convoys that a millisecond more or less of waiting shifts.
    """
    benchmark(tmp_path)
    server = server_of(tier_of(tmp_path, with_server(TABLE)))
    errors = ([], [])
    for seen in true_rows((8, 32), 1.3, 0.02):
        loop = Loop(round(float(seen["concurrency"])), int(seen["input_len"]), int(seen["output_len"]))
        times = run_closed_loop(server, loop)
        for found, name, time_s in zip(errors, ("ttft_ms", "tpot_ms"), times, strict=True):
            found.append(abs(1e3 * time_s / float(seen[name]) - 1))

    assert median(errors[0] + errors[1]) < 0.05
    assert median(errors[1]) < 0.05
    assert (1, 400_000, 256, 2048) == (
        server.gpus_per_replica, server.kv_capacity_tokens, server.max_sequences, server.step_budget_tokens
    )  # fmt: skip
    assert "8 runs of mine.csv" in server.source


def test_a_table_says_where_it_holds(tmp_path):
    """From the least to the most that was measured."""
    benchmark(tmp_path)
    held = server_of(tier_of(tmp_path, with_server(TABLE))).measured

    assert (1, 64) == (held.least_sequences, held.most_sequences)
    assert (256, 512, 32, 64) == (
        held.least_input_tokens, held.most_input_tokens, held.least_output_tokens, held.most_output_tokens
    )  # fmt: skip


def test_a_table_that_names_no_hardware_is_fitted_as_well(tmp_path):
    """A stand-in shapes the step; the runs decide."""
    benchmark(tmp_path, gpu="", model="", precision="")
    server = server_of(tier_of(tmp_path, with_server(TABLE)))
    (seen, _) = true_rows((8,), 1.3, 0.02)

    _, tpot_s = run_closed_loop(server, Loop(8, int(seen["input_len"]), int(seen["output_len"])))

    assert float(seen["tpot_ms"]) == pytest.approx(1e3 * tpot_s, rel=0.10)


def test_checking_a_table_needs_no_numpy(tmp_path):
    """`tco check` reads the benchmark, but leaves the fit to those who use it."""
    benchmark(tmp_path)
    path = tmp_path / "scenario.yaml"
    path.write_text(with_server(TABLE), encoding="utf-8")
    code = (
        "import sys; from tco.scenario.loader import load_scenario; load_scenario(sys.argv[1]); "
        "print([name for name in ('numpy', 'pandas', 'scipy', 'simpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (
            roofline(model="llama-3.1-70b"),
            "llama-3.1-70b in fp16 needs 141 GB of weights; 1 x h100-sxm has 72 GB at memory_share 0.9; 2 GPUs would "
            "fit, with room for 8,827 tokens",
        ),
        (
            roofline(gpu="a100-80", precision="fp8"),
            "precision 'fp8' computes in fp8, which a100-80 lacks; it has fp16, int8",
        ),
        (
            roofline(kv_capacity_tokens="900000"),
            "kv_capacity_tokens 900,000 needs 118 GB beside 16.1 GB of weights; 1 x h100-sxm has 72 GB at "
            "memory_share 0.9, room for 426,784 tokens",
        ),
        (roofline(gpu="l4", context_tokens="100000"), "context_tokens 100,000 is above the KV cache of 42,262 tokens"),
        (
            roofline(context_tokens="20000", kv_capacity_tokens="10000"),
            "context_tokens 20,000 is above the KV cache of 10,000 tokens",
        ),
        (
            roofline(context_tokens="200000"),
            "context_tokens 200,000 is above the 131,072 tokens that llama-3.1-8b was made for",
        ),
        (
            roofline(step_budget_tokens="128"),
            "step_budget_tokens 128 is below max_sequences 256; every running sequence needs one token of budget",
        ),
    ],
)
def test_what_cannot_be_is_told_at_the_servers_line_with_both_values(tmp_path, server, message):
    """One fault, where the server stands."""
    (fault,) = faults_in(tmp_path, with_server(server))

    assert "tiers.own.server" == fault.key
    assert CATALOG[: CATALOG.index(NAMED)].count("\n") + 1 == fault.line
    assert message == fault.message


@pytest.mark.parametrize(
    ("server", "key", "message", "hint"),
    [
        (f"{{kind: {MARK}rofline}}", "kind", "'rofline' is not a known kind", "did you mean 'roofline'?"),
        (roofline(model=f"{MARK}llama-3-8b"), "model", "'llama-3-8b' is not a model of the catalog", "did you mean"),
        (roofline(gpu=f"{MARK}h100sxm"), "gpu", "'h100sxm' is not a GPU of the catalog", "did you mean 'h100-sxm'?"),
        (roofline(precision=f"{MARK}int5"), "precision", "'int5' is not a precision of the catalog", "did you mean"),
        (roofline(**{f"{MARK}gppus": "2"}), "gppus", "unknown key", "did you mean 'gpus'?"),
        (f"{MARK}llama-3.1-8b/h100-sxm/bf17", "", "is not a measured server of the catalog", "did you mean"),
        (f"{MARK}{{model: llama-3.1-8b, gpu: h100-sxm}}", "kind", "missing; this key is required", ""),
        (f"{MARK}12", "", "12; allowed: a catalog name, or a mapping of figures", ""),
    ],
)
def test_slips_are_told_at_their_place_with_the_nearest_word(tmp_path, server, key, message, hint):
    """Kinds, names and keys, each at its own column."""
    planted = plant(NAMED, f"server: {server}", CATALOG)
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.line == fault.line
    assert ".".join(filter(None, ("tiers.own.server", key))) == fault.key
    assert message in fault.message
    assert hint in (fault.hint or "")


def test_memory_without_bandwidth_is_refused(tmp_path):
    """A GPU that reads nothing would take for ever."""
    gpu = (
        "{name: mine, memory_gb: 24, memory_bytes_per_s: 0, fp16_flop_per_s: 1000000000000, "
        "interconnect_bytes_per_s: 1, source: our own, source_date: 2026-01-31}"
    )
    (fault,) = faults_in(tmp_path, with_server(roofline(gpu=gpu)))

    assert ("tiers.own.server.gpu.memory_bytes_per_s", "0; allowed: above 0") == (fault.key, fault.message)


def test_a_benchmark_that_is_not_there_is_a_fault_of_the_scenario(tmp_path):
    """At the server, with the path that was tried."""
    (fault,) = faults_in(
        tmp_path, with_server("{kind: table, path: none.csv, gpus_per_replica: 1, kv_capacity_tokens: 1}")
    )

    assert "tiers.own.server" == fault.key
    assert f"{tmp_path / 'none.csv'}: the benchmark cannot be read" in fault.message
