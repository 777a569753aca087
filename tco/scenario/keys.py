"""Keys: which keys a block of the scenario knows, found by walking the models along a location."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from tco.plugin import SelectedByKind, plugins_in
from tco.scenario import Scenario


def keys_at(loc: tuple[str | int, ...]) -> list[str]:
    """List the keys that the block at a pydantic location accepts; empty when the walk loses its way.

    >>> keys_at(("slo",))
    ['e2e_p95_s', 'ttft_p95_s', 'availability_fraction', 'cost_usd_per_request']
    >>> keys_at(("tiers", "any", "managed_api"))
    ['availability_fraction', 'kind', 'price', 'latency']
    """
    current: Any = Scenario
    for part in loc:
        current = _step(current, part)
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _step(current: Any, part: str | int) -> Any:
    if isinstance(current, type) and issubclass(current, BaseModel):
        field = current.model_fields.get(str(part))
        return _unwrapped(field.annotation, field.metadata) if field else None
    if isinstance(current, SelectedByKind):
        return plugins_in(current.package).get(str(part))
    origin, arguments = get_origin(current), get_args(current)
    if origin in (Union, types.UnionType):
        for choice in arguments:
            tags = [extra.tag for extra in getattr(choice, "__metadata__", ()) if isinstance(extra, Tag)]
            if part in tags:
                return _plain(choice)
        return None
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
