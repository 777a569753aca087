"""Metrics: what a case may ask of a run, by name, and how figures of independent runs become one with an interval.

Means and what is made of them (variances, ratios) are estimated by the jackknife over the runs; percentiles by the
share of values below the pooled percentile (`tco/sim/statistics.py`). Both rest on nothing but the runs' independence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.sim.statistics import Interval, mean_interval, quantile_interval, student_t
from tco.validation.path import SamplePath

Floats = NDArray[np.float64]
Compare = Callable[[NDArray[Any], float], NDArray[np.bool_]]


@dataclass(frozen=True)
class Measure:
    """How to measure something.

    Attributes:
        collect: what to take from one run.
        settle: the estimate with its interval, from what all runs gave and a confidence.
        is_share: whether it is a probability, of which a run of n requests cannot see less than about 1/n.
    """

    collect: Callable[[SamplePath], Floats]
    settle: Callable[[Sequence[Floats], float], Interval | None]
    is_share: bool = False


def mean_of(value: Callable[[SamplePath], float], *, is_share: bool = False) -> Measure:
    """Measure the mean over runs of one figure a run."""
    return Measure(lambda path: np.array([value(path)]), jackknife(lambda sums: sums[0]), is_share)


def moments(collect: Callable[[SamplePath], Sequence[float]], combine: Callable[[Floats], float]) -> Measure:
    """Measure a smooth function of the mean of several figures a run."""
    return Measure(lambda path: np.array(collect(path), np.float64), jackknife(combine))


def jackknife(combine: Callable[[Floats], float]) -> Callable[[Sequence[Floats], float], Interval | None]:
    """Return an estimator that leaves out one run after the other (J. W. Tukey, 1958).

    >>> rows = [np.array([1.0]), np.array([2.0]), np.array([3.0])]
    >>> round(jackknife(lambda mean: float(mean[0]) ** 2)(rows, 0.95).estimate, 3)  # of 4, the bias of 1/3 removed
    3.667
    """

    def settle(rows: Sequence[Floats], confidence: float) -> Interval | None:
        table = np.array(rows)
        runs, total = len(table), table.sum(axis=0)
        whole = combine(total / runs)
        pseudo = [runs * whole - (runs - 1) * combine((total - row) / (runs - 1)) for row in table]
        return mean_interval(pseudo, confidence) if all(map(isfinite, pseudo)) else None

    return settle


def percentile_of(values: Callable[[SamplePath], Floats], percent: float) -> Measure:
    """Measure a percentile of values pooled over the runs."""
    return Measure(values, lambda groups, confidence: quantile_interval(groups, percent, confidence))


def percentile_in_time(shares: Callable[[SamplePath], Floats], percent: float) -> Measure:
    """Measure the smallest number that is not exceeded for a share of the time."""

    def settle(groups: Sequence[Floats], confidence: float) -> Interval:
        most = max(len(group) for group in groups)
        reached = np.array([np.cumsum(np.pad(group, (0, most - len(group)))) for group in groups])
        pooled, share = reached.mean(axis=0), percent / 100.0
        found = int(np.searchsorted(pooled, share))
        half = student_t(confidence, len(groups) - 1) * float(reached[:, found].std(ddof=1)) / sqrt(len(groups))
        low, high = (float(np.searchsorted(pooled, at)) if at < 1 else None for at in (share - half, share + half))
        return Interval(float(found), low, high)

    return Measure(shares, settle)


# ---------------------------------------------------------------- what can be asked of every queue


def number_inside(path: SamplePath) -> Floats:
    """Return the share of time with n requests inside, by n."""
    return path.shares_of_time(path.entered_s, path.left_s)


def mean_busy(path: SamplePath) -> float:
    """Return the mean number in service at the first station."""
    return path.mean_inside(path.started_s, path.stops[0].left_s)


def busy_share(path: SamplePath) -> float:
    """Return the mean share of servers that work."""
    return mean_busy(path) / (path.servers or 1)


def waited(path: SamplePath) -> float:
    """Return the share of the served requests that waited at all; a span below a rounding error is none."""
    return float((path.wait_s > 1e-9 * path.length_s / len(path.wait_s)).mean())


def busy_periods_s(path: SamplePath) -> Floats:
    """Return the lengths of the busy periods that begin within the window, seconds."""
    reached = np.maximum.accumulate(path.left_s)
    begins = np.flatnonzero(np.concatenate([[True], path.entered_s[1:] >= reached[:-1]]))
    ends_s = reached[np.append(begins[1:] - 1, len(reached) - 1)]
    return np.asarray((ends_s - path.entered_s[begins])[path.came[begins]])


def _variance(sums: Floats) -> float:
    return float(sums[1] - sums[0] ** 2)


def _spread(values: Callable[[SamplePath], Floats]) -> Measure:
    return moments(lambda path: (float(values(path).mean()), float((values(path) ** 2).mean())), _variance)


def _number_spread(path: SamplePath) -> tuple[float, float]:
    shares = number_inside(path)
    number = np.arange(len(shares))
    return float(shares @ number), float(shares @ number**2)


def _busy_sums(path: SamplePath) -> tuple[float, float, float]:
    lengths_s = busy_periods_s(path)
    return float(lengths_s.sum()), float((lengths_s**2).sum()), float(len(lengths_s))


def _inside(path: SamplePath) -> float:
    return path.mean_inside(path.entered_s, path.left_s)


COMMON: dict[str, Measure] = {
    "W": mean_of(lambda path: float(path.stay_s.mean())),
    "Wq": mean_of(lambda path: float(path.wait_s.mean())),
    "W_var": _spread(lambda path: path.stay_s),
    "Wq_var": _spread(lambda path: path.wait_s),
    "L": mean_of(_inside),
    "mean_N": mean_of(_inside),
    "var_N": moments(_number_spread, _variance),
    "Lq": mean_of(lambda path: path.mean_inside(path.entered_s, path.started_s)),
    "P0": mean_of(lambda path: float(number_inside(path)[0]), is_share=True),
    "P_wait": mean_of(waited, is_share=True),
    "erlang_C": mean_of(waited, is_share=True),
    "P_wait0": mean_of(lambda path: 1.0 - waited(path), is_share=True),
    "P_block": mean_of(lambda path: 1.0 - float(path.answered[path.came].mean()), is_share=True),
    "throughput": mean_of(
        lambda path: (
            float(((path.left_s >= path.begin_s) & (path.left_s < path.end_s) & path.answered).sum()) / path.length_s
        )
    ),
    "carried": mean_of(mean_busy),
    "offered_load": mean_of(mean_busy),
    "rho": mean_of(busy_share),
    "utilisation": mean_of(busy_share),
    "ES": mean_of(lambda path: float(path.service_s.mean())),
    "ES2": mean_of(lambda path: float((path.service_s**2).mean())),
    "busy_period_mean": moments(_busy_sums, lambda sums: float(sums[0] / sums[2])),
    "busy_period_var": moments(_busy_sums, lambda sums: float(sums[1] / sums[2] - (sums[0] / sums[2]) ** 2)),
}
TIMES: dict[str, Callable[[SamplePath], Floats]] = {"W": lambda path: path.stay_s, "Wq": lambda path: path.wait_s}
COMPARE: dict[str, Compare] = {
    "ge": np.greater_equal, "gt": np.greater, "le": np.less_equal, "lt": np.less,
}  # fmt: skip
NUMBER = r"(\d+(?:p\d+)?)"  # 0p5 is 0.5, as a name may not hold a point


def number_in(text: str) -> float:
    """Read a number out of a metric's name.

    >>> number_in("0p5"), number_in("99")
    (0.5, 99.0)
    """
    return float(text.replace("p", "."))


def common_measure(metric: str) -> Measure | None:
    """Find how a metric that every queue has is measured; None for a name that is not known.

    >>> common_measure("Wq_p95") is None, common_measure("happiness") is None
    (False, True)
    """
    if metric in COMMON:
        return COMMON[metric]
    if found := re.fullmatch(rf"(Wq?)_p{NUMBER}(?:_bounds)?", metric):
        percent = number_in(found[2])
        return percentile_of(TIMES[found[1]], percent) if 0 < percent < 100 else None
    if found := re.fullmatch(rf"P_(Wq?)_(ge|gt|le|lt)_{NUMBER}", metric):
        return _time_share(TIMES[found[1]], COMPARE[found[2]], number_in(found[3]))
    if found := re.fullmatch(r"P_[nN]_(ge|gt|le|lt)_(\d+)", metric):
        return _number_share(COMPARE[found[1]], int(found[2]))
    if found := re.fullmatch(rf"N_p{NUMBER}", metric):
        percent = number_in(found[1])
        return percentile_in_time(number_inside, percent) if 0 < percent < 100 else None
    return None


def _time_share(values: Callable[[SamplePath], Floats], compare: Compare, limit: float) -> Measure:
    return mean_of(lambda path: float(compare(values(path), limit).mean()), is_share=True)


def _number_share(compare: Compare, limit: int) -> Measure:
    def share(path: SamplePath) -> float:
        shares = number_inside(path)
        return float(shares[compare(np.arange(len(shares)), limit)].sum())

    return mean_of(share, is_share=True)
