"""Cost of the whole graph: cache, classifier, retrieval and an escalating chain of tiers, against a plain fleet.

    python benchmarks/graph.py [--json] [--requests N]

Both options see the same requests on the same machine in turn; the ratio of their times per request is the figure.
The graph's requests pass a semantic cache, a classifier and a vector store, and are served by three tiers, the first
of them a fleet of the plain option's size, of which a third of the answers is asked again one or two tiers up.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from engine import RATE_RPS, REPLICAS, scenario

from tco.demand.workload import draw_workload
from tco.scenario import Scenario
from tco.sim.engine import simulate

DATED = {"source": "made up for the benchmark", "source_date": "2026-11-24"}


def graph(requests: int) -> Scenario:
    """Put the graph beside the plain fleet of the engine's benchmark."""
    plain = scenario(requests, trace=False).model_dump(mode="json")
    curve = {"kind": "logistic", "steepness_per_complexity": 8.0, "source": "made up for the benchmark"}
    latency = {"ttft_p50_s": 0.3, "ttft_p95_s": 0.6, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "made up"}
    price = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0, **DATED}
    api: dict[str, Any] = {"kind": "managed_api", "price": price, "latency": latency}
    tiers = {
        "own": {**plain["tiers"]["own"], "quality": {**curve, "half_complexity": 0.6}},
        "middle": {**api, "quality": {**curve, "half_complexity": 0.8}},
        "large": {**api, "quality": {**curve, "half_complexity": 1.0}},
    }
    cascade = {
        "kind": "cascade", "tiers_in_order": ["own", "middle", "large"], "confidence_thresholds": [0.4, 0.4],
        "auc_fraction": 0.8, "further_prompt_share": 0.7,
    }  # fmt: skip
    decider = {"p50_s": 0.02, "p95_s": 0.04, "decision_usd_per_request": 1e-5, **DATED}
    router = {
        "kind": "ab_split", "b_share": 0.5, "a": cascade,
        "b": {"kind": "classifier", "tiers_in_order": ["own", "large"], "level_complexities": [0.7],
              "accuracy_fraction": 0.85, "decider": decider},
    }  # fmt: skip
    graph = {
        "router": router,
        "people": {},
        "cache": {
            "policy": {"kind": "fixed", "hit_share": 0.3},
            "lookup": {"p50_s": 0.02, "p95_s": 0.05},
            "embedding": {"input_usd_per_mtok": 0.02, "output_usd_per_mtok": 0.0, **DATED},
            "price": {"lookup_usd_per_1k_lookups": 0.4, "storage_usd_per_gb_month": 25.0, **DATED},
            "storage_gb": 2.0,
        },
        "retrieval": {
            "price": {
                "query_usd_per_1k_queries": 0.1, "storage_usd_per_gb_month": 0.3, "minimum_usd_per_month": 0.0, **DATED,
            },
            "latency": {"p50_s": 0.03, "p95_s": 0.08},
            "storage_gb": 10.0,
        },
    }  # fmt: skip
    return Scenario.model_validate(
        {**plain, "tiers": tiers, "options": {"own": plain["options"]["own"], "graph": graph}}
    )


def measure(requests: int, rounds: int = 7) -> dict[str, float]:
    """Time both options in turn; return medians of processor time."""
    model = graph(requests)
    workload = draw_workload(model)
    spent: dict[str, list[float]] = {"own": [], "graph": []}
    for _ in range(rounds + 1):  # the first draws the requests' chances, which later runs share
        for option, times in spent.items():
            began = process_time()
            simulate(model, option, workload, RATE_RPS, {"own": REPLICAS})
            times.append((process_time() - began) / len(workload))
    own, whole = (times[1:] for times in spent.values())
    return {
        "requests": len(workload),
        "plain_us_per_request": 1e6 * median(own),
        "graph_us_per_request": 1e6 * median(whole),
        "graph_over_plain": median(each / one for each, one in zip(whole, own, strict=True)),
    }


def main() -> None:
    """Print the measurement as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--requests", type=int, default=10_000, help="requests of the workload")
    arguments = parser.parse_args()
    figures = measure(arguments.requests)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):>24} {value:12,.2f}")


if __name__ == "__main__":
    main()
