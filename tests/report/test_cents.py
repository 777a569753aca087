"""Rounded lines add up to the rounded total, whatever the lines."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tco.report.cents import rounded_in_parts, rounded_to_cents

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


LINES = st.lists(st.tuples(st.floats(-1e6, 1e6), st.sampled_from("abc"), st.sampled_from("xyz")), max_size=60)


@given(LINES)
def test_every_group_adds_up(lines):
    """Groups are rounded on their own, and every amount stays in its place."""
    values, groups, parts = ([line[place] for line in lines] for place in range(3))
    rounded = rounded_in_parts(values, groups, parts)

    for name in "abc":
        own = [value for value, group, _ in lines if group == name]
        total = sum((part for part, group in zip(rounded, groups, strict=True) if group == name), Decimal(0))
        assert Decimal(exact_cents(own)).scaleb(-2) == total


@given(LINES)
def test_every_part_of_a_group_is_within_a_cent(lines):
    """However many amounts a part has, their errors do not add up; and no amount moves by a cent."""
    values, groups, parts = ([line[place] for line in lines] for place in range(3))
    rounded = rounded_in_parts(values, groups, parts)

    for place in set(zip(groups, parts, strict=True)):
        mine = [index for index, at in enumerate(zip(groups, parts, strict=True)) if at == place]
        exact = sum(Fraction(values[index]) for index in mine)
        assert abs(sum(Fraction(rounded[index]) for index in mine) - exact) < Fraction(1, 100)
        assert all(abs(Fraction(rounded[index]) - Fraction(values[index])) < Fraction(1, 100) for index in mine)


def test_dealing_to_all_amounts_at_once_would_let_errors_add_up():
    """36 x $0.104 = $3.744 beside 36 x $0.0045 = $0.162, 3.91 in all: told as 3.75 and 0.16, not as 3.60 and 0.31."""
    values = [0.104] * 36 + [0.0045] * 36
    parts = rounded_in_parts(values, ["account"] * 72, ["dear"] * 36 + ["cheap"] * 36)
    at_once = rounded_to_cents(values)

    assert Decimal("3.75") == sum(parts[:36])
    assert Decimal("3.60") == sum(at_once[:36])
    assert sum(parts) == sum(at_once) == Decimal("3.91")


def test_a_hand_worked_split():
    """10.005 + 0.335 + 0.66 = 11.00: the parts lose 0.5, 0.5 and 0 of a cent, and the first gets the missing one."""
    assert ["10.01", "0.33", "0.66"] == [str(part) for part in rounded_to_cents([10.005, 0.335, 0.66])]


def test_a_float_just_below_a_cent_counts_as_that_cent():
    """0.29 * 100 is 28.999...: the line is told as 0.29, before any line that really lost half a cent."""
    assert ["0.29", "0.00"] == [str(part) for part in rounded_to_cents([0.29, 0.004])]
