"""Vary: change scenario keys by their path, keeping linked shares summing to 1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from itertools import product
from math import fsum
from typing import Any

from tco.errors import UsageError
from tco.fields import SHARE_TOLERANCE
from tco.scenario.shares import linked_shares

Path = tuple[str | int, ...]
Value = float | int | str
MAX_POINTS = 100_000
_RANGE = re.compile(r"^([^:,]+):([^:,]+):([^:,]+)$")


@dataclass(frozen=True, slots=True)
class Axis:
    """One key to vary.

    Attributes:
        name: the path as the user wrote it.
        path: the same as keys.
        values: what the key takes, in order.
    """

    name: str
    path: Path
    values: tuple[Value, ...]


def parse_axis(text: str, scenario: Mapping[str, Any]) -> Axis:
    """Read `PATH=from:to:step` (both ends included) or `PATH=a,b,c`.

    Args:
        text: what the user wrote.
        scenario: the scenario as plain values, with defaults, to resolve the path in.

    Raises:
        UsageError: for a wrong form, a wrong range, or a path that is not in the scenario (nearest ones are given).
    """
    name, equals, spec = text.partition("=")
    if not equals or not name or not spec:
        raise UsageError(f"--vary '{text}': write PATH=from:to:step or PATH=value,value,...")
    path = find_path(name, scenario)
    current = _get(scenario, path)
    match = _RANGE.match(spec)
    if not match and ":" in spec and not isinstance(current, str):
        raise UsageError(f"--vary '{text}': '{spec}' is neither from:to:step, with both colons, nor value,value,...")
    texts = _range(text, *match.groups()) if match else tuple(part.strip() for part in spec.split(","))
    return Axis(name, path, tuple(_typed(part, current, text) for part in texts))


def _range(text: str, first: str, last: str, step: str) -> tuple[str, ...]:
    try:
        start, stop, stride = (Decimal(part.strip()) for part in (first, last, step))
    except InvalidOperation:
        raise UsageError(f"--vary '{text}': '{first}:{last}:{step}' is not from:to:step in numbers") from None
    if not all(number.is_finite() for number in (start, stop, stride)) or stride <= 0 or stop < start:
        raise UsageError(f"--vary '{text}': from must not be above to, and step must be above 0")
    count = int((stop - start) / stride) + 1
    if count > MAX_POINTS:
        raise UsageError(f"--vary '{text}': {count:,} values; allowed: at most {MAX_POINTS:,}")
    return tuple(str(start + index * stride) for index in range(count))


def _typed(text: str, current: Any, whole: str) -> Value:
    """Read a value as the key's own kind of value.

    A key that holds none yet takes what is written: whole numbers, which every number accepts, other numbers, or text.
    """
    if isinstance(current, str):
        return text
    if isinstance(current, bool):
        return _truth(text, whole)
    try:
        number = float(text)
    except ValueError:
        if current is None:
            return text
        raise UsageError(f"--vary '{whole}': '{text}' is not a number, but the key holds {current!r}") from None
    return int(number) if isinstance(current, int | None) and number.is_integer() else number


def _truth(text: str, whole: str) -> bool:
    if text not in ("true", "false"):
        raise UsageError(f"--vary '{whole}': '{text}' is not a truth value; allowed: true or false")
    return text == "true"


def find_path(name: str, scenario: Mapping[str, Any]) -> Path:
    """Resolve a dotted path; names of tiers and options may hold dots themselves.

    Raises:
        UsageError: naming the nearest paths.

    >>> find_path("a.b.c[1]", {"a": {"b.c": [1, 2]}})
    ('a', 'b.c', 1)
    """
    leaves = {dotted: path for path, dotted in _leaves(scenario)}
    if name in leaves:
        return leaves[name]
    last = name.rpartition(".")[2]
    near = (
        [path for path in leaves if path.startswith((f"{name}.", f"{name}["))][:3]
        or get_close_matches(name, leaves, n=3, cutoff=0.4)
        or [path for path in leaves if last and path.endswith(last)][:3]
    )
    hint = f"nearest: {', '.join(near)}" if near else f"a path begins with one of {', '.join(scenario)}"
    raise UsageError(f"--vary: '{name}' is not a key of the scenario that holds one value\n    hint: {hint}")


def _leaves(value: Any, path: Path = (), dotted: str = "") -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key), f"{dotted}.{key}" if dotted else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index), f"{dotted}[{index}]")
    else:
        yield path, dotted


def _get(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def grid(axes: list[Axis]) -> list[dict[Path, Value]]:
    """List every combination of the axes' values, the last axis fastest. Other samplers return the same kind of list.

    Raises:
        UsageError: when there are more than `MAX_POINTS`, or one key is varied twice.
    """
    if len({axis.path for axis in axes}) < len(axes):
        raise UsageError("--vary: the same key is varied twice")
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > MAX_POINTS:
        raise UsageError(f"--vary: {count:,} points; allowed: at most {MAX_POINTS:,}")
    return [
        dict(zip((axis.path for axis in axes), values, strict=True))
        for values in product(*(axis.values for axis in axes))
    ]


def with_values(scenario: Mapping[str, Any], point: Mapping[Path, Value]) -> dict[str, Any] | None:
    """Return the scenario with keys changed and linked shares renormalised.

    Shares that are not varied keep their proportions to each other and fill what the varied ones leave.

    Returns:
        The changed scenario; None where the varied shares alone exceed 1, so that no such scenario exists.

    Raises:
        UsageError: when varied shares leave a rest that no other share can take.
    """
    changed: dict[str, Any] = deepcopy(dict(scenario))
    groups: dict[Path, dict[str, float]] = {}
    for path, value in point.items():
        holder = _get(changed, path[:-1])
        holder[path[-1]] = value
        link = linked_shares(path, changed)
        if link is not None and not isinstance(value, str):
            groups.setdefault(link[0], {})[link[1]] = value
    for path, fixed in groups.items():
        if fsum(fixed.values()) > 1.0 + SHARE_TOLERANCE and all(0 <= value <= 1 for value in fixed.values()):
            return None
        _renormalise(_get(changed, path), fixed)
    return changed


def _renormalise(holder: dict[str, Any], fixed: Mapping[str, float]) -> None:
    nested = all(isinstance(value, dict) for value in holder.values())
    others = {name: (value["share"] if nested else value) for name, value in holder.items() if name not in fixed}
    total, rest = fsum(others.values()), max(0.0, 1.0 - fsum(fixed.values()))
    if total <= 0 and rest > SHARE_TOLERANCE:
        leave = "leaves" if len(fixed) == 1 else "leave"
        raise UsageError(
            f"--vary: {', '.join(fixed)} {leave} {rest:g} of the shares, and no other share above 0 can take it"
        )
    for name, value in others.items():
        share = value * rest / total if total > 0 else 0.0
        if nested:
            holder[name]["share"] = share
        else:
            holder[name] = share
