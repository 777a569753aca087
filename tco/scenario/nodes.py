"""YAML as a tree of plain values with the place of every key and value, built from parser events.

PyYAML's own construction keeps the last of two equal keys, reads `012` as 10 and `NO` as false, and expands alias
bombs. Walking the events refuses all of that, in a millisecond, without recursion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import yaml

from tco.errors import Fault

Path = tuple[str | int, ...]
Place = tuple[int, int]

MAX_BYTES = 2_000_000  # a scenario is a page or two; this leaves room for long tables
MAX_DEPTH = 40
MAX_VALUES = 100_000

# Words that YAML 1.1 reads as true or false and YAML 1.2 reads as text: nobody can tell what was meant.
_MISREAD_WORD = re.compile(r"^(y|n|yes|no|on|off)$", re.IGNORECASE)
_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_DECIMAL = re.compile(r"^[-+]?(0|[1-9][0-9]*)?\.[0-9]+([eE][-+]?[0-9]+)?$|^[-+]?(0|[1-9][0-9]*)\.$")
_EXPONENT = re.compile(r"^[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?[eE][-+]?[0-9]+$")
_LEADING_ZERO = re.compile(r"^[-+]?0[0-9_]+(\.[0-9]*)?$")
_BASE_OR_UNDERSCORE = re.compile(r"^[-+]?(0[xXbBoO][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?)$")
_SEXAGESIMAL = re.compile(r"^[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?$")
_NOT_FINITE = re.compile(r"^([-+]?\.?inf(inity)?|\.?nan)$", re.IGNORECASE)


@dataclass
class Tree:
    """A YAML document as plain values, with places and the faults met on the way.

    Attributes:
        value: nested dicts, lists and scalars.
        keys: place of each key (or list item), by path.
        values: place of each value, by path.
        faults: what was refused.
        refused: paths whose value was refused and must not be judged further.
    """

    value: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)

    def place(self, path: Path) -> Place:
        """Find where a path, or its nearest ancestor that exists, stands in the file."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, (1, 1))


def dotted(path: Path) -> str:
    """Write a path as people read it.

    >>> dotted(("options", "routed", "shares", 0))
    'options.routed.shares[0]'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def parse(text: str) -> Tree:
    """Read one YAML document; never raises for a bad one, the faults are in the tree."""
    tree = Tree()
    builder = _Builder(tree)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = " ".join(part for part in (error.context, error.problem) if part)
        tree.faults.append(Fault(*place, "", f"not valid YAML: {reason}"))
    except yaml.YAMLError as error:
        tree.faults.append(Fault(1, 1, "", f"not valid YAML: {str(error).splitlines()[0]}"))
    return tree


class _Builder:
    """Turns parser events into a tree; `take` returns False when reading on makes no sense."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.stack: list[_Open] = []
        self.documents = 0
        self.values = 0

    def take(self, event: yaml.Event) -> bool:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                return self._stop(event, "a second document begins here; a scenario is one document")
        elif isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            return self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        return True

    def _alias(self, event: yaml.AliasEvent) -> bool:
        hint = "repeat the value: every figure then has a line of its own"
        if self.stack and self.stack[-1].expects_key:
            return self._stop(event, f"alias '*{event.anchor}' as a key; aliases are not read", hint)
        path = self._add(None, event)
        self._fault(event, path, f"alias '*{event.anchor}'; aliases are not read", hint)
        self.tree.refused.add(path)
        return True

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> bool:
        if len(self.stack) >= MAX_DEPTH:
            return self._stop(event, f"nested more than {MAX_DEPTH} levels deep")
        if self.stack and self.stack[-1].expects_key:
            return self._stop(event, "a list or mapping as a key; keys are names")
        container: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._add(container, event)
        self.stack.append(_Open(container, path))
        return True

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self.stack and self.stack[-1].expects_key:
            self._key(event)
            return
        value, refusal = (event.value, None) if event.style else _resolve(event.value)
        path = self._add(value, event)
        if refusal is not None:
            self._fault(event, path, refusal[0], refusal[1])
            self.tree.refused.add(path)

    def _key(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1]
        key = event.value
        path = (*top.path, key)
        refusal = None if event.style else _resolve(key)[1]
        if key == "<<" and not event.style:
            hint = "write the keys out: every figure then has a line of its own"
            self._fault(event, path, "merge key '<<'; merge keys are not read", hint)
            path = (*top.path, f"<<{len(self.tree.refused)}")  # dropped with whatever it holds
            self.tree.refused.add(path)
        elif refusal is not None:
            self._fault(event, path, refusal[0], refusal[1])
        elif path in self.tree.keys:
            first = self.tree.keys[path][0]
            self._fault(event, path, f"duplicate key; already given in line {first}", "keep one of the two")
            path = (*top.path, f"{key} (again)")
            self.tree.refused.add(path)
        self.tree.keys[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        top.key = str(path[-1])

    def _add(self, value: Any, event: yaml.Event) -> Path:
        self.values += 1
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        if not self.stack:
            self.tree.value = value
            self.tree.keys[()] = self.tree.values[()] = place
            return ()
        top = self.stack[-1]
        if isinstance(top.container, dict):
            assert top.key is not None  # noqa: S101  # the parser alternates keys and values
            path = (*top.path, top.key)
            if path not in self.tree.refused:
                top.container[top.key] = value
            top.key = None
        else:
            path = (*top.path, len(top.container))
            self.tree.keys[path] = place
            top.container.append(value)
        self.tree.values[path] = place
        return path

    def _fault(self, event: yaml.Event, path: Path, message: str, hint: str | None = None) -> None:
        mark = event.start_mark
        self.tree.faults.append(Fault(mark.line + 1, mark.column + 1, dotted(path), message, hint))

    def _stop(self, event: yaml.Event, message: str, hint: str | None = None) -> bool:
        self._fault(event, self.stack[-1].path if self.stack else (), message, hint)
        self.tree.refused.add(())
        return False


@dataclass
class _Open:
    """A mapping or list that is being filled."""

    container: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None

    @property
    def expects_key(self) -> bool:
        return isinstance(self.container, dict) and self.key is None


def _resolve(text: str) -> tuple[Any, tuple[str, str] | None]:
    """Read a plain scalar; return its value and, when readers of YAML disagree about it, why it is refused.

    >>> _resolve("0.5"), _resolve("x"), _resolve("1e3")[1][1]
    ((0.5, None), ('x', None), 'write 1000 or, for text, quote it')
    """
    if text in ("", "~", "null", "Null", "NULL"):
        return None, None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true", None
    if _INTEGER.match(text):
        return (int(text), None) if len(text) <= 20 else _refuse(text, "is too long a number", "")
    if _DECIMAL.match(text):
        return (float(text), None) if isfinite(float(text)) else _refuse(text, "is not finite", "")
    return _ambiguous(text)


def _ambiguous(text: str) -> tuple[Any, tuple[str, str] | None]:
    if _MISREAD_WORD.match(text):
        return _refuse(text, "is a truth value to some YAML readers and text to others", "true or false")
    if _LEADING_ZERO.match(text):
        return _refuse(text, "is octal to some YAML readers and decimal to others", text.lstrip("+-0_") or "0")
    if _SEXAGESIMAL.match(text):
        return _refuse(text, "is a base-60 number to some YAML readers", "")
    if _BASE_OR_UNDERSCORE.match(text):
        return _refuse(text, "is a number to some YAML readers and text to others", "plain digits")
    if _NOT_FINITE.match(text):
        return _refuse(text, "is not a finite number", "a finite number")
    if _EXPONENT.match(text):
        value = float(text)
        plain = f"{value:.17g}" if isfinite(value) and 1e-5 < abs(value) < 1e15 else "plain digits"
        return _refuse(text, "is a number to some YAML readers and text to others", plain)
    return text, None


def _refuse(text: str, why: str, instead: str) -> tuple[Any, tuple[str, str] | None]:
    hint = f"write {instead} or, for text, quote it" if instead else f"quote it if text is meant: '{text[:30]}'"
    return None, (f"'{text[:40]}' {why}", hint)
