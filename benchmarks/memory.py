"""Memory of a run: peak bytes a request, at growing numbers of requests, each in a process of its own.

    python benchmarks/memory.py [--json] [--requests 10000,40000,160000]

The run is the engine's benchmark, made-up requests, every stamp kept. What is held before the run is subtracted.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from engine import RATE_RPS, REPLICAS, scenario


def peak_bytes(requests: int) -> dict[str, float]:
    """Simulate once; return the peak of this process's memory, and its rise over what it held before."""
    from tco.capacity.window import summarise
    from tco.demand.workload import draw_workload
    from tco.sim.engine import simulate

    model = scenario(requests, trace=False)
    simulate(model, "own", draw_workload(model, count=1000), RATE_RPS, {"own": REPLICAS})  # everything is imported now
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    workload = draw_workload(model)
    summarise(model, simulate(model, "own", workload, RATE_RPS, {"own": REPLICAS}))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"requests": len(workload), "peak_mb": peak / 1e6, "bytes_per_request": (peak - before) / len(workload)}


def main() -> None:
    """Print the measurement as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--requests", default="10000,40000,160000", help="numbers of requests, with commas between")
    arguments = parser.parse_args()
    figures = []
    for requests in map(int, arguments.requests.split(",")):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:  # peaks never fall within a process
            figures.append(alone.submit(peak_bytes, requests).result())
    if arguments.json:
        print(json.dumps(figures))
        return
    print(f"{'requests':>10} {'peak MB':>10} {'bytes a request':>16}")
    for row in figures:
        print(f"{row['requests']:>10,} {row['peak_mb']:>10,.0f} {row['bytes_per_request']:>16,.0f}")


if __name__ == "__main__":
    main()
