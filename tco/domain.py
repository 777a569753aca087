"""Words that every layer shares: how a request can end, and a physical quantity of a month."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Outcome(IntEnum):
    """How a request ended. Unknown is not zero: a request that has not ended is `IN_FLIGHT`."""

    IN_FLIGHT = 0
    COMPLETED = 1
    CACHED = 2
    REJECTED = 3
    FAILED = 4
    TIMED_OUT = 5


@dataclass(frozen=True, slots=True)
class Meter:
    """A physical quantity that one option used in one month; money is attached later, in `costs/`.

    Attributes:
        option: name of the option.
        month: 0 is the first month of the plan.
        subject: scenario key of what used it, such as `tiers.frontier`.
        item: what is counted, such as `input_tokens`.
        quantity: how much.
        unit: in which unit, such as `Mtok`.
        basis: where the quantity comes from, in words a reader can follow.
    """

    option: str
    month: int
    subject: str
    item: str
    quantity: float
    unit: str
    basis: str
