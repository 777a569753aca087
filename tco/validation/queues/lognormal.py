"""Log-normal service: the law of an API's time to the first token, with a heavy tail that runs hardly see."""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import NormalDist
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tco.fields import Positive
from tco.plugin import together
from tco.serving.latency import Z95
from tco.validation import plain
from tco.validation.queues import REMARK, RUNS, length
from tco.validation.queues.single import Fcfs

FEW = 10  # service times in all runs together
MOST_UNSEEN = 0.25  # of a moment that may rest on fewer
RESTS_ON_MOMENT = {"W": 2, "Wq": 2, "L": 2, "Lq": 2, "ES2": 2, "W_var": 3, "Wq_var": 3}  # Pollaczek and Khinchine


class MLogNormal1(Fcfs):
    """Poisson arrivals, log-normal service: the API's own law of first tokens."""

    kind: Literal["M/G/1, lognormal service"] = "M/G/1, lognormal service"
    pattern: ClassVar[str] = "m/g/1, log-?normal( service)?" + REMARK
    lam: Positive
    """Arrivals per second."""
    mean_s_: Positive = Field(alias="mean_S")
    """Mean service time, seconds."""
    scv_: Annotated[float, Field(gt=0, le=100)] = Field(alias="scv")
    """Squared coefficient of variation of the service time."""
    log_mu: float | None = None
    """Mean of the logarithm, when given a check."""
    log_sigma: Positive | None = None
    """Standard deviation of the logarithm, when given a check."""

    @together("mean_s_", "scv_", "log_mu", "log_sigma")
    def _agree(self) -> None:
        sigma = sqrt(log(1.0 + self.scv_))
        for name, given, found in (
            ("log_sigma", self.log_sigma, sigma),
            ("log_mu", self.log_mu, log(self.mean_s_) - sigma**2 / 2),
        ):
            if given is not None and abs(given - found) > 1e-6:
                raise ValueError(f"{name} {given:g} contradicts mean_S and scv, which give {found:.9g}")

    def rate(self) -> float:
        """As stated."""
        return self.lam

    def mean_s(self) -> float:
        """As stated."""
        return self.mean_s_

    def scv(self) -> float:
        """As stated."""
        return self.scv_

    def not_measured(self, metric: str) -> str | None:
        """Leave out what rests on service times so long that hardly any comes up in all runs together.

        An interval made of runs that did not see them would be sure of a figure that is too low.
        """
        moment = RESTS_ON_MOMENT.get(metric)
        share = self._unseen_share(moment) if moment else 0.0
        if share <= MOST_UNSEEN:
            return super().not_measured(metric)
        return (
            f"{share:.0%} of the service times' moment {moment}, which it rests on, is due to times so long that fewer "
            f"than {FEW} of them come up"
        )

    def _unseen_share(self, moment: int) -> float:
        """Return the share of E[S^moment] that is due to the longest times.

        Weighted by S^moment, log S is still normal, but shifted by moment x sigma^2.
        """
        drawn = RUNS * length(self.lam, self.mean_s_, scv=self.scv_).requests
        beyond = NormalDist().inv_cdf(1.0 - FEW / drawn)
        return 1.0 - NormalDist().cdf(beyond - moment * sqrt(log(1.0 + self.scv_)))

    def tier(self) -> dict[str, Any]:
        """All of the service is the time to the first token."""
        return lognormal_api(self.mean_s_, self.scv_, max_concurrency=1)

    def classes(self) -> dict[str, Any]:
        """One token, the first."""
        return {"all": plain.request_class()}


def lognormal_api(mean_s: float, scv: float, **changes: Any) -> dict[str, Any]:
    """Describe an API whose time to the first token is log-normal, and whose answers have no second token."""
    spread = log(1.0 + scv)
    median_s = mean_s * exp(-spread / 2)
    latency = {
        "ttft_p50_s": median_s, "ttft_p95_s": median_s * exp(Z95 * sqrt(spread)), "tpot_p50_s": plain.INSTANT_S,
        "tpot_p95_s": plain.INSTANT_S, "source": "closed form",
    }  # fmt: skip
    return {**plain.api(plain.INSTANT_S, **changes), "latency": latency}
