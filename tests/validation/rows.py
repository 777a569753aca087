"""Measured rows as a test wants them: computed from a known server, so that the right answer is known."""

from __future__ import annotations

from pathlib import Path

from tco import catalog
from tco.calibration.loops import Loop
from tco.serving.roofline import Deployment, roofline_server
from tco.sim.closed_loop import run_closed_loop

PLAIN = {
    "id": "run", "gpu": "h100_sxm", "n_gpus": "1.0", "model": "meta-llama/Llama-3.1-8B-Instruct", "backend": "vllm",
    "backend_version": "0.12", "precision": "fp8", "mode": "agg", "input_len": "256", "output_len": "64",
    "concurrency": "8.0", "batch_size_col": "8.0", "tp": "1.0", "dp_attention": "1.0", "ep": "1.0", "ttft_ms": "50.0",
    "tpot_ms": "10.0", "measured": "2026-04-01", "origin": "test",
}  # fmt: skip
COLUMNS = list(PLAIN)
SHAPES = ((256, 64), (512, 32))


def row(**changes: object) -> dict[str, str]:
    """One row of the file; cells are texts."""
    return {**PLAIN, **{name: str(value) for name, value in changes.items()}}


def true_rows(concurrencies: tuple[int, ...], slower: float = 1.3, overhead_s: float = 0.0, **changes: object):
    """Rows that a server `slower` than its roofline would measure."""
    facts = catalog.model("llama-3.1-8b"), catalog.gpu("h100-sxm"), catalog.precision("fp8")
    server = roofline_server(Deployment(*facts))
    figures = ("alpha_s", "beta_s_per_prefill_token", "gamma_s_per_sequence", "delta_s_per_context_token")
    changed = {name: slower * getattr(server, name) for name in figures}
    server = server.model_copy(update={**changed, "first_token_overhead_s": overhead_s})
    found = []
    for clients in concurrencies:
        for input_len, output_len in SHAPES:
            ttft_s, tpot_s = run_closed_loop(server, Loop(clients, input_len, output_len))
            measured = {"ttft_ms": 1e3 * ttft_s, "tpot_ms": 1e3 * tpot_s, "concurrency": float(clients)}
            found.append(row(input_len=input_len, output_len=output_len, **measured, **changes))
    return found


def write(path: Path, rows: list[dict[str, str]], columns: list[str] | None = None) -> Path:
    """Write rows as CSV."""
    names = columns or COLUMNS
    lines = [",".join(names), *(",".join(each[name] for name in names) for each in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
