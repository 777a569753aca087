"""How often nominal 95 % intervals of the p95 cover the truth: M/M/1 at 80 % load, whose sojourn is exponential.

Run: python benchmarks/interval_coverage.py [sets]. For each way of running: coverage over that many independent
experiments, the median half-width relative to the p95, and how often the upper bound is unknown (which counts as
covering).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import inf

import numpy as np
from warm_up import P95_S, Floats, sojourns_s

from tco.sim.statistics import Interval, independent_groups, quantile_interval


def run(chance: np.random.Generator, count: int) -> Floats:
    """One run without its first tenth."""
    return sojourns_s(chance, count)[count // 10 :]


def until_precise(chance: np.random.Generator, precision: float) -> Interval | None:
    """Replications of 5 000 by the rule of `tco/capacity/replicate.py`."""
    runs: list[Floats] = []
    wanted = 10
    while True:
        runs += [run(chance, 5000) for _ in range(wanted - len(runs))]
        found = quantile_interval(runs, 95)
        half = None if found is None else found.relative_half_width
        if half is not None and half <= precision:
            return found
        wanted = -(-wanted * 3 // 2)


def one_by_one(chance: np.random.Generator) -> Interval | None:
    """The formula for independent values, from order statistics; not used anywhere, for contrast."""
    values = run(chance, 20_000)
    spread = 1.96 * (0.95 * 0.05 / len(values)) ** 0.5
    low, middle, high = (float(np.quantile(values, share)) for share in (0.95 - spread, 0.95, 0.95 + spread))
    return Interval(middle, low, high)


WAYS: dict[str, Callable[[np.random.Generator], Interval | None]] = {
    "one run of 5,000, in 5 stretches": lambda chance: quantile_interval(independent_groups([run(chance, 5000)]), 95),
    "one run of 20,000": lambda chance: quantile_interval(independent_groups([run(chance, 20_000)]), 95),
    "10 replications of 5,000": lambda chance: quantile_interval([run(chance, 5000) for _ in range(10)], 95),
    "until +-10 %": lambda chance: until_precise(chance, 0.10),
    "until +-5 %": lambda chance: until_precise(chance, 0.05),
    "order statistics as if independent": one_by_one,
}


def main() -> None:
    """Measure and print."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for way, estimate in WAYS.items():
        chance = np.random.default_rng(1)
        found = [interval for _ in range(sets) for interval in [estimate(chance)] if interval is not None]
        covered = [(i.low or 0.0) <= P95_S <= (inf if i.high is None else i.high) for i in found]
        halves = [i.relative_half_width for i in found if i.relative_half_width is not None]
        unknown = np.mean([i.high is None for i in found])
        print(f"{way:36} covers {np.mean(covered):6.1%}  +-{np.median(halves):.1%}  no upper bound {unknown:.1%}")


if __name__ == "__main__":
    main()
