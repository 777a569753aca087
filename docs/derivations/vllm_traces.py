"""Four real vLLM runs, replayed: mean time to first token and end to end, simulated against measured.

    python docs/derivations/vllm_traces.py

Step times are the roofline's, uncalibrated; no row of these runs is fitted. Limits are those of the server set-up that
comes with the runs. Needs numpy.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from tco import catalog
from tco.demand.workload import Workload
from tco.rng import Streams
from tco.serving.roofline import Deployment, roofline_server
from tco.sim.closed_loop import OPTION, fleet_scenario
from tco.sim.engine import simulate

# gpu, model in the file: gpu and model of the catalog, GPUs, replicas, most sequences, KV tokens (None: computed)
RUNS = {
    ("RTX4090", "Llama-3.1-8B"): ("rtx-4090", "llama-3.1-8b", 1, 1, 256, 41_408),
    ("RTXPRO6000", "Llama-3.1-8B"): ("rtx-pro-6000", "llama-3.1-8b", 1, 1, 128, None),
    ("RTXPRO6000", "Qwen3-30B-A3B-Instruct-2507"): ("rtx-pro-6000", "qwen3-30b-a3b", 1, 2, 128, None),
    ("RTXPRO6000", "Qwen3-32B"): ("rtx-pro-6000", "qwen3-32b", 2, 1, 128, None),
}
BUDGET_TOKENS = 2048


def main() -> None:
    """Replay each run and print its means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "../shared/data")
    with (parser.parse_args().data / "perf/vllm_real_request_traces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for key, (gpu, model, gpus, replicas, sequences, kv_tokens) in RUNS.items():
        run = [row for row in rows if (row["gpu"], row["model"]) == key]
        run.sort(key=lambda row: float(row["arrival_s"]))
        deployment = Deployment(catalog.model(model), catalog.gpu(gpu), catalog.precision("bf16"), gpus)
        server = roofline_server(deployment, sequences, BUDGET_TOKENS)
        if kv_tokens is not None:
            server = server.model_copy(update={"kv_capacity_tokens": kv_tokens})
        replay(" ".join(key), run, server, replicas)


def replay(name: str, run: list[dict[str, str]], server: object, replicas: int) -> None:
    """Simulate the arrivals of a run and print measured and simulated means."""
    count = len(run)
    measured = {what: np.array([float(row[what]) for row in run]) for what in ("ttft_s", "e2e_s", "tpot_ms")}
    workload = Workload(
        unit_arrivals=np.array([float(row["arrival_s"]) for row in run]),
        classes=("requests",),
        class_index=np.zeros(count, np.int64),
        input_tokens=np.array([int(row["input_tokens"]) for row in run]),
        output_tokens=np.array([int(row["output_tokens"]) for row in run]),
        interactive=np.ones(count, np.bool_),
        measured=np.ones(count, np.bool_),
        streams=Streams(1),
    )
    result = simulate(fleet_scenario(server, "as_needed"), OPTION, workload, 1.0, {"fleet": replicas})
    decode_ms = 1e3 * (result.finished_s - result.first_token_s) / np.maximum(workload.output_tokens - 1, 1)
    simulated = {
        "ttft_s": result.first_token_s - result.arrived_s,
        "e2e_s": result.finished_s - result.arrived_s,
        "tpot_ms": decode_ms,
    }
    told = [
        f"{what} {measured[what].mean():.3f} -> {simulated[what].mean():.3f} "
        f"({simulated[what].mean() / measured[what].mean() - 1:+.1%})"
        for what in ("ttft_s", "tpot_ms", "e2e_s")
    ]
    print(f"{name:40s}", *told, sep="  ")


if __name__ == "__main__":
    main()
