"""A mix of GPU-hours: some reserved, some interruptible, the rest on demand at the tier's own price."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.fields import Month, NonNegative, Positive, Share
from tco.plugin import Frozen, together
from tco.scenario.prices import GpuPrice
from tco.scenario.purchase import Purchase


class Reserved(Frozen):
    """GPUs under a commitment: paid every hour of the term, used or not."""

    gpus: Annotated[int, Field(ge=1, le=1_000_000)]
    """GPUs committed to."""
    price: GpuPrice
    """Catalog name of a committed GPU-hour price, or an inline one; that of the month of signing holds all term."""
    term_months: Annotated[int, Field(ge=1, le=120)]
    """Length of the commitment. It may end after the plan; the report then shows what is still owed."""
    from_month: Month | None = None
    """Month of signing; the plan's first when left out."""
    upfront_share: Share = 0.0
    """Share of the term's price that is paid at signing; the rest month by month."""
    renews: bool = True
    """Whether it is signed again, at the price of that month, when the term is over."""


class Spot(Frozen):
    """Interruptible GPUs."""

    share: Annotated[Share, Field(gt=0)]
    """Share of the GPU-hours beyond the reserved ones that runs on them; the rest is on demand."""
    price: GpuPrice
    """Catalog name of a spot GPU-hour price, or an inline one."""
    between_interruptions_hours: Positive
    """Mean time until a GPU is taken away, hours."""
    restart_hours: NonNegative
    """Hours until a replacement serves: paid, but lost. What users notice of it is the tier's `failures`."""


class Mix(Purchase):
    """Reserved, spot and on-demand hours of one fleet."""

    kind: Literal["mix"] = "mix"
    reserved: Annotated[tuple[Reserved, ...], Field(max_length=100, strict=False)] = ()
    """Commitments; they cover the fleet's hours first."""
    spot: Spot | None = None
    """Interruptible part of the rest; none when left out."""

    @together("reserved", "spot")
    def _something_is_mixed(self) -> None:
        if not self.reserved and self.spot is None:
            raise ValueError("a mix of nothing: reserved and spot are both left out; allowed: one of them at least")
