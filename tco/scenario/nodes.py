"""YAML as a tree of plain values with the place of every key and value, built from parser events.

PyYAML's own construction keeps the last of two equal keys, reads `012` as 10 and `NO` as false, and expands alias
bombs. Walking the events refuses all of that, in a millisecond, without recursion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from tco.errors import Fault
from tco.scenario.scalars import Refusal, quoted, resolve

Path = tuple[str | int, ...]
Place = tuple[int, int]

MAX_BYTES = 2_000_000  # a scenario is a page or two; this leaves room for long tables
MAX_DEPTH = 40
MAX_VALUES = 100_000

# The complement of YAML's printable characters (YAML 1.2, production 1).
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KEYS_SHOWN = 12  # the path of a fault in a nest of brackets is cut here

# What PyYAML says, and what to do about it.
_SYNTAX_HINTS = (
    ("tab character", "indent with spaces"),
    ("mapping values are not allowed", "quote text that holds ': ', and check the indentation"),
    ("found unexpected end of stream", "close the quote"),
    ("could not find expected ':'", "write 'key: value'"),
    ("expected ',' or", "close the bracket, and quote text that holds ',' or ': '"),
    ("did not find expected key", "check the indentation: keys of one block begin in the same column"),
    ("found character that cannot start any token", "indent with spaces, and quote text that begins with @ or `"),
)


REFUSED: Any = object()  # stands where a value was refused: it is there, and it is nothing that any field allows


@dataclass(frozen=True, slots=True)
class Doubt:
    """A scalar that readers of YAML disagree about.

    Attributes:
        text: the scalar as it stands.
        instead: what to write where the field takes such a value.
        fault: place of its fault in the tree's list.
    """

    text: str
    instead: str
    fault: int


@dataclass
class Tree:
    """A YAML document as plain values, with places and the faults met on the way.

    Attributes:
        value: nested dicts, lists and scalars.
        keys: place of each key (or list item), by path.
        scalars: place of each value that is neither a mapping nor a list, by path.
        faults: what was refused.
        refused: paths whose value was refused and must not be judged further.
        refused_keys: paths whose key was refused; what it holds is judged, the key is not.
        incomplete: mappings that lost a part, so that what they lack cannot be judged.
        doubts: scalars that were refused, by path; what to write there depends on the field.
    """

    value: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    scalars: dict[Path, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)
    refused_keys: set[Path] = field(default_factory=set)
    incomplete: set[Path] = field(default_factory=set)
    doubts: dict[Path, Doubt] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Find where the key of a path, or of its nearest ancestor that exists, stands in the file."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, (1, 1))

    def value_place(self, path: Path) -> Place:
        """Find where a value stands in the file; a mapping or list is found at its key."""
        return self.scalars.get(path) or self.place(path)

    def is_refused(self, path: Path) -> bool:
        """Whether a path, or what holds it, was refused."""
        return any(path[:length] in self.refused for length in range(len(path) + 1))


def dotted(path: Path) -> str:
    """Write a path as people read it.

    >>> dotted(("options", "routed", "shares", 0))
    'options.routed.shares[0]'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = str(part) if part and str(part).isprintable() else quoted(part)
            text += f".{word}" if text else word
    return text


def parse(text: str) -> Tree:
    """Read one YAML document; never raises for a bad one, the faults are in the tree."""
    tree = Tree()
    control = _UNPRINTABLE.search(text)
    if control is not None:
        before = text[: control.start()]
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"control character U+{ord(control.group()):04X}; allowed: printable text"
        tree.faults.append(Fault(*place, "", message))
        tree.refused.add(())
        return tree
    builder = _Builder(tree)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        tree.faults.append(_syntax_fault(error, text))
        tree.refused.add(())
    return tree


def _syntax_fault(error: yaml.MarkedYAMLError, text: str) -> Fault:
    problem, context = error.problem or "", error.context or ""
    ended = "end of stream" in problem
    mark = (error.context_mark if ended else None) or error.problem_mark or error.context_mark
    line, column = _place(mark)
    lines = max(len(text.splitlines()), 1)  # what is missing at the end is missed one line below it
    since = f", {context} begun in line {_place(error.context_mark)[0]}" if context else ""
    hint = next((hint for words, hint in _SYNTAX_HINTS if words in problem), None)
    return Fault(min(line, lines), column if line <= lines else 1, "", f"not valid YAML: {problem}{since}", hint)


def _place(mark: Any) -> Place:
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)  # two classes of mark, neither exported


class _Builder:
    """Turns parser events into a tree; `take` returns False when reading on makes no sense."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.stack: list[_Open] = []
        self.documents = 0
        self.values = 0
        self.lists_with_aliases: set[Path] = set()

    def take(self, event: yaml.Event) -> bool:
        """Add an event to the tree; return False when reading on makes no sense."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                return self._stop(event, "a second document begins here; a scenario is one document")
        elif isinstance(event, yaml.NodeEvent):
            self.values += 1
            if self.values > MAX_VALUES:
                return self._stop(event, f"more than {MAX_VALUES:,} values; a scenario has fewer")
            return self._node(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
        return True

    def _node(self, event: yaml.NodeEvent) -> bool:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            return self._open(event)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        return True

    def _alias(self, event: yaml.AliasEvent) -> bool:
        hint = "repeat the value: every figure then has a line of its own"
        if self.stack and self.stack[-1].expects_key:
            return self._stop(event, f"alias '*{event.anchor}' as a key; keys are names", hint)
        path = self._add(REFUSED, event)
        holder = path[:-1] if path and isinstance(path[-1], int) else None
        if holder is None or holder not in self.lists_with_aliases:  # a list of thousands is one mistake
            self._fault(event, path, f"alias '*{event.anchor}'; aliases are not read", hint)
        if holder is not None:
            self.lists_with_aliases.add(holder)
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
        if event.tag is not None:
            self._refuse_tag(event, path)
        return True

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self.stack and self.stack[-1].expects_key:
            self._key(event)
            return
        plain = not event.style and self.stack  # a file that is one word is told so, whatever the word
        value, refusal = resolve(event.value) if plain else (event.value, None)
        if refusal is not None:
            self._refuse_scalar(event, refusal)
            return
        path = self._add(value, event)
        self.tree.scalars[path] = _place(event.start_mark)
        if event.tag is not None:
            self._refuse_tag(event, path)

    def _key(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1]
        key = event.value
        path = (*top.path, key)
        refusal = None if event.style else resolve(key)[1]
        if key == "<<" and not event.style:
            hint = "write the keys out: every figure then has a line of its own"
            self._fault(event, path, "merge key '<<'; merge keys are not read", hint)
            path = self._drop(top, f"<<{len(self.tree.refused)}")
        elif path in self.tree.keys:
            first = self.tree.keys[path][0]
            self._fault(event, path, f"duplicate key; already given in line {first}", "keep one of the two")
            path = self._drop(top, f"{key} (again)")
        elif refusal is not None:
            self._fault(event, path, refusal[0], f"quote it: {quoted(key)}")
            self.tree.refused_keys.add(path)
        self.tree.keys[path] = _place(event.start_mark)
        top.key = str(path[-1])

    def _drop(self, top: _Open, key: str) -> Path:
        """Give a refused entry a name under which it and all it holds are left out."""
        path = (*top.path, key)
        self.tree.refused.add(path)
        self.tree.incomplete.add(top.path)
        return path

    def _add(self, value: Any, event: yaml.Event) -> Path:
        if not self.stack:
            self.tree.value = value
            self.tree.keys[()] = _place(event.start_mark)
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
            self.tree.keys[path] = _place(event.start_mark)
            top.container.append(value)
        return path

    def _refuse_scalar(self, event: yaml.ScalarEvent, refusal: Refusal) -> None:
        path = self._add(REFUSED, event)
        message, instead = refusal
        before = len(self.tree.faults)
        self._fault(event, path, message, f"write {instead} or, for text, quote it")
        if len(self.tree.faults) > before:
            self.tree.doubts[path] = Doubt(event.value, instead, before)
        self.tree.refused.add(path)

    def _refuse_tag(self, event: yaml.NodeEvent, path: Path) -> None:
        tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")  # type: ignore[attr-defined]  # every node but an alias has one
        self._fault(event, path, f"tag {quoted(tag)}; tags are not read", "leave it out")
        self.tree.refused.add(path)

    def _fault(self, event: yaml.Event, path: Path, message: str, hint: str | None = None) -> None:
        if not self.tree.is_refused(path):  # what is inside a refused value is not read
            self.tree.faults.append(Fault(*_place(event.start_mark), dotted(path), message, hint))

    def _stop(self, event: yaml.Event, message: str, hint: str | None = None) -> bool:
        path = self.stack[-1].path if self.stack else ()
        self._fault(event, path[:_KEYS_SHOWN], message, hint)
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
        """Whether a mapping is open whose next event is a key."""
        return isinstance(self.container, dict) and self.key is None
