"""Flow chart of an option: stations from left to right, streams as wide as the share of requests that take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tco.decide.flow import START, Branch, Flow
from tco.report.accounts import GREEN, VERMILION
from tco.report.charts import INK, PALETTE, SOFT, heading, panels, rendered
from tco.report.charts.lettering import spread
from tco.report.money import Money
from tco.report.numbers import seconds
from tco.scenario import Scenario
from tco.sim.result import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMN_IN, ROW_IN, BOX_IN = 2.7, 1.3, 1.7  # distances of columns and rows; width of a box
THICK = 0.62  # height of a stream of all requests, in rows
LABEL_ROWS = 0.15  # height of a share's text, in rows
LEAST_THICK = 0.012  # so that a rare stream is still seen


@dataclass
class _Node:
    """A station or an end, wherever it stands in the tree.

    Attributes:
        column: steps from the start, at most.
        row: place from the top.
        share: share of requests that come, once for each visit.
        spent_s: mean time of a visit, seconds; None at ends.
        cost_usd: cost spread over all requests.
        good: whether it is an end with an answer; None for stations.
    """

    column: int = 0
    row: float = 0.0
    share: float = 0.0
    spent_s: float | None = None
    cost_usd: float | None = None
    good: bool | None = None
    streams: dict[str, float] = field(default_factory=dict)


def flow_chart(flow: Flow, scenario: Scenario) -> dict[str, bytes]:
    """Draw the chart; returns PNG and SVG bytes.

    Args:
        flow: the flow.
        scenario: what was asked.
    """
    nodes = _nodes(flow)
    columns = 1 + max(node.column for node in nodes.values())
    rows = 1 + max(node.row for node in nodes.values())
    width_in, height_in = max(columns * COLUMN_IN + 0.4, 8.0), rows * ROW_IN + 1.2
    with panels(1, 1, width_in, height_in) as (figure, [axes]):
        axes.set_position((0.0, 0.0, 1.0, (height_in - 0.9) / height_in))
        axes.set_xlim(-0.2, width_in / COLUMN_IN - 0.2)
        axes.set_ylim(rows - 0.35, -0.65)
        axes.axis("off")
        for number, name in enumerate(nodes):
            _streams(axes, nodes, name, PALETTE[number % len(PALETTE)])
        for name, node in nodes.items():
            _box(axes, name, node, Money.of(scenario))
        note = f"{flow.root.requests:,} simulated requests at {flow.rate_rps:.4g} req/s; cost spread over all requests"
        heading(figure, f"{scenario.name}: how requests flow through {flow.option}", note, height_in)
        return rendered(figure)


def _nodes(flow: Flow) -> dict[str, _Node]:
    """Merge the tree's steps of one name, and give each a column and a row."""
    nodes: dict[str, _Node] = {}
    visits: dict[str, tuple[int, float]] = {}
    columns = _columns(flow.root)
    for _, branch in flow.root.walk():
        node = nodes.setdefault(branch.name, _Node(columns[branch.name]))
        node.share += flow.share(branch)
        cost = flow.cost_usd_per_request(branch)
        node.cost_usd = (node.cost_usd or 0.0) + cost if cost is not None else node.cost_usd
        node.good = branch.name.startswith("answered") if branch.is_end else None
        count, spent_s = visits.get(branch.name, (0, 0.0))
        visits[branch.name] = count + branch.requests, spent_s + branch.spent_s
        for child in branch.branches.values():
            node.streams[child.name] = node.streams.get(child.name, 0.0) + flow.share(child)
    for name, (count, spent_s) in visits.items():
        nodes[name].spent_s = spent_s / count if spent_s > 0 else None
    last = 1 + max(node.column for node in nodes.values() if node.good is None)
    for node in nodes.values():
        node.column = last if node.good is not None else node.column
    _rows(nodes, flow.root, last)
    return nodes


def _columns(root: Branch) -> dict[str, int]:
    """Give every step its column: one after the last step before it, and tiers none that a stage stands in.

    Steps of one name are merged, so paths may run in a circle: from one tier to another here, and back there. An edge
    that closes a circle is left out of the count.
    """
    after: dict[str, dict[str, None]] = {}
    for _, step in root.walk():
        after.setdefault(step.name, {}).update(dict.fromkeys(child.name for child in step.branches.values()))
    order = _before_those_after(after)
    stages = [name for name in order if name in (START, *STAGES)]
    found = {name: place for place, name in enumerate(stages)}
    for name in order:
        found.setdefault(name, len(stages))
        for follower in after[name]:
            if order.index(follower) > order.index(name) and follower not in stages:
                found[follower] = max(found.get(follower, len(stages)), found[name] + 1)
    return found


def _before_those_after(after: dict[str, dict[str, None]]) -> list[str]:
    """Order names so that each stands before those after it, but for edges that close a circle.

    >>> _before_those_after({"a": {"b": None, "c": None}, "b": {"c": None}, "c": {"b": None}})
    ['a', 'b', 'c']
    """
    done: list[str] = []
    entered: set[str] = set()

    def enter(name: str) -> None:
        entered.add(name)
        for follower in after[name]:
            if follower not in entered:
                enter(follower)
        done.append(name)

    enter(next(iter(after)))
    return done[::-1]


def _rows(nodes: dict[str, _Node], root: Branch, last: int) -> None:
    """Lay a station below where answers leave the one before, so that these pass above it; ends share the height."""
    taken: set[tuple[int, int]] = set()
    laid: set[str] = set()

    def put(step: Branch, row: int, after: int) -> None:
        column = nodes[step.name].column
        passes_on = not any(child.is_end for child in step.branches.values())
        way = range(min(after + 1, column), column + 1 if passes_on else last)  # nothing stands where its streams pass
        while any((place, row) in taken for place in way):
            row += 1
        taken.update((place, row) for place in way)
        nodes[step.name].row = float(row)
        laid.add(step.name)

    def lay(step: Branch, row: int, after: int) -> None:
        if step.name not in laid:
            put(step, row, after)
        below = int(nodes[step.name].row) + any(child.is_end for child in step.branches.values())
        for child in sorted(step.branches.values(), key=lambda each: -each.requests):
            if not child.is_end:
                lay(child, below, nodes[step.name].column)

    lay(root, 0, -1)
    deepest = max(node.row for node in nodes.values())
    found = list(dict.fromkeys(step.name for _, step in root.walk() if step.is_end))
    apart = max(deepest / max(len(found) - 1, 1), 0.75)
    for place, name in enumerate(sorted(found, key=lambda name: (not nodes[name].good, _from_row(nodes, name)))):
        nodes[name].column, nodes[name].row = last, place * apart


def _from_row(nodes: dict[str, _Node], name: str) -> float:
    """Return the mean row of what flows into a node, so that ends stand in the order of where they come from."""
    flows = [(node.row, node.streams[name]) for node in nodes.values() if name in node.streams]
    return sum(row * share for row, share in flows) / sum(share for _, share in flows)


def _stacked(
    nodes: dict[str, _Node], flows: list[tuple[str, float]], middle: float, nearest_last: bool
) -> dict[str, float]:
    """Stack streams around a box's middle, in the order of the rows of their other ends; return each one's middle."""
    side = -1 if nearest_last else 1  # of two ends in a row, the nearer one lies below where streams go down
    top = middle - THICK * sum(share for _, share in flows) / 2
    found = {}
    for name, share in sorted(flows, key=lambda flow: (nodes[flow[0]].row, side * nodes[flow[0]].column)):
        found[name] = top + THICK * share / 2
        top += THICK * share
    return found


def _streams(axes: Axes, nodes: dict[str, _Node], name: str, colour: str) -> None:
    """Draw what leaves a node, stacked at both ends, with its share just behind the box."""
    import numpy as np

    node = nodes[name]
    begins = _stacked(nodes, list(node.streams.items()), node.row, nearest_last=True)
    along = np.linspace(0.0, 1.0, 60)
    bend = along * along * (3.0 - 2.0 * along)
    begin_x = node.column + BOX_IN / COLUMN_IN
    for goal, share in node.streams.items():
        target = nodes[goal]
        flows = [(source, each.streams[goal]) for source, each in nodes.items() if goal in each.streams]
        end = _stacked(nodes, flows, target.row, nearest_last=False)[name]
        thick = max(THICK * share, LEAST_THICK)
        centre = begins[goal] * (1 - bend) + end * bend
        across = begin_x + (target.column - begin_x) * along
        axes.fill_between(across, centre - thick / 2, centre + thick / 2, color=colour, alpha=0.28, lw=0)
    goals = sorted(begins, key=lambda goal: begins[goal])
    heights = spread([begins[goal] for goal in goals], [LABEL_ROWS] * len(goals), node.row - 9.0, node.row + 9.0)
    for goal, height in zip(goals, heights, strict=True):
        axes.text(begin_x + 0.03, height, f"{node.streams[goal]:.1%}", ha="left", va="center", fontsize=8.5, color=INK,
                  zorder=4)  # fmt: skip


def _box(axes: Axes, name: str, node: _Node, money: Money) -> None:
    """Draw a station or an end with its figures."""
    from matplotlib.patches import FancyBboxPatch

    edge = SOFT if node.good is None else GREEN if node.good else VERMILION
    width, height = BOX_IN / COLUMN_IN, 0.7
    corner = node.column + 0.02, node.row - height / 2
    axes.add_patch(
        FancyBboxPatch(
            corner, width - 0.04, height, boxstyle="round,pad=0.0,rounding_size=0.06", facecolor="white",
            edgecolor=edge, lw=1.4, mutation_aspect=COLUMN_IN / ROW_IN, zorder=3,
        )
    )  # fmt: skip
    share = "" if name == START else f"{node.share:.1%}"
    facts = [
        " in ".join(filter(None, (share, "" if node.spent_s is None else seconds(node.spent_s)))),
        "" if node.cost_usd is None else f"{money.each(node.cost_usd)} a request",
    ]
    lines = [fact for fact in facts if fact]
    middle, step = node.column + width / 2, 0.19
    top = node.row - step * len(lines) / 2
    axes.text(middle, top, name, ha="center", va="center", fontsize=9, fontweight="bold", color=INK, zorder=4)
    for number, line in enumerate(lines, start=1):
        axes.text(middle, top + step * number, line, ha="center", va="center", fontsize=8.2, color=SOFT, zorder=4)
