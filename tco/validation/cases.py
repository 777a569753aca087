"""Cases: queues with the figures that theory gives for them, read from a YAML file with every fault at its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from tco.errors import Fault, ScenarioError, suggestion
from tco.plugin import plugins_in
from tco.scenario.nodes import MAX_BYTES, Path, Tree, dotted, parse
from tco.scenario.words import show, words
from tco.validation.queues import QueueModel, named

SHIPPED = "the shipped cases"
KEYS = ("id", "model", "params", "expected", "formula", "notes", "simulated_check")
TOP_KEYS = ("cases", "invariants")
NOT_EXPRESSED = {  # what a model is called, to why no scenario can play it
    "ttl cache.*": "no caching policy with a time to live exists yet: a cache's hits are a fixed share",
}


@dataclass(frozen=True)
class Case:
    """A queue and what theory says of it.

    Attributes:
        id: name of the case.
        model: what the file calls the queue.
        queue: the model that plays it; None when there is none.
        refusal: why it is not run; None when it is.
        expected: figures by metric; a pair of bounds for metrics that end in `_bounds`.
    """

    id: str
    model: str
    queue: QueueModel | None
    refusal: str | None
    expected: dict[str, float | tuple[float, float]]


def read_cases(path: FilePath | None = None) -> list[Case]:
    """Read a file of cases, the shipped one when none is named.

    Raises:
        ScenarioError: holding every fault of the file, with line and column.
    """
    if path is None:
        return parse_cases((files("tco.validation") / "cases.yaml").read_text(encoding="utf-8"), SHIPPED)
    return parse_cases(_text(path), str(path))


def _text(path: FilePath) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")  # noqa: TRY301  # told like the others
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
        raise ScenarioError(str(path), [Fault(1, 1, "", f"the file cannot be read: {reason}")]) from error


def parse_cases(text: str, file: str) -> list[Case]:
    """Read cases from text.

    Raises:
        ScenarioError: holding every fault, named after `file`.
    """
    reader = _Reader(parse(text))
    cases = reader.cases()
    if reader.faults:
        raise ScenarioError(file, reader.faults)
    return cases


class _Reader:
    """Walks the tree of a file and collects what is wrong with it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        # N is a name in formulas; read here as text, as it is written, whatever it means to YAML 1.1
        letters = {dotted(path) for path in tree.refused_keys if path[-1] == "N"}
        self.faults = [fault for fault in tree.faults if fault.key not in letters]

    def fault(self, path: Path, message: str, hint: str | None = None, *, at_key: bool = False) -> None:
        """Note a fault, unless it lies in what the reader refused already."""
        if not self.tree.is_refused(path):
            place = self.tree.place(path) if at_key else self.tree.value_place(path)
            self.faults.append(Fault(*place, dotted(path), message, hint))

    def cases(self) -> list[Case]:
        """Read every case, noting what is wrong."""
        top = self.tree.value
        if () in self.tree.refused:
            return []
        if not isinstance(top, dict):
            self.fault((), f"the file is {show(top)}; allowed: a mapping with the key 'cases'")
            return []
        self._known_keys((), top, TOP_KEYS)
        entries = top.get("cases")
        if not isinstance(entries, list) or not entries:
            found = "missing" if "cases" not in top else "no case" if entries == [] else show(entries)
            self.fault(("cases",), f"{found}; allowed: a list of cases, at least one")
            return []
        found_cases = [self._case(("cases", number), entry) for number, entry in enumerate(entries)]
        self._unique(entries)
        return [case for case in found_cases if case is not None]

    def _known_keys(self, path: Path, mapping: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in mapping:
            if key not in known:
                hint = suggestion(key, known)
                self.fault((*path, key), f"unknown key; known: {', '.join(known)}", hint, at_key=True)

    def _unique(self, entries: list[Any]) -> None:
        first: dict[str, int] = {}
        for number, entry in enumerate(entries):
            name = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(name, str) and name in first:
                line = self.tree.value_place(("cases", first[name], "id"))[0]
                self.fault(("cases", number, "id"), f"{show(name)} is taken by the case in line {line}")
            elif isinstance(name, str):
                first[name] = number

    def _case(self, path: Path, entry: Any) -> Case | None:
        if not isinstance(entry, dict):
            self.fault(path, f"{show(entry)}; allowed: a mapping with the keys id, model, params and expected")
            return None
        self._known_keys(path, entry, KEYS)
        name, model = (self._string((*path, key), entry) for key in ("id", "model"))
        expected = self._expected((*path, "expected"), entry)
        params = entry.get("params")
        if not isinstance(params, dict):
            found = show(params) if "params" in entry else "missing"
            self.fault((*path, "params"), f"{found}; allowed: a mapping of the model's parameters")
            return None
        if not name or not model:
            return None
        queue, refusal = self._queue((*path, "params"), model, params)
        return Case(name, model, queue, refusal, expected)

    def _string(self, path: Path, entry: dict[str, Any]) -> str | None:
        value = entry.get(str(path[-1]))
        if isinstance(value, str) and value.strip():
            return value
        self.fault(path, f"{show(value) if path[-1] in entry else 'missing'}; allowed: text")
        return None

    def _expected(self, path: Path, entry: dict[str, Any]) -> dict[str, float | tuple[float, float]]:
        given = entry.get("expected")
        if not isinstance(given, dict) or not given:
            found = show(given) if "expected" in entry else "missing"
            self.fault(path, f"{found}; allowed: a mapping of metrics and figures, at least one")
            return {}
        found_figures: dict[str, float | tuple[float, float]] = {}
        for metric, value in given.items():
            if metric.endswith("_bounds"):
                if self._is_pair((*path, metric), value):
                    found_figures[metric] = (float(value[0]), float(value[1]))
            elif isinstance(value, list) and value:
                for number, each in enumerate(value):
                    self._add(found_figures, f"{metric}[{number}]", (*path, metric, number), each)
            else:
                self._add(found_figures, metric, (*path, metric), value)
        return found_figures

    def _add(self, figures: dict[str, float | tuple[float, float]], metric: str, path: Path, value: Any) -> None:
        if _is_number(value):
            figures[metric] = float(value)
        else:
            self.fault(path, f"{show(value)}; allowed: a number")

    def _is_pair(self, path: Path, value: Any) -> bool:
        fine = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
        if not fine:
            self.fault(path, f"{show(value)}; allowed: a list of two numbers, the lower bound first")
        return fine

    def _queue(self, path: Path, model: str, params: dict[str, Any]) -> tuple[QueueModel | None, str | None]:
        name = named(model)
        for pattern, reason in NOT_EXPRESSED.items():
            if re.fullmatch(pattern, name):
                return None, reason
        found = next((queue for queue in queue_models() if re.fullmatch(queue.pattern, name)), None)
        if found is None:
            known = ", ".join(queue.kind_name() for queue in queue_models())
            return None, f"no model of this name; known: {known}"
        try:
            queue = found.model_validate({key: value for key, value in params.items() if key != "kind"})
        except ValidationError as error:
            for entry in error.errors(include_url=False):
                self._param_fault(path, found, entry)
            return None, None
        return queue, queue.refusal()

    def _param_fault(self, path: Path, model: type[QueueModel], entry: Any) -> None:
        where = (*path, *entry["loc"])
        if entry["type"] == "extra_forbidden":
            known = _params(model)
            message, hint = f"unknown parameter; {model.kind_name()} has {', '.join(known)}", None
            hint = suggestion(str(entry["loc"][-1]), known)
        elif entry["type"] == "missing":
            message, hint = f"missing; {model.kind_name()} needs it", None
        else:
            message, hint = words(entry, where)
        self.fault(where, message, hint, at_key=entry["type"] in ("extra_forbidden", "missing"))


def _params(model: type[QueueModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items() if name != "kind"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@lru_cache
def queue_models() -> tuple[type[QueueModel], ...]:
    """Return every model that a case may name."""
    return tuple(plugins_in("tco.validation.queues").values())
