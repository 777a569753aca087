"""Async windows that nobody waits for: no class of the scenario is async."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.scenario.raw import dig


def jobless_windows(data: Any) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Fault every `async_window` where all classes are interactive: it would change nothing.

    Args:
        data: the raw scenario, mappings or models; what is not understood here is faulted elsewhere.

    Yields:
        Type of error, location, message.
    """
    classes, tiers = dig(data, "classes"), dig(data, "tiers")
    if not isinstance(classes, dict) or not isinstance(tiers, dict) or not classes:
        return
    kinds = [dig(entry, "latency_class") for entry in classes.values()]
    if any(kind not in (None, "interactive") for kind in kinds):
        return
    names = ", ".join(map(str, classes))
    for name, tier in tiers.items():
        if dig(tier, "async_window") is not None:
            yield (
                "cross",
                ("tiers", name, "async_window"),
                f"holds async calls, but every class is interactive ({names}); allowed: where a class has "
                "latency_class async",
            )
