"""One station, first come first served: a managed API that serves c requests at once, the others wait in order."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tco.fields import Positive, Share
from tco.plugin import together
from tco.validation import plain
from tco.validation.queues import REMARK, Experiment, QueueModel, length, overload

Servers = Annotated[int, Field(ge=1, le=100_000)]


class Fcfs(QueueModel):
    """Base of the queues with one station."""

    def mean_s(self) -> float:
        """Return the mean service time, seconds."""
        raise NotImplementedError

    def rate(self) -> float:
        """Return the arrival rate, per second."""
        raise NotImplementedError

    def servers(self) -> int:
        """Return how many are served at once."""
        return 1

    def scv(self) -> float:
        """Return the squared coefficient of variation of the service times."""
        return 1.0

    def refusal(self) -> str | None:
        """Refuse overload."""
        return overload(self.rate(), self.servers() / self.mean_s())

    def tier(self) -> dict[str, Any]:
        """Describe the station as a user would."""
        return plain.api(self.mean_s() / plain.TOKENS, max_concurrency=self.servers())

    def classes(self) -> dict[str, Any]:
        """Describe the requests; the first token is free, so that n + 1 tokens take n times a token's time."""
        return {"all": plain.request_class(output_tokens=plain.exponential(plain.TOKENS))}

    def arrivals(self) -> str:
        """Name the arrival process."""
        return "poisson"

    def experiment(self, _law: str) -> Experiment:
        """Give the API its service times by the lengths of answers."""
        run = length(self.rate(), self.mean_s(), self.servers(), self.scv())
        scenario = plain.scenario(
            {"station": self.tier()}, plain.static("station"), self.rate(), classes=self.classes(),
            arrivals=self.arrivals(), warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, self.rate(), run.requests, self.servers())


class MM1(Fcfs):
    """Poisson arrivals, exponential service."""

    kind: Literal["M/M/1"] = "M/M/1"
    pattern: ClassVar[str] = "m/m/1" + REMARK
    lam: Positive
    """Arrivals per second."""
    mu: Positive
    """Services per second."""

    def rate(self) -> float:
        """As stated."""
        return self.lam

    def mean_s(self) -> float:
        """One over the rate."""
        return 1.0 / self.mu


class MMc(MM1):
    """The same with c servers."""

    kind: Literal["M/M/c"] = "M/M/c"  # type: ignore[assignment]
    pattern: ClassVar[str] = "m/m/c" + REMARK
    c: Servers
    """Servers."""

    def servers(self) -> int:
        """As stated."""
        return self.c


class DM1(Fcfs):
    """Arrivals at fixed intervals, exponential service."""

    kind: Literal["D/M/1"] = "D/M/1"
    pattern: ClassVar[str] = "d/m/1" + REMARK
    refused: ClassVar[dict[str, str]] = {"sigma": "a root of the formula; P_wait is the same figure, measured"}
    interarrival: Positive
    """Time between two arrivals, seconds."""
    mu: Positive
    """Services per second."""

    def rate(self) -> float:
        """One over the interval."""
        return 1.0 / self.interarrival

    def mean_s(self) -> float:
        """One over the rate."""
        return 1.0 / self.mu

    def arrivals(self) -> str:
        """Equal gaps."""
        return "constant"


class MD1(Fcfs):
    """Poisson arrivals, constant service."""

    kind: Literal["M/D/1"] = "M/D/1"
    pattern: ClassVar[str] = "m/d/1" + REMARK
    lam: Positive
    """Arrivals per second."""
    d: Positive = Field(alias="D")
    """Service time, seconds."""

    def rate(self) -> float:
        """As stated."""
        return self.lam

    def mean_s(self) -> float:
        """As stated."""
        return self.d

    def scv(self) -> float:
        """Service does not vary."""
        return 0.0

    def classes(self) -> dict[str, Any]:
        """Every answer is as long."""
        return {"all": plain.request_class(output_tokens=plain.constant(plain.TOKENS + 1))}


class MDc(MD1):
    """The same with c servers."""

    kind: Literal["M/D/c"] = "M/D/c"  # type: ignore[assignment]
    pattern: ClassVar[str] = "m/d/c" + REMARK
    c: Servers
    """Servers."""

    def servers(self) -> int:
        """As stated."""
        return self.c


class MH21(Fcfs):
    """Poisson arrivals, service exponential with one of several means: a class of requests for each."""

    kind: Literal["M/H2/1"] = "M/H2/1"
    pattern: ClassVar[str] = "m/h[2k]/1" + REMARK
    lam: Positive
    """Arrivals per second."""
    p: Annotated[tuple[Share, ...], Field(min_length=1, max_length=20, strict=False)]
    """Share of each kind of request."""
    means: Annotated[tuple[Positive, ...], Field(min_length=1, strict=False)]
    """Mean service time of each kind, seconds."""

    @together("p", "means")
    def _fit_together(self) -> None:
        if len(self.p) != len(self.means):
            raise ValueError(f"p has {len(self.p)} entries and means {len(self.means)}; allowed: as many")
        if abs(sum(self.p) - 1.0) > 1e-9:
            raise ValueError(f"p sums to {sum(self.p):g}; allowed: 1")

    def rate(self) -> float:
        """As stated."""
        return self.lam

    def mean_s(self) -> float:
        """Mean over the kinds."""
        return sum(p * mean for p, mean in zip(self.p, self.means, strict=True))

    def scv(self) -> float:
        """An exponential's second moment is twice its squared mean."""
        return 2 * sum(p * mean**2 for p, mean in zip(self.p, self.means, strict=True)) / self.mean_s() ** 2 - 1

    def classes(self) -> dict[str, Any]:
        """Answers of each kind are longer or shorter in proportion."""
        return {
            f"kind {number}": plain.request_class(
                share, output_tokens=plain.exponential(plain.TOKENS * mean / self.mean_s())
            )
            for number, (share, mean) in enumerate(zip(self.p, self.means, strict=True), start=1)
        }
