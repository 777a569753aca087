"""Queues that turn arrivals away: a managed API with limits on how many are served and how many wait."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tco.fields import Positive
from tco.plugin import together
from tco.validation import plain
from tco.validation.queues import LEAST_REQUESTS, REMARK, Experiment, Length, QueueModel, length, settled
from tco.validation.queues.lognormal import lognormal_api
from tco.validation.queues.single import Servers

LAWS = ("exponential", "deterministic", "log-normal")
LAW_SCV = 4.0  # of the log-normal law, as the cases propose


class MMcK(QueueModel):
    """Exponential service, at most K inside."""

    kind: Literal["M/M/c/K"] = "M/M/c/K"
    pattern: ClassVar[str] = "m/m/c/k" + REMARK
    lam: Positive
    """Arrivals per second."""
    mu: Positive
    """Services per second."""
    c: Servers
    """Servers."""
    k: Annotated[int, Field(ge=1, le=1_000_000)] = Field(alias="K")
    """Most requests inside, served or waiting."""

    @together("k", "c")
    def _in_order(self) -> None:
        if self.k < self.c:
            raise ValueError(f"K {self.k} is below c {self.c}: some servers could never work")

    def experiment(self, _law: str) -> Experiment:
        """Limit the API's queue to K - c."""
        run = length(min(self.lam, 0.9 * self.c * self.mu), 1.0 / self.mu, self.c)
        tier = plain.api(1.0 / self.mu / plain.TOKENS, max_concurrency=self.c, max_queue_requests=self.k - self.c)
        scenario = plain.scenario(
            {"station": tier}, plain.static("station"), self.lam,
            classes={"all": plain.request_class(output_tokens=plain.exponential(plain.TOKENS))},
            warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, self.lam, run.requests, self.c)


class MGcc(QueueModel):
    """Whoever finds every server busy is lost: Erlang's formula, whatever the law of the service times."""

    kind: Literal["M/G/c/c"] = "M/G/c/c"
    pattern: ClassVar[str] = "m/[gm]/c/c( loss)?" + REMARK
    lam: Positive
    """Arrivals per second."""
    mean_s: Positive = Field(alias="mean_S")
    """Mean service time, seconds."""
    c: Servers
    """Servers."""

    def laws(self) -> tuple[str, ...]:
        """Run with each, in turn."""
        return LAWS

    def experiment(self, law: str) -> Experiment:
        """Let nobody wait at the API."""
        run = unlimited_length(self.lam, self.mean_s)
        tier, classes = station(law, self.mean_s, max_concurrency=self.c, max_queue_requests=0)
        scenario = plain.scenario(
            {"station": tier}, plain.static("station"), self.lam, classes=classes, warmup_share=run.warmup_share
        )
        return Experiment(scenario, self.lam, run.requests, self.c)


def station(law: str, mean_s: float, **limits: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Describe an API whose service times follow a law, and the requests that it serves."""
    if law == "log-normal":
        return lognormal_api(mean_s, LAW_SCV, **limits), {"all": plain.request_class()}
    lengths = plain.constant(plain.TOKENS + 1) if law == "deterministic" else plain.exponential(plain.TOKENS)
    return plain.api(mean_s / plain.TOKENS, **limits), {"all": plain.request_class(output_tokens=lengths)}


def unlimited_length(rate: float, mean_s: float) -> Length:
    """Choose the length of a run in which nobody waits: only services remember, but log-normal ones for long."""
    inside = rate * mean_s
    return settled(ceil(400 * inside), 40 * inside, 2 * LEAST_REQUESTS)
