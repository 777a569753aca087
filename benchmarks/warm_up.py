"""Warm-up rules held against each other on M/M/1 at 80 % load, started empty, whose p95 is known.

Run: python benchmarks/warm_up.py [sets]. Prints, for each rule and length of a replication, how much of it is left
out, the bias of the p95 and how often the nominal 95 % interval of ten replications covers the truth.

* none: everything counts.
* fixed: the first tenth is left out (what a scenario's `warmup_share` says).
* filling: everything before the sojourn first reaches its own mean over the run is left out.
* mser5: MSER-5, which leaves out what makes the standard error of the rest least, at most half. Source: K. P. White,
  M. J. Cobb and S. C. Spratt, "A comparison of five steady-state truncation heuristics for simulation" (2000).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import log

import numpy as np
from numpy.typing import NDArray

from tco.sim.statistics import quantile_interval

LOAD = 0.8
P95_S = log(20) / (1 - LOAD)  # the sojourn is Exp(mu - lambda), mean service 1
REPLICATIONS = 10
Floats = NDArray[np.float64]


def sojourns_s(chance: np.random.Generator, count: int) -> Floats:
    """Every sojourn of one run by Lindley's recursion."""
    gaps, services = chance.standard_exponential(count) / LOAD, chance.standard_exponential(count)
    walk = np.concatenate([[0.0], np.cumsum(services[:-1] - gaps[1:])])
    return np.asarray(walk - np.minimum.accumulate(walk) + services)


def mser5(values: Floats) -> int:
    """How many values MSER-5 leaves out."""
    means = values[: len(values) // 5 * 5].reshape(-1, 5).mean(axis=1)
    left = np.arange(len(means), 0, -1).astype(np.float64)
    sums, squares = np.cumsum(means[::-1])[::-1], np.cumsum((means**2)[::-1])[::-1]
    return int(np.argmin(((squares - sums**2 / left) / left**2)[: len(means) // 2])) * 5


RULES: dict[str, Callable[[Floats], int]] = {
    "none": lambda _: 0,
    "fixed": lambda values: len(values) // 10,
    "filling": lambda values: int(np.argmax(values >= values.mean())),
    "mser5": mser5,
}


def main() -> None:
    """Measure and print."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{'rule':8} {'requests':>8} {'left out':>9} {'bias':>7} {'cover':>6}")
    for count in (500, 1000, 5000):
        chance = np.random.default_rng(1)
        found: dict[str, list[tuple[float, float, bool]]] = {rule: [] for rule in RULES}
        for _ in range(sets):
            runs = [sojourns_s(chance, count) for _ in range(REPLICATIONS)]
            for rule, cut in RULES.items():
                cuts = [cut(run) for run in runs]
                interval = quantile_interval([run[first:] for run, first in zip(runs, cuts, strict=True)], 95)
                low, high = interval.low or 0.0, np.inf if interval.high is None else interval.high
                found[rule].append((float(np.mean(cuts)) / count, interval.estimate, bool(low <= P95_S <= high)))
        for rule, rows in found.items():
            out, estimate, cover = (float(np.mean(column)) for column in zip(*rows, strict=True))
            print(f"{rule:8} {count:8,} {out:9.1%} {estimate / P95_S - 1:+7.1%} {cover:6.1%}")


if __name__ == "__main__":
    main()
