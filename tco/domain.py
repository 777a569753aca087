"""Words that every layer shares: how a request can end, a physical quantity of a month, the accounts of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Driver = Literal["volume", "fixed"]


# Accounts: colon paths, so that any roll-up is a group-by. What each one holds, in words.
ACCOUNTS = {
    "serving:api": "tokens and requests of managed APIs",
    "serving:units": "units of provisioned throughput, used or not",
    "serving:platform": "serverless platforms, by token or GPU-second",
    "serving:vendor": "fees, seats and commitments of a vendor who sells the whole service",
    "serving:gpu": "GPU-hours on demand",
    "serving:gpu:reserved": "GPU-hours under a commitment, used or not",
    "serving:gpu:spot": "interruptible GPU-hours, and what interruptions waste",
    "serving:gpu:hardware": "own servers: bought (cash), written off (accrual), sold at the end of their life",
    "serving:gpu:energy": "electricity of own servers and of their cooling",
    "serving:gpu:space": "racks and colocation of own servers",
    "serving:gpu:support": "maintenance and operations of own servers",
    "serving:edge": "edge devices and workers",
    "serving:rules": "answers without a model",
    "serving:drift": "model spend that grows unseen where nobody measures it",
    "platform:cache": "caches of answers and indexes in memory",
    "platform:routing": "deciders of routers",
    "platform:observability": "telemetry, evaluation runs",
    "platform:extras": "fees and overhead that an option states as extras",
    "quality:review": "human review of sampled answers",
    "quality:bad-answers": "what bad answers cost the business",
    "storage:vector": "vector databases",
    "network:egress": "data on its way to users",
    "people:build": "engineers who build",
    "people:run": "engineers who run",
    "people:tuning": "engineers who tune models and prompts anew",
    "people:on-call": "engineers on call",
    "people:hiring": "recruiting, and engineers who are not productive yet",
    "people:release": "engineers who ship releases to devices",
    "people:migration": "engineers and data on the way in",
    "people:exit": "engineers and data on the way out",
}


def is_account(name: str) -> bool:
    """Say whether a name is an account, or the beginning of one up to a colon.

    >>> is_account("serving:gpu"), is_account("serving"), is_account("serv")
    (True, True, False)
    """
    return any(account == name or account.startswith(f"{name}:") for account in ACCOUNTS)


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
        driver: whether the quantity moves with every single request, or in steps and not at all.
        priced_month: month whose prices hold, where a contract or a purchase of an earlier month fixed them.
    """

    option: str
    month: int
    subject: str
    item: str
    quantity: float
    unit: str
    basis: str
    driver: Driver = "fixed"
    priced_month: int | None = None
