"""The files that a simulation leaves behind: summary, curve of load against latency, charts."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tco.capacity.experiment import Experiment
from tco.report.charts.latency_cdf import GRID_PERCENT, latency_cdf
from tco.report.charts.load_latency import load_latency
from tco.report.charts.queue_timeline import queue_timeline
from tco.report.formats.csv import csv_text
from tco.report.formats.json import json_text
from tco.report.simulation_rows import flat_row, probe_row, simulation_json
from tco.sim.result import SimulationResult

Floats = NDArray[np.float64]


def simulation_files(found: Experiment, results: Iterable[SimulationResult]) -> dict[str, str | bytes]:
    """Write summary and charts.

    Args:
        found: the experiment.
        results: the first replication of each option, looked at one after the other.

    Returns:
        Contents by file name.
    """
    files: dict[str, str | bytes] = {
        "summary.json": json_text(simulation_json(found)),
        "summary.csv": csv_text(flat_row(entry) for entry in found.figures),
    }
    over = {entry.option for entry in found.figures if entry.overloaded}
    times: dict[str, tuple[Floats, Floats]] = {}
    for result in results:
        if result.judged.any() and result.option not in over:
            times[result.option] = _percentiles(result.ttft_s()), _percentiles(result.e2e_s())
        _add(files, f"queue-timeline-{_file_name(result.option)}", queue_timeline(found, result))
    if times:
        _add(files, "latency-cdf", latency_cdf(found, times))
    if found.saturations:
        probes = [probe_row(entry.option, probe) for entry in found.saturations for probe in entry.probes]
        files["load-latency.csv"] = csv_text(probes)
        _add(files, "load-latency", load_latency(found))
    return files


def _percentiles(values: Floats) -> Floats:
    return np.asarray(np.percentile(values, GRID_PERCENT))


def _add(files: dict[str, str | bytes], name: str, images: dict[str, bytes]) -> None:
    files.update({f"{name}.{kind}": content for kind, content in images.items()})


def _file_name(option: str) -> str:
    """Turn an option's name into part of a file name.

    >>> _file_name("all frontier")
    'all-frontier'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", option)
