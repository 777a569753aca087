"""Keys: what a place in the scenario may hold, found by walking the models along a location of pydantic's."""

from __future__ import annotations

import types
from collections.abc import Collection
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from tco.plugin import SelectedByKind, plugins_in
from tco.scenario import Scenario
from tco.scenario.nodes import Path

KEY_OF_MAPPING = "[key]"  # pydantic ends a location so when the key is at fault, not the value


def path_of(loc: Path, value: Any) -> Path:
    """Drop the parts of a location that name a branch of a union rather than a key of the file.

    >>> path_of(("tiers", "api", "managed_api", "price", "inline", "source"), {})
    ('tiers', 'api', 'price', 'source')
    """
    path: list[str | int] = []
    branches = _branches_along(tuple(0 if isinstance(part, int) else part for part in loc))
    for part, branch in zip(loc, branches, strict=True):
        if branch or (part == KEY_OF_MAPPING and not (isinstance(value, dict) and part in value)):
            continue
        path.append(part)
        value = value.get(part) if isinstance(value, dict) else None
    return tuple(path)


@lru_cache(maxsize=1024)
def _branches_along(loc: Path) -> tuple[bool, ...]:
    """Tell which parts of a location name a branch; all items of a list are alike, so thousands are walked once."""
    current: Any = Scenario
    found = []
    for part in loc:
        found.append(part in _branches(current))
        current = _step(current, part)
    return tuple(found)


def keys_at(loc: Path) -> list[str]:
    """List the keys that the block at a location accepts; empty when the walk loses its way.

    >>> keys_at(("slo",))
    ['e2e_p95_s', 'ttft_p95_s', 'availability_fraction', 'success_fraction', 'cost_usd_per_request']
    >>> keys_at(("traffic", "arrivals", "gamma"))
    ['kind', 'interarrival_cv']
    """
    current = _at(loc)
    return list(current.model_fields) if _is_model(current) else []


def kinds_at(loc: Path) -> list[str]:
    """List the kinds of plug-in that may stand at a location; empty where none may.

    >>> kinds_at(("traffic", "arrivals"))
    ['constant', 'gamma', 'poisson', 'trace']
    """
    current = _at(loc)
    return list(plugins_in(current.package)) if isinstance(current, SelectedByKind) else []


def may_be_empty(loc: Path) -> bool:
    """Whether every key of the block at a location has a default.

    >>> may_be_empty(("slo",)), may_be_empty(("finance",))
    (True, False)
    """
    current = _at(loc)
    return _is_model(current) and not any(field.is_required() for field in current.model_fields.values())


def _at(loc: Path) -> Any:
    current: Any = Scenario
    for part in loc:
        current = _step(current, part)
    return current


def _is_model(current: Any) -> bool:
    return isinstance(current, type) and issubclass(current, BaseModel)


def _branches(current: Any) -> Collection[str | int]:
    if isinstance(current, SelectedByKind):
        return plugins_in(current.package)
    if get_origin(current) in (Union, types.UnionType):
        return [tag for choice in get_args(current) for tag in _tags(choice)]
    return ()


def _tags(choice: Any) -> list[str]:
    return [extra.tag for extra in getattr(choice, "__metadata__", ()) if isinstance(extra, Tag)]


def _step(current: Any, part: str | int) -> Any:
    if _is_model(current):
        field = current.model_fields.get(str(part))
        return _unwrapped(field.annotation, field.metadata) if field else None
    if isinstance(current, SelectedByKind):
        return plugins_in(current.package).get(str(part))
    origin, arguments = get_origin(current), get_args(current)
    if origin in (Union, types.UnionType):
        return next((_plain(choice) for choice in arguments if part in _tags(choice)), None)
    if origin in (dict, list, tuple):
        return _plain(arguments[-1] if origin is dict else arguments[0])
    return None


def _plain(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return _unwrapped(inner, metadata)
    return _unwrapped(annotation, [])


def _unwrapped(annotation: Any, metadata: Any) -> Any:
    for extra in metadata:
        if isinstance(extra, SelectedByKind):
            return extra
    if get_origin(annotation) is Annotated:
        return _plain(annotation)
    choices = [choice for choice in get_args(annotation) if choice is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType) and len(choices) == 1:
        return _plain(choices[0])
    return annotation
