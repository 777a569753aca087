"""Recency: which entries a cache holds that makes room by throwing out the least recently used (LRU)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from math import inf


class Recency:
    """Entries in order of their last use, beginning with those that were there before the run.

    Those are known by their place in the order only (0 is the youngest), because a run asks for few of them: a cache of
    a million entries need not be built to be played.

    Args:
        capacity: most entries; infinite for no limit.
        before: entries that are there at the start.
        places: place of those that the run will ask for.

    >>> cache = Recency(2, before=2, places={7: 0, 8: 1})
    >>> cache.use(9)
    >>> 7 in cache, 8 in cache, 9 in cache
    (True, False, True)
    """

    def __init__(self, capacity: float, before: int, places: Mapping[int, int]) -> None:
        if before > capacity:
            raise ValueError(f"{before} entries before the run, room for {capacity:g}")
        self._capacity, self._places = capacity, dict(places)
        self._end = before  # places from here on are thrown out
        self._moved: set[int] = set()  # places whose entry was used in the run, and stands among the used ones now
        self._used: OrderedDict[int, None] = OrderedDict()

    def __contains__(self, entry: int) -> bool:
        return entry in self._used or self._places.get(entry, self._end) < self._end

    def __len__(self) -> int:
        return len(self._used) + self._end - len(self._moved)

    def use(self, entry: int) -> None:
        """Put an entry in front, and throw out the last one where there is no room."""
        if entry in self._used:
            self._used.move_to_end(entry)
            return
        place = self._places.pop(entry, None)
        if place is not None and place < self._end:
            self._moved.add(place)
        self._used[entry] = None
        if self._capacity != inf:
            while len(self) > self._capacity:
                self._throw_out()

    def _throw_out(self) -> None:
        if not self._end:
            self._used.popitem(last=False)
            return
        self._end -= 1
        self._moved.discard(self._end)
