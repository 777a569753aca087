"""How far windows are from every request, over the shipped plans that are small enough to be simulated whole.

    python benchmarks/windows.py [--json] [--quick]

One or two minutes on two cores. By option: what every request moves of the cost, and of the p95 of the busiest hour
in the worst month, and the share of hours in which more than a twentieth missed the latency SLO.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from time import perf_counter

from tco.capacity.coverage import Coverage, coverage_of
from tco.capacity.replicate import available_cores
from tco.demand.forecast import forecast
from tco.pipeline import Evaluation, evaluate_months
from tco.report.every_request import busiest_p95_s
from tco.scenario.loader import load_scenario
from tco.units import HOURS_PER_MONTH

SCENARIOS = Path(__file__).parents[1] / "scenarios"
MINUTES_PER_MONTH = HOURS_PER_MONTH * 60


def rows(found: Evaluation) -> dict[str, dict[str, float | None]]:
    """Hold every request against windows, option by option."""
    told: dict[str, dict[str, float | None]] = {}
    assert found.every is not None  # noqa: S101  # the caller simulated it
    windows = found.every.by_windows
    for option, seen in found.every.seen.items():
        totals = [each.ledger.loc[each.ledger["option"] == option, "cost_usd"].sum() for each in (found, windows)]
        p95 = [busiest_p95_s(each, option) for each in (found, windows)]
        told[option] = {
            "cost_apart": float(totals[0] / totals[1] - 1) if totals[1] else 0.0,
            "p95_apart": p95[0] / p95[1] - 1 if p95[0] and p95[1] else None,
            "hours_lost": sum(month.lost_minutes for month in seen) / (MINUTES_PER_MONTH * len(seen)),
        }
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a smoke test: two plans")
    arguments = parser.parse_args()
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for path in sorted(SCENARIOS.rglob("*.yaml")):
        loaded = load_scenario(path)
        scenario = loaded.scenario
        if not coverage_of(scenario, forecast(scenario), replays=loaded.trace is not None).every:
            continue
        began = perf_counter()
        found[path.stem] = rows(
            evaluate_months(scenario, jobs=available_cores(), coverage=Coverage(every=True, why="asked for"))
        )
        if not arguments.json:
            print(f"{path.stem} ({perf_counter() - began:.1f} s)")
            for option, figures in found[path.stem].items():
                shown = (f"{name} {'n/a' if each is None else f'{each:+.3%}'}" for name, each in figures.items())
                print(f"  {option:26}", "  ".join(shown))
        if arguments.quick and len(found) == 2:  # as its help says
            break
    everywhere = [figures for options in found.values() for figures in options.values()]
    summary: dict[str, float] = {"plans": len(found), "options": len(everywhere)}
    for name in ("cost_apart", "p95_apart"):
        sizes = [abs(each) for figures in everywhere if (each := figures[name]) is not None]
        summary |= {f"{name}_median": median(sizes), f"{name}_most": max(sizes)}
    print(json.dumps({"plans": found, "summary": summary}, indent=2) if arguments.json else summary)


if __name__ == "__main__":
    main()
