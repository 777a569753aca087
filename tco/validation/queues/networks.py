"""More than one station, more than one class: escalation as a tandem, priority at a GPU, clients in a closed loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tco.fields import NonNegative, Positive
from tco.plugin import together
from tco.validation import plain
from tco.validation.metrics import COMMON, Measure, mean_of
from tco.validation.path import Floats, SamplePath, Stop
from tco.validation.queues import LARGE, LEAST_REQUESTS, REMARK, Experiment, QueueModel, length, overload
from tco.validation.queues.single import Servers

PROMPT = plain.exponential(plain.TOKENS)
Some = Field(min_length=1, max_length=20, strict=False)


def prompt_gpu(mean_s: float) -> dict[str, Any]:
    """Describe a replica that takes one request at a time, for as long as its prompt is."""
    return plain.gpu(LARGE, 1, beta_s_per_prefill_token=mean_s / plain.TOKENS)


def stations(means_s: tuple[float, ...]) -> dict[str, Any]:
    """Describe a GPU that reads prompts, an API that writes answers, and APIs with luck of their own for each visit.

    So that service times at one station are independent of those at the others.
    """
    found: dict[str, Any] = {}
    for number, mean_s in enumerate(means_s):
        if number == 0:
            found["first"] = prompt_gpu(mean_s)
        elif number == 1:
            found["second"] = plain.api(mean_s / plain.TOKENS, max_concurrency=1)
        else:
            found[f"station {number + 1}"] = plain.slow_api(mean_s, max_concurrency=1)
    return found


class Tandem(QueueModel):
    """From a queue to the next: every request is escalated."""

    kind: Literal["tandem M/M/1 -> M/M/1"] = "tandem M/M/1 -> M/M/1"
    pattern: ClassVar[str] = r"tandem m/m/1( ?-> ?m/m/1)+" + REMARK
    lam: Positive
    """Arrivals per second."""
    mu: Annotated[tuple[Positive, ...], Some]
    """Services per second of each station."""

    def refusal(self) -> str | None:
        """Refuse overload."""
        return overload(self.lam, min(self.mu))

    def experiment(self, _law: str) -> Experiment:
        """Send every request from tier to tier."""
        run = length(self.lam, 1.0 / min(self.mu))
        tiers = stations(tuple(1.0 / mu for mu in self.mu))
        scenario = plain.scenario(
            tiers, plain.one_after_the_other(tiers), self.lam,
            classes={"all": plain.request_class(input_tokens=PROMPT, output_tokens=PROMPT)},
            warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, self.lam, run.requests)

    def measures(self) -> dict[str, Measure]:
        """Tell the stations apart."""
        return {f"W{station + 1}": _stay_at(station) for station in range(len(self.mu))}


def _stay_at(station: int) -> Measure:
    def stay(path: SamplePath) -> float:
        stop = path.stops[station]
        return float((stop.left_s - stop.entered_s)[path.kept].mean())

    return mean_of(stay)


class Priority(QueueModel):
    """Two classes, the first before the second, each in order; whoever is served is not interrupted."""

    kind: Literal["M/M/1 two classes"] = "M/M/1 two classes"
    pattern: ClassVar[str] = "m/m/1 two classes" + REMARK
    refused: ClassVar[dict[str, str]] = {
        f"preemptive_resume_W[{k}]": "a request in service is never interrupted to go on later" for k in range(2)
    }
    lam: Annotated[tuple[Positive, ...], Some]
    """Arrivals per second of each class."""
    mu: Annotated[tuple[Positive, ...], Some]
    """Services per second of each class."""

    @together("lam", "mu")
    def _fit_together(self) -> None:
        if len(self.lam) != len(self.mu):
            raise ValueError(f"lam has {len(self.lam)} entries and mu {len(self.mu)}; allowed: as many")

    @property
    def load(self) -> float:
        """Share of time in which the server works."""
        return sum(lam / mu for lam, mu in zip(self.lam, self.mu, strict=True))

    def refusal(self) -> str | None:
        """Refuse overload, and more than two classes."""
        if len(self.lam) != 2:
            return f"{len(self.lam)} classes; requests are interactive or async"
        return overload(sum(self.lam), sum(self.lam) / self.load)

    def experiment(self, _law: str) -> Experiment:
        """Interactive requests before async ones, at one GPU that takes one request at a time."""
        rate = sum(self.lam)
        mean_s = self.load / rate
        run = length(rate, mean_s, scv=2.0)
        classes = {
            name: plain.request_class(
                lam / rate, latency_class=name, input_tokens=plain.exponential(plain.TOKENS / mu / mean_s)
            )
            for name, lam, mu in zip(("interactive", "async"), self.lam, self.mu, strict=True)
        }
        scenario = plain.scenario(
            {"station": prompt_gpu(mean_s)}, plain.static("station"), rate, classes=classes,
            warmup_share=run.warmup_share,
        )  # fmt: skip
        return Experiment(scenario, rate, 2 * run.requests)

    def measures(self) -> dict[str, Measure]:
        """Tell the classes apart; the wait weighted by work does not depend on their order."""
        found = {}
        for k in range(2):
            found[f"nonpreemptive_Wq[{k}]"] = _of_class(k, lambda path: path.wait_s)
            found[f"nonpreemptive_W[{k}]"] = _of_class(k, lambda path: path.stay_s)
        work = [lam / mu for lam, mu in zip(self.lam, self.mu, strict=True)]
        found["conservation_sum_rho_Wq"] = mean_of(
            lambda path: sum(share * _mean_of_class(path, k, path.wait_s) for k, share in enumerate(work))
        )
        return found


def _of_class(k: int, values: Callable[[SamplePath], Floats]) -> Measure:
    return mean_of(lambda path: _mean_of_class(path, k, values(path)))


def _mean_of_class(path: SamplePath, k: int, values: Floats) -> float:
    return float(values[path.class_index[path.kept] == k].mean())


class MachineRepair(QueueModel):
    """N machines that break and c people who mend them: clients who think and send."""

    kind: Literal["M/M/c//N"] = "M/M/c//N"
    pattern: ClassVar[str] = "m/m/c//n( machine repair)?" + REMARK
    n: Annotated[int, Field(ge=1, le=10_000)] = Field(alias="N")
    """Machines."""
    c: Servers
    """People who mend."""
    fail_rate: Positive
    """Failures per second of a machine that works."""
    repair_rate: Positive
    """Repairs per second of one person."""

    def experiment(self, _law: str) -> Experiment:
        """A machine works while its client thinks, and is down while its request is answered."""
        cycle_s = 1.0 / self.fail_rate + 1.0 / self.repair_rate
        rate = min(self.n / cycle_s, self.c * self.repair_rate)
        requests = max(LEAST_REQUESTS, 100 * self.n)
        scenario = plain.scenario(
            {"station": plain.api(1.0 / self.repair_rate / plain.TOKENS, max_concurrency=self.c)},
            plain.static("station"), rate, warmup_share=0.1,
            classes={"all": plain.request_class(output_tokens=PROMPT)},
        )  # fmt: skip
        think_s = 1.0 / self.fail_rate
        return Experiment(scenario, rate, requests, self.c, clients=self.n, think_s=think_s)

    def measures(self) -> dict[str, Measure]:
        """Whoever is not down is up."""
        down, machines = COMMON["L"].collect, self.n
        return {
            "mean_down": COMMON["L"],
            "mean_up": mean_of(lambda path: machines - float(down(path)[0])),
            "availability": mean_of(lambda path: 1.0 - float(down(path)[0]) / machines),
        }


class ClosedNetwork(QueueModel):
    """Users who think, and then need each station in turn."""

    kind: Literal["closed network"] = "closed network"
    pattern: ClassVar[str] = "closed network" + REMARK
    n: Annotated[int, Field(ge=1, le=10_000)] = Field(alias="N")
    """Users."""
    z: NonNegative = Field(alias="Z")
    """Mean pause, seconds."""
    d: Annotated[tuple[Positive, ...], Some] = Field(alias="D")
    """Mean service time at each station, seconds."""

    def experiment(self, _law: str) -> Experiment:
        """A tier for each station, and as many clients as users."""
        rate = min(self.n / (self.z + sum(self.d)), 1.0 / max(self.d))
        tiers = stations(self.d)
        scenario = plain.scenario(
            tiers, plain.one_after_the_other(tiers), rate, warmup_share=0.1,
            classes={"all": plain.request_class(input_tokens=PROMPT, output_tokens=PROMPT)},
        )  # fmt: skip
        return Experiment(scenario, rate, max(LEAST_REQUESTS, 100 * self.n), clients=self.n, think_s=self.z)

    def measures(self) -> dict[str, Measure]:
        """Throughput, response, and the share of time and the number at each station."""
        found = {"X": COMMON["throughput"], "R": COMMON["W"]}
        for k in range(len(self.d)):
            found[f"Q[{k}]"] = _at_station(k, lambda stop: stop.entered_s)
            found[f"U[{k}]"] = _at_station(k, lambda stop: stop.started_s)
        return found


def _at_station(k: int, begin_s: Callable[[Stop], Floats]) -> Measure:
    """Measure how many are at a station on average, or in service there."""
    return mean_of(lambda path: path.mean_inside(begin_s(path.stops[k]), path.stops[k].left_s))
