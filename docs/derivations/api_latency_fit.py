"""API latency, the form: which distribution predicts requests that it was not fitted to?

    python docs/derivations/api_latency_fit.py

Every group of `api_latency.py` is halved at random, each form is fitted to one half and held against the other:
Kolmogorov-Smirnov distance, and the relative error of the 99th percentile and of the mean. 20 halvings a group.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from math import exp, lgamma, log
from pathlib import Path
from statistics import NormalDist

import numpy as np
from api_latency import TABLE_AT, TABLE_ROWS, read_llmperf, read_thefastest
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HALVINGS = 20
AT = (np.arange(4000) + 0.5) / 4000  # each form is laid out as its quantiles at these probabilities
NORMAL = np.array([NormalDist().inv_cdf(p) for p in AT])
Z95 = NormalDist().inv_cdf(0.95)


def lognormal(values: Floats) -> Floats:
    """Through the median and the 95th percentile: two figures that people can give."""
    p50, p95 = np.quantile(values, (0.5, 0.95))
    return np.asarray(p50 * np.exp(log(p95 / p50) / Z95 * NORMAL))


def lognormal_likeliest(values: Floats) -> Floats:
    """Mean and deviation of the logarithms."""
    logs = np.log(values)
    return np.asarray(np.exp(logs.mean() + logs.std() * NORMAL))


def shifted_lognormal(values: Floats) -> Floats:
    """Through the 5th, 50th and 95th percentile; normal pieces where the lower half is the wider one."""
    p5, p50, p95 = np.quantile(values, (0.05, 0.5, 0.95))
    below, above = p50 - p5, p95 - p50
    if above <= 1.0001 * below:
        return np.asarray(p50 + np.where(NORMAL > 0, above, below) / Z95 * NORMAL)
    spread = log(above / below) / Z95
    scale = above / (exp(spread * Z95) - 1)
    return np.asarray(p50 - scale + scale * np.exp(spread * NORMAL))


def gamma(values: Floats) -> Floats:
    """Mean and variance."""
    shape, scale = values.mean() ** 2 / values.var(), values.var() / values.mean()
    grid = np.geomspace(max(scale * shape * 1e-4, 1e-9), scale * (shape + 12 * shape**0.5 + 30), 900)
    return np.interp(AT, [_gamma_share(shape, x / scale) for x in grid], grid)


def _gamma_share(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma function, by series or continued fraction (Abramowitz and Stegun 6.5)."""
    factor = exp(-x + shape * log(x) - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        step = shape
        while term > total * 1e-12:
            step += 1
            term *= x / step
            total += term
        return total * factor
    b, c = x + 1 - shape, 1e300
    d = fraction = 1 / b
    for i in range(1, 1000):
        a = -i * (i - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-12:
            break
    return 1 - factor * fraction


def table(values: Floats) -> Floats:
    """Ten measured quantiles, straight lines between them."""
    return np.interp(AT, TABLE_AT, np.quantile(values, TABLE_AT))


FORMS: dict[str, Callable[[Floats], Floats]] = {
    "log-normal p50/p95": lognormal, "log-normal likeliest": lognormal_likeliest,
    "shifted log-normal": shifted_lognormal, "gamma": gamma, "table of 10": table,
}  # fmt: skip


def distance(quantiles: Floats, values: Floats) -> float:
    """Kolmogorov-Smirnov distance between a form and values."""
    ordered, count = np.sort(values), len(values)
    share = np.interp(ordered, quantiles, AT, left=0, right=1)
    return float(max((np.arange(1, count + 1) / count - share).max(), (share - np.arange(count) / count).max()))


def errors(form: Callable[[Floats], Floats], half: Floats, other: Floats) -> tuple[float, float, float]:
    """Distance, and absolute relative errors of the 99th percentile and of the mean, on the other half."""
    fitted = form(half)
    p99 = abs(np.quantile(fitted, 0.99) / np.quantile(other, 0.99) - 1)
    return distance(fitted, other), float(p99), float(abs(fitted.mean() / other.mean() - 1))


def main() -> None:
    """Print medians over the groups, and the worst."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "../shared/data")
    perf = parser.parse_args().data / "perf"
    generator = np.random.default_rng(1)
    found: dict[tuple[str, str, str], list[Floats]] = defaultdict(list)
    for samples, _ in (
        read_llmperf(perf / "llmperf_api_latency_raw.csv"),
        read_thefastest(perf / "thefastest_api_latency_2024-05-03.csv"),
    ):
        for name in sorted(samples):
            size = f"{TABLE_ROWS} rows or more" if len(samples[name]) >= TABLE_ROWS else "fewer rows"
            for what, values in zip(("ttft", "tpot"), np.transpose(samples[name]), strict=True):
                orders = [generator.permutation(len(values)) for _ in range(HALVINGS)]
                halves = [(values[o[: len(o) // 2]], values[o[len(o) // 2 :]]) for o in orders]
                for label, form in FORMS.items():
                    found[size, what, label].append(np.mean([errors(form, *pair) for pair in halves], axis=0))
    for (size, what, label), each in sorted(found.items()):
        ks, p99, mean = np.median(each, axis=0)
        worst = np.max(each, axis=0)[0]
        print(
            f"{size:16s} {what} {label:22s} groups {len(each):2d}  KS {ks:.3f} (worst {worst:.3f})  "
            f"p99 {p99:.1%}  mean {mean:.1%}"
        )


if __name__ == "__main__":
    main()
