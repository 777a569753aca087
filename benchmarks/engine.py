"""Speed of the SimPy engine: simulated requests per second beside the rate of bare SimPy timeouts, in one run.

    python benchmarks/engine.py [--json] [--requests N] [--trace FILE]

The workload is 20 requests a second on four replicas (the W1 workload of other simulators, where its file is at
hand; otherwise its like: Poisson arrivals, log-normal lengths). A bare timeout is one turn of a SimPy process that
does nothing but wait; bare timeouts per request is how many of those one simulated request costs, every stamp of
every request kept in memory. The telemetry file is written after the run and timed by itself.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Generator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import simpy

from tco.arrivals.trace_rows import TraceRows, read_trace
from tco.demand.workload import draw_workload
from tco.report.requests import request_rows, write_requests
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult

W1 = Path(__file__).parents[2] / "shared/data/bench/W1_10k_20rps.csv"
RATE_RPS = 20.0
REPLICAS = 4


def scenario(requests: int, *, trace: bool) -> Scenario:
    """Describe one self-hosted tier of four replicas under 20 requests a second."""
    server = {
        "gpus_per_replica": 1, "alpha_s": 0.006, "beta_s_per_prefill_token": 2.5e-5, "gamma_s_per_sequence": 3e-5,
        "delta_s_per_context_token": 4e-8, "kv_capacity_tokens": 400_000, "max_sequences": 256,
        "source": "round figures of an 8B model on an H100, for the benchmark only",
    }  # fmt: skip
    price = {"gpu_hour_usd_per_gpu_hour": 2.5, "source": "not used", "source_date": "2026-11-23"}
    lengths: dict[str, Any] = (
        {"input_tokens": {"kind": "trace"}, "output_tokens": {"kind": "trace"}}
        if trace
        else {
            "input_tokens": {"kind": "lognormal", "p50_tokens": 600, "p95_tokens": 2000, "max_tokens": 4000},
            "output_tokens": {"kind": "lognormal", "p50_tokens": 150, "p95_tokens": 500, "max_tokens": 1000},
        }
    )
    return Scenario.model_validate(
            {
                "name": "engine benchmark", "question": "How fast is the engine?", "start": "2026-12",
                "traffic": {
                    "requests_per_month": 1e6,
                    "arrivals": {"kind": "trace", "path": str(W1)} if trace else {"kind": "poisson"},
                },
                "classes": {"chat": {"share": 1.0, **lengths}},
                "slo": {}, "finance": {"discount_fraction_per_year": 0.0},
                "people": {
                    "engineer": {"loaded_year_usd_per_year": 1, "source": "not used", "source_date": "2026-11-23"}
                },
                "tiers": {"own": {"kind": "gpu_fleet", "server": server, "price": price}},
                "options": {"own": {"router": {"kind": "static", "shares": {"own": 1.0}}, "people": {}}},
                "simulation": {"window_requests": requests},
            }
    )  # fmt: skip


def bare_timeout_s(turns: int = 200_000) -> float:
    """Seconds that one bare timeout takes."""

    def wait(env: simpy.Environment) -> Generator[simpy.Event, Any, None]:
        for _ in range(turns):
            yield env.timeout(1.0)

    env = simpy.Environment()
    env.process(wait(env))
    began = perf_counter()
    env.run()
    return (perf_counter() - began) / turns


def telemetry_s(model: Scenario, result: SimulationResult) -> float:
    """Seconds that writing the run's telemetry as a CSV file takes."""
    began = perf_counter()
    with TemporaryDirectory() as folder:
        write_requests(Path(folder) / "requests.csv", request_rows(model, result))
    return perf_counter() - began


def measure(requests: int, trace: TraceRows | None, rounds: int = 5) -> dict[str, float]:
    """Time bare timeouts and the engine in turn; return medians."""
    model = scenario(requests, trace=trace is not None)
    workload = draw_workload(model, trace)
    bare, engine, telemetry, tokens = [], [], [], 0
    for _ in range(rounds):
        bare.append(bare_timeout_s())
        began = perf_counter()
        result = simulate(model, "own", workload, RATE_RPS, {"own": REPLICAS})
        engine.append((perf_counter() - began) / len(result))
        tokens = result.books["own"].output_tokens
        telemetry.append(telemetry_s(model, result) / len(result))
    return {
        "requests": len(workload),
        "bare_timeouts_per_s": 1 / median(bare),
        "requests_per_s": 1 / median(engine),
        "output_tokens_per_s": tokens / len(workload) / median(engine),
        "bare_timeouts_per_request": median(each / one for each, one in zip(engine, bare, strict=True)),
        "telemetry_file_us_per_request": 1e6 * median(telemetry),
        "s_with_telemetry_file": len(workload) * (median(engine) + median(telemetry)),
    }


def main() -> None:
    """Print the measurement as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--requests", type=int, default=10_000, help="requests of the made-up workload")
    parser.add_argument("--trace", type=Path, default=W1, help="trace file to replay, if it exists")
    arguments = parser.parse_args()
    trace = read_trace(arguments.trace) if arguments.trace.exists() else None
    figures = measure(arguments.requests, trace)
    if arguments.json:
        print(json.dumps(figures))
        return
    print(f"workload: {trace.name if trace else 'made-up Poisson'}, {RATE_RPS:g} req/s on {REPLICAS} replicas")
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):>30} {value:14,.2f}")


if __name__ == "__main__":
    main()
