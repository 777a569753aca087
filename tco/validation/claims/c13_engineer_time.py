"""C13: how much engineering a saving of $100 000 a year is worth."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice.c13_engineer_time import ENGINEERS, SAVING_USD
from tco.validation.claims import Claim, Finding, Play

LOADED_USD = (200_000.0, 240_000.0, 280_000.0)  # brief S16
LOADED, TIME = "people.engineer.loaded_year_usd_per_year", "options.project.people.run_engineer_fte"


class EngineerTime(Claim):
    """Half an engineer at several loaded costs, and the time that is worth it."""

    kind: ClassVar[str] = "C13"
    says: ClassVar[str] = (
        "A project that saves $100 k a year pays only if it costs less than half the engineers' time over three years."
    )
    inputs: ClassVar[str] = "Half of one engineer's time, at $200-280 k an engineer-year (brief S16)."
    file: ClassVar[str] = "c13-engineer-time.yaml"

    def judge(self, play: Play) -> Finding:
        """Read what half an engineer leaves of the saving, and check the time at which nothing is left."""
        years = play.scenario.horizon_months / 12
        left = {usd: self._left_usd(play, usd, ENGINEERS) / years for usd in LOADED_USD}
        most = {usd: SAVING_USD / usd for usd in LOADED_USD}
        off = max(abs(self._left_usd(play, usd, time)) for usd, time in most.items())
        gives = (
            "Half an engineer leaves "
            + ", ".join(f"{_signed(usd)} a year at ${at:,.0f}" for at, usd in left.items())
            + ".",
            "No more pays than "
            + ", ".join(f"{time:.2f} of an engineer at ${at:,.0f}" for at, time in most.items())
            + f" (evaluated: nothing is left, to ${max(off, 1.0):,.0f}).",
        )
        why = (
            "As a condition that has to be met it follows at $200 k or more: whatever pays takes less than half. It is "
            "enough only at $200 k: at $280 k a project that takes 0.4 keeps the rule and loses."
        )
        figures = {f"left_at_{usd / 1000:.0f}k_usd_per_year": each for usd, each in left.items()}
        figures |= {f"most_at_{usd / 1000:.0f}k_fte": each for usd, each in most.items()}
        return self.found("holds when", why, gives, figures)

    def _left_usd(self, play: Play, loaded_usd: float, engineers: float) -> float:
        """Return what the project saves over the plan, people included."""
        comparison = play.numbers({LOADED: loaded_usd, TIME: engineers}).comparison
        return comparison["as-is"].total_usd - comparison["project"].total_usd


def _signed(amount: float) -> str:
    """Write an amount of which the sign matters.

    >>> _signed(-40_000.2), _signed(0.004)
    ('-$40,000', '$0')
    """
    return f"-${-amount:,.0f}" if amount < -0.5 else f"${abs(amount):,.0f}"
