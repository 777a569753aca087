"""Sweep: evaluate a scenario at many points, on every core, and mark the Pareto front of cost against latency."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tco.arrivals.trace_rows import TraceRows
from tco.decide.compare import compare
from tco.decide.vary import Axis, Path, Value, grid, with_values
from tco.decide.workers import give_up_when_stopped, in_order
from tco.errors import ScenarioError, UsageError
from tco.pipeline import evaluate
from tco.scenario import Scenario
from tco.scenario.loader import LoadedScenario, validate

CHOSEN = ("options", "tiers")  # blocks that are somebody's choice; the others describe the world

Row = dict[str, Any]
Done = Callable[[int, int], None]  # points done, points in all


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found.

    Attributes:
        axes: what was varied.
        rows: one per point and option, in the order of the grid; `pareto` marks the front, for each value of a
            varied key that nobody chooses, such as the traffic, on its own.
        skipped: points left out because their shares would exceed 1.
    """

    axes: tuple[Axis, ...]
    rows: list[Row]
    skipped: int


def run_sweep(loaded: LoadedScenario, axes: list[Axis], jobs: int | None = None, done: Done | None = None) -> Sweep:
    """Evaluate every point of a grid.

    Args:
        loaded: the scenario that is varied.
        axes: one or two keys with their values.
        jobs: processes; None for every core this process may use.
        done: told after each point.

    Returns:
        The rows, the same on any number of processes.

    Raises:
        UsageError: when a point is not a valid scenario; the first faults are told.
    """
    base = plain(loaded.scenario)
    points = grid(axes)
    scenarios = [(point, changed) for point in points for changed in [with_values(base, point)] if changed is not None]
    if not scenarios:
        raise UsageError("--vary: at every point the varied shares exceed 1; nothing to evaluate")
    checked = _validated(scenarios, _options_touched(axes, loaded.scenario), loaded)
    rows: list[Row] = []
    for number, (found, (point, _)) in enumerate(
        zip(_evaluated(checked, loaded.trace, jobs), scenarios, strict=True), start=1
    ):
        varied = {axis.name: point[axis.path] for axis in axes}
        rows += [{"point": number - 1, **varied, **row} for row in found]
        if done is not None:
            done(number, len(scenarios))
    return Sweep(tuple(axes), _marked(rows, axes), len(points) - len(scenarios))


def _marked(rows: list[Row], axes: list[Axis]) -> list[Row]:
    """Mark the front among the points that one could choose between: traffic is met, routing is chosen."""
    met = [axis.name for axis in axes if axis.path[0] not in CHOSEN]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(tuple(row[name] for name in met), []).append(index)
    on_front = [False] * len(rows)
    for members in groups.values():
        front = pareto([_figures(rows[index]) for index in members])
        for index, marked in zip(members, front, strict=True):
            on_front[index] = marked
    return [{**row, "pareto": marked} for row, marked in zip(rows, on_front, strict=True)]


def plain(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain values, defaults included, that validate to the same scenario again."""
    values: dict[str, Any] = scenario.model_dump(mode="json")
    return values


def _options_touched(axes: list[Axis], scenario: Scenario) -> tuple[str, ...]:
    """Name those that can change: named by a path, running as such a one at first, or all where a path is shared."""
    named = {axis.path[1] for axis in axes if axis.path[0] == "options"}
    shared = any(axis.path[0] != "options" for axis in axes)
    return tuple(name for name, option in scenario.options.items() if shared or {name, option.meanwhile} & named)


def _validated(
    scenarios: list[tuple[dict[Path, Value], dict[str, Any]]], options: tuple[str, ...], loaded: LoadedScenario
) -> list[Scenario]:
    checked = []
    for point, values in scenarios:
        try:
            scenario = validate(values, loaded.tree, loaded.file)
        except ScenarioError as error:
            at = ", ".join(f"{'.'.join(map(str, path))}={value}" for path, value in point.items())
            raise UsageError(f"--vary: {at} is not a valid scenario:\n{error}") from error
        checked.append(scenario.only(options))
    return checked


def _evaluated(scenarios: list[Scenario], trace: TraceRows | None, jobs: int | None) -> Iterator[list[Row]]:
    workers = min(jobs or len(os.sched_getaffinity(0)), len(scenarios))
    if workers <= 1:
        yield from (_point(scenario, trace) for scenario in scenarios)
        return
    yield from in_order(_point, ((scenario, trace) for scenario in scenarios), workers)


def _point(scenario: Scenario, trace: TraceRows | None) -> list[Row]:
    give_up_when_stopped()  # one that waited in line would simulate a whole window first
    comparison = compare(evaluate(scenario, trace, give_up_when_stopped))
    return [
        {
            "option": option.name,
            "total_usd": option.total_usd,
            "npv_usd": option.npv_usd,
            "cost_usd_per_request": option.cost_usd_per_request,
            "e2e_p95_s": option.e2e_p95_s,
            "ttft_p95_s": option.ttft_p95_s,
            "success_share": option.success_share,
            "cost_usd_per_success": option.cost_usd_per_success,
            "slo_kept": option.slo_kept,
            "slo_missed": ";".join(check.limit_name for check in option.checks if not check.kept),
        }
        for option in comparison.options
    ]


def _figures(row: Row) -> tuple[float | None, ...]:
    """Return what counts, lower is better: cost, latency, and bad answers where the quality is known."""
    success = row["success_share"]
    return (row["total_usd"], row["e2e_p95_s"], *(() if success is None else (1.0 - success,)))


def pareto(points: list[tuple[float | None, ...]]) -> list[bool]:
    """Mark the points that no other point beats: is no worse than in any figure, and better in one.

    Lower is better; a point with a missing figure is never on the front; points are compared in the figures that both
    have.

    >>> pareto([(1.0, 9.0), (2.0, 3.0), (3.0, 3.0), (4.0, None)])
    [True, True, False, False]
    """
    known = [tuple(figure for figure in point if figure is not None) for point in points if None not in point]
    return [None not in point and not any(_beats(other, point) for other in known) for point in points]


def _beats(other: tuple[float, ...], point: tuple[float | None, ...]) -> bool:
    pairs = [(theirs, ours) for theirs, ours in zip(other, point, strict=False) if ours is not None]
    return all(theirs <= ours for theirs, ours in pairs) and any(theirs < ours for theirs, ours in pairs)
