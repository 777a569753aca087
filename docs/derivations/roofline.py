"""Roofline efficiencies: how far above the data sheet's times measured steps are, over many models and GPUs.

    python docs/derivations/roofline.py

Prints the efficiencies that `tco/serving/roofline.py` holds, then how far a roofline is on models and GPUs that
its efficiencies were not fitted to. Needs numpy.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from tco.calibration.calibrate import PROTOCOLS, loop_of
from tco.calibration.loops import trajectory
from tco.calibration.measured import read_measurements
from tco.calibration.setups import SAME, set_up_of
from tco.serving.roofline import Efficiencies, terms
from tco.serving.table_fit import CONTEXT, HATS, PREFILL, SEQUENCES, nonnegative_least_squares

# No kernel reads faster than 87 % of the bandwidth or multiplies at more than 80 % of the peak in sustained use;
# without such floors the terms, which grow together over these runs, trade places.
FLOORS = Efficiencies(1.15, 1.15, 1.25, 1.25, 1.15, 0.0, 0.0, 0.0, 0.0, 0.0)
EASY = 0.1  # relative error up to which squares are minimised; beyond, a row counts less
ROUNDS = 15


def fit(shares: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Fit efficiencies to rows of terms over the measured time, shape (n, 10)."""
    floors, scale = np.array(FLOORS), shares.mean(0) + 1e-30
    trust = weights
    for _ in range(ROUNDS):
        matrix = shares / scale * trust[:, None]
        found = floors + nonnegative_least_squares(matrix, trust * (1 - shares @ floors)) / scale
        ratio = np.maximum(shares @ found, 0.05)
        trust = weights / np.sqrt(np.maximum(np.abs(np.log(ratio)), EASY)) / np.maximum(ratio, 0.2)
    return found


def main() -> None:
    """Fit all rows, then leave out each model and each GPU in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "../shared/data")
    rows = read_measurements(parser.parse_args().data / "perf/aiconfigurator_ttft_tpot.csv").rows
    rows = list({row.measurement(): row for row in rows}.values())
    set_ups = [set_up_of(row) for row in rows]
    loops = [loop_of(row, set_up, PROTOCOLS[0], None) for row, set_up in zip(rows, set_ups, strict=True)]
    walked = {loop: trajectory(loop)[1] for loop in dict.fromkeys(loops)}
    shares = []
    for row, set_up, loop in zip(rows, set_ups, loops, strict=True):
        known, path = terms(set_up.deployment), walked[loop]
        whole = known.fixed @ path[HATS:] + known.prefill * path[PREFILL] + known.sequence * path[SEQUENCES]
        shares.append((whole + known.context * path[CONTEXT]) / (row.tpot_ms / 1e3))
    table = np.array(shares)
    sizes = Counter(set_up.relatives[SAME] for set_up in set_ups)  # a set-up counts like the root of its rows
    weights = np.array([1 / np.sqrt(sizes[set_up.relatives[SAME]]) for set_up in set_ups])
    for name, value in zip(Efficiencies._fields, fit(table, weights), strict=True):
        print(f"{name:20s} {value:.4g}")
    report("fitted", table @ fit(table, weights))
    for what, keys in (
        ("model", [set_up.relatives[0] for set_up in set_ups]),
        ("GPU", [row.gpu for row in rows]),
    ):
        ratio = np.zeros(len(rows))
        for key in dict.fromkeys(keys):
            out = np.array([each == key for each in keys])
            ratio[out] = table[out] @ fit(table[~out], weights[~out])
            name = next(row.model if what == "model" else row.gpu for row, gone in zip(rows, out, strict=True) if gone)
            report(f"  without {name}", ratio[out])
        report(f"each {what} left out", ratio)


def report(what: str, ratio: np.ndarray) -> None:
    """Print median and 90th percentile of the absolute error, and the median of the signed one."""
    error = ratio - 1
    median, p90 = np.quantile(np.abs(error), (0.5, 0.9))
    print(f"{what:45s} rows {len(error):5d}  median {median:.3f}  p90 {p90:.3f}  bias {np.median(error):+.3f}")


if __name__ == "__main__":
    main()
