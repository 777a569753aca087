"""Step times: how long one batch step takes, fitted to measured closed-loop runs.

    python docs/derivations/step_times.py > tco/catalog/data/step_times.csv

A step that runs B sequences over C context tokens and p prefill tokens takes
`t = alpha + beta p + gamma B + delta C` seconds. The CSV goes to standard output, the table of
errors and of what was left out to standard error. Needs this project installed.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from kv_memory import GPU_GB, SHAPES, WEIGHT_BYTES, kv_capacity_tokens

from tco.serving.table_fit import nonnegative_least_squares

LENGTH_RATIO = 0.9  # most runs draw lengths uniformly from 80-100 % of the stated one
DEFAULT_SEQUENCES = 256  # vLLM's default max_num_seqs
UNDATED = "2026-04-01"  # the data's README bounds the measurements at 2026-04
MAX_GPUS = 8  # above it the file's count is tp x ep, not machines
MIN_ROWS = 8
PIVOT_CONCURRENCY = 32  # runs must lie on both sides, else the coefficients do not separate
MAX_MEDIAN_ERROR = 0.15  # above it the group mixes set-ups that the file does not tell apart
MAX_WAITING = 0.6  # a run that mostly waits says nothing about the step
IDLE_CONCURRENCY = 4  # up to here the first-token time is a prefill, not a queue
SOURCE = "ai-dynamo/aiconfigurator (Apache-2.0), measured rows; fitted"
COEFFICIENTS = "alpha_s", "beta_s_per_prefill_token", "gamma_s_per_sequence", "delta_s_per_context_token"
SHOWN = "name", "engine", "rows", "tpot_ape_median", "tpot_ape_p90"
Key = tuple[str, str, int, str, str]  # model, gpu, gpus, precision, engine


class Run(NamedTuple):
    """One measured run: stated lengths in tokens, clients in the closed loop, mean times in seconds."""

    inputs: float
    outputs: float
    concurrency: float
    ttft_s: float
    tpot_s: float
    version: str
    measured: str

    def waiting(self) -> float:
        """Share of a request's life before its first token."""
        return self.ttft_s / (self.ttft_s + LENGTH_RATIO * self.outputs * self.tpot_s)

    def decode_terms(self) -> np.ndarray:
        """What the coefficients multiply in the mean decode step, as shares of it (Little's law)."""
        decoding = self.concurrency * (1 - self.waiting())
        context = decoding * LENGTH_RATIO * (self.inputs + self.outputs / 2)
        return np.divide([1.0, decoding * self.inputs / self.outputs, decoding, context], self.tpot_s)

    def prefill_terms(self) -> np.ndarray:
        """What they multiply in the first-token time of an idle server, as shares of it."""
        return np.divide([1.0, LENGTH_RATIO * self.inputs, 0.0, 0.0], self.ttft_s)


def read_groups(path: Path) -> dict[Key, list[Run]]:
    """Distinct runs of single replicas; the file holds some measurements under several ids."""
    groups: dict[Key, dict[Run, None]] = defaultdict(dict)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            gpus, one_replica = int(float(row["n_gpus"] or 0)), float(row["dp_attention"] or 1) == 1
            known = row["model"] in SHAPES and row["gpu"] in GPU_GB and row["precision"] in WEIGHT_BYTES
            if known and one_replica and row["n_gpus"] == row["tp"] and gpus <= MAX_GPUS:
                numbers = [float(row[name]) for name in ("input_len", "output_len", "concurrency")]
                times = [float(row[name]) / 1000 for name in ("ttft_ms", "tpot_ms")]
                run = Run(*numbers, *times, row["backend_version"] or "unknown", row["measured"])
                groups[row["model"], row["gpu"], gpus, row["precision"], row["backend"]][run] = None
    return {key: list(runs) for key, runs in groups.items()}


def describe(engine: str, runs: list[Run], idle: list[Run], fitted: np.ndarray) -> str:
    """The note: versions, assumptions and how far the idle first token lies from the fit."""
    versions = " ".join(sorted({run.version for run in runs}))
    note = f"{engine} {versions}; lengths taken as {LENGTH_RATIO} of stated"
    note += "" if any(run.measured for run in runs) else "; rows undated: README says up to 2026-04"
    missed_s = [run.ttft_s * (1 - float(run.prefill_terms() @ fitted)) for run in idle]
    return note + (f"; idle first token {np.median(missed_s):+.3f} s against the fit" if idle else "")


def catalog_row(key: Key, runs: list[Run]) -> dict[str, object]:
    """One line of the catalogue from one group of runs; ValueError says why a group is left out."""
    runs = [run for run in runs if run.waiting() <= MAX_WAITING]
    loads = [run.concurrency for run in runs] or [0.0]
    low, top = min(loads), max(loads)
    if (capacity_tokens := kv_capacity_tokens(*key[:4])) <= 0:
        raise ValueError("the weights do not fit the nominal memory")
    if len(runs) < MIN_ROWS or not low <= PIVOT_CONCURRENCY <= top:
        raise ValueError(f"{len(runs)} distinct runs, concurrency {low:.0f}-{top:.0f}")
    idle, terms = [r for r in runs if r.concurrency <= IDLE_CONCURRENCY], [r.decode_terms() for r in runs]
    shares = np.array([*terms, *(run.prefill_terms() for run in idle)])
    fitted = nonnegative_least_squares(shares, np.ones(len(shares)))
    errors = np.abs(np.array(terms) @ fitted - 1)
    if np.median(errors) > MAX_MEDIAN_ERROR:
        raise ValueError(f"median error {np.median(errors):.3f} over {len(runs)} distinct runs")
    gpu, precision, width = key[1].replace("_", "-"), key[3] or "bf16", f"-x{key[2]}" if key[2] > 1 else ""
    row: dict[str, object] = {"name": f"{SHAPES[key[0]].name}/{gpu}{width}/{precision}", "model": key[0]}
    row |= {"gpu": gpu, "gpus_per_replica": key[2], "precision": precision, "engine": key[4]}
    row |= {column: f"{value:.6g}" for column, value in zip(COEFFICIENTS, fitted, strict=True)}
    row |= {"kv_capacity_tokens": capacity_tokens, "max_sequences": int(max(DEFAULT_SEQUENCES, top))}
    median, p90 = (f"{np.quantile(errors, share):.3f}" for share in (0.5, 0.9))
    row |= {"rows": len(runs), "tpot_ape_median": median, "tpot_ape_p90": p90}
    for kind, sizes in (("input", [r.inputs for r in runs]), ("output", [r.outputs for r in runs])):
        row |= {f"{kind}_tokens_min": int(min(sizes)), f"{kind}_tokens_max": int(max(sizes))}
    dated = max(run.measured for run in runs) or UNDATED
    row |= {"concurrency_max": int(top), "source": SOURCE, "source_date": dated}
    return row | {"note": describe(key[4], runs, idle, fitted)}


def main() -> None:
    """Print the catalogue; of two engines for one set-up keep the one with more runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "../shared/data")
    groups = read_groups(parser.parse_args().data / "perf/aiconfigurator_ttft_tpot.csv")
    found: dict[str, list[dict]] = defaultdict(list)
    for key, runs in groups.items():
        try:
            found[(row := catalog_row(key, runs))["name"]].append(row)
        except ValueError as reason:
            print("left out:", *key, "-", reason, file=sys.stderr)
    rows = [max(found[name], key=lambda row: row["rows"]) for name in sorted(found)]
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    for row in rows:
        print(*(row[column] for column in SHOWN), sep="\t", file=sys.stderr)


if __name__ == "__main__":
    main()
