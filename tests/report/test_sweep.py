"""The sweep as a table: headings that say what stands below them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tco.decide.sweep import Sweep
from tco.decide.vary import Axis
from tco.report.sweep import sweep_document

SCENARIO = SimpleNamespace(name="Small", horizon_months=36, currency="USD", finance=SimpleNamespace(exchange=None))


def headings(*paths: tuple[str, ...]) -> list[str]:
    """Write a sweep without rows; return its column headings."""
    axes = tuple(Axis(".".join(path), path, (1, 2)) for path in paths)
    table = sweep_document(Sweep(axes, [], 0), SCENARIO).sections[0]
    return [column.heading for column in table.columns]


@pytest.mark.parametrize(
    ("path", "expected"), [(("seed",), "36-month cost"), (("horizon_months",), "Cost over the horizon")]
)
def test_the_cost_is_headed_by_the_months_it_is_over(path, expected):
    """Where the months themselves are varied, one number of them would be wrong in every other row."""
    assert expected in headings(path)


def test_a_name_with_a_dot_stays_whole_in_a_heading():
    """'v1.0 gpu.small' is one name, not two keys."""
    assert "shares.v1.0 gpu.small" == headings(("options", "mix", "router", "shares", "v1.0 gpu.small"))[0]


def test_two_axes_never_have_the_same_heading():
    """The same share of two options is told apart by the option."""
    first, second, *_ = headings(*(("options", name, "router", "shares", "small") for name in ("a", "b")))

    assert ("a.router.shares.small", "b.router.shares.small") == (first, second)
