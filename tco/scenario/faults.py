"""Faults: every error that pydantic found, once, at its line, leaving out those that follow from another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from tco.errors import Fault, suggestion
from tco.scenario.keys import KEY_OF_MAPPING, keys_at, path_of
from tco.scenario.nodes import Path, Tree, dotted
from tco.scenario.words import instead_of, words

MAX_COMPARED = 500  # unknown keys beyond, in a file that is no scenario, are not compared with those that are known
_ABOUT_A_KEY = {"extra_forbidden", "missing"}
_ABOUT_WHAT_LACKS = {"missing", "needed", "union_tag_not_found", "shares_sum", "no_shares", "no_place", "too_short"}
_ABOUT_THE_KIND = {"union_tag_invalid", "union_tag_not_found"}


@dataclass(frozen=True)
class _Found:
    """An error of pydantic's with the path in the file that it is about."""

    kind: str
    path: Path
    entry: Any

    @property
    def block(self) -> Path:
        """The mapping that lacks something, when something lacks."""
        whole = self.kind in ("shares_sum", "no_shares", "no_place", "too_short")
        return self.path if whole else self.path[:-1]

    @property
    def of_key(self) -> bool:
        """Whether the key is at fault, not what it holds."""
        return self.kind in _ABOUT_A_KEY or self.entry["loc"][-1:] == (KEY_OF_MAPPING,)


def faults_of(error: ValidationError, tree: Tree) -> list[Fault]:
    """Tell what the reader refused, and every error of a validation as a fault at its place.

    Left out is what repeats the reader, and what follows from another fault: a sum over shares of which one was
    refused, or a required key that is there but misspelt.
    """
    found = [_found(entry, tree) for entry in error.errors(include_url=False)]
    unknown = [item for item in found if item.kind == "extra_forbidden"]
    misspelt = {path for item in unknown[:MAX_COMPARED] if (path := _meant(item)) is not None}
    hopeless = {item.path for item in unknown[MAX_COMPARED:]}
    kept = [item for item in found if not _follows(item, tree, misspelt)]
    told = [_strange(item, tree) if item.path in hopeless else _fault(item, tree) for item in kept]
    return [*_refused(found, tree), *told]


def _refused(found: list[_Found], tree: Tree) -> list[Fault]:
    """Return the reader's faults; where a field is known, say what it allows."""
    told = list(tree.faults)
    for item in found:
        doubt = tree.doubts.get(item.path)
        if doubt is not None and not item.of_key:
            hint = instead_of(doubt, item.entry, item.path)
            told[doubt.fault] = replace(told[doubt.fault], hint=hint or told[doubt.fault].hint)
    return told


def _found(entry: Any, tree: Tree) -> _Found:
    kind = entry["type"]
    path = path_of(entry["loc"], tree.value)
    return _Found(kind, (*path, "kind") if kind in _ABOUT_THE_KIND else path, entry)


def _meant(item: _Found) -> Path | None:
    """Return the path that an unknown key was probably meant to be."""
    known = keys_at(item.entry["loc"][:-1])
    near = suggestion(str(item.path[-1]), known)
    return next(((*item.path[:-1], key) for key in known if near and f"'{key}'" in near), None)


def _follows(item: _Found, tree: Tree, misspelt: set[Path]) -> bool:
    """Whether a fault only repeats another one."""
    # that a key is unknown is news even where its value was refused
    judged = item.path[:-1] if item.kind == "extra_forbidden" else item.path
    if tree.is_refused(judged) or (item.path in tree.refused_keys and item.of_key):
        return True
    if item.kind == "conflict":  # between a field that was refused, or not recognised, and its default
        fields = [(*item.path, name) for name in item.entry["ctx"]["fields"]]
        return any(tree.is_refused(path) or (path in misspelt and path not in tree.keys) for path in fields)
    if item.kind in _ABOUT_WHAT_LACKS and item.block in tree.incomplete:
        return True
    if item.kind == "unreached":  # an option that could not be read may lead there
        return any(path[:1] in ((), ("options",)) for path in tree.incomplete)
    if item.kind == "too_short":  # pydantic counts only the entries that are right
        needed = (item.entry.get("ctx") or {}).get("min_length", 0)
        return isinstance(item.entry["input"], list | tuple) and len(item.entry["input"]) >= needed
    return item.path in misspelt and item.path not in tree.keys


def _strange(item: _Found, tree: Tree) -> Fault:
    return Fault(*tree.place(item.path), dotted(item.path), "unknown key")


def _fault(item: _Found, tree: Tree) -> Fault:
    message, hint = words(item.entry, item.path)
    place = tree.place(item.path) if item.of_key else tree.value_place(item.path)
    return Fault(*place, dotted(item.path), message, hint)
