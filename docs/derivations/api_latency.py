"""API latency: first-token time and time per output token of hosted models, as measured from outside.

    python docs/derivations/api_latency.py > tco/catalog/data/api_latency.csv

Two sources: single requests to API providers (Dec 2023, 550 tokens in, about 150 out), by provider and
model; and single probes of endpoints from three regions (May 2024), pooled into three classes of model.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

BUFFERED_TPOT_S = 0.001  # a 7-70 B model does not stream 1000 tokens/s: the answer came in one piece
SATURATED_TPS = 999  # thefastest.ai's ceiling: all tokens came at once, TTFT is then the whole answer
CLASSES = {
    "frontier-2024": ("gpt-4-turbo", "gpt-4-0125-preview", "gpt-4-1106-preview", "claude-3-opus"),
    "mid-2024": ("claude-3-sonnet", "command-r-plus", "llama-3-70b"),
    "small-2024": ("gpt-3.5-turbo", "claude-3-haiku", "llama-3-8b"),
}
LLMPERF = {
    "source": "ray-project/llmperf-leaderboard (Apache-2.0), raw requests",
    "source_date": "2023-12-01",
}
THEFASTEST = {"source": "fixie-ai/thefastest.ai (MIT), probes", "source_date": "2024-05-03"}
TABLE_ROWS = 50  # from here on a table of quantiles predicts unseen requests better: api_latency_fit.py
TABLE_AT = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
Sample = tuple[float, float]  # first-token time, time per output token, both in seconds


def read_llmperf(path: Path) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Samples by provider and model, and a note on what was dropped."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    dropped: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['provider']}/{row['model'].removesuffix('-chat')}"
            tokens = float(row["output_tokens"] or 0)
            if row["error_code"] or tokens < 2:
                dropped[name][0] += 1
                continue
            ttft_s = float(row["ttft_s"])
            tpot_s = (float(row["e2e_s"]) - ttft_s) / (tokens - 1)
            if tpot_s < BUFFERED_TPOT_S:
                dropped[name][1] += 1
                continue
            samples[name].append((ttft_s, tpot_s))
    text = "month known only: Dec 2023; 550 tokens in, about 150 out; dropped {} errors, {} sent in one piece"
    return samples, {name: text.format(*dropped[name]) for name in samples}


def read_thefastest(path: Path) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Samples by class of model, pooled over endpoints and regions."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    endpoints: dict[str, set[str]] = defaultdict(set)
    dropped: dict[str, int] = defaultdict(int)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            model = row["model"].split("/", 1)[1]
            name = next((each for each, starts in CLASSES.items() if model.startswith(starts)), None)
            if name is None or row["error"]:
                continue
            if float(row["tps"]) >= SATURATED_TPS:
                dropped[name] += 1
                continue
            samples[name].append((float(row["ttft_s"]), 1 / float(row["tps"])))
            endpoints[name].add(row["model"])
    text = "{} endpoints from 3 regions, 20-token answers; dropped {} sent in one piece"
    return samples, {name: text.format(len(endpoints[name]), dropped[name]) for name in samples}


def latency_row(name: str, samples: list[Sample]) -> dict[str, object]:
    """Median and 95th percentile of both times, and a table of quantiles where there are rows enough."""
    ttft_s, tpot_s = np.transpose(samples)
    row: dict[str, object] = {"name": name}
    for label, values in (("ttft", ttft_s), ("tpot", tpot_s)):
        for percent in (50, 95):
            row[f"{label}_p{percent}_s"] = f"{np.quantile(values, percent / 100):.5g}"
    for label, values in (("ttft", ttft_s), ("tpot", tpot_s)):
        table = zip(TABLE_AT, np.quantile(values, TABLE_AT), strict=True) if len(samples) >= TABLE_ROWS else ()
        row[f"{label}_table_s"] = " ".join(f"{p:g}:{value:.5g}" for p, value in table)
    return row | {"rows": len(samples)}


def main() -> None:
    """Print one row per group: providers first, then classes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "../shared/data")
    perf = parser.parse_args().data / "perf"
    sources = (
        (read_llmperf(perf / "llmperf_api_latency_raw.csv"), LLMPERF),
        (read_thefastest(perf / "thefastest_api_latency_2024-05-03.csv"), THEFASTEST),
    )
    rows = [
        latency_row(name, samples[name]) | origin | {"note": notes[name]}
        for (samples, notes), origin in sources
        for name in sorted(samples)
    ]
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main()
