"""Run of a queue: draw the requests, simulate the scenario as any other, and read the sample path off its stamps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload, draw_workload
from tco.sim.engine import Clients, simulate
from tco.sim.result import SimulationResult
from tco.sim.visits import read_visits
from tco.validation.path import SamplePath, Stop
from tco.validation.queues import TAIL_SHARE, Experiment

Floats = NDArray[np.float64]
PIECES_APART = 100_000  # replications are numbered; pieces of one run lie this far from those of others


def run_queue(experiment: Experiment, seed: int, replication: int) -> list[SamplePath]:
    """Simulate one run.

    Args:
        experiment: the queue as a scenario.
        seed: seed of the case.
        replication: which independent repetition.

    Returns:
        The sample path, or those of the run's pieces.
    """
    scenario = experiment.scenario.model_copy(update={"seed": seed})
    numbers = (PIECES_APART * piece + replication for piece in range(experiment.pieces))
    found = []
    for number in numbers:
        workload = draw_workload(
            scenario, replication=number, from_hour=experiment.from_hour, count=experiment.requests
        )
        result = simulate(scenario, "queue", workload, experiment.rate_rps, clients=_clients(experiment, workload))
        found.append(_path(experiment, result))
    return found


def _clients(experiment: Experiment, workload: Workload) -> Clients | None:
    if not experiment.clients:
        return None
    pauses = workload.streams.generator("think").standard_exponential(len(workload))
    return Clients(experiment.clients, experiment.think_s * pauses)


def _path(experiment: Experiment, result: SimulationResult) -> SamplePath:
    workload = result.workload
    begin_s, end_s = experiment.window_s or _window_s(result)
    tokens = workload.output_tokens - 1  # the first one is free
    alone_s = experiment.seconds_per_token
    return SamplePath(
        stops=_stops(result),
        answered=result.answered,
        class_index=workload.class_index,
        demand_s=None if alone_s is None else alone_s * np.maximum(tokens, 1),
        servers=experiment.servers,
        begin_s=begin_s,
        end_s=end_s,
        tries=result.retries.astype(np.int64) + 1,
    )


def _window_s(result: SimulationResult) -> tuple[float, float]:
    """Return from when to when is measured; requests are numbered in the order in which they come."""
    first = int(np.argmax(result.workload.measured))
    last = int(len(result) * (1.0 - TAIL_SHARE))
    return float(result.arrived_s[first]), float(result.arrived_s[last])


def _stops(result: SimulationResult) -> tuple[Stop, ...]:
    if len(result.tiers) == 1:
        started_s = np.where(np.isnan(result.started_s), result.finished_s, result.started_s)
        return (Stop(result.arrived_s, started_s, result.finished_s),)
    visits = read_visits(result).values()
    return tuple(Stop(each.entered_s, each.started_s, each.left_s) for each in visits)
