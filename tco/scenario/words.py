"""Words: what pydantic found, said in the words of this project: what stands there; what is allowed; what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tco.errors import suggestion
from tco.fields import PATTERNS
from tco.scenario.keys import keys_at, kinds_at, may_be_empty
from tco.scenario.nodes import Doubt, Path
from tco.scenario.scalars import TRUTH, quoted

Words = tuple[str, str | None]  # message and hint

_WHOLE, _NUMBER, _TEXT, _MAPPING, _LIST = "a whole number", "a number", "text", "a mapping of keys", "a list"
_DATE = "a date as YYYY-MM-DD"
_ALLOWED = {
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "a finite number",
    "string_type": _TEXT,
    "bool_type": "true or false",
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
}
_ABOUT_KINDS = ("union_tag_invalid", "union_tag_not_found")
_LIMITS = {
    "greater_than": ("gt", "above {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "below {}"),
    "less_than_equal": ("le", "at most {}"),
}
_LENGTHS = {
    "too_short": ("min_length", "at least {}", "entry", "entries"),
    "too_long": ("max_length", "at most {}", "entry", "entries"),
    "string_too_short": ("min_length", "at least {}", "character", "characters"),
    "string_too_long": ("max_length", "at most {}", "character", "characters"),
}


def words(entry: Any, path: Path) -> Words:
    """Say an error of pydantic's.

    Args:
        entry: one of the validation error's `errors()`.
        path: where in the file it is.

    Returns:
        The message and, where there is something to do about it, a hint.
    """
    kind = entry["type"]
    if kind in _ALLOWED:
        return f"{show(entry['input'])}; allowed: {_ALLOWED[kind]}", _instead(entry, path)
    if kind in _LIMITS:
        name, phrase = _LIMITS[kind]
        return f"{show(entry['input'])}; allowed: {phrase.format(_limit(entry['ctx'][name]))}", None
    if kind in _LENGTHS:
        return _length(entry), None
    say = _SPECIAL.get(kind)
    return say(entry, path) if say else (entry["msg"], (entry.get("ctx") or {}).get("hint"))


def instead_of(doubt: Doubt, entry: Any, path: Path) -> str | None:
    """Say what to write where readers of YAML disagree about a scalar, by what its field allows.

    Args:
        doubt: the scalar.
        entry: pydantic's error about that field.
        path: where in the file it is.

    Returns:
        The hint; None where the error does not say what is allowed.
    """
    if entry["type"] == "string_type":
        return f"quote it: {quoted(doubt.text)}"
    message, _ = words(entry, path)
    allowed = message.rpartition("; allowed: ")[2] if "; allowed: " in message else ""
    if entry["type"] in _ABOUT_KINDS:
        allowed = " or ".join(kinds_at(entry["loc"]))
    if allowed in (_WHOLE, _NUMBER) and doubt.instead != TRUTH:
        return f"write {doubt.instead}"
    return f"write {allowed}" if allowed else None


def _limit(limit: float) -> str:
    return f"{limit:.12g}" if isinstance(limit, float) else str(limit)


def _missing(_entry: Any, path: Path) -> Words:
    return (
        "missing; one more entry is required" if isinstance(path[-1], int) else "missing; this key is required"
    ), None


def _unknown_key(entry: Any, path: Path) -> Words:
    known = keys_at(entry["loc"][:-1])
    return f"unknown key; known: {', '.join(known) or 'none'}", suggestion(str(path[-1]), known)


def _unknown_kind(entry: Any, _path: Path) -> Words:
    known = kinds_at(entry["loc"])
    found = entry["input"].get("kind") if isinstance(entry["input"], dict) else None
    what = "no value" if found is None else f"{show(found)} is not a known kind"
    return f"{what}; known: {', '.join(known)}", suggestion(str(found), known)


def _no_kind(entry: Any, _path: Path) -> Words:
    given = entry["input"] if isinstance(entry["input"], dict) else {}
    near = next((key for key in given if suggestion("kind", [str(key)])), None)
    hint = f"did you mean 'kind' where '{near}' stands?" if near else None
    return f"missing; this key is required; known: {', '.join(kinds_at(entry['loc']))}", hint


def _literal(entry: Any, _path: Path) -> Words:
    expected = entry["ctx"]["expected"]
    names = [word.strip("' ") for word in expected.replace(" or ", ", ").split(",")]
    return f"{show(entry['input'])}; allowed: {expected}", suggestion(str(entry["input"]), names)


def _pattern(entry: Any, _path: Path) -> Words:
    pattern = entry["ctx"]["pattern"]
    return f"{show(entry['input'])}; allowed: {PATTERNS.get(pattern, f'text that matches {pattern}')}", None


def _neither(entry: Any, _path: Path) -> Words:
    return f"{show(entry['input'])}; {entry['msg']}", None


def _checked(entry: Any, _path: Path) -> Words:
    return str(entry["ctx"]["error"]), None


_SPECIAL: dict[str, Callable[[Any, Path], Words]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "union_tag_invalid": _unknown_kind,
    "union_tag_not_found": _no_kind,
    "literal_error": _literal,
    "string_pattern_mismatch": _pattern,
    "name_or_inline": _neither,
    "value_error": _checked,
    "conflict": _checked,
}


def _length(entry: Any) -> str:
    name, phrase, one, many = _LENGTHS[entry["type"]]
    limit, found = entry["ctx"][name], entry["input"]
    count = "no" if not found else str(len(found))
    given = f"{count} {one if len(found) == 1 else many}"
    shown = f"{show(found)}, {given}" if isinstance(found, str) else given
    return f"{shown}; allowed: {phrase.format(limit)} {one if limit == 1 else many}"


def _instead(entry: Any, path: Path) -> str | None:
    """Say what to write where the wrong kind of value stands, when that is plain to see."""
    found, allowed = entry["input"], _ALLOWED[entry["type"]]
    if allowed == _MAPPING:
        if isinstance(found, str) and found in kinds_at(entry["loc"]):
            return f"write {path[-1]}: {{kind: {found}}}"
        return "write {} to leave every key at its default" if found is None and may_be_empty(entry["loc"]) else None
    if allowed == _TEXT and isinstance(found, int | float) and not isinstance(found, bool):
        return f"quote it: '{show(found)}'"
    if allowed == _WHOLE and isinstance(found, float) and found.is_integer():
        return f"write {found:.0f}"
    return _number_in(found) if allowed in (_WHOLE, _NUMBER) and isinstance(found, str) else None


def _number_in(text: str) -> str | None:
    """Find the number that a text was meant to be.

    >>> _number_in("150,000"), _number_in("8 %"), _number_in("many") is None
    ('write 150000', 'write 0.08', True)
    """
    bare = "".join(char for char in text if char not in " ,_'%\xa0")
    try:
        number = float(bare) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return f"write {number:.12g}, without quotes" if bare == text else f"write {number:.12g}"


def show(found: Any) -> str:
    r"""Show a value as it stands in the file.

    >>> print(show(None), show(True), show(36.0), show("two\\nlines"))
    no value true 36.0 'two\nlines'
    """
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int | float):
        return str(found)
    if isinstance(found, dict):
        return "a mapping"
    if isinstance(found, list | tuple):
        return "a list"
    return "no value" if found is None else quoted(found.isoformat() if isinstance(found, date) else found)
