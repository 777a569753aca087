"""Shares: which mappings of a scenario sum to 1, found by the mark on their fields."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from tco.fields import SHARES
from tco.plugin import SelectedByKind, plugins_in
from tco.scenario import Scenario
from tco.scenario.nodes import Path
from tco.scenario.traffic import CLASS_SHARES

Choice = tuple[Any, tuple[Any, ...]]  # a type that may stand somewhere, and the marks on it


def linked_shares(path: Path, scenario: Any) -> tuple[Path, str] | None:
    """Find the mapping whose shares sum to 1 that a path belongs to, and the name of the share there.

    Args:
        path: keys of a value.
        scenario: the scenario as plain values.

    >>> linked_shares(("classes", "chat", "share"), {}), linked_shares(("classes", "chat", "sensitive"), {})
    ((('classes',), 'chat'), None)
    >>> linked_shares(("regions", "user_shares", "eu"), {})
    (('regions', 'user_shares'), 'eu')
    """
    choices: list[Choice] = [(Scenario, ())]
    value = scenario
    for depth, part in enumerate(path):
        marks = [mark for _, marked in choices for mark in marked]
        last = path[depth:]
        if (SHARES in marks and len(last) == 1) or (CLASS_SHARES in marks and last[1:] == ("share",)):
            return path[:depth], str(part)
        choices = [found for choice in choices for found in _within(choice, part, value)]
        value = value.get(part) if isinstance(value, dict) else None
    return None


def _within(choice: Choice, part: str | int, value: Any) -> Iterator[Choice]:
    """Yield what may stand under a key of a type; of plug-ins, that of the value's own kind."""
    kind, marks = choice
    origin: Any = get_origin(kind)
    for mark in marks:
        if isinstance(mark, SelectedByKind) and isinstance(value, dict):
            kind = plugins_in(mark.package).get(value.get("kind", ""))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        if field is not None:
            for inner, more in _choices(field.annotation):
                yield inner, (*field.metadata, *more)
    elif origin in (dict, list, tuple):
        arguments = get_args(kind)
        yield from _choices(arguments[1] if origin is dict else arguments[0])


def _choices(annotation: Any) -> Iterator[Choice]:
    """Take an annotation apart into types with their marks; a union is several."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        for kind, more in _choices(inner):
            yield kind, (*marks, *more)
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _choices(each)
    else:
        yield annotation, ()
