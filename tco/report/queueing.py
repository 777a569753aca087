"""The comparison of simulated queues with closed forms, as a document."""

from __future__ import annotations

from tco.report.document import Column, Document, Table, Text
from tco.sim.statistics import Interval
from tco.validation.queueing import CONFIDENCE, TOLERANCE, Z_LIMIT, Compared, NotRun, QueueingValidation

COLUMNS = (
    Column("Case", numeric=False), Column("Metric", numeric=False), Column("Expected"), Column("Simulated"),
    Column(f"{CONFIDENCE:.0%} interval"), Column("Passed", numeric=False),
)  # fmt: skip


def queueing_document(found: QueueingValidation) -> Document:
    """Write the comparison for people."""
    failed = [each for each in found.compared if not each.passed]
    verdict = (
        f"{len(failed)} of {len(found.compared)} metrics disagree with theory: "
        + ", ".join(f"{each.id} {each.metric}" for each in failed)
        if failed
        else f"All {len(found.compared)} metrics of {found.cases_run} cases agree with theory."
    )
    table = Table("", COLUMNS, tuple(_cells(each) for each in found.compared))
    rule = (
        f"Passed: the expected figure is within {Z_LIMIT:g} standard errors (Student's t at the same probability, "
        f"{found.runs} independent runs a case, seed {found.seed}), or within {TOLERANCE:.1%}; of bounds, any figure "
        "between them. Where several laws of service times have to give the same, each has to on its own, too."
    )
    left_out = [Text(_reason(each), "note") for each in found.not_run]
    subtitle = f"{found.cases_run} of {found.cases} cases simulated through the stations that scenarios use"
    return Document(
        "Queues against closed forms", subtitle, (Text(verdict, "lead"), table, Text(rule, "note"), *left_out)
    )


def _cells(each: Compared) -> tuple[str, ...]:
    expected = " to ".join(map(figure, each.expected)) if isinstance(each.expected, tuple) else figure(each.expected)
    return (
        each.id, each.metric, expected, figure(each.interval.estimate), _interval(each.interval),
        "yes" if each.passed else "NO",
    )  # fmt: skip


def _interval(interval: Interval) -> str:
    low, high = ("unknown" if bound is None else figure(bound) for bound in (interval.low, interval.high))
    return f"{low} to {high}"


def _reason(each: NotRun) -> str:
    if each.metric is None:
        return f"Not run: {each.id}: {each.reason}."
    return f"Not measured: {each.id} {each.metric}: {each.reason}."


def figure(value: float) -> str:
    """Write a figure with five digits.

    >>> figure(0.64285714), figure(2.0), figure(4.8e-17)
    ('0.64286', '2', '4.8e-17')
    """
    return f"{value:.5g}"
