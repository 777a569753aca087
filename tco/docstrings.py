"""Docstrings of fields, read from the source when somebody asks.

Pydantic can read them as each model is made, but that parses every model's source on every start of the command: a
quarter of the time of `tco check`, which shows none of them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


@cache
def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field that has one, by the field's name; a base's where not overridden."""
    bases = [base for base in reversed(model.__mro__) if issubclass(base, BaseModel) and base is not BaseModel]
    found = {name: told for base in bases for name, told in _written(base)}
    return {name: found[name] for name in model.model_fields if name in found}


def _written(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    definition = _definitions(model.__module__).get(model.__qualname__)
    for statement, following in pairwise(definition.body if definition else ()):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(told))):
                yield name, inspect.cleandoc(told)


@cache
def _definitions(module: str) -> dict[str, ast.ClassDef]:
    """Parse a module and list its classes by qualified name, those within functions too."""
    try:
        source = inspect.getsource(sys.modules[module])
    except OSError:  # a module that was typed in, or shipped without source, explains nothing
        return {}
    return dict(_within(ast.parse(source), ""))


def _within(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.ClassDef(name=name):
                yield prefix + name, child
                yield from _within(child, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield from _within(child, f"{prefix}{name}.<locals>.")
            case _:
                yield from _within(child, prefix)
