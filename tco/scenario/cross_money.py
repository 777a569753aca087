"""Checks of what is paid for: contracts without what they count, and options that stand in for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.scenario.options import Option
from tco.scenario.parts import Parts, has, read
from tco.scenario.prices import IncludedPrice
from tco.scenario.provisioned import Provisioned
from tco.scenario.purchase.mix import Mix
from tco.scenario.purchase.owned import Owned
from tco.scenario.raw import dig, number

Found = tuple[str, tuple[str, ...], str]  # type of error, location, message


def money_faults(data: Any, parts: Parts) -> Iterator[Found]:
    """Fault prices that nobody pays, seats that nobody counted, and stand-ins that do not fit.

    Args:
        data: the scenario, raw or valid.
        parts: what of it is valid by itself.
    """
    months = number({"horizon_months": 36} if dig(data, "horizon_months") is None else data, 1, 120, "horizon_months")
    for name, option in parts.options.items():
        yield from _unpaid(parts, name, option)
        if has(option, "contract") and dig(data, "business") is None:
            yield from _seatless(name, option)
        if months is not None and has(option, "people", "meanwhile"):
            yield from _never_built(name, option, int(months))
        if has(option, "meanwhile") and option.meanwhile is not None:
            yield from _stand_in(parts, name, option)


def _unpaid(parts: Parts, name: str, option: Option) -> Iterator[Found]:
    if not has(option, "router", "fallback", "contract") or option.contract is not None:
        return
    for tier in option.tiers():
        for key in ("price", "token_price"):
            if tier in parts.tiers and isinstance(read(parts.tiers[tier], key), IncludedPrice):
                text = f"missing; needed because tiers.{tier}.{key} is included in it: unknown is not zero"
                yield "needed", ("options", name, "contract"), text


def _seatless(name: str, option: Option) -> Iterator[Found]:
    if option.contract is not None and option.contract.seat_usd_per_seat_month is not None:
        text = f"missing; needed because the contract of option '{name}' charges by the seat"
        yield "needed", ("business",), text


def _never_built(name: str, option: Option, horizon_months: int) -> Iterator[Found]:
    most = horizon_months if option.meanwhile is None else horizon_months - 1
    if option.people.build_months > most:
        why = "the plan is over before" if option.meanwhile is None else "no month of the plan is left to serve in"
        allowed = f"at most {most}" if most else "a longer plan"
        text = f"{option.people.build_months} months of building: {why} (horizon_months {horizon_months}); allowed: "
        yield "cross", ("options", name, "people", "build_months"), f"{text}{allowed}"


def _stand_in(parts: Parts, name: str, option: Option) -> Iterator[Found]:
    where, other = ("options", name, "meanwhile"), option.meanwhile or ""
    if other == name:
        yield (
            "cross",
            where,
            f"'{name}' is the option itself; allowed: another option, which serves from the first month",
        )
        return
    chosen = parts.options.get(other)
    if chosen is None:
        return
    if has(chosen, "meanwhile") and chosen.meanwhile is not None:
        text = f"'{other}' has a meanwhile of its own ('{chosen.meanwhile}'); allowed: an option that serves from the "
        yield "cross", where, f"{text}first month"
    if has(option, "people"):
        for bond in _bonds(parts, chosen, option.people.build_months):
            text = f"'{other}' binds beyond the {option.people.build_months} months of building: {bond}; allowed: an "
            yield "cross", where, f"{text}option whose commitments end with them"


def _bonds(parts: Parts, option: Option, months: int) -> Iterator[str]:
    """Yield in words what of an option goes on to be owed when it is left after some months."""
    if has(option, "contract") and option.contract is not None and months % option.contract.term_months:
        yield f"its contract has terms of {option.contract.term_months} months"
    for tier in option.tiers() if has(option, "router", "fallback") else ():
        purchase = read(parts.tiers[tier], "purchase") if tier in parts.tiers else None
        if isinstance(purchase, Owned):
            yield f"the servers of tier '{tier}' are owned"
        units = read(parts.tiers[tier], "provisioned") if tier in parts.tiers else None
        if isinstance(units, Provisioned) and units.term_months is not None and months % units.term_months:
            yield f"the units of tier '{tier}' are committed for {units.term_months} months"
        for block in purchase.reserved if isinstance(purchase, Mix) else ():
            if block.from_month is not None or months % block.term_months:
                yield f"tier '{tier}' has GPUs reserved for {block.term_months} months"
