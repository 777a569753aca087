"""Prompts: how long each request's prompt is under an option, where prompts are given by their parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.scenario.options import Option, Retrieval
from tco.scenario.prompt import PartTrim


def workload_of(option: Option, workload: Workload) -> Workload:
    """Return the requests with the prompts that an option sends: retrieved text where it retrieves, parts trimmed.

    Arrivals, answers and chances are shared with the given workload; it is returned itself where no prompt is given
    by parts. Doing it twice is doing it once.
    """
    if not workload.prompt_parts:
        return workload
    trims = option.trim.parts() if option.trim is not None else {}
    by_parts = np.sum(list(workload.prompt_parts.values()), axis=0) > 0
    prompt = np.zeros(len(workload), np.int64)
    for name, tokens in workload.prompt_parts.items():
        if name == "context" and option.retrieval is not None:
            retrieves = who_retrieves(option.retrieval, workload)
            tokens = tokens if retrieves is None else np.where(retrieves, tokens, 0)  # noqa: PLW2901  # a step of one thought
        prompt += trimmed(tokens, trims[name]) if name in trims else tokens
    return replace(workload, input_tokens=np.where(by_parts, np.maximum(prompt, 1), workload.input_tokens))


def trimmed(tokens: NDArray[np.int64], trim: PartTrim) -> NDArray[np.int64]:
    """Return what is left of a part, tokens, shape (n,).

    >>> trimmed(np.array([100, 1000]), PartTrim(kept_share=0.5, max_tokens=300)).tolist()
    [50, 300]
    """
    kept = tokens if trim.kept_share is None else np.rint(tokens * trim.kept_share).astype(np.int64)
    return kept if trim.max_tokens is None else np.minimum(kept, trim.max_tokens)


def who_retrieves(retrieval: Retrieval, workload: Workload) -> NDArray[np.bool_] | None:
    """Say of each request whether it retrieves, shape (n,); None where all do."""
    shares = np.array([retrieval.share_of(name) for name in workload.classes])
    if (shares == 1.0).all():
        return None
    return np.asarray(workload.uniform_array("retrieves") < shares[workload.class_index])
