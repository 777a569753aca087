"""Later: tables that few readers ask for, made when somebody does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tco.sim.compiled.served import Served, Visits
from tco.sim.result import FurtherVisit

Ints = NDArray[np.int64]

Key = TypeVar("Key")
Value = TypeVar("Value")


class Later(Mapping[Key, Value]):
    """A dictionary that is filled on first use.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], dict[Key, Value]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> dict[Key, Value]:
        return self._make()

    def __getitem__(self, key: Key) -> Value:
        return self._made[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it stands for."""
        return dict, (self._made,)


def further_visits(visited: list[tuple[Visits, Served]]) -> dict[int, list[FurtherVisit]]:
    """Table, by request, its visits after the first, in their order."""
    found: dict[int, list[FurtherVisit]] = {}
    for visits, served in visited:
        again = visits.attempt > 0
        rows = zip(
            visits.request[again].tolist(), visits.entered_s[again].tolist(), served.started_s[again].tolist(),
            served.input_tokens[again].tolist(), strict=True,
        )  # fmt: skip
        for request, entered_s, started_s, tokens in rows:
            begun = None if started_s != started_s else started_s
            found.setdefault(request, []).append(FurtherVisit(entered_s, begun, tokens))
    return found


def cached_tokens(visited: list[tuple[Visits, Served]]) -> dict[tuple[int, int], int]:
    """Table, by request and try, prompt tokens that a cache held."""
    found: dict[tuple[int, int], int] = {}
    for visits, served in visited:
        held = served.cached_tokens > 0
        keys = zip(visits.request[held].tolist(), visits.attempt[held].tolist(), strict=True)
        found.update(zip(keys, served.cached_tokens[held].tolist(), strict=True))
    return found


def unanswered_tries(unanswered: list[tuple[Ints, Ints]]) -> dict[int, tuple[int, ...]]:
    """Table, by request, its tries that got no answer."""
    found: dict[int, tuple[int, ...]] = {}
    for requests, attempts in unanswered:
        for request, attempt in zip(requests.tolist(), attempts.tolist(), strict=True):
            found[request] = (*found.get(request, ()), attempt)
    return found
