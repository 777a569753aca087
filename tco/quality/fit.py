"""Fit: from scores to a complexity of each query, a success curve of each model, and the luck that two models share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tco.errors import UsageError
from tco.quality.curves import SuccessCurve
from tco.quality.curves.fixed import Fixed
from tco.quality.curves.logistic import Logistic
from tco.quality.curves.table import SuccessTable
from tco.quality.scores import Scores
from tco.serving.latency import standard_normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BINS = 100  # of complexity: the curves bend over tenths
TENTHS = 10
STEP = 0.05  # between the least and most shares that are tried; finer ones change no share by a point
FEW = 20  # queries of a group; below, its rank is mostly chance
MISFIT = 0.1  # of success in some tenth; routers choose between smaller differences
TELLABLE = 1e-3  # of the queries, between no and full shared luck; below, a file of thousands does not show it
FAR_BELOW = 0.15  # strong below weak by this much: three standard errors of a group of 100
Form = Literal["logistic", "table"]


@dataclass(frozen=True)
class ModelFit:
    """One model's curve.

    Attributes:
        name: the model.
        curve: fitted curve.
        success_share: its mean score in the data.
        fitted_share: what the curve gives for the same queries.
        tenths: pairs of mean score and fitted share by tenth of complexity.
    """

    name: str
    curve: SuccessCurve
    success_share: float
    fitted_share: float
    tenths: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class QualityFit:
    """What a file of scores says.

    Attributes:
        queries: how many were used.
        groups: each group's range of complexity, the easiest first.
        models: curves of the models.
        weak: the weaker model of the pair whose shared luck is fitted.
        strong: the stronger one.
        shared_luck_share: fitted share.
        both_share: share of queries that both answer well, in the data.
        fitted_both_share: the same by the model.
        independent_both_share: the same by the model without shared luck.
        warnings: what to look at before the figures are used.
    """

    queries: int
    groups: dict[str, tuple[float, float]]
    models: tuple[ModelFit, ...]
    weak: str
    strong: str
    shared_luck_share: float
    both_share: float
    fitted_both_share: float
    independent_both_share: float
    warnings: tuple[str, ...]


def fit_quality(
    scores: Scores, weak: str | None = None, strong: str | None = None, form: Form = "logistic"
) -> QualityFit:
    """Fit curves and shared luck.

    Args:
        scores: the scores.
        weak: weaker model of the pair whose shared luck is fitted; the one with the least mean score where None.
        strong: stronger model; the one with the most where None.
        form: shape of the curves.

    Raises:
        UsageError: when `weak` answers better than `strong` overall, or they are one model.
    """
    values = np.array(scores.rows)
    means = dict(zip(scores.models, values.mean(axis=0).tolist(), strict=True))
    weak, strong = _pair(means, weak, strong)
    complexity, groups = rank(scores.groups, values.mean(axis=1))
    source = f"fitted to {len(values)} queries of {scores.file.rpartition('/')[2]} by tco fit quality"
    models = tuple(_model_fit(name, complexity, values[:, at], form, source) for at, name in enumerate(scores.models))
    pair = [models[scores.models.index(name)] for name in (weak, strong)]
    both = float((values[:, scores.models.index(weak)] * values[:, scores.models.index(strong)]).mean())
    at = (np.arange(BINS) + 0.5) / BINS
    chances = [each.curve.success_probability(at) for each in pair]
    shared, doubt = _shared_luck(chances, both, weak, strong)
    return QualityFit(
        queries=len(values), groups=groups, models=models, weak=weak, strong=strong, shared_luck_share=shared,
        both_share=both, fitted_both_share=both_well(chances[0], chances[1], shared),
        independent_both_share=both_well(chances[0], chances[1], 0.0),
        warnings=(*doubt, *_warnings(scores, weak, strong), *_misfits(models)),
    )  # fmt: skip


def _pair(means: dict[str, float], weak: str | None, strong: str | None) -> tuple[str, str]:
    """Choose the models that are not named: the worst and the best of the others; of equals the first of the file."""
    if weak is not None and weak == strong:
        raise UsageError(f"the weak and the strong model are both '{weak}'; allowed: two different ones")
    weak = weak or min((name for name in means if name != strong), key=lambda name: means[name])
    strong = strong or max((name for name in means if name != weak), key=lambda name: means[name])
    if means[weak] > means[strong]:
        raise UsageError(
            f"weak model '{weak}' answers {means[weak]:.1%} well, strong model '{strong}' {means[strong]:.1%}; "
            f"allowed: a weak model that answers no better\n    hint: --weak {strong} --strong {weak}"
        )
    return weak, strong


def _shared_luck(chances: Sequence[Array], both: float, weak: str, strong: str) -> tuple[float, list[str]]:
    """Fit shared luck where it can be told; else 0, with the reason as a warning."""
    lowest, highest = (both_well(chances[0], chances[1], shared) for shared in (0.0, 1.0))
    if highest - lowest >= TELLABLE:
        return shared_luck(chances[0], chances[1], both), []
    return 0.0, [
        f"shared luck cannot be told: '{weak}' and '{strong}' both answer {lowest:.1%} of the queries well if they "
        f"share none, {highest:.1%} if they share all, since one answers nearly all or nearly none well; 0 is taken"
    ]


def rank(groups: Sequence[str], success: Array) -> tuple[Array, dict[str, tuple[float, float]]]:
    """Rank queries by how well their group is answered; within a group they are spread evenly.

    Args:
        groups: group of each query.
        success: mean score of each query over the models, shape (n,).

    Returns:
        Complexity of each query, shape (n,), and the range of each group, the easiest first.

    >>> rank(["hard", "easy", "easy", "hard"], np.array([0.0, 1.0, 0.5, 0.0]))[0].tolist()
    [0.625, 0.125, 0.375, 0.875]
    """
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    count = np.bincount(index)
    order = np.argsort(-np.bincount(index, weights=success) / count, kind="stable")
    edges = np.concatenate([[0.0], np.cumsum(count[order])]) / len(index)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    by_rank = np.argsort(place[index], kind="stable")
    complexity = np.empty(len(index))
    complexity[by_rank] = (np.arange(len(index)) + 0.5) / len(index)
    ranges = {str(names[at]): (float(edges[to]), float(edges[to + 1])) for to, at in enumerate(order)}
    return complexity, ranges


def _model_fit(name: str, complexity: Array, score: Array, form: Form, source: str) -> ModelFit:
    curve = fit_table(complexity, score, source) if form == "table" else fit_logistic(complexity, score, source)
    fitted = curve.success_probability(complexity)
    tenth = np.minimum((complexity * TENTHS).astype(int), TENTHS - 1)
    pairs = tuple(
        (float(score[tenth == at].mean()), float(fitted[tenth == at].mean()))
        for at in range(TENTHS)
        if (tenth == at).any()
    )
    return ModelFit(name, curve, float(score.mean()), float(fitted.mean()), pairs)


def fit_table(complexity: Array, score: Array, source: str) -> SuccessTable:
    """Take the mean score of each tenth of the complexities at its middle; straight lines between."""
    tenth = np.minimum((complexity * TENTHS).astype(int), TENTHS - 1)
    points = tuple(
        (round((at + 0.5) / TENTHS, 4), round(float(score[tenth == at].mean()), 4))
        for at in range(TENTHS) if (tenth == at).any()
    )  # fmt: skip
    return SuccessTable(success_by_complexity=points, source=source)


def fit_logistic(complexity: Array, score: Array, source: str) -> SuccessCurve:
    """Fit a falling logistic curve by maximum likelihood; a level one where success does not fall.

    The two ends are searched on a grid, the place and steepness between them by Fisher scoring; ends other than 0 and 1
    must be worth their parameters (Akaike). A graded score counts as a share of a good answer (quasi-likelihood).

    Args:
        complexity: of each query, shape (n,).
        score: 0 to 1, shape (n,).
        source: what the curve says of where it is from.
    """
    bins = _binned(complexity, score)
    coarse = [round(step * 2 * STEP, 4) for step in range(round(0.5 / STEP) + 1)]
    best = max((_worth(bins, least, most) for least in coarse for most in coarse), key=lambda found: found[0])
    near = [-STEP, 0.0, STEP]
    best = max(
        [best, *(_worth(bins, best[3] + a, best[4] + b) for a in near for b in near)], key=lambda found: found[0]
    )
    worth, centre, steepness, least, most = best
    if worth == -np.inf:
        return Fixed(success_share=round(float(score.mean()), 4), source=source)
    return Logistic(
        half_complexity=round(centre, 4), steepness_per_complexity=round(steepness, 3), least_share=round(least, 4),
        most_share=round(most, 4), source=source,
    )  # fmt: skip


def _worth(bins: tuple[Array, Array, Array], least: float, most: float) -> tuple[float, float, float, float, float]:
    """Fit between two ends; return the likelihood less the parameters spent, half complexity, steepness, ends."""
    possible = least >= -1e-9 and most <= 1 + 1e-9 and most - least > 1.5 * STEP
    found = _scored(*bins, least, most) if possible else None
    if found is None:
        return -np.inf, 0.0, 0.0, least, most
    centre, steepness, likelihood = found
    return likelihood - (least > STEP / 2) - (most < 1 - STEP / 2), centre, steepness, abs(least), min(most, 1.0)


def _binned(complexity: Array, score: Array) -> tuple[Array, Array, Array]:
    """Return mean complexity, count and sum of scores of each bin that is not empty."""
    index = np.minimum((complexity * BINS).astype(int), BINS - 1)
    count = np.bincount(index, minlength=BINS).astype(float)
    used = count > 0
    good = np.bincount(index, weights=score, minlength=BINS)
    place = np.bincount(index, weights=complexity, minlength=BINS)
    return np.asarray(place[used] / count[used]), count[used], np.asarray(good[used], np.float64)


def _scored(at: Array, count: Array, good: Array, least: float, most: float) -> tuple[float, float, float] | None:
    """Fit half complexity and steepness between two ends; None where success does not fall or nothing is found."""
    level, fall = 0.0, 1.0
    likelihood = _likelihood(at, count, good, (least, most, level, fall))
    for _ in range(25):
        well = 1.0 / (1.0 + np.exp(np.clip(fall * at - level, -500, 500)))
        chance = np.clip(least + (most - least) * well, 1e-9, 1 - 1e-9)
        slope = (most - least) * well * (1.0 - well)
        weight = count * slope**2 / (chance * (1.0 - chance))
        pull = slope * (good - count * chance) / (chance * (1.0 - chance))
        information = np.array([[weight.sum(), -(weight * at).sum()], [-(weight * at).sum(), (weight * at**2).sum()]])
        information += np.eye(2) * 1e-9 * (1.0 + np.trace(information))
        step = np.linalg.solve(information, np.array([pull.sum(), -(pull * at).sum()]))
        part, gained = 1.0, -np.inf
        while part > 1e-4:
            gained = _likelihood(at, count, good, (least, most, level + part * step[0], fall + part * step[1]))
            if gained >= likelihood:
                break
            part /= 2
        if gained - likelihood < 1e-3:
            break
        level, fall, likelihood = level + part * step[0], fall + part * step[1], gained
    inside = 1e-3 < fall <= 1000.0 and abs(level / fall) <= 10.0
    return (float(level / fall), float(fall), float(likelihood)) if inside else None


def _likelihood(at: Array, count: Array, good: Array, curve: tuple[float, float, float, float]) -> float:
    least, most, level, fall = curve
    well = 1.0 / (1.0 + np.exp(np.clip(fall * at - level, -500, 500)))
    chance = np.clip(least + (most - least) * well, 1e-9, 1 - 1e-9)
    return float((good * np.log(chance) + (count - good) * np.log1p(-chance)).sum())


_phi = np.vectorize(lambda value: 0.5 * (1.0 + erf(value / sqrt(2.0))), otypes=[float])


def both_well(weak: Array, strong: Array, shared_luck_share: float) -> float:
    """Return the share of queries that both answer well: two luck variates with a common part, as `answers_well` draws.

    Args:
        weak: chance of the weaker model, shape (n,).
        strong: chance of the stronger, shape (n,).
        shared_luck_share: correlation of their luck, 0 to 1.

    >>> round(both_well(np.array([0.5]), np.array([0.5]), 0.0), 4), both_well(np.array([0.5]), np.array([0.8]), 1.0)
    (0.25, 0.5)
    >>> round(both_well(np.array([0.5]), np.array([0.5]), 0.5), 4)  # 1/4 + asin(1/2) / (2 pi): Sheppard 1899
    0.3333
    """
    if shared_luck_share >= 1.0:
        return float(np.minimum(weak, strong).mean())
    shared = standard_normal((np.arange(100) + 0.5) / 100)  # even shares of the common luck
    own = sqrt(1.0 - shared_luck_share)
    limits = [standard_normal(np.clip(chance, 1e-12, 1 - 1e-12)) for chance in (weak, strong)]
    one, two = (_phi((limit[:, None] - sqrt(shared_luck_share) * shared) / own) for limit in limits)
    return float((one * two).mean())


def shared_luck(weak: Array, strong: Array, both_share: float) -> float:
    """Find the shared luck with which a share of queries is answered well by both; 0 or 1 where none is near enough."""
    low, high = 0.0, 1.0
    for _ in range(12):  # to a four-thousandth
        middle = (low + high) / 2
        low, high = (middle, high) if both_well(weak, strong, middle) < both_share else (low, middle)
    return round((low + high) / 2, 3)


def _misfits(models: Sequence[ModelFit]) -> list[str]:
    """Warn of models whose curve is far from their scores in some tenth of complexity."""
    far = {each.name: max(abs(data - fitted) for data, fitted in each.tenths) for each in models}
    names = [f"{name} ({off:.0%})" for name, off in far.items() if off > MISFIT]
    if not names:
        return []
    return [
        f"curves miss some tenth of complexity by more than {MISFIT:.0%}: {', '.join(names)}; one rank of kinds does "
        "not fit these models together: fit two alone, or --curve table"
    ]


def _equals(scores: Scores, weak: str, strong: str) -> list[str]:
    sums = [sum(row[scores.models.index(name)] for row in scores.rows) for name in (weak, strong)]
    if sums[0] != sums[1]:
        return []
    share = sums[0] / len(scores.rows)
    return [f"'{weak}' and '{strong}' both answer {share:.1%} well; '{weak}' is taken for the weaker one"]


def _warnings(scores: Scores, weak: str, strong: str) -> list[str]:
    said = _equals(scores, weak, strong)
    at_weak, at_strong = scores.models.index(weak), scores.models.index(strong)
    by_group: dict[str, list[tuple[float, ...]]] = {}
    for group, row in zip(scores.groups, scores.rows, strict=True):
        by_group.setdefault(group, []).append(row)
    for group, rows in by_group.items():
        low, high = (sum(row[at] for row in rows) / len(rows) for at in (at_weak, at_strong))
        error = sqrt(max(low * (1 - low) + high * (1 - high), 0.0) / len(rows))
        if low - high > max(FAR_BELOW, 3 * error):
            said.append(
                f"group '{group}' ({len(rows)} queries): {strong} answers {high:.1%} well, {weak} {low:.1%}; this "
                f"looks like a fault of the file: --exclude {group}"
            )
    small = sum(len(rows) < FEW for rows in by_group.values())
    if small:
        said.append(
            f"{small} of {len(by_group)} groups have fewer than {FEW} queries: their order is partly chance, and the "
            "curves are steeper than the truth; name a coarser column with --group"
        )
    if scores.graded:
        said.append(f"{scores.graded} scores are neither 0 nor 1: each counts as that share of a good answer")
    if scores.below_zero:
        said.append(f"{scores.below_zero} scores are below 0 and count as 0")
    said += [f"{count} queries left out: {reason}" for reason, count in scores.left_out.items() if count]
    return said


def quality_yaml(fit: QualityFit) -> dict[str, Any]:
    """Return what a scenario takes over: the shared luck, each tier's curve and the complexity of a class."""
    return {
        "quality": {"shared_luck_share": fit.shared_luck_share},
        "classes": {"all": {"complexity": {"kind": "uniform", "low_complexity": 0.0, "high_complexity": 1.0}}},
        "tiers": {model.name: {"quality": model.curve.model_dump(mode="json")} for model in fit.models},
    }
