"""Bulk service: a micro-batching tier without a window takes whoever waits, up to a full batch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from tco.fields import Positive
from tco.validation import plain
from tco.validation.metrics import Measure, mean_of, moments
from tco.validation.path import SamplePath
from tco.validation.queues import REMARK, Experiment, QueueModel, length, overload


class Bulk(QueueModel):
    """Base of both: a batch takes a time that does not depend on how many are in it."""

    batch_time: ClassVar[str]
    refused: ClassVar[dict[str, str]] = {
        "rho": "a formula of the inputs: arrivals over what full batches carry",
        "r": "a root of the formula that the other metrics are made of",
    }
    lam: Positive
    """Arrivals per second."""
    b: Annotated[int, Field(ge=1, le=65_536)]
    """Largest batch."""

    def batch_s(self) -> float:
        """Return the mean time of a batch, seconds."""
        raise NotImplementedError

    def refusal(self) -> str | None:
        """Refuse overload."""
        return overload(self.lam, self.b / self.batch_s())

    def experiment(self, _law: str) -> Experiment:
        """Batches of at most b, started at once, in a fixed mean time."""
        run = length(self.lam, self.batch_s() / self.b, scv=float(self.b))
        tier: dict[str, Any] = {
            "kind": "micro_batch", "max_batch": self.b, "batch_fixed_s": self.batch_s(), "batch_time": self.batch_time,
            "source": "closed form", "price": {"gpu_hour_usd_per_gpu_hour": 0.0, **plain.DATED},
        }  # fmt: skip
        scenario = plain.scenario(
            {"station": tier}, plain.static("station"), self.lam, classes={"all": plain.request_class()},
            warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, self.lam, run.requests)

    def measures(self) -> dict[str, Measure]:
        """Requests that begin together are a batch."""
        return {
            "P_idle": mean_of(idle_share, is_share=True),
            "mean_batch": moments(_batches, lambda sums: float(sums[0] / sums[1])),
        }


class BulkExponential(Bulk):
    """A batch takes an exponential time."""

    kind: Literal["M/M^[1,b]/1 bulk service"] = "M/M^[1,b]/1 bulk service"
    pattern: ClassVar[str] = r"m/m\^\[1,b\]/1( bulk service)?( \(static batching\))?" + REMARK
    batch_time: ClassVar[str] = "exponential"
    mu: Positive
    """Batches per second."""

    def batch_s(self) -> float:
        """One over the rate."""
        return 1.0 / self.mu


class BulkConstant(Bulk):
    """A batch takes a constant time."""

    kind: Literal["M/D^[1,b]/1 bulk service"] = "M/D^[1,b]/1 bulk service"
    pattern: ClassVar[str] = r"m/d\^\[1,b\]/1( bulk service)?( \(static batching\))?" + REMARK
    batch_time: ClassVar[str] = "constant"
    d: Positive = Field(alias="D")
    """Time of a batch, seconds."""

    def batch_s(self) -> float:
        """As stated."""
        return self.d


def idle_share(path: SamplePath) -> float:
    """Return the share of time with nobody in service."""
    return float(path.shares_of_time(path.started_s, path.left_s)[0])


def _batches(path: SamplePath) -> tuple[float, float]:
    begun = path.started_s[(path.started_s >= path.begin_s) & (path.started_s < path.end_s)]
    return float(len(begun)), float(len(np.unique(begun)))
