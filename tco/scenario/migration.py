"""Migration and exit: what it takes to move an option's traffic and data in, and to leave it again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Tag

from tco import catalog
from tco.fields import NonNegative, UnitPrice
from tco.plugin import Frozen, together
from tco.scenario.prices import InlinePrice
from tco.scenario.references import NAME_OR_INLINE, known

Weeks = Annotated[float, Field(ge=0, le=1_000_000)]


class TransferPrice(InlinePrice):
    """What data costs that is moved."""

    transfer_usd_per_gb: UnitPrice
    """Price of a GB on its way, USD."""


TransferPriceRef = Annotated[
    Annotated[str, known("a price of egress", lambda: catalog.price_names("egress")), Tag("name")]
    | Annotated[TransferPrice, Tag("inline")],
    NAME_OR_INLINE,
]


class LumpSum(InlinePrice):
    """A sum that is paid once."""

    lump_usd: UnitPrice
    """The sum, USD."""


class Move(Frozen):
    """Work and data of a move."""

    engineer_weeks: Weeks = 0.0
    """Engineers' work, at the option's loaded cost; weeks of one engineer."""
    data_gb: NonNegative = 0.0
    """Data that is moved, GB."""
    transfer: TransferPriceRef | None = None
    """Catalog name of a price of egress, whose steps count for this move by itself, or an inline price; needed where
    there is data."""

    @together("data_gb", "transfer")
    def _data_have_a_price(self) -> None:
        if self.data_gb > 0 and self.transfer is None:
            raise ValueError(
                f"data_gb is {self.data_gb:g}, and transfer is missing: unknown is not zero; write a price of 0 where "
                "nothing is charged"
            )
        if self.data_gb == 0 and self.transfer is not None:
            raise ValueError("transfer is given, and data_gb is 0: nothing is moved")


class Migration(Move):
    """The way in, once, in the month in which the option begins to serve."""

    lump: LumpSum | None = None
    """What else is paid for it: a consultant, a licence, a month of running both. None: nothing."""

    @together("engineer_weeks", "data_gb", "lump")
    def _something_moves(self) -> None:
        if self.engineer_weeks == 0 and self.data_gb == 0 and self.lump is None:
            raise ValueError("a migration of nothing; allowed: engineer_weeks, data_gb or lump, one at least")


class Exit(Move):
    """The way out. What it would cost tells how far the option locks in; it is paid only where it is planned."""

    notice_months: Annotated[int, Field(ge=0, le=60)] = 0
    """Months for which the contract's fee, or its minimum where that is more, goes on beyond the term that runs."""
    at_end: bool = False
    """Whether the option is left in the plan's last month, so that the ledger holds it."""

    @together("engineer_weeks", "data_gb", "notice_months")
    def _something_is_left(self) -> None:
        if self.engineer_weeks == 0 and self.data_gb == 0 and self.notice_months == 0:
            raise ValueError("an exit of nothing; allowed: engineer_weeks, data_gb or notice_months, one at least")
