"""The flow as a tree for people, as rows and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.decide.flow import Branch, Flow
from tco.report.document import Column, Document, Table, Text
from tco.report.engine_notes import engines_told
from tco.report.money import Money, exchange_notes
from tco.report.numbers import seconds
from tco.scenario import Scenario

SCHEMA_VERSION = 1


def flow_document(flow: Flow, scenario: Scenario) -> Document:
    """Draw the tree: one row a step, indented below the step before."""
    money = Money.of(scenario)
    each = Column(f"{money.symbol}/request")
    columns = (Column("Path", numeric=False), Column("Requests"), Column("Mean time"), each)
    rows = tuple(
        (name, f"{flow.share(branch):.2%}", _time(branch), _cost(flow, branch, money))
        for name, branch in _lines(flow.root, "")
    )
    priced = sum(flow.cost_usd_per_request(branch) or 0.0 for _, branch in flow.root.walk())
    notes = (
        Text(
            f"Together {money.each(priced + flow.other_usd_per_request)} a request over the horizon, "
            f"{money.each(flow.other_usd_per_request)} of it for what no request visits, such as people. The cost of a "
            "step is spread over all requests; what a tier costs when it is idle is in it.",
            "note",
        ),
        Text(f"Paths of {flow.root.requests:,} simulated requests at {flow.rate_rps:.4g} req/s, the busiest hour of "
             "the first month; times are those spent at the step.", "note"),
        *(Text(note, "note") for note in engines_told([(flow.option, [flow.engine])])),
        *(Text(note, "note") for note in exchange_notes(scenario)),
    )  # fmt: skip
    return Document(f"{scenario.name}: {flow.option}", "how requests flow", (Table("", columns, rows), *notes))


def _lines(branch: Branch, indent: str) -> Iterator[tuple[str, Branch]]:
    """Yield the tree's lines from the top, with the strokes that connect them."""
    yield branch.name, branch
    children = sorted(branch.branches.values(), key=lambda each: -each.requests)
    for child in children:
        is_last = child is children[-1]
        for number, (text, below) in enumerate(_lines(child, indent)):
            stroke = ("└─ " if is_last else "├─ ") if number == 0 else ("   " if is_last else "│  ")
            yield f"{indent}{stroke}{text}", below


def _time(branch: Branch) -> str:
    return "" if branch.is_end or not branch.spent_s else seconds(branch.spent_s / branch.requests)


def _cost(flow: Flow, branch: Branch, money: Money) -> str:
    cost = flow.cost_usd_per_request(branch)
    return "" if cost is None else money.each(cost)


def flow_rows(flow: Flow) -> Iterator[dict[str, Any]]:
    """Write one row a step, with the whole path to it."""
    yield from _rows(flow, flow.root, ())


def _rows(flow: Flow, branch: Branch, before: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    path = (*before, branch.name)
    timed = not branch.is_end and branch.spent_s > 0
    yield {
        "path": " > ".join(path),
        "step": branch.name,
        "is_end": branch.is_end,
        "requests": branch.requests,
        "share": flow.share(branch),
        "mean_s": branch.spent_s / branch.requests if timed else None,
        "cost_usd_per_request": flow.cost_usd_per_request(branch),
    }
    for child in sorted(branch.branches.values(), key=lambda each: -each.requests):
        yield from _rows(flow, child, path)


def flow_json(flow: Flow) -> dict[str, Any]:
    """Write the flow as JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "option": flow.option,
        "rate_rps": flow.rate_rps,
        "other_usd_per_request": flow.other_usd_per_request,
        "steps": list(flow_rows(flow)),
    }
