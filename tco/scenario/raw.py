"""Raw: looking into a scenario that nobody has checked yet: mappings as a file has them, or models as code has them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def dig(data: Any, *keys: str) -> Any:
    """Follow keys inwards; None where one is not there.

    >>> dig({"slo": {"e2e_p95_s": 5}}, "slo", "e2e_p95_s"), dig({"slo": 3}, "slo", "e2e_p95_s")
    (5, None)
    """
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else getattr(data, key, None)
    return data


def blocks(data: Any, key: str) -> dict[str, Any]:
    """Return the entries of a mapping that are mappings or models themselves; the others are faulted elsewhere.

    >>> blocks({"tiers": {"a": {}, "b": 3}}, "tiers")
    {'a': {}}
    """
    block = dig(data, key)
    entries = block.items() if isinstance(block, dict) else ()
    return {name: entry for name, entry in entries if isinstance(entry, dict | BaseModel)}


def inner(value: Any) -> list[tuple[Any, Any]]:
    """List what a mapping, a model or a list holds, with its keys or places; nothing of a plain value.

    >>> inner({"a": 1}), inner([5]), inner("text")
    ([('a', 1)], [(0, 5)], [])
    """
    if isinstance(value, dict | BaseModel):
        return list(value.items() if isinstance(value, dict) else vars(value).items())
    return list(enumerate(value)) if isinstance(value, list | tuple) else []


def number(data: Any, low: float, high: float, *keys: str) -> float | None:
    """Return the number behind keys; None where it is none, or not between two limits.

    >>> number({"horizon_months": 36}, 1, 120, "horizon_months"), number({}, 1, 120, "horizon_months") is None
    (36.0, True)
    """
    value = dig(data, *keys)
    return float(value) if isinstance(value, int | float) and low <= value <= high else None
