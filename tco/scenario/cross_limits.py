"""Checks of limits against lengths: a vendor's limit that no burst lets the largest request through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LARGEST = {"constant": "tokens", "uniform": "max_tokens", "lognormal": "max_tokens"}


def limit_faults(data: Any) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Fault token limits below one request's tokens, for the classes that an option's router can send there.

    Args:
        data: the raw scenario, mappings or models; what is not understood here is faulted elsewhere.

    Yields:
        Type of error, location, message.
    """
    classes = _entries(data, "classes")
    for name, tier in _entries(data, "tiers").items():
        limits = _get(tier, "limits")
        capacity = _number(limits, "burst_tokens") or _number(limits, "tokens_per_minute")
        if capacity is None:
            continue
        key = "burst_tokens" if _number(limits, "burst_tokens") else "tokens_per_minute"
        where = ("tiers", name, "limits")
        for label, entry in classes.items():
            if not _comes(data, name, label) or (_get(tier, "batch") and _get(entry, "latency_class") == "async"):
                continue
            largest = _largest_counted(limits, entry)
            if largest is not None and largest > capacity:
                yield (
                    "cross",
                    (*where, key),
                    f"{capacity:g} tokens are below the {largest:g} that the largest request of class '{label}' "
                    "counts: it would never pass; allowed: a burst of at least one request's tokens",
                )
            reserved, answer = _number(limits, "reserved_output_tokens"), _largest(_get(entry, "output_tokens"))
            if reserved is not None and answer is not None and answer > reserved:
                yield (
                    "cross",
                    (*where, "reserved_output_tokens"),
                    f"{reserved:g} tokens are below the longest answer of class '{label}', {answer:g} tokens",
                )


def _get(block: Any, key: str) -> Any:
    return block.get(key) if isinstance(block, dict) else getattr(block, key, None)


def _entries(data: Any, key: str) -> dict[str, Any]:
    block = _get(data, key)
    return block if isinstance(block, dict) else {}


def _number(block: Any, key: str) -> float | None:
    value = _get(block, key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def _largest(lengths: Any) -> float | None:
    """Return the largest length of a distribution; None where it is not known beforehand, as of a trace."""
    kind = _get(lengths, "kind")
    if kind == "quantiles":
        table = _get(lengths, "table")
        last = table[-1][-1] if isinstance(table, list | tuple) and table and isinstance(table[-1], list | tuple) else 0
        return _number({"last": last}, "last")
    return _number(lengths, LARGEST[kind]) if kind in LARGEST else None


def _largest_counted(limits: Any, entry: Any) -> float | None:
    prompt = _largest(_get(entry, "input_tokens"))
    counted = _get(limits, "counted_tokens") or "input_and_output"
    answer = {
        "input": 0.0,
        "input_and_output": _largest(_get(entry, "output_tokens")),
        "input_and_reserved_output": _number(limits, "reserved_output_tokens"),
    }.get(counted if isinstance(counted, str) else "")
    return None if prompt is None or answer is None else round(prompt) + round(answer)


def _comes(data: Any, tier: str, label: str) -> bool:
    """Say whether some option's router can send a class to a tier."""
    for option in _entries(data, "options").values():
        router = _get(option, "router")
        own_shares = (_get(router, "by_class") or {}).get(label) if _get(router, "kind") == "static" else None
        block = own_shares or (_get(router, "shares") if _get(router, "kind") == "static" else router)
        if _names(block, tier):
            return True
    return False


def _names(block: Any, tier: str) -> bool:
    """Say whether a router's block names a tier anywhere, other than with a share of 0."""
    if hasattr(block, "model_dump"):
        block = block.model_dump()
    if isinstance(block, dict):
        return any((key == tier and value != 0) or _names(value, tier) for key, value in block.items())
    if isinstance(block, list | tuple):
        return any(_names(value, tier) for value in block)
    return bool(block == tier)
