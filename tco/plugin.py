"""Plug-ins: one file, one class; its `kind` makes it selectable in YAML and its fields are its YAML keys.

A field annotated `Annotated[RoutingPolicy, SelectedByKind("tco.policies.routing")]` accepts any subclass found in
that folder. There is no registry to edit: the folder is the registry.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from copy import copy
from functools import cache
from importlib import import_module
from typing import Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from tco.fields import told_again

_Check = TypeVar("_Check", bound=Callable[[Any], None])


def together(*fields: str) -> Callable[[_Check], _Check]:
    """Make a method of a model a check of fields that must fit together; it raises ValueError where they do not.

    It is run whenever these fields are valid, however wrong others are, so that all faults are told at once (a
    validator of pydantic's that runs after the fields' own waits until none of them has a fault). It may read these
    fields only.
    """

    def mark(check: _Check) -> _Check:
        check.fields_together = fields  # type: ignore[attr-defined]  # a mark on a function
        return check

    return mark


class Frozen(BaseModel):
    """Base of every input model: immutable, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _fields_fit_together(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        try:
            valid = handler(data)
        except ValidationError as parts:
            partial = [(check, _with_fields(cls, check.fields_together, data, info)) for check in checks_of(cls)]
            conflicts = [said for check, known in partial if known is not None for said in _said(check, known, data)]
            if not conflicts:
                raise
            raise told_again(parts, conflicts) from parts
        conflicts = [said for check in checks_of(cls) for said in _said(check, valid, data)]
        if conflicts:
            raise ValidationError.from_exception_data(cls.__name__, conflicts)
        return valid


@cache
def checks_of(cls: type[BaseModel]) -> tuple[Any, ...]:
    """List a model's checks of fields that must fit together, those of its bases first."""
    found = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
    return tuple(value for value in found.values() if hasattr(value, "fields_together"))


def _said(check: Any, instance: Any, data: Any) -> list[InitErrorDetails]:
    try:
        check(instance)
    except ValueError as error:
        kind = PydanticCustomError("conflict", "{error}", {"error": str(error), "fields": check.fields_together})
        return [InitErrorDetails(type=kind, loc=(), input=data)]
    return []


def _with_fields(cls: type[BaseModel], fields: tuple[str, ...], data: Any, info: ValidationInfo) -> Any:
    """Build a model of which only some fields are there; None where one of these is wrong itself."""
    if not isinstance(data, dict):
        return None
    given = {name: data[name] for name in fields if name in data}
    try:
        part = _part(cls, fields).model_validate(given, context=info.context)
    except ValidationError:
        return None
    return cls.model_construct(**{name: getattr(part, name) for name in fields})


def valid_fields(cls: type[BaseModel], data: Any, context: Any) -> Any:
    """Build a model of those fields that are valid by themselves; the others are not there, and cannot be read.

    Where a key is unknown, it may be a field misspelt: fields that are not given are not there then, either.

    Args:
        cls: the model.
        data: a mapping, or such a model.
        context: what the validation is told.

    Returns:
        The model; None where `data` is neither.
    """
    if isinstance(data, cls) or not isinstance(data, dict):
        return data if isinstance(data, cls) else None
    given = [name for name in cls.model_fields if name in data]
    found = {name: part for name in given for part in _valid_field(cls, name, data, context)}
    known = {} if data.keys() - cls.model_fields.keys() else _defaults(cls)
    values = {**{name: value for name, value in known.items() if name not in data}, **found}
    model = cls.model_construct(**values)
    for name in cls.model_fields.keys() - values.keys():
        vars(model).pop(name, None)
    return model


def _valid_field(cls: type[BaseModel], name: str, data: dict[str, Any], context: Any) -> list[Any]:
    try:
        return [getattr(_part(cls, (name,)).model_validate({name: data[name]}, context=context), name)]
    except ValidationError:
        return []


def _defaults(cls: type[BaseModel]) -> dict[str, Any]:
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in cls.model_fields.items()
        if not field.is_required()
    }


@cache
def _part(cls: type[BaseModel], fields: tuple[str, ...]) -> type[BaseModel]:
    chosen: dict[str, Any] = {
        name: (cls.model_fields[name].annotation, copy(cls.model_fields[name])) for name in fields
    }
    return create_model(cls.__name__, __base__=Frozen, **chosen)


class Plugin(Frozen):
    """Base of every class that YAML selects by `kind`, which each subclass declares as a literal."""

    @classmethod
    def kind_name(cls) -> str:
        """Return the kind that selects this class."""
        return str(cls.model_fields["kind"].default)


@cache
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
