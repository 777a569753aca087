"""Faults: pydantic's errors in the words of this project, each at its line."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from tco.errors import Fault, suggestion
from tco.plugin import plugins_in
from tco.scenario.nodes import Path, Tree, dotted

_PLUGIN_FOLDERS = (
    "tco.arrivals",
    "tco.lengths",
    "tco.policies.routing",
    "tco.policies.caching",
    "tco.scenario.tiers",
)
_BRANCHES = {"name", "inline", "inline_request", "weights", "[key]"}

_ALLOWED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "list_type": "a list",
    "tuple_type": "a list",
    "finite_number": "a finite number",
    "date_type": "a date as YYYY-MM-DD",
    "date_parsing": "a date as YYYY-MM-DD",
    "date_from_datetime_parsing": "a date as YYYY-MM-DD",
}
_LIMITS = {
    "greater_than": ("gt", "above {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "below {}"),
    "less_than_equal": ("le", "at most {}"),
    "too_short": ("min_length", "at least {} entries"),
    "too_long": ("max_length", "at most {} entries"),
    "string_too_short": ("min_length", "at least {} characters"),
    "string_too_long": ("max_length", "at most {} characters"),
}


def faults_of(error: ValidationError, tree: Tree) -> list[Fault]:
    """Turn every error of a validation into a fault, leaving out values that the reader already refused."""
    known_keys = _siblings(error)
    faults = []
    for entry in error.errors(include_url=False):
        path = _path(entry["loc"], tree.value)
        if any(path[: len(refused)] == refused for refused in tree.refused):
            continue
        message, hint = _words(entry, path, known_keys)
        faults.append(Fault(*tree.place(path), dotted(path), message, hint))
    return faults


def _path(loc: tuple[str | int, ...], value: Any) -> Path:
    """Drop the parts of a location that name a branch of a union rather than a key of the file."""
    path: list[str | int] = []
    tags = _BRANCHES | {kind for folder in _PLUGIN_FOLDERS for kind in plugins_in(folder)}
    for position, part in enumerate(loc):
        inside = isinstance(value, dict) and part in value
        if (
            not inside
            and part in tags
            and not (isinstance(value, dict) and position == len(loc) - 1 and part == "name")
        ):
            continue
        path.append(part)
        if inside or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            value = value[part]
        else:
            value = None
    return tuple(path)


def _words(entry: Any, path: Path, known_keys: dict[tuple[str | int, ...], list[str]]) -> tuple[str, str | None]:
    kind, context, found = entry["type"], entry.get("ctx") or {}, entry["input"]
    hint = context.get("hint")
    if kind == "missing":
        return "missing; this key is required", None
    if kind == "extra_forbidden":
        known = known_keys.get(entry["loc"], [])
        return f"unknown key; known: {', '.join(known) or 'none'}", suggestion(str(path[-1]), known)
    if kind == "union_tag_invalid":
        known = [word.strip().strip("'") for word in context["expected_tags"].split(",")]
        return f"'{context['tag']}' is not a known kind; known: {', '.join(known)}", suggestion(context["tag"], known)
    if kind == "union_tag_not_found":
        return "missing key 'kind', which selects one of the plug-ins", None
    if kind in _LIMITS:
        field, phrase = _LIMITS[kind]
        length = f" ({len(found)} given)" if isinstance(found, str | list | dict) else ""
        return f"{_show(found)}{length}; allowed: {phrase.format(_plain(context[field]))}", None
    if kind in _ALLOWED:
        return f"{_show(found)} is not {_ALLOWED[kind]}", None
    if kind == "string_pattern_mismatch":
        return f"{_show(found)}; allowed: text that matches {context['pattern']}", None
    if kind == "literal_error":
        return f"{_show(found)}; allowed: {context['expected']}", suggestion(str(found), _quoted(context["expected"]))
    if kind == "value_error":
        return str(context["error"]), None
    return entry["msg"], hint


def _show(found: Any) -> str:
    if isinstance(found, dict):
        return "a mapping"
    if isinstance(found, list):
        return "a list"
    return (
        {None: "nothing", True: "true", False: "false"}.get(found, f"'{str(found)[:60]}'")
        if not isinstance(found, int | float) or isinstance(found, bool)
        else _plain(found)
    )


def _plain(number: Any) -> str:
    return f"{number:,.12g}".replace(",", "") if isinstance(number, int | float) else str(number)


def _quoted(expected: str) -> list[str]:
    return [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]


def _siblings(error: ValidationError) -> dict[tuple[str | int, ...], list[str]]:
    """List, for every unknown key, the keys that its block knows."""
    from tco.scenario.keys import keys_at  # only a wrong file pays for the walk

    return {
        entry["loc"]: keys_at(entry["loc"][:-1])
        for entry in error.errors(include_url=False)
        if entry["type"] == "extra_forbidden"
    }
