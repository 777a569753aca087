"""Closed-loop fit: the coefficients of the step time, from measured closed loops.

With I and O the mean lengths and B the sequences that decode at once, each decode step also carries the prefill that
keeps the loop closed:

    TPOT = alpha + gamma B + delta B (I + O/2) + beta B I/O
    TTFT = alpha + beta I                        (few clients)

B is not the number of clients: by Little's law it is clients x O TPOT / (TTFT + O TPOT).
Source: docs/derivations/README.md, "Step times".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tco.serving.measured_runs import Run

if TYPE_CHECKING:
    pass

IDLE_CLIENTS = 4  # up to here the time to the first token is a prefill, not a queue
Coefficients = tuple[float, float, float, float]


@lru_cache(maxsize=32)
def fit_step_times(runs: tuple[Run, ...], length_share: float) -> Coefficients:
    """Fit alpha, beta, gamma and delta by non-negative least squares on relative errors.

    Args:
        runs: measured runs of one set-up.
        length_share: mean lengths as a share of the stated ones.

    Raises:
        ValueError: when the runs give a step no fixed time.
    """
    import numpy as np  # not at the top: `tco check` does without it

    from tco.serving.table_fit import nonnegative_least_squares

    decode = [_decode_terms(run, length_share) for run in runs]
    idle = [_prefill_terms(run, length_share) for run in runs if run.clients <= IDLE_CLIENTS]
    terms = np.array([*decode, *idle])
    alpha, beta, gamma, delta = nonnegative_least_squares(terms, np.ones(len(terms))).tolist()
    if alpha <= 0:
        raise ValueError(f"{len(runs)} runs leave a step no fixed time; measure some with few clients")
    return alpha, beta, gamma, delta


def _decode_terms(run: Run, length_share: float) -> list[float]:
    """Say what the coefficients multiply in the mean decode step, as shares of it."""
    outputs = length_share * run.output_tokens
    decoding = run.clients * outputs * run.tpot_s / (run.ttft_s + outputs * run.tpot_s)
    context = decoding * length_share * (run.input_tokens + run.output_tokens / 2)
    terms = [1.0, decoding * run.input_tokens / run.output_tokens, decoding, context]
    return [term / run.tpot_s for term in terms]


def _prefill_terms(run: Run, length_share: float) -> list[float]:
    """Say what they multiply in the time to the first token of an idle server, as shares of it."""
    return [1.0 / run.ttft_s, length_share * run.input_tokens / run.ttft_s, 0.0, 0.0]
