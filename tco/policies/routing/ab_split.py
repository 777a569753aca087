"""A/B split: a share of the requests is routed by another policy, to see which is better."""

from __future__ import annotations

from math import ceil, sqrt
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import Field

from tco.policies.routing import RoutingPolicy
from tco.policies.routing.branching import AnyRouter, Branching, Choose, ChooseMany
from tco.policies.view import View

POWER = 0.8  # and a two-sided level of 5 %: the usual choice (Cohen, "Statistical Power Analysis", 1988)
LEVEL = 0.05


class AbSplit(Branching):
    """Requests are split by chance between `a` and `b`."""

    kind: Literal["ab_split"] = "ab_split"
    a: AnyRouter
    """Policy of most requests, as it is today."""
    b: AnyRouter
    """Policy on trial."""
    b_share: Annotated[float, Field(ge=0, le=1)]
    """Share of the requests that `b` routes."""
    detect_fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Difference of success rates that the test must see, as 0.02 for two points; the reports say how many requests
    that takes. None: not said."""

    def branches(self) -> dict[str, RoutingPolicy]:
        """Return both arms."""
        return {"a": self.a, "b": self.b}

    def start_choosing(self, view: View) -> Choose:
        """Let the request's chance choose its arm."""
        arms = ["b" if chance < self.b_share else "a" for chance in view.uniforms("arm")]
        return lambda request, _class: arms[request]

    def choose_many(self, view: View) -> ChooseMany:
        """Look at many chances."""
        import numpy as np  # not at the top: `tco check` does without it

        is_b = view.uniform_array("arm") < self.b_share
        return lambda some: is_b[some.request].astype(np.int64)


def sample_size(rate_fraction: float, detect_fraction: float, b_share: float = 0.5) -> int:
    """Count the requests, of both arms together, that show a difference of success rates.

    Two-sided test of two proportions by the normal approximation, level 5 %, power 80 %. Source: J. L. Fleiss,
    "Statistical Methods for Rates and Proportions", 3rd ed., section 4.2, for arms of unequal size.

    Args:
        rate_fraction: success rate of arm a.
        detect_fraction: difference to be seen, either way.
        b_share: share of requests in arm b, between 0 and 1.

    Raises:
        ValueError: when no success rate of arm b would differ by that much, or an arm is empty.

    >>> sample_size(0.5, 0.1)
    775
    """
    if not 0.0 < b_share < 1.0:
        raise ValueError(f"b_share {b_share:g} leaves one arm without requests")
    other = (
        rate_fraction + detect_fraction if rate_fraction + detect_fraction <= 1.0 else rate_fraction - detect_fraction
    )
    if other < 0.0:
        raise ValueError(f"no rate differs by {detect_fraction:g} from {rate_fraction:g}")
    pooled = (1 - b_share) * rate_fraction + b_share * other
    level, power = NormalDist().inv_cdf(1 - LEVEL / 2), NormalDist().inv_cdf(POWER)
    null = sqrt(pooled * (1 - pooled) / (b_share * (1 - b_share)))
    real = sqrt(rate_fraction * (1 - rate_fraction) / (1 - b_share) + other * (1 - other) / b_share)
    return ceil(((level * null + power * real) / detect_fraction) ** 2)
