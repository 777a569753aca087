"""Table model: the roofline's pieces stretched until they meet measurements of closed loops.

While nobody waits outside the batch, which steps a closed loop takes depends on lengths and limits alone, not on how
long a step is. So mean times to the first token and per output token are *linear* in the pieces of the step time:
a trajectory says how often each piece occurs, and a ridge towards a coarser level's factors (at last the roofline's 1)
keeps a set-up with few rows near what its relatives show.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tco.serving.roofline import KNOTS, Pieces

Array = NDArray[np.float64]

RISES = (8.0, 64.0)  # tokens by which further fixed time has risen to 63 %: what the memory term does not foresee
FACTORS = ("memory", "overhead", "prefill", "decode", "sequence", "context", "rise_8", "rise_64")
ROOFLINE = np.array([1.0] * 6 + [0.0] * 2)  # every piece as the roofline has it, no further rise
ROOFLINE_OVERHEAD_S = 0.05  # a first token's tokeniser and scheduler, seconds: middle of the measured set-ups
TTFT_WEIGHT = 0.2  # of a first-token error against a per-token error: they scatter five times as far
EASY_TPOT, EASY_TTFT = 0.05, 0.1  # errors up to which squares are minimised; beyond, one row counts less
LEAST_SHARE = 0.02  # a piece below this share of the step is held to its prior as if it had it
OVERHEAD_RIDGE = 0.1
ROUNDS = 10  # reweightings; the last changes factors by under a percent
STEPS, PREFILL, SEQUENCES, CONTEXT, HATS = 0, 1, 2, 3, 4  # columns of a trajectory


class Factors(NamedTuple):
    """A calibration: what each piece is multiplied with, shape (8,), and the first token's overhead.

    The overhead is in seconds and, where a scheduler looks for newcomers only every so many steps, in steps.
    """

    stretch: Array
    overhead_s: float
    overhead_steps: float = 0.0


UNCALIBRATED = Factors(ROOFLINE, ROOFLINE_OVERHEAD_S)


def rises() -> Array:
    """Return the further rise of the fixed time at each of `KNOTS` tokens, shape (2, 15)."""
    tokens = np.array(KNOTS, np.float64)
    return np.stack([1.0 - np.exp(-tokens / scale) for scale in RISES])


def columns(trajectory: Array, step: Pieces) -> Array:
    """Return the seconds of each piece in a mean trajectory, shape (8,).

    Args:
        trajectory: steps, prompt tokens, sequences, context tokens, and steps by tokens at `KNOTS`, shape (19,).
        step: the roofline's step time.
    """
    fixed = trajectory[HATS:]
    unit_s = step.overhead_s + float(step.memory_s[5])  # 32 tokens: rises are told as multiples of such a step
    return np.array([
        fixed @ step.memory_s, trajectory[STEPS] * step.overhead_s, trajectory[PREFILL] * step.token_s,
        trajectory[SEQUENCES] * step.token_s, trajectory[SEQUENCES] * step.sequence_s,
        trajectory[CONTEXT] * step.context_s, *(unit_s * (rises() @ fixed)),
    ])  # fmt: skip


def step_times(step: Pieces, stretch: Array) -> tuple[Array, float, float, float]:
    """Return a calibrated step: fixed seconds at `KNOTS`, and seconds per prompt token, sequence, context token."""
    unit_s = step.overhead_s + float(step.memory_s[5])
    fixed = stretch[0] * step.memory_s + stretch[1] * step.overhead_s + unit_s * (stretch[6:8] @ rises())
    return (
        fixed,
        float(stretch[2] * step.token_s),
        float(stretch[3] * step.token_s + stretch[4] * step.sequence_s),
        float(stretch[5] * step.context_s),
    )


def fit_factors(
    decode: Array, first: Array, tpot_s: Array, ttft_s: Array, weights: Array, prior: Factors, ridge: float
) -> Factors:
    """Fit factors to measured rows by iteratively reweighted non-negative least squares on relative errors.

    Args:
        decode: seconds of each piece per output token, shape (n, 8).
        first: seconds of each piece before the first token, shape (n, 8).
        tpot_s: measured time per output token, seconds, shape (n,).
        ttft_s: measured time to first token, seconds, shape (n,).
        weights: of the rows, shape (n,).
        prior: factors that the ridge pulls to.
        ridge: strength: 1 weighs a piece's deviation, as share of the step, like one row's error.
    """
    waits = np.stack([np.ones_like(ttft_s), tpot_s], 1) / ttft_s[:, None]  # a second, and a step
    tpot = np.hstack([decode / tpot_s[:, None], np.zeros_like(waits)])
    ttft = np.hstack([first / ttft_s[:, None], waits])
    hold = ridge * np.maximum(tpot[:, :-2].mean(0), LEAST_SHARE)
    pull = np.append(hold, OVERHEAD_RIDGE * waits.mean(0))
    wanted = pull * np.array([*prior.stretch, prior.overhead_s, prior.overhead_steps])
    tpot_weight, ttft_weight = weights, TTFT_WEIGHT * weights
    found = np.zeros(len(wanted))
    for _ in range(ROUNDS):
        matrix = np.vstack([tpot * tpot_weight[:, None], ttft * ttft_weight[:, None], np.diag(pull)])
        found = nonnegative_least_squares(matrix, np.concatenate([tpot_weight, ttft_weight, wanted]))
        tpot_weight = weights * _trust(tpot @ found, EASY_TPOT)
        ttft_weight = TTFT_WEIGHT * weights * _trust(ttft @ found, EASY_TTFT)
    return Factors(found[:-2], float(found[-2]), float(found[-1]))


def _trust(ratio: Array, easy: float) -> Array:
    """Weigh rows by how far predicted over measured is from 1: least absolute logarithms beyond `easy`."""
    kept = np.maximum(ratio, 0.05)
    return np.asarray(1.0 / np.sqrt(np.maximum(np.abs(np.log(kept)), easy) / easy) / np.maximum(kept, 0.3))


def nonnegative_least_squares(matrix: Array, wanted: Array) -> Array:
    """Minimise |matrix x - wanted| over x >= 0.

    Source: R. Bro, S. de Jong, "A fast non-negativity-constrained least squares algorithm" (1997).

    >>> nonnegative_least_squares(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([2.0, -1.0, 1.0])).tolist()
    [1.5, 0.0]
    """
    scale = np.maximum(np.abs(matrix).max(0), 1e-300)
    scaled = matrix / scale
    gram, target = scaled.T @ scaled, scaled.T @ wanted
    found = np.zeros(len(target))
    free = np.zeros(len(target), bool)
    for _ in range(30 * len(target)):  # each turn frees one variable; in practice one turn a column
        slope = target - gram @ found
        slope[free] = -np.inf
        best = int(slope.argmax())
        if slope[best] <= 1e-10 * np.abs(target).max():
            break
        free[best] = True
        trial = _solve_free(gram, target, free)
        while (trial[free] <= 0.0).any():
            falling = free & (trial <= 0.0)
            step = float((found[falling] / np.maximum(found[falling] - trial[falling], 1e-300)).min())
            found = found + step * (trial - found)
            free &= found > 1e-14
            found[~free] = 0.0
            trial = _solve_free(gram, target, free)
        found = trial
    return np.asarray(found / scale)


def _solve_free(gram: Array, target: Array, free: NDArray[np.bool_]) -> Array:
    found = np.zeros(len(target))
    if free.any():
        at = np.flatnonzero(free)
        found[at] = np.linalg.lstsq(gram[np.ix_(at, at)], target[at], rcond=None)[0]
    return found
