"""Processor sharing: continuous batching, in which every running request gets one token a step.

A GPU fleet of one replica plays it. With a step that takes gamma for each running sequence, n requests share one
server equally; with a fixed part as well, speed depends on how many there are. Tokens are made many and short, so that
a step is short against a request's time and the steps are as good as a fluid.
"""

from __future__ import annotations

import re
from math import exp, log, sqrt
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from tco.fields import Positive
from tco.serving.latency import Z95
from tco.validation import plain
from tco.validation.metrics import NUMBER, Measure, mean_of, number_in
from tco.validation.path import SamplePath
from tco.validation.queues import LARGE, REMARK, Experiment, QueueModel, length, overload
from tco.validation.queues.loss import LAW_SCV, LAWS

SEQUENCES = 65_536  # most that a replica takes: as good as no limit
LAW_TOKENS = {  # of a mean request; the log-normal's longest length is then 500 times the mean
    "exponential": plain.TOKENS,
    "deterministic": plain.TOKENS,
    "log-normal": 20_000,
}
GIVEN_SIZE = re.compile(rf"W_given_x_{NUMBER}")
NEAR = 0.1  # requests within 10 % of a size stand for it, each stretched to it


def lengths(law: str) -> dict[str, Any]:
    """Describe lengths of a law with its mean; the first token is free."""
    tokens = LAW_TOKENS[law]
    if law == "deterministic":
        return plain.constant(tokens + 1)
    if law == "exponential":
        return plain.exponential(tokens)
    spread = log(1.0 + LAW_SCV)
    median = tokens * exp(-spread / 2)
    return {
        "kind": "lognormal", "p50_tokens": median, "p95_tokens": median * exp(Z95 * sqrt(spread)),
        "max_tokens": 500.0 * tokens,
    }  # fmt: skip


class MG1PS(QueueModel):
    """One server, shared equally by all inside."""

    kind: Literal["M/G/1-PS"] = "M/G/1-PS"
    pattern: ClassVar[str] = "m/[gm]/1-ps" + REMARK
    lam: Positive
    """Arrivals per second."""
    mean_s: Positive = Field(alias="mean_S")
    """Mean service time alone, seconds."""
    law: Literal["exp", "det", "logn"]
    """Law of the service time: exponential, constant, or log-normal with a squared coefficient of variation of 4."""

    def refusal(self) -> str | None:
        """Refuse overload."""
        return overload(self.lam, 1.0 / self.mean_s)

    def not_measured(self, metric: str) -> str | None:
        """Leave out sizes that no request has."""
        found = GIVEN_SIZE.fullmatch(metric)
        if found and self.law == "det" and abs(number_in(found[1]) - self.mean_s) > NEAR * self.mean_s:
            return f"every request has the size {self.mean_s:g} under this law"
        return super().not_measured(metric)

    def experiment(self, _law: str) -> Experiment:
        """A step takes gamma times the requests inside."""
        run = length(self.lam, self.mean_s, scv=LAW_SCV if self.law == "logn" else 1.0)
        law = {"exp": "exponential", "det": "deterministic", "logn": "log-normal"}[self.law]
        token_s = self.mean_s / LAW_TOKENS[law]
        scenario = plain.scenario(
            {"station": plain.gpu(LARGE, SEQUENCES, gamma_s_per_sequence=token_s)}, plain.static("station"), self.lam,
            classes={"all": plain.request_class(output_tokens=lengths(law))}, warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, self.lam, run.requests, seconds_per_token=token_s)

    def measures(self) -> dict[str, Measure]:
        """Hold the stay against the service time alone."""
        return {"slowdown_mean": mean_of(lambda path: float((path.stay_s / path.service_s).mean()))}

    def measure_named(self, metric: str) -> Measure | None:
        """Measure `W_given_x_0p5`, the stay of requests that alone would take half a second."""
        found = GIVEN_SIZE.fullmatch(metric)
        if not found or not (size_s := number_in(found[1])):
            return None
        return mean_of(lambda path: _stay_of(path, size_s))


def _stay_of(path: SamplePath, size_s: float) -> float:
    near = np.abs(path.service_s - size_s) <= NEAR * size_s
    return float((path.stay_s[near] / path.service_s[near]).mean()) * size_s if near.any() else float("nan")


class ContinuousBatching(QueueModel):
    """The step takes alpha + beta n: the more run together, the more tokens a second come out in all."""

    kind: Literal["continuous batching, no cap"] = "continuous batching, no cap"
    pattern: ClassVar[str] = "continuous batching(, no cap)?" + REMARK
    refused: ClassVar[dict[str, str]] = {"capacity_req_s": "a formula of the inputs, 1 / (mean_tokens beta_s)"}
    lam: Positive
    """Arrivals per second."""
    alpha_s: Positive
    """Fixed time of a step, seconds."""
    beta_s: Positive
    """Time that each running request adds to a step, seconds."""
    mean_tokens: Positive
    """Mean number of steps that a request needs."""

    def refusal(self) -> str | None:
        """Refuse overload."""
        return overload(self.lam, 1.0 / (self.mean_tokens * self.beta_s))

    def laws(self) -> tuple[str, ...]:
        """Run with each, in turn."""
        return LAWS

    def experiment(self, law: str) -> Experiment:
        """Cut each of the case's tokens into many that are as much shorter."""
        finer = self.mean_tokens / LAW_TOKENS[law]
        alone_s = self.mean_tokens * (self.alpha_s + self.beta_s)
        run = length(self.lam, self.mean_tokens * self.beta_s, scv=2 * alone_s * self.lam)
        step = {"alpha_s": self.alpha_s * finer, "gamma_s_per_sequence": self.beta_s * finer}
        scenario = plain.scenario(
            {"station": plain.gpu(LARGE, SEQUENCES, **step)}, plain.static("station"), self.lam,
            classes={"all": plain.request_class(output_tokens=lengths(law))}, warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, self.lam, run.requests, seconds_per_token=step["alpha_s"])

    def measures(self) -> dict[str, Measure]:
        """A token of the case takes the stay divided by their mean number."""
        tokens = self.mean_tokens
        return {"mean_TPOT_s": mean_of(lambda path: float(path.stay_s.mean()) / tokens)}
