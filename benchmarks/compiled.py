"""Speed of the compiled engine beside the SimPy one, of every request of a plan, and how both grow; in one run.

    python benchmarks/compiled.py [--json] [--quick | --long]

W1 is 20 requests a second on four replicas (the file where it is at hand, else its like). Times are the best of some
runs, drawing the requests left out, reading the result into arrays included; code is compiled before. The bare
recurrence (`bare.py`) has no feature and no books. The graph has a cache, a classifier, retrieval and three tiers that
escalate. The plan is scenarios/support-copilot.yaml, four options; the long ones are a year of one fleet, 1, 10 and 100
million requests.
"""

from __future__ import annotations

import argparse
import json
import resource
from multiprocessing import active_children
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from bare import recur

from tco.arrivals.trace_rows import read_trace
from tco.capacity.coverage import Coverage
from tco.demand.workload import draw_workload
from tco.pipeline import evaluate_months
from tco.scenario import Scenario
from tco.scenario.loader import load_scenario
from tco.sim import compiled
from tco.sim.engine import simulate as simulate_simpy

ROOT = Path(__file__).parents[1]
W1 = ROOT.parent / "shared/data/bench/W1_10k_20rps.csv"
PLAN = ROOT / "scenarios/support-copilot.yaml"
DATED = {"source": "for the benchmark only", "source_date": "2026-11-27"}


def fleet(requests: int, *, trace: bool) -> Scenario:
    """One fleet, as in benchmarks/engine.py."""
    server = {
        "gpus_per_replica": 1, "alpha_s": 0.006, "beta_s_per_prefill_token": 2.5e-5, "gamma_s_per_sequence": 3e-5,
        "delta_s_per_context_token": 4e-8, "kv_capacity_tokens": 400_000, "max_sequences": 256,
        "source": "round figures of an 8B model on an H100, for the benchmark only",
    }  # fmt: skip
    tier = {"kind": "gpu_fleet", "server": server, "price": {"gpu_hour_usd_per_gpu_hour": 2.5, **DATED}}
    only = {"router": {"kind": "static", "shares": {"own": 1.0}}, "people": {}}
    return _scene({"own": tier}, only, requests, trace=trace)


def graph(requests: int) -> Scenario:
    """A cache, a classifier, retrieval, and three vendors' tiers that escalate."""
    latency = {"ttft_p50_s": 0.3, "ttft_p95_s": 0.6, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"}
    good = {"kind": "logistic", "half_complexity": 0.6, "steepness_per_complexity": 5.0, "source": "made up"}
    vendor = {"kind": "managed_api", "price": {"request_usd_per_request": 0.01, **DATED}, "latency": latency,
              "quality": good}  # fmt: skip
    delay = {"p50_s": 0.02, "p95_s": 0.05}
    decider = {**delay, "decision_usd_per_request": 0.0, **DATED}
    cascade = {"kind": "cascade", "tiers_in_order": ["small", "mid", "large"], "confidence_thresholds": [0.5, 0.6],
               "auc_fraction": 0.8}  # fmt: skip
    guess = {"kind": "classifier", "tiers_in_order": ["small", "mid", "large"], "level_complexities": [0.4, 0.8],
             "accuracy_fraction": 0.9, "decider": decider}  # fmt: skip
    store = {"lookup_usd_per_1k_lookups": 0.0, "storage_usd_per_gb_month": 0.0, **DATED}
    vectors = {"query_usd_per_1k_queries": 0.0, "storage_usd_per_gb_month": 0.0, "minimum_usd_per_month": 0.0, **DATED}
    option = {
        "router": {"kind": "ab_split", "a": cascade, "b": guess, "b_share": 0.5, "detect_fraction": 0.1}, "people": {},
        "cache": {"policy": {"kind": "fixed", "hit_share": 0.2}, "lookup": delay, "price": store, "storage_gb": 1,
                  "embedding": {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0, **DATED}},
        "retrieval": {"price": vectors, "latency": delay, "storage_gb": 1},
    }  # fmt: skip
    return _scene({"small": vendor, "mid": vendor, "large": vendor}, option, requests, trace=False)


def _scene(tiers: dict[str, Any], option: dict[str, Any], requests: int, *, trace: bool) -> Scenario:
    lengths: dict[str, Any] = (
        {"input_tokens": {"kind": "trace"}, "output_tokens": {"kind": "trace"}}
        if trace
        else {
            "input_tokens": {"kind": "lognormal", "p50_tokens": 600, "p95_tokens": 2000, "max_tokens": 4000},
            "output_tokens": {"kind": "lognormal", "p50_tokens": 150, "p95_tokens": 500, "max_tokens": 1000},
        }
    )
    arrivals = {"kind": "trace", "path": str(W1)} if trace else {"kind": "poisson"}
    return Scenario.model_validate(
        {
            "name": "benchmark", "question": "How fast?", "start": "2026-12",
            "traffic": {"requests_per_month": 1e6, "arrivals": arrivals},
            "classes": {"chat": {"share": 1.0, **lengths}}, "slo": {}, "finance": {"discount_fraction_per_year": 0.0},
            "people": {"engineer": {"loaded_year_usd_per_year": 1, **DATED}}, "tiers": tiers,
            "options": {"it": option}, "simulation": {"window_requests": requests},
        }
    )  # fmt: skip


def best_s(run: Any, times: int = 5) -> float:
    """Seconds of the quickest of some runs."""
    found = []
    for _ in range(times):
        began = perf_counter()
        run()
        found.append(perf_counter() - began)
    return min(found)


def both_engines(scenario: Scenario, rate_rps: float, replicas: dict[str, int], rows: Any = None) -> dict[str, float]:
    """Time one option on both engines."""
    workload = draw_workload(scenario, rows)
    compiled.simulate(scenario, "it", workload, rate_rps, replicas)
    quick_s = best_s(lambda: compiled.simulate(scenario, "it", workload, rate_rps, replicas), 20)
    slow_s = best_s(lambda: simulate_simpy(scenario, "it", workload, rate_rps, replicas), 2)
    return {
        "requests": len(workload), "compiled_s": quick_s, "simpy_s": slow_s, "ratio": slow_s / quick_s,
        "compiled_requests_per_s": len(workload) / quick_s,
    }  # fmt: skip


def against_bare(scenario: Scenario, rate_rps: float, replicas: int) -> dict[str, float]:
    """Time the engine and the recurrence without features on the same requests; both must give the same stamps."""
    workload, server = draw_workload(scenario), scenario.tiers["own"].server
    arrived_s = workload.arrival_array_s(rate_rps)
    first_s, left_s = np.full(len(workload), np.nan), np.full(len(workload), np.nan)

    def bare() -> None:
        recur(
            server.alpha_s, server.beta_s_per_prefill_token, server.gamma_s_per_sequence,
            server.delta_s_per_context_token, server.kv_capacity_tokens, server.step_budget_tokens,
            server.max_sequences, arrived_s, workload.input_tokens, workload.output_tokens, replicas, first_s, left_s,
        )  # fmt: skip

    result = compiled.simulate(scenario, "it", workload, rate_rps, {"own": replicas})
    bare()
    for mine, theirs in ((result.first_token_s, first_s), (result.finished_s, left_s)):
        if not np.allclose(mine, theirs, rtol=0, atol=1e-6):
            raise SystemExit("the bare recurrence gives other stamps: the comparison says nothing")
    bare_s = best_s(bare)
    whole_s = best_s(lambda: compiled.simulate(scenario, "it", workload, rate_rps, {"own": replicas}))
    return {
        "requests": len(workload), "bare_s": bare_s, "compiled_s": whole_s, "compiled_over_bare": whole_s / bare_s,
        "bare_requests_per_s": len(workload) / bare_s,
    }  # fmt: skip


def plan(months: int, jobs: int) -> dict[str, float]:
    """Time every request of the shipped plan, sizing included."""
    return every_request(load_scenario(PLAN).scenario.model_copy(update={"horizon_months": months}), jobs)


def year(requests: float, jobs: int) -> dict[str, float]:
    """Time every request of a year of one fleet."""
    scenario = fleet(5000, trace=False)
    traffic = scenario.traffic.model_copy(update={"requests_per_month": requests / 12})
    return every_request(scenario.model_copy(update={"horizon_months": 12, "traffic": traffic}), jobs)


def every_request(scenario: Scenario, jobs: int) -> dict[str, float]:
    """Time a plan on some processes; its peak is that of this process and of the others, each as the largest."""
    began = perf_counter()
    sized: list[float] = []

    def done(_done: int, _all: int) -> None:
        if not sized:
            sized.append(perf_counter() - began)

    found = evaluate_months(scenario, jobs=jobs, done=done, coverage=Coverage(every=True, why="asked for"))
    took_s = perf_counter() - began
    for process in active_children():  # its peak is known when it has ended
        process.join()
    requests = sum(round(month.requests) for month in found.months) * len(scenario.options)
    return {
        "months": len(found.months), "processes": jobs, "requests_of_all_options": requests,
        "seconds": took_s, "to_the_first_stretch_s": sized[0],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000 * (jobs - 1),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a smoke test: short plans only")
    parser.add_argument("--long", action="store_true", help="only a year of 1, 10 and 100 million requests; minutes")
    arguments = parser.parse_args()
    if arguments.long:
        years = ((1e6, 1), (1e7, 1), (1e7, 2), (1e8, 1), (1e8, 2))
        tell({f"year of {n:.0e} on {jobs}": year(n, jobs) for n, jobs in years}, as_json=arguments.json)
        return
    found: dict[str, dict[str, float]] = {}
    for months, jobs in ((1, 1),) if arguments.quick else ((3, 1), (12, 1), (12, 2), (36, 1), (36, 2)):
        found[f"plan, {months} months on {jobs}"] = plan(months, jobs)  # first: SimPy would be the peak of all
    has_w1, size = W1.exists(), 20_000 if arguments.quick else 200_000
    found["W1" if has_w1 else "like W1"] = both_engines(
        fleet(10_000, trace=has_w1), 20.0, {"own": 4}, read_trace(W1) if has_w1 else None
    )
    found[f"fleet, {size:,}"] = both_engines(fleet(size, trace=False), 20.0, {"own": 4})
    found["fleet against the bare recurrence"] = against_bare(fleet(size, trace=False), 20.0, 4)
    found[f"graph, {size:,}"] = both_engines(graph(size), 20.0, {})
    tell(found, as_json=arguments.json)


def tell(found: dict[str, dict[str, float]], *, as_json: bool) -> None:
    """Print a line a measurement, or JSON."""
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for name, figures in found.items():
        print(f"{name:34}", "  ".join(f"{key} {value:,.4g}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
