"""Varying keys: paths, ranges, linked shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.decide.vary import find_path, grid, parse_axis, with_values
from tco.errors import UsageError

SCENARIO = {
    "traffic": {"requests_per_month": 1000, "growth_fraction_per_month": 0.0},
    "horizon_months": 36,
    "classes": {"chat": {"share": 0.75}, "report": {"share": 0.25}},
    "options": {"gpt-4.1 mix": {"router": {"kind": "static", "shares": {"a": 0.5, "b": 0.3, "c": 0.2}}}},
}
SHARES = ("options", "gpt-4.1 mix", "router", "shares")


def test_a_range_includes_both_ends_without_rounding():
    """0.1 steps are the decimal numbers a person means."""
    axis = parse_axis("traffic.growth_fraction_per_month=0:0.3:0.1", SCENARIO)

    assert (0.0, 0.1, 0.2, 0.3) == axis.values


def test_a_list_keeps_its_order_and_whole_numbers_stay_whole():
    """A key that holds a whole number gets whole numbers, as strict models demand."""
    axis = parse_axis("horizon_months=24,12,36", SCENARIO)

    assert (24, 12, 36) == axis.values
    assert all(isinstance(value, int) for value in axis.values)


@pytest.mark.parametrize(
    ("current", "spec", "expected"),
    [
        (None, "1,2", (1, 2)),
        (None, "1:2:0.5", (1, 1.5, 2)),
        (None, "1e3", (1000,)),
        (None, "spot", ("spot",)),
        (0.5, "1,2", (1.0, 2.0)),
        (True, "true,false", (True, False)),
        ("a", "1:2", ("1:2",)),
    ],
)
def test_a_value_is_read_as_the_key_s_own_kind(current, spec, expected):
    """A key that holds nothing yet gets whole numbers where they are whole, which a strict whole number demands."""
    values = parse_axis(f"key={spec}", {"key": current}).values

    assert [(value, type(value)) for value in expected] == [(value, type(value)) for value in values]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("horizon_months=0:1", "'0:1' is neither from:to:step, with both colons, nor value,value,..."),
        ("horizon_months=1:2:3:4", "'1:2:3:4' is neither from:to:step"),
        ("foo=1:2:1", "hint: a path begins with one of traffic, horizon_months, classes, options"),
        ("classes=1", "hint: nearest: classes.chat.share, classes.report.share"),
        ("months=1", "hint: nearest: horizon_months"),
    ],
)
def test_a_wrong_axis_is_told_with_the_way_out(text, told):
    """The form that is meant, the nearest keys, or where paths begin."""
    with pytest.raises(UsageError) as caught:
        parse_axis(text, SCENARIO)

    assert told in str(caught.value)


def test_a_truth_value_takes_true_or_false_only():
    """Not 0 or 1, which a strict model refuses."""
    with pytest.raises(UsageError, match="'1' is not a truth value; allowed: true or false"):
        parse_axis("key=1", {"key": True})


def test_names_may_hold_dots():
    """An option's name with a dot in it is still one name."""
    assert (*SHARES, "a") == find_path("options.gpt-4.1 mix.router.shares.a", SCENARIO)


def test_a_wrong_path_is_answered_with_the_nearest():
    """The message names a path that exists."""
    with pytest.raises(UsageError, match=r"nearest: options\.gpt-4\.1 mix\.router\.shares\.a"):
        find_path("options.gpt-4.1 mix.router.share.a", SCENARIO)


@pytest.mark.parametrize(
    "text",
    ["horizon_months", "horizon_months=", "=1", "horizon_months=3:1:1", "horizon_months=1:3:0", "horizon_months=1:3:-1",
     "horizon_months=x", "horizon_months=1:nan:1", "horizon_months=0:1e9:0.001", "options=1"],
)  # fmt: skip
def test_a_wrong_axis_is_a_usage_error(text):
    """Never a traceback."""
    with pytest.raises(UsageError):
        parse_axis(text, SCENARIO)


def test_the_same_key_twice_is_refused():
    """Two axes over one key make no grid."""
    axis = parse_axis("horizon_months=1:2:1", SCENARIO)

    with pytest.raises(UsageError, match="twice"):
        grid([axis, axis])


def test_the_grid_runs_the_last_axis_fastest():
    """Rows come in the order that a person would write them."""
    axes = [parse_axis("horizon_months=1:2:1", SCENARIO), parse_axis("traffic.requests_per_month=5,6", SCENARIO)]

    assert [(1, 5), (1, 6), (2, 5), (2, 6)] == [tuple(point.values()) for point in grid(axes)]


def test_linked_shares_keep_their_proportions():
    """0.8 leaves 0.2, which b and c split 3 : 2."""
    changed = with_values(SCENARIO, {(*SHARES, "a"): 0.8})

    assert {"a": 0.8, "b": 0.12, "c": 0.08} == pytest.approx(changed["options"]["gpt-4.1 mix"]["router"]["shares"])
    assert 0.5 == SCENARIO["options"]["gpt-4.1 mix"]["router"]["shares"]["a"]


def test_class_shares_are_linked_too():
    """The shares of request classes sum to 1 as well."""
    changed = with_values(SCENARIO, {("classes", "chat", "share"): 0.4})

    assert 0.6 == pytest.approx(changed["classes"]["report"]["share"])


def test_product_shares_are_linked_too():
    """What free customers lose, paying ones get."""
    values = {**SCENARIO, "traffic": {**SCENARIO["traffic"], "product_shares": {"free": 0.8, "paid": 0.2}}}
    changed = with_values(values, {("traffic", "product_shares", "paid"): 0.5})

    assert {"free": 0.5, "paid": 0.5} == pytest.approx(changed["traffic"]["product_shares"])


def test_every_mapping_that_is_checked_to_sum_to_one_is_linked():
    """Found by the mark on its field: of a region's users, of a class of its own, of a router within a router."""
    regions = {"regions": {"user_shares": {"us": 0.5, "eu": 0.3, "as": 0.2}}}
    static = {"kind": "static", "shares": {"a": 1.0}, "by_class": {"chat": {"a": 0.5, "b": 0.5}}}
    nested = {"options": {"x": {"router": {"kind": "ab_split", "a": static, "b": static, "b_share": 0.5}}}}
    own = ("options", "x", "router", "b", "by_class", "chat")

    assert {"us": 0.0, "eu": 0.6, "as": 0.4} == pytest.approx(
        with_values(regions, {("regions", "user_shares", "us"): 0.0})["regions"]["user_shares"]
    )
    assert {"a": 0.2, "b": 0.8} == pytest.approx(
        with_values(nested, {(*own, "a"): 0.2})["options"]["x"]["router"]["b"]["by_class"]["chat"]
    )


def test_shares_that_need_not_sum_to_one_are_not_linked():
    """Each class retrieves as often as it does."""
    values = {"options": {"x": {"retrieval": {"by_class": {"chat": 0.5, "report": 0.5}}}}}
    changed = with_values(values, {("options", "x", "retrieval", "by_class", "chat"): 0.9})

    assert {"chat": 0.9, "report": 0.5} == changed["options"]["x"]["retrieval"]["by_class"]


def test_shares_above_one_are_no_scenario():
    """Two varied shares of 0.7 leave nothing to evaluate."""
    assert with_values(SCENARIO, {(*SHARES, "a"): 0.7, (*SHARES, "b"): 0.7}) is None


def test_a_rest_that_nobody_can_take_is_refused():
    """One share alone cannot be anything but 1."""
    alone = {"options": {"x": {"router": {"kind": "static", "shares": {"a": 1.0}}}}}

    with pytest.raises(UsageError, match=r"a leaves 0\.5 of the shares, and no other share"):
        with_values(alone, {("options", "x", "router", "shares", "a"): 0.5})


@given(share=st.floats(0.0, 1.0))
def test_renormalised_shares_sum_to_one(share):
    """Whatever is varied, the shares sum to 1 within the loader's tolerance."""
    changed = with_values(SCENARIO, {(*SHARES, "a"): share})

    assert abs(sum(changed["options"]["gpt-4.1 mix"]["router"]["shares"].values()) - 1.0) < 1e-9
