"""The sweep as a document and as files."""

from __future__ import annotations

from typing import Any

from tco.decide.sweep import Sweep
from tco.report.charts.sweep_front import sweep_front
from tco.report.document import Column, Document, Table, Text
from tco.report.formats.csv import csv_text
from tco.report.money import Money, exchange_notes
from tco.report.numbers import counted, seconds, short_names
from tco.report.recommendation import short_limits
from tco.scenario import Scenario

MAX_ROWS = 40  # a longer table is not read; the front is


def sweep_document(sweep: Sweep, scenario: Scenario) -> Document:
    """Write the sweep for people: every row, or only the front where there are many."""
    money = Money.of(scenario)
    front_only = len(sweep.rows) > MAX_ROWS
    shown = [row for row in sweep.rows if row["pareto"] or not front_only]
    columns = (
        *(Column(name) for name in short_names([axis.path for axis in sweep.axes])),
        Column("Option", numeric=False), Column(_cost(sweep, scenario)), Column(f"{money.symbol}/request"),
        Column("p95"), *((Column("Good"),) if _judged(sweep) else ()), Column("SLO", numeric=False),
        Column("Front", numeric=False),
    )  # fmt: skip
    rows = tuple(_cells(row, sweep, money) for row in shown)
    better = "cheaper over the horizon, faster at the 95th percentile"
    better = f"{better} and as good in its answers" if _judged(sweep) else better.replace(", faster", " and faster")
    notes = [Text(f"Front: no other point is {better}.", "note")]
    if front_only:
        notes.append(
            Text(f"The front only: {len(rows)} of {len(sweep.rows)} rows; --out or --format csv for all.", "note")
        )
    if sweep.skipped:
        left_out = counted(sweep.skipped, "point was left out because its", "points were left out because their")
        notes.append(Text(f"{left_out} shares would exceed 1.", "note"))
    notes += [Text(note, "note") for note in exchange_notes(scenario)]
    varied = " and ".join(axis.name for axis in sweep.axes)
    return Document(f"{scenario.name}: sweep", f"varying {varied}", (Table("", columns, rows), *notes))


def _judged(sweep: Sweep) -> bool:
    """Whether the quality of any row is known."""
    return any(row["success_share"] is not None for row in sweep.rows)


def _percent(share: float | None) -> str:
    return "n/a" if share is None else f"{share:.1%}"


def _cost(sweep: Sweep, scenario: Scenario) -> str:
    varied = any(axis.path == ("horizon_months",) for axis in sweep.axes)
    return "Cost over the horizon" if varied else f"{scenario.horizon_months}-month cost"


def _cells(row: dict[str, Any], sweep: Sweep, money: Money) -> tuple[str, ...]:
    slo = "kept" if row["slo_kept"] else f"missed: {short_limits(row['slo_missed'].split(';'))}"
    return (
        *(_value(row[axis.name]) for axis in sweep.axes),
        row["option"], money.whole(row["total_usd"]), money.each(row["cost_usd_per_request"]),
        seconds(row["e2e_p95_s"]),
        *((_percent(row["success_share"]),) if _judged(sweep) else ()), slo, "*" if row["pareto"] else "",
    )  # fmt: skip


def _value(value: Any) -> str:
    if isinstance(value, str | bool):
        return str(value).lower() if isinstance(value, bool) else value
    return f"{value:,.0f}" if abs(value) >= 10_000 and value == int(value) else f"{value:.6g}"


def sweep_files(sweep: Sweep, scenario: Scenario) -> dict[str, str | bytes]:
    """Write all rows as tidy CSV, and the chart."""
    files: dict[str, str | bytes] = {"sweep.csv": csv_text(sweep.rows)}
    for kind, content in sweep_front(sweep, scenario).items():
        files[f"sweep.{kind}"] = content
    return files
