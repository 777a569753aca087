"""Rounded lines add up to the rounded total, whatever the lines."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tco.report.cents import rounded_by_group, rounded_to_cents

amounts = st.lists(st.floats(-1e9, 1e9, allow_nan=False), max_size=40)


def exact_cents(values: list[float]) -> int:
    """The rounded total, worked without floats."""
    return round(sum((Fraction(value) for value in values), Fraction(0)) * 100)


@given(amounts)
def test_rounded_parts_add_up_to_the_rounded_total(values):
    """To the cent, exactly."""
    assert Decimal(exact_cents(values)).scaleb(-2) == sum(rounded_to_cents(values), Decimal(0))


@given(amounts)
def test_no_part_moves_by_a_cent(values):
    """Each is cut or raised to the next cent, never further."""
    assert all(
        abs(Fraction(rounded) - Fraction(value)) < Fraction(1, 100)
        for rounded, value in zip(rounded_to_cents(values), values, strict=True)
    )


@given(st.integers(0, 10**12), st.integers(1, 30))
def test_equal_shares_of_a_total_differ_by_at_most_a_cent(cents, shares):
    """Equal lines are told apart by their place only, the earlier one gets the cent."""
    rounded = rounded_to_cents([cents / 100 / shares] * shares)

    assert rounded == sorted(rounded, reverse=True)
    assert rounded[0] - rounded[-1] <= Decimal("0.01")


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.sampled_from("abc")), max_size=40))
def test_every_group_adds_up(lines):
    """Groups are rounded on their own, and every amount stays in its place."""
    values, groups = [value for value, _ in lines], [group for _, group in lines]
    rounded = rounded_by_group(values, groups)

    for name in "abc":
        own = [value for value, group in lines if group == name]
        total = sum((part for part, group in zip(rounded, groups, strict=True) if group == name), Decimal(0))
        assert Decimal(exact_cents(own)).scaleb(-2) == total


def test_a_hand_worked_split():
    """10.005 + 0.335 + 0.66 = 11.00: the parts lose 0.5, 0.5 and 0 of a cent, and the first gets the missing one."""
    assert ["10.01", "0.33", "0.66"] == [str(part) for part in rounded_to_cents([10.005, 0.335, 0.66])]


def test_a_float_just_below_a_cent_counts_as_that_cent():
    """0.29 * 100 is 28.999...: the line is told as 0.29, before any line that really lost half a cent."""
    assert ["0.29", "0.00"] == [str(part) for part in rounded_to_cents([0.29, 0.004])]
