"""C4: the gross margin of a seat."""

from __future__ import annotations

from typing import ClassVar

from tco.validation.claims import Claim, Finding, Play

CLAIMED_MARGIN = -9.0


class SeatMargin(Claim):
    """Revenue of a seat against what serving it costs."""

    kind: ClassVar[str] = "C4"
    says: ClassVar[str] = "A $300 seat with $3,000 of inference has a gross margin of -900%."
    inputs: ClassVar[str] = "One seat, 150 k requests a month at $0.02 (C3)."
    file: ClassVar[str] = "c04-seat-margin.yaml"

    def judge(self, play: Play) -> Finding:
        """Read the gross margins."""
        comparison = play.numbers().comparison
        margin, split = (comparison[name].gross_margin or 0.0 for name in ("one-model", "split-60-40"))
        gives = (f"The gross margin is {margin:,.0%}.", f"With the split of C3 it is {split:,.0%}.")
        follows = abs(margin - CLAIMED_MARGIN) < 0.005
        why = "(300 - 3,000) / 300. To break even, serving would have to cost a tenth; C3's split is not nearly enough."
        figures = {"margin_share": margin, "split_margin_share": split}
        return self.found("follows" if follows else "does not follow", why, gives, figures)
