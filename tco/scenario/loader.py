"""Loader: from a YAML file to a frozen scenario, or to every fault at once with its line and column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from tco.arrivals.trace import TraceFile
from tco.arrivals.trace_rows import TraceRows, read_trace
from tco.errors import Fault, ScenarioError
from tco.scenario import Scenario
from tco.scenario.faults import faults_of
from tco.scenario.nodes import MAX_BYTES, MAX_VALUES, Tree, dotted, parse


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario with what belongs to its file.

    Attributes:
        scenario: the validated scenario.
        file: the path as the user gave it.
        raw: the mapping as written, for sweeps that change a key and validate again.
        tree: places of every key.
        trace: rows of the trace file, when the arrivals replay one.
    """

    scenario: Scenario
    file: str
    raw: dict[str, Any]
    tree: Tree
    trace: TraceRows | None = None

    def lines(self) -> dict[str, int]:
        """Return the line of each key, by dotted path, so that a ledger line can point to it."""
        return {dotted(path): place[0] for path, place in self.tree.keys.items()}


def load_scenario(path: str | FilePath, trace: str | FilePath | None = None) -> LoadedScenario:
    """Read and check a scenario file.

    Args:
        path: YAML file.
        trace: trace file that replaces the scenario's arrivals and token lengths.

    Returns:
        The scenario, frozen, with the places of its keys.

    Raises:
        ScenarioError: holding every fault, in file order.
    """
    file = str(path)
    tree = parse(_read(FilePath(path)))
    if tree.faults and (() in tree.refused or tree.value is None):
        raise ScenarioError(file, tree.faults)
    if tree.value is None:
        raise ScenarioError(file, [Fault(1, 1, "", "the file is empty; a scenario is a mapping of keys")])
    if not isinstance(tree.value, dict):
        found = "a list" if isinstance(tree.value, list) else f"the text '{str(tree.value)[:30]}'"
        raise ScenarioError(file, [Fault(1, 1, "", f"the file is {found}; a scenario is a mapping of keys")])
    if len(tree.values) > MAX_VALUES:
        raise ScenarioError(file, [Fault(1, 1, "", f"more than {MAX_VALUES:,} values")])
    raw = replay(tree.value, trace) if trace is not None else tree.value
    scenario = validate(raw, tree, file)
    return LoadedScenario(scenario, file, raw, tree, _rows(scenario, FilePath(path).parent))


def validate(raw: dict[str, Any], tree: Tree, file: str) -> Scenario:
    """Validate plain values against the model, adding the faults that the tree already holds.

    Raises:
        ScenarioError: holding every fault, in file order.
    """
    context = {name: tuple(raw[name]) for name in ("tiers", "classes") if isinstance(raw.get(name), dict)}
    try:
        scenario = Scenario.model_validate(raw, context=context)
    except ValidationError as error:
        raise ScenarioError(file, [*tree.faults, *faults_of(error, tree)]) from None
    if tree.faults:
        raise ScenarioError(file, tree.faults)
    return scenario


def replay(raw: dict[str, Any], trace: str | FilePath) -> dict[str, Any]:
    """Return the scenario with arrivals and every class's token lengths taken from a trace file."""
    path = str(FilePath(trace).absolute())
    lengths = {field: {"kind": "trace"} for field in ("input_tokens", "output_tokens")}
    traffic, classes = raw.get("traffic"), raw.get("classes")
    if not isinstance(traffic, dict) or not isinstance(classes, dict):
        return raw  # the checks will say what is missing
    return {
        **raw,
        "traffic": {**traffic, "arrivals": {"kind": "trace", "path": path}},
        "classes": {
            name: {**entry, **lengths} if isinstance(entry, dict) else entry for name, entry in classes.items()
        },
    }


def _rows(scenario: Scenario, folder: FilePath) -> TraceRows | None:
    arrivals = scenario.traffic.arrivals
    return read_trace(folder / arrivals.path) if isinstance(arrivals, TraceFile) else None


def _read(path: FilePath) -> str:
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            size = path.stat().st_size
            message = f"the file has {size:,} bytes; a scenario has at most {MAX_BYTES:,}"
            raise ScenarioError(str(path), [Fault(1, 1, "", message)])
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise ScenarioError(str(path), [Fault(1, 1, "", message)]) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ScenarioError(str(path), [Fault(line, column, "", message)]) from error
