"""The flow chart's layout: no box on another, streams to the right, whatever paths requests take."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tco.decide.flow import START, Branch, Flow
from tco.report.charts.flow import _columns, _nodes

TIERS = ("small", "mid", "large", "own")


def tree(paths: list[list[str]]) -> Branch:
    """Requests that took paths, one each."""
    root = Branch(START)
    for path in paths:
        root.requests += 1
        at = root
        for name in path:
            at = at.branches.setdefault(name, Branch(name))
            at.requests += 1
            at.spent_s += 1.0
        end = at.branches.setdefault("answered", Branch("answered", is_end=True))
        end.requests += 1
    return root


paths = st.lists(
    st.tuples(
        st.sampled_from([[], ["cache"], ["router"], ["cache", "retrieval"], ["cache", "router", "retrieval"]]),
        st.lists(st.sampled_from(TIERS), unique=True, min_size=1, max_size=4),
    ).map(lambda pair: [*pair[0], *pair[1]]),
    min_size=1, max_size=12,
)  # fmt: skip


def overlapping(nodes) -> list[tuple[str, str]]:
    """Boxes in one column that are less than a box's height apart."""
    return [
        (one, other)
        for (one, left), (other, right) in combinations(nodes.items(), 2)
        if left.column == right.column and abs(left.row - right.row) < 0.75
    ]


@given(taken=paths)
def test_no_box_lies_on_another(taken):
    """Whatever paths requests take, circles included."""
    assert [] == overlapping(_nodes(Flow("it", 1.0, tree(taken), {}, 0.0)))


@given(taken=paths)
def test_streams_run_to_the_right_but_for_circles(taken):
    """A tier stands after all that leads to it, unless it leads there as well."""
    root = tree(taken)
    columns = _columns(root)
    leads = {(step.name, child) for _, step in root.walk() for child in step.branches}
    reaches = set(leads)
    for _ in TIERS:
        reaches |= {(a, d) for a, b in reaches for c, d in leads if b == c}

    for one, other in leads:
        if (other, one) not in reaches:
            assert columns[one] < columns[other]


def test_the_check_bites():
    """Two boxes in one place are seen."""
    nodes = _nodes(Flow("it", 1.0, tree([["small", "mid"], ["mid"]]), {}, 0.0))
    nodes["mid"].column, nodes["mid"].row = nodes["small"].column, nodes["small"].row

    assert [("small", "mid")] == overlapping(nodes)
