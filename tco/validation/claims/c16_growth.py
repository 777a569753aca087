"""C16: how model spend grows."""

from __future__ import annotations

from typing import ClassVar

from tco.units import MONTHS_PER_YEAR
from tco.validation.claims import Claim, Finding, Play

LOW, HIGH = 3.0, 8.0  # times within a year
DRIFTS = (0.4, 0.9)  # brief S15, within a year
GROWTH, DRIFT = "traffic.growth_fraction_per_month", "blind_drift.rise_fraction_per_year"


def per_month(times_per_year: float) -> float:
    """Return the growth of a month that makes a factor in a year, as a fraction.

    >>> round(per_month(3.0), 4), round(per_month(8.0), 4)
    (0.0959, 0.1892)
    """
    return float(times_per_year ** (1.0 / MONTHS_PER_YEAR) - 1.0)


class SpendGrowth(Claim):
    """The last month over the first, a year before, with and without the unseen drift."""

    kind: ClassVar[str] = "C16"
    says: ClassVar[str] = "Single-model companies see model spend grow 3-8 x a year."
    inputs: ClassVar[str] = (
        "Growth of traffic is not given; unseen drift of 40-90% a year (brief S15), prices as they are."
    )
    file: ClassVar[str] = "c16-spend-growth.yaml"

    def judge(self, play: Play) -> Finding:
        """Play both ends of the claim and of the drift, and the traffic that is left to explain."""
        alone = {times: self._times(play, "measured", per_month(times), DRIFTS[0]) for times in (LOW, HIGH)}
        drifting = {rise: self._times(play, "unmeasured", 0.0, rise) for rise in DRIFTS}
        left = {(times, rise): times / drifting[rise] for times in (LOW, HIGH) for rise in DRIFTS}
        checked = self._times(play, "unmeasured", per_month(left[LOW, DRIFTS[1]]), DRIFTS[1])
        gives = (
            "Traffic that grows "
            + " and ".join(f"{per_month(t):.1%} a month makes {f:.2f} x" for t, f in alone.items())
            + " of spend in a year.",
            "Unseen drift alone makes "
            + " and ".join(f"{f:.2f} x at {rise:.0%}" for rise, f in drifting.items())
            + ".",
            f"With it, {LOW:g} x takes {left[LOW, DRIFTS[1]]:.1f} to {left[LOW, DRIFTS[0]]:.1f} times the traffic, "
            f"{HIGH:g} x {left[HIGH, DRIFTS[1]]:.1f} to {left[HIGH, DRIFTS[0]]:.1f} times (evaluated: {checked:.2f} "
            "x).",
        )
        why = (
            "An observation, which no price implies: it holds where traffic grows 9.6-18.9% a month, or 1.6 to 5.7 "
            "times a year with the drift on top. Drift alone never gets there, and one model or several makes no "
            "difference to it."
        )
        figures = {f"traffic_{times:g}x_ratio": found for times, found in alone.items()}
        figures |= {f"drift_{100 * rise:.0f}_ratio": found for rise, found in drifting.items()}
        return self.found("holds when", why, gives, {**figures, "checked_ratio": checked})

    def _times(self, play: Play, option: str, growth: float, rise: float) -> float:
        """Return what the month a year after the first costs, over what that costs."""
        path = play.numbers({GROWTH: growth, DRIFT: rise}, (option,)).comparison[option].monthly_usd
        return float(path[MONTHS_PER_YEAR] / path[0])
