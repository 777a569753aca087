"""Plug-ins: one file, one class; its `kind` makes it selectable in YAML and its fields are its YAML keys.

A field annotated `Annotated[RoutingPolicy, SelectedByKind("tco.policies.routing")]` accepts any subclass found in
that folder. There is no registry to edit: the folder is the registry.
"""

from __future__ import annotations

import pkgutil
from functools import lru_cache
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Frozen(BaseModel):
    """Base of every input model: immutable, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Plugin(Frozen):
    """Base of every class that YAML selects by `kind`, which each subclass declares as a literal."""

    @classmethod
    def kind_name(cls) -> str:
        """Return the kind that selects this class."""
        return str(cls.model_fields["kind"].default)


@lru_cache
def plugins_in(package: str) -> dict[str, type[Any]]:
    """Find the plug-ins of a folder, by kind: every class defined there with a `kind` of its own.

    A pydantic plug-in declares `kind: Literal["x"] = "x"`; a plain class sets `kind = "x"`.
    """
    found: dict[str, type[Any]] = {}
    folder = import_module(package)
    for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda entry: entry.name):
        home = import_module(f"{package}.{module.name}")
        for thing in vars(home).values():
            kind = _kind(thing) if isinstance(thing, type) and thing.__module__ == home.__name__ else None
            if kind is None:
                continue
            if kind in found:
                raise TypeError(f"two plug-ins of {package} call themselves {kind!r}")
            found[kind] = thing
    return found


def _kind(candidate: type[Any]) -> str | None:
    if issubclass(candidate, BaseModel):
        field = candidate.model_fields.get("kind")
        return str(field.default) if field is not None and isinstance(field.default, str) else None
    kind = vars(candidate).get("kind")
    return kind if isinstance(kind, str) else None


class SelectedByKind:
    """Annotation that validates a mapping into the plug-in that its `kind` names."""

    def __init__(self, package: str) -> None:
        self.package = package

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Build a tagged union of every plug-in in the folder."""
        choices = {kind: handler.generate_schema(cls) for kind, cls in plugins_in(self.package).items()}
        return core_schema.tagged_union_schema(choices, discriminator="kind")
