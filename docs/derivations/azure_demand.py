"""Azure demand: how long real requests are, how they arrive, and how a week of them looks.

    python docs/derivations/azure_demand.py > fragments.yaml
    python docs/derivations/azure_demand.py --week-csv > tco/catalog/data/hour_of_week.csv

Lengths and burstiness come from the 2023 traces, which cover under an hour; the hour-of-week profile
from the 2024 week, digitised from published plots. Needs numpy.
"""

from __future__ import annotations

import argparse
import csv
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

PROBABILITIES = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)
CANDIDATES = (
    *(0.02, 0.15, 0.2, 0.3, 0.4, 0.6, 0.65, 0.7, 0.8, 0.85, 0.88, 0.92, 0.94, 0.96),
    *(0.97, 0.98, 0.985, 0.993, 0.995, 0.997, 0.998, 0.999, 0.9995, 0.9998),
)
MEAN_TOLERANCE = 0.01
HOURS_PER_WEEK = 168
WEEK_SOURCE = (
    "Azure/AzurePublicDataset LLM inference 2024 week (CC-BY-4.0), digitised from published plots "
    "and scaled to the true totals"
)


def read_trace(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arrival times in seconds from the first, input tokens, output tokens."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    stamps = [datetime.fromisoformat(row["TIMESTAMP"][:26] + "+00:00") for row in rows]
    arrived_s = np.array([(stamp - stamps[0]).total_seconds() for stamp in stamps])
    lengths = (np.array([float(row[name]) for row in rows]) for name in ("ContextTokens", "GeneratedTokens"))
    return np.sort(arrived_s), *lengths


def straight_lines(values: np.ndarray, probabilities: list[float]) -> np.ndarray:
    """The sample as a table of quantiles read with straight lines would have it, in order."""
    middles = (np.arange(len(values)) + 0.5) / len(values)
    return np.interp(middles, probabilities, np.quantile(values, probabilities))


def quantile_table(values: np.ndarray) -> tuple[dict[float, float], float]:
    """Quantiles such that reading them with straight lines keeps the mean; and that mean.

    While the mean is off, the candidate that brings the table nearest to the sample is added.

    >>> quantile_table(np.arange(101.0))[1]
    50.0
    """
    ordered, chosen = np.sort(values), list(PROBABILITIES)
    while abs(straight_lines(values, chosen).mean() / values.mean() - 1) > MEAN_TOLERANCE:
        tables = [sorted([*chosen, extra]) for extra in CANDIDATES if extra not in chosen]
        chosen = min(tables, key=lambda table: np.abs(straight_lines(values, table) - ordered).mean())
    table = dict(zip(chosen, np.quantile(values, chosen).tolist(), strict=True))
    return table, float(np.trapezoid(list(table.values()), chosen))


def burstiness(arrived_s: np.ndarray) -> dict[str, float]:
    """Variation of gaps and of whole-minute counts."""
    gaps_s = np.diff(arrived_s)
    minutes = int(arrived_s[-1] // 60)  # the last, partial minute would look like a lull
    counts = np.histogram(arrived_s, bins=minutes, range=(0, 60 * minutes))[0]
    return {
        "mean_rps": len(gaps_s) / arrived_s[-1],
        "interarrival_cv": gaps_s.std() / gaps_s.mean(),
        "minute_count_cv": counts.std() / counts.mean(),
        "peak_minute_to_mean": counts.max() / counts.mean(),
    }


def week_profile(path: Path, service: str) -> np.ndarray:
    """Relative weight of each hour, Monday 00:00 UTC first, mean 1."""
    weights = np.full(HOURS_PER_WEEK, np.nan)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["service"] == service:
                stamp = datetime.fromisoformat(row["timestamp_utc"] + "+00:00")
                weights[stamp.weekday() * 24 + stamp.hour] = float(row["requests_per_hour"])
    if np.isnan(weights).any():
        raise ValueError(f"{path}: {service} does not cover every hour of a week")
    return weights / weights.mean()


def print_trace(name: str, path: Path) -> None:
    """YAML of one 2023 trace: length tables and burstiness."""
    arrived_s, *lengths = read_trace(path)
    print(f"{name}:  # {len(arrived_s)} requests over {timedelta(seconds=round(arrived_s[-1]))}")
    for kind, values in zip(("input_tokens", "output_tokens"), lengths, strict=True):
        table, mean = quantile_table(values)
        share = mean / values.mean() - 1
        print(f"  {kind}:  # mean {values.mean():.2f}; by straight lines {mean:.2f}, {share:+.2%}")
        print("    quantiles:", "{" + ", ".join(f"{p:g}: {value:g}" for p, value in table.items()) + "}")
    for key, value in burstiness(arrived_s).items():
        print(f"  {key}: {value:.4g}")


def print_week(name: str, weights: np.ndarray) -> None:
    """YAML of one hour-of-week profile, a day a line."""
    weekend = weights[120:].mean() / weights[:120].mean()
    print(f"{name}:  # peak/mean {weights.max():.4g}; a weekend day is {weekend:.3g} of a weekday")
    print("  hour_of_week:")
    for day in weights.reshape(7, 24):
        print("    - [" + ", ".join(f"{weight:.4f}" for weight in day) + "]")


def print_week_csv(profiles: dict[str, np.ndarray]) -> None:
    """The catalogue's file: one profile a row; the last day of both weeks as its date."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["name", "source", "source_date", *(f"w{hour:03}" for hour in range(HOURS_PER_WEEK))])
    for name, weights in sorted(profiles.items()):
        writer.writerow([name, WEEK_SOURCE, "2024-05-18", *(f"{weight:.4f}" for weight in weights)])


def main() -> None:
    """Print YAML fragments, or the catalogue's hour-of-week file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "../shared/data")
    parser.add_argument("--week-csv", action="store_true", help="print tco/catalog/data/hour_of_week.csv")
    arguments = parser.parse_args()
    traces = arguments.data / "traces"
    week = traces / "azure2024_week_hourly_digitised.csv"
    profiles = {f"azure-2024-{name}": week_profile(week, name) for name in ("conversation", "code")}
    if arguments.week_csv:
        print_week_csv(profiles)
        return
    for name in ("conv", "code"):
        print_trace(f"azure-2023-{name}", traces / f"azure2023_{name}.csv")
    for name, weights in profiles.items():
        print_week(name, weights)


if __name__ == "__main__":
    main()
