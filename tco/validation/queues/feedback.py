"""Feedback: calls that fail are sent again by the retry policy, and join the tail of the queue."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tco.fields import Positive
from tco.policies.backoff import MOST_RETRIES
from tco.validation import plain
from tco.validation.metrics import COMMON, Measure, mean_of, number_inside
from tco.validation.path import SamplePath
from tco.validation.queues import REMARK, Experiment, QueueModel, length, overload

UNSERVED = 1e-4  # share of requests that may use up every retry, where the formula has no end of them


class Feedback(QueueModel):
    """Poisson arrivals, exponential service; each completion is sent again with the same probability."""

    kind: Literal["M/M/1 with Bernoulli feedback"] = "M/M/1 with Bernoulli feedback"
    pattern: ClassVar[str] = "m/m/1 with bernoulli feedback" + REMARK
    lam: Positive
    """Arrivals per second from outside."""
    mu: Positive
    """Services per second."""
    p: Annotated[float, Field(ge=0, lt=1)]
    """Probability that a request is sent again."""

    def refusal(self) -> str | None:
        """Refuse overload, and more tries than a client makes."""
        if self.p ** (MOST_RETRIES + 1) > UNSERVED:
            return f"p {self.p:g} sends requests again more often than the {MOST_RETRIES} times that a client may"
        return overload(self.lam, (1.0 - self.p) * self.mu)

    def experiment(self, _law: str) -> Experiment:
        """An API that errs at the end of the service, and a client that asks again at once."""
        run = length(self.lam, 1.0 / self.mu / (1.0 - self.p))  # all visits of a request together are exponential
        again = {"max_retries": MOST_RETRIES, "base_s": 1e-12, "factor": 1.0, "cap_s": 1e-12, "jitter_share": 0.0}
        tier = plain.slow_api(1.0 / self.mu, max_concurrency=1, error_share=self.p, retry=again)
        scenario = plain.scenario(
            {"station": tier}, plain.static("station"), self.lam, classes={"all": plain.request_class()},
            warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, self.lam, run.requests)

    def measures(self) -> dict[str, Measure]:
        """Count tries; the server works whenever anybody is inside."""
        working = mean_of(lambda path: 1.0 - float(number_inside(path)[0]))
        return {
            "visits": mean_of(_visits),
            "lam_eff": mean_of(lambda path: _visits(path) * float(path.kept.sum()) / path.length_s),
            "W_total": COMMON["W"],
            "rho": working,
            "utilisation": working,
        }

    def not_measured(self, metric: str) -> str | None:
        """Refuse what a request's stamps do not tell: its single visits."""
        if metric.startswith("Wq") or metric in ("Lq", "P_wait"):
            return "a request has stamps for its first wait and its end, not for the waits of each time it is sent"
        return None


def _visits(path: SamplePath) -> float:
    return 0.0 if path.tries is None else float(np.mean(path.tries[path.kept]))
