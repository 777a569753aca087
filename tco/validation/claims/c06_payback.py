"""C6: what routing saves against what building it takes."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice.c06_routing import PAYS_BACK_MONTHS, SAVES_HIGH_USD, SAVES_LOW_USD
from tco.units import WEEKS_PER_YEAR
from tco.validation.claims import Claim, Finding, Play, Verdict

SAVES_USD = {"best": SAVES_HIGH_USD, "middle": (SAVES_LOW_USD + SAVES_HIGH_USD) / 2, "worst": SAVES_LOW_USD}
GPU_USD = {"best": 500.0, "middle": 1000.0, "worst": 1500.0}
WEEKS = {"best": 2.0, "middle": 3.0, "worst": 4.0}
SENIOR_LOW_USD, SENIOR_HIGH_USD = 200_000.0, 280_000.0  # brief S16


def loaded_usd(months: float, net_usd_per_month: float, weeks: float) -> float:
    """Return the loaded cost of a year at which so many weeks are paid back in so many months.

    >>> round(loaded_usd(3.0, 1000.0, 3.0))
    52000
    """
    return months * net_usd_per_month * WEEKS_PER_YEAR / weeks


class RoutingPaysBack(Claim):
    """Solved for the loaded cost, checked by the break-even month of the plan."""

    kind: ClassVar[str] = "C6"
    says: ClassVar[str] = (
        "At 100 k requests a month routing saves $1.5-2.5 k a month, costs 2-4 senior weeks and $0.5-1.5 k a month of "
        "GPU, and pays back in 2-3 months."
    )
    inputs: ClassVar[str] = "The middle of each range; engineers at $200-280 k a year (brief S16); nobody to run it."
    file: ClassVar[str] = "c06-routing-payback.yaml"

    def judge(self, play: Play) -> Finding:
        """Read the break-even month at three loaded costs."""
        key = "people.engineer.loaded_year_usd_per_year"
        months = {usd: self._months(play, key, usd) for usd in (52_000.0, SENIOR_LOW_USD, SENIOR_HIGH_USD)}
        net_usd = {which: SAVES_USD[which] - GPU_USD[which] for which in SAVES_USD}
        best_net = loaded_usd(PAYS_BACK_MONTHS, net_usd["best"], WEEKS["best"])
        best_gross = loaded_usd(PAYS_BACK_MONTHS, SAVES_USD["best"], WEEKS["best"])
        middle = loaded_usd(PAYS_BACK_MONTHS, net_usd["middle"], WEEKS["middle"])
        gives = (
            "In the middle of the ranges: "
            + ", ".join(f"{m} months at ${usd:,.0f} a year" for usd, m in months.items())
            + ".",
            f"3 months take a loaded cost of ${middle:,.0f}; with everything at its best end ${best_net:,.0f}, and "
            f"${best_gross:,.0f} where the saving is meant after the GPU.",
            "With everything at its worst end the GPU costs what routing saves, and it never pays back.",
        )
        verdict: Verdict = "does not follow" if best_gross < SENIOR_LOW_USD else "holds when"
        why = (
            f"A senior at ${SENIOR_LOW_USD:,.0f} to ${SENIOR_HIGH_USD:,.0f} a year is too dear at either end of the "
            f"claim; it holds at a loaded cost of ${middle:,.0f} or less, ${best_gross:,.0f} at the very best."
        )
        figures = {f"at_{usd / 1000:.0f}k_months": float(m) for usd, m in months.items()}
        figures |= {
            "middle_usd_per_year": middle,
            "best_net_usd_per_year": best_net,
            "best_gross_usd_per_year": best_gross,
        }
        return self.found(verdict, why, gives, figures)

    def _months(self, play: Play, key: str, usd: float) -> int:
        month = play.numbers({key: usd}).comparison["routed"].break_even_month
        return play.scenario.horizon_months if month is None else month + 1
