"""Lookups kernel: a cache that remembers, looks and answers in order of time as one loop, for numba.

The rules are those of `tco/policies/caching/remembering.py` and `recency.py`; what a look finds, and whether a question
is asked still, is the same code.
"""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

from tco.policies.caching import remembering
from tco.sim.compiled.kernels.calls import _drop_first, _note_in_order
from tco.sim.compiled.kernels.jit import jit, kernel, shared
from tco.sim.compiled.kernels.rings import Flags, Floats, Ints, _at, _insert, _record, _remove

found_by = shared(remembering.found_by)
is_asked_still = shared(remembering.is_asked_still)

NOT_THERE = 2**62  # place of an entry that was not there before the run, or stands among the used ones since

SHELF = _record(
    f8="capacity ttl_s replaced_per_s",
    i8="end moved last_mark used moments",
    b1="from_use",
)
"""A cache: what bounds it, and where it is.

`end`: places from here on are thrown out; `moved`: places before it whose entry was used in the run; `last_mark`: the
last of the places asked for that lies before `end`; `used`: entries used in the run; `moments`: answers that will come
back.
"""

ENTRY = _record(f8="stored_s seen_s", i8="place mark", i4="after before", b1="is_used")
"""An entry: as in `Memory` and `Recency`. Those that are used are a ring in order of use behind the last of all."""


class Cache(NamedTuple):
    """A cache and the requests that look into it; arrays have shape (n,) where nothing else is said.

    Attributes:
        shelf: one row of `SHELF`.
        entries: of each question, and behind them the mark of the ring.
        marks: the different places of the questions that were there before the run, rising.
        is_moved: of each of these, whether its entry was used in the run.
        question: of each request.
        survival: chance that says whether drift has replaced its question.
        same_words: as in `Looks`.
        right_is_nearest: the same.
        right_is_near: the same.
        other_is_near: the same.
    """

    shelf: Any
    entries: Any
    marks: Ints
    is_moved: Flags
    question: Ints
    survival: Floats
    same_words: Flags
    right_is_nearest: Flags
    right_is_near: Flags
    other_is_near: Flags


@kernel
def run_lookups(
    cache: Cache, heap: Any, order: Ints, looked_s: Floats, answered_s: Floats, ranks: Ints, hits: Flags, wrong: Flags
) -> None:
    """Play looks and answers in order of time.

    Args:
        cache: as it is before the first look.
        heap: room for answers that will come back.
        order: requests that look, in order of time.
        looked_s: when each request does, shape (n,).
        answered_s: when a model answers it, if the cache does not; infinite where none does, shape (n,).
        ranks: in which order those are answered that are at the same moment, shape (n,).
        hits: filled with who is answered by the cache.
        wrong: filled with who of them gets the answer to another question.
    """
    shelf = cache.shelf[0]
    for request in order:
        now_s = looked_s[request]
        while shelf.moments and heap[0].at_s <= now_s:
            answered, at_s = heap[0].call, heap[0].at_s
            _drop_first(shelf, heap)
            _use(cache, shelf, cache.question[answered], at_s)
            _at(cache.entries, cache.question[answered]).stored_s = at_s
        question = cache.question[request]
        knows = _knows(cache, shelf, question, cache.survival[request], now_s)
        is_empty = shelf.used + shelf.end == shelf.moved
        found = found_by(
            knows, is_empty, cache.same_words[request], cache.right_is_nearest[request], cache.right_is_near[request],
            cache.other_is_near[request],
        )  # fmt: skip
        if found == 1:
            _use(cache, shelf, question, now_s)
        if found:
            hits[request], wrong[request] = True, found == 2
        elif answered_s[request] < inf:
            _note_in_order(shelf, heap, answered_s[request], ranks[request], 0, request)


@jit
def _knows(cache: Cache, shelf: Any, question: int, chance: float, now_s: float) -> bool:
    entry = _at(cache.entries, question)
    if entry.stored_s == -inf or not (entry.is_used or entry.place < shelf.end):
        return False
    if now_s - entry.stored_s >= shelf.ttl_s:
        return False
    if shelf.replaced_per_s == 0.0:
        return True
    return bool(is_asked_still(chance, shelf.replaced_per_s, now_s - entry.seen_s))


@jit
def _use(cache: Cache, shelf: Any, question: int, now_s: float) -> None:
    """Put an entry in front; where there is no room, throw out those that were not used for longest."""
    entries = cache.entries
    entry, ring = _at(entries, question), len(entries) - 1
    if entry.is_used:
        _remove(entries, question)
        _insert(entries, question, _at(entries, ring).before)
    else:
        if entry.place < shelf.end and not cache.is_moved[entry.mark]:
            cache.is_moved[entry.mark] = True
            shelf.moved += 1
        entry.place = NOT_THERE
        entry.is_used = True
        shelf.used += 1
        _insert(entries, question, _at(entries, ring).before)
        while shelf.used + shelf.end - shelf.moved > shelf.capacity:
            _throw_out(cache, shelf)
    if shelf.from_use:
        entry.stored_s = now_s
    if shelf.replaced_per_s:
        entry.seen_s = now_s


@jit
def _throw_out(cache: Cache, shelf: Any) -> None:
    """Throw out the last entry: of those that were there before the run, as long as there are any."""
    if shelf.end == 0:
        oldest = _at(cache.entries, len(cache.entries) - 1).after
        _remove(cache.entries, oldest)
        _at(cache.entries, oldest).is_used = False
        shelf.used -= 1
        return
    shelf.end -= 1
    mark = shelf.last_mark
    if mark >= 0 and cache.marks[mark] == shelf.end:
        if cache.is_moved[mark]:
            cache.is_moved[mark] = False
            shelf.moved -= 1
        shelf.last_mark = mark - 1
