"""Describe: every key that a scenario holds, with its value, what it means and where the file writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

from pydantic import BaseModel

from tco.docstrings import field_docstrings
from tco.plugin import Plugin
from tco.scenario import Scenario
from tco.scenario.loader import LoadedScenario
from tco.scenario.nodes import Path, dotted
from tco.units import unit_of


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a scenario, given or left at its default.

    Attributes:
        path: the key, part by part; names of tiers and options may hold dots.
        field: field of the model that it is, or that it is an entry of.
        value: what the validated scenario holds there: a figure, a list, a mapping or a block.
        documentation: what the field means, from its docstring; of an entry or a kind, what the block is.
    """

    path: Path
    field: str
    value: Any
    documentation: str

    @property
    def name(self) -> str:
        """The key as people write it."""
        return dotted(self.path)

    @property
    def unit(self) -> str | None:
        """Unit of the figure in words; None for what is no figure."""
        return None if _is_block(self.value) or not _is_figure(self.value) else unit_of(self.field)

    @property
    def is_block(self) -> bool:
        """Whether it holds further keys."""
        return _is_block(self.value)

    def holds(self, path: Path) -> bool:
        """Whether a path is this key, or lies below it."""
        return path[: len(self.path)] == self.path


def keys_of(scenario: Scenario) -> dict[str, Key]:
    """List every key of a scenario by its dotted name, in the order of the models; a list of figures is one key."""
    return {key.name: key for key in _below(scenario, (), "")}


def written(loaded: LoadedScenario, key: Key) -> tuple[Any, int | None]:
    """Return a key's value as it is written and its line; the default and None where the file does not give it."""
    place = loaded.tree.keys.get(key.path)
    if place is None:
        return key.value, None
    found: Any = loaded.raw
    for part in key.path:
        found = found[part]
    return found, place[0]


def _below(block: Any, path: Path, meaning: str) -> Iterator[Key]:
    for key in _entries(block, path, meaning):
        yield key
        if key.is_block:
            yield from _below(key.value, key.path, key.documentation)


def _entries(block: Any, path: Path, meaning: str) -> Iterator[Key]:
    """List the keys of a block; the entries of a mapping mean what the mapping does, where they are no blocks."""
    if isinstance(block, BaseModel):
        docstrings = field_docstrings(type(block))
        for name in type(block).model_fields:
            value = getattr(block, name)
            yield Key((*path, name), name, value, _meaning(docstrings.get(name), value if name != "kind" else block))
        return
    for at, value in block.items() if isinstance(block, dict) else enumerate(block):
        told = _summary(value) if isinstance(value, BaseModel) else meaning
        yield Key((*path, at), str(path[-1]), value, told)


def _meaning(description: str | None, value: Any) -> str:
    """Join a field's docstring, and that of the plug-in which a kind has chosen."""
    told = [" ".join(description.split())] if description else []
    return " ".join([*told, _summary(value)] if isinstance(value, Plugin) else told)


def _summary(value: BaseModel) -> str:
    """Return the first paragraph of a model's docstring."""
    return " ".join(cleandoc(type(value).__doc__ or "").partition("\n\n")[0].split())


def _is_block(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(isinstance(entry, BaseModel) for entry in value)
    return isinstance(value, BaseModel | dict)


def _is_figure(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_figure(entry) for entry in value)
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
