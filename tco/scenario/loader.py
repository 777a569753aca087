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
from tco.scenario.nodes import MAX_BYTES, Path, Tree, dotted, parse
from tco.scenario.scalars import quoted

_HOME = "a relative path starts at the scenario's folder"


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
    _require_mapping(tree, file)
    raw = replay(tree.value, trace) if trace is not None else tree.value
    folder = FilePath(path).parent
    if trace is None:
        tree.faults.extend(_trace_faults(tree, folder))
    scenario = validate(raw, tree, file)
    return LoadedScenario(scenario, file, raw, tree, _rows(scenario, folder))


def _require_mapping(tree: Tree, file: str) -> None:
    if () in tree.refused:  # reading stopped: what is missing below cannot be told from what was not read
        raise ScenarioError(file, tree.faults)
    if tree.value is None or tree.value == "":
        raise ScenarioError(file, [Fault(1, 1, "", "the file is empty; allowed: a mapping of keys")])
    if not isinstance(tree.value, dict):
        found = "a list" if isinstance(tree.value, list) else f"the text {quoted(tree.value)}"
        place = tree.place(())
        raise ScenarioError(file, [Fault(*place, "", f"the file is {found}; allowed: a mapping of keys")])


def validate(raw: dict[str, Any], tree: Tree, file: str) -> Scenario:
    """Validate plain values against the model, adding the faults that the tree already holds.

    Raises:
        ScenarioError: holding every fault, in file order.
    """
    context: dict[str, Any] = {
        name: tuple(raw[name])
        for name in ("tiers", "classes", "options")
        if isinstance(raw.get(name), dict) and (name,) not in tree.incomplete
    }
    traffic = raw.get("traffic")
    if isinstance(traffic, dict) and ("traffic", "product_shares") not in tree.incomplete:
        products = traffic.get("product_shares", {})
        if isinstance(products, dict):
            context["products"] = tuple(products)
    regions = raw.get("regions")
    if isinstance(regions, dict) and ("regions", "user_shares") not in tree.incomplete:
        users = regions.get("user_shares", {})
        if isinstance(users, dict):
            context["regions"] = tuple(users)
    context["folder"] = FilePath(file).parent  # where relative paths of files start
    try:
        scenario = Scenario.model_validate(raw, context=context)
    except ValidationError as error:
        raise ScenarioError(file, faults_of(error, tree)) from None
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
            name: {**{key: value for key, value in entry.items() if key != "prompt"}, **lengths}
            if isinstance(entry, dict)
            else entry
            for name, entry in classes.items()
        },
    }


def _trace_faults(tree: Tree, folder: FilePath) -> list[Fault]:
    """Fault a trace that is not there, at the key that names it."""
    traffic = tree.value.get("traffic")
    arrivals = traffic.get("arrivals") if isinstance(traffic, dict) else None
    name = arrivals.get("path") if isinstance(arrivals, dict) and arrivals.get("kind") == "trace" else None
    if not isinstance(name, str) or not name or (folder / name).is_file():
        return []
    path: Path = ("traffic", "arrivals", "path")
    return [Fault(*tree.value_place(path), dotted(path), f"{quoted(name)} is not a file; allowed: a CSV trace", _HOME)]


def _rows(scenario: Scenario, folder: FilePath) -> TraceRows | None:
    arrivals = scenario.traffic.arrivals
    return read_trace(folder / arrivals.path) if isinstance(arrivals, TraceFile) else None


def _read(path: FilePath) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # a pipe has no size to ask for
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(str(path), [Fault(1, 1, "", f"the file cannot be read: {reason}")]) from error
    if len(data) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes; a scenario has at most that"
        raise ScenarioError(str(path), [Fault(1, 1, "", message)])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]  # without the byte order mark, if there was one
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8; allowed: text in UTF-8"
        hint = "save the file as UTF-8"
        raise ScenarioError(str(path), [Fault(line, column, "", message, hint)]) from error
