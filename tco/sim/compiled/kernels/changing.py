"""Changing fleets: replicas that break and are repaired, that are switched on and off, around the kernel of `fleet.py`.

The rules are those of `tco/sim/pool.py`. What a scaling policy wants is a table, made by the policy itself: by the hour
of the week, or by the requests inside. A replica's up and down times are drawn ahead, from the stream that the other
engine draws from one by one.
"""

from __future__ import annotations

from math import inf, isnan
from typing import Any, NamedTuple

import numpy as np

from tco.policies.dispatch import shortest_of_two
from tco.sim.compiled.kernels.batch import _cut, _first_waiting, _head, _line_up
from tco.sim.compiled.kernels.fleet import _play_until, _turns_away
from tco.sim.compiled.kernels.jit import jit, jit_apart, kernel, shared
from tco.sim.compiled.kernels.rings import (
    LATER,
    LEAST,
    NONE,
    PREFILLING,
    REJECTED,
    ROUND_ROBIN,
    TIMED_OUT,
    WAITING,
    Floats,
    Ints,
    _first,
    _insert,
    _remove,
)
from tco.sim.pool import LONGEST_LULL_S

two_of = shared(shortest_of_two.two_of)

STATE = np.dtype(
    [
        *[(name, "f8") for name in ("starting_s", "since_s", "on_s", "toggle_s")],
        ("toggles", "i8"),
        *[(name, "b1") for name in ("up", "open", "taking")],
    ],
    align=True,
)  # fmt: skip
CHANGES = np.dtype(
    [
        *[(name, "f8") for name in ("startup_s", "interval_s", "hour_of_week", "tick_s", "last_arrival_s", "now_s")],
        *[
            (name, "i8")
            for name in (
                "least", "scales", "by_hour", "takers", "backlog", "backlogged", "restarts", "failures", "short",
            )
        ],
    ],
    align=True,
)  # fmt: skip
HOUR_S = 3600.0
WEEK_HOURS = 168


class Fleet(NamedTuple):
    """A fleet whose replicas come and go, and the sequences that come to it; arrays have shape (n,) where not said.

    Attributes:
        settings: what holds for every replica, one row of `SETTINGS`.
        table: tokens of a step and its fixed time, shape (2, points).
        reps: replicas.
        state: whether each is up, wanted and on.
        changes: what makes them come and go, one row of `CHANGES`; `short` is set where `times_s` did not suffice.
        seqs: sequences, with one more mark behind them, of those who wait while nobody takes requests.
        heap: room for those that decode.
        entered_s: when each comes, rising.
        requests: number of each one's request.
        by_request: a uniform variate for every request, for dispatch by two choices.
        wanted: replicas wanted by hour of the week or by requests inside.
        least: replicas that stay on at least, by hour of the week.
        times_s: times up and down of every replica in turn, shape (replicas, times).
        lost: room for what a breakdown loses.
        tally: turn of the replicas, and count of those complete, shape (2,).
        finished_s: filled with when each left.
        outcome: filled with how.
    """

    settings: Any
    table: Floats
    reps: Any
    state: Any
    changes: Any
    seqs: Any
    heap: Any
    entered_s: Floats
    requests: Ints
    by_request: Floats
    wanted: Ints
    least: Ints
    times_s: Floats
    lost: Ints
    tally: Ints
    finished_s: Floats
    outcome: Any


@jit
def _chosen(fleet: Fleet, chance: float) -> int:
    """Choose among the replicas that take requests; there is one at least."""
    to, reps, state, tally = fleet.settings[0], fleet.reps, fleet.state, fleet.tally
    replicas = len(reps)
    if to.dispatch == LEAST:
        best = NONE
        for r in range(replicas):
            if state[r].taking and (best == NONE or reps[r].load < reps[best].load):
                best = r
        return best
    if to.dispatch == ROUND_ROBIN:
        place = tally[0] % replicas
        while not state[place].taking:
            place = (place + 1) % replicas
        tally[0] = place + 1
        return int(place)
    takers = 0
    for r in range(replicas):
        takers += state[r].taking
    one, other = two_of(takers, chance)
    first = second = seen = 0
    for r in range(replicas):
        if state[r].taking:
            if seen == one:
                first = r
            if seen == other:
                second = r
            seen += 1
    return first if reps[first].load <= reps[second].load else second


@jit
def _no_room(fleet: Fleet) -> Any:
    to, run, reps, state = fleet.settings[0], fleet.changes[0], fleet.reps, fleet.state
    waiting = run.backlogged
    for r in range(len(reps)):
        waiting += reps[r].queued
        if state[r].taking and reps[r].load < to.max_sequences and reps[r].queued == 0:
            return False
    return waiting >= to.max_queue


@jit_apart
def _place(fleet: Fleet, s: int, now_s: float) -> None:
    """Hand a sequence to a replica, or keep it until one takes requests."""
    to, run, reps, seqs = fleet.settings[0], fleet.changes[0], fleet.reps, fleet.seqs
    heap, table = fleet.heap, fleet.table
    if run.takers == 0:
        seqs[s].place = NONE
        _insert(seqs, s, seqs[run.backlog].before)
        run.backlogged += 1
        return
    r = _chosen(fleet, fleet.by_request[fleet.requests[s]])
    _line_up(to, table, reps, seqs, heap, r, s, now_s)


@jit_apart
def _reconsider(fleet: Fleet, r: int, now_s: float) -> None:
    """Open or close a replica to requests; one that opens takes those who waited for any."""
    run, state, seqs = fleet.changes[0], fleet.state, fleet.seqs
    wanted = state[r].up and state[r].open and state[r].starting_s == inf
    if wanted == state[r].taking:
        return
    state[r].taking = wanted
    run.takers += 1 if wanted else -1
    if not wanted:
        return
    count = run.backlogged
    for _ in range(count):
        s = seqs[run.backlog].after
        _remove(seqs, s)
        run.backlogged -= 1
        _place(fleet, s, now_s)


@jit_apart
def _break(fleet: Fleet, r: int, now_s: float) -> None:
    """Lose everything on a replica; it begins anew elsewhere."""
    run, reps, state, seqs = fleet.changes[0], fleet.reps, fleet.state, fleet.seqs
    heap, lost = fleet.heap, fleet.lost
    run.failures += 1
    state[r].up = False
    _reconsider(fleet, r, now_s)
    rep, row = reps[r], heap[r]
    if rep.busy:
        rep.busy_s += now_s - rep.began_s
    count = 0
    s = _first(rep, seqs, PREFILLING)
    while s != rep.queues + PREFILLING:
        lost[count] = s
        count += 1
        s = seqs[s].after
    for at in range(rep.decoding):
        lost[count] = row[at].sequence
        count += 1
    for one in range(1, count):  # by the order of admission
        each = lost[one]
        at = one
        while at > 0 and seqs[lost[at - 1]].rank > seqs[each].rank:
            lost[at] = lost[at - 1]
            at -= 1
        lost[at] = each
    for one in range(count):
        _restart(seqs, lost[one])
    for kind in (WAITING, LATER):
        s = _first(rep, seqs, kind)
        while s != rep.queues + kind:
            lost[count] = s
            count += 1
            s = seqs[s].after
    for kind in (WAITING, LATER, PREFILLING):
        seqs[rep.queues + kind].after = seqs[rep.queues + kind].before = rep.queues + kind
    rep.decoding = rep.prefilling = rep.queued = rep.chunks = rep.prefill_tokens = rep.steps = 0
    rep.context = rep.growth = rep.reserved = 0.0
    rep.busy, rep.ends_s = False, inf
    rep.load -= count
    for one in range(count):
        s = lost[one]
        run.restarts += not isnan(seqs[s].started_s)
        _place(fleet, s, now_s)


@jit_apart
def _restart(seqs: Any, s: int) -> None:
    seq = seqs[s]
    seq.finish_step = 0
    seq.recomputed += seq.held - seq.cached_tokens - seq.prefill_left
    seq.held = seq.input_tokens
    seq.prefill_left = seq.input_tokens - seq.cached_tokens
    seq.steps_left = 1 + round((seq.output_tokens - 1) / seq.rate)
    seq.first_token_s = np.nan


@jit_apart
def _switch(fleet: Fleet, now_s: float) -> None:
    """Ask how many replicas should be on, open the first ones and close the others."""
    run, reps, state, wanted = fleet.changes[0], fleet.reps, fleet.state, fleet.wanted
    least = fleet.least
    inside = run.backlogged
    for r in range(len(reps)):
        inside += reps[r].load
    most = 0
    for ahead_s in (0.0, run.startup_s):
        hour = int(run.hour_of_week + (now_s + ahead_s) / HOUR_S) % WEEK_HOURS
        many = wanted[hour] if run.by_hour else wanted[min(inside, len(wanted) - 1)]
        most = max(most, many, least[hour])
    for r in range(len(reps)):
        is_open = r < most
        if is_open and not state[r].open:
            state[r].open = True
            if isnan(state[r].since_s):
                state[r].since_s = now_s
                state[r].starting_s = now_s + run.startup_s
        elif not is_open and state[r].open:
            state[r].open = False
        if not is_open and reps[r].load == 0 and state[r].starting_s == inf and not isnan(state[r].since_s):
            state[r].on_s += now_s - state[r].since_s
            state[r].since_s = np.nan
        _reconsider(fleet, r, now_s)


@kernel
def run_changing(fleet: Fleet, until_s: float) -> None:
    """Serve sequences that come in order of time, by replicas that come and go; then let these go on until a moment.

    Args:
        fleet: the fleet.
        until_s: where nobody is left, replicas go on coming and going until then.
    """
    reps, seqs, heap, table = fleet.reps, fleet.seqs, fleet.heap, fleet.table
    tally, finished_s, outcome, entered_s = fleet.tally, fleet.finished_s, fleet.outcome, fleet.entered_s
    to, run = fleet.settings[0], fleet.changes[0]
    n = len(entered_s)
    coming = 0
    while coming < n and outcome[coming]:  # in a second call, after everybody has left
        coming += 1
    impatient, joined = coming, 0
    while not run.short:
        impatient = _first_waiting(to, seqs, outcome, impatient, coming)
        come_s = entered_s[coming] if coming < n else inf
        give_up_s = entered_s[impatient] + to.patience_s if impatient < coming else inf
        call_s, change_s = min(come_s, give_up_s), _next_change_s(fleet)
        before_s = call_s if call_s < change_s else np.nextafter(change_s, -inf)  # of moments at a change, it is first
        _play_until(to, table, reps, seqs, heap, joined, before_s, tally, finished_s, outcome)
        if impatient < coming and _first_waiting(to, seqs, outcome, impatient, coming) != impatient:
            continue
        if call_s == inf and _busy(reps) == 0 and (change_s == inf or (run.backlogged == 0 and change_s > until_s)):
            return
        if change_s <= call_s:
            _change(fleet, change_s)
        elif come_s <= give_up_s:
            away = _turns_away(reps, seqs, coming, run.backlogged)
            if away:
                outcome[coming], finished_s[coming] = away, come_s
            elif _refused(fleet, coming):
                outcome[coming], finished_s[coming] = REJECTED, come_s
            else:
                run.last_arrival_s = come_s
                _place(fleet, coming, come_s)
                joined = max(seqs[coming].place, 0)
            coming += 1
        else:
            _leave_line(fleet, impatient, give_up_s)
            outcome[impatient], finished_s[impatient] = TIMED_OUT, give_up_s


@jit
def _busy(reps: Any) -> int:
    busy = 0
    for r in range(len(reps)):
        busy += reps[r].busy
    return busy


@jit
def _next_change_s(fleet: Fleet) -> float:
    run, state = fleet.changes[0], fleet.state
    at_s = run.tick_s
    for place in range(len(state)):
        at_s = min(at_s, state[place].toggle_s, state[place].starting_s)
    return float(at_s)


@jit
def _refused(fleet: Fleet, s: int) -> Any:
    to, seqs = fleet.settings[0], fleet.seqs
    if seqs[s].input_tokens + seqs[s].output_tokens > to.kv_capacity:
        return True
    return to.max_queue >= 0 and _no_room(fleet)


@jit_apart
def _change(fleet: Fleet, now_s: float) -> None:
    """Let a replica be ready, break or be repaired, or ask how many should be on, whatever comes now; in this order."""
    run, state = fleet.changes[0], fleet.state
    for r in range(len(state)):
        if state[r].starting_s == now_s:
            state[r].starting_s = inf
            _reconsider(fleet, r, now_s)
            return
    for r in range(len(state)):
        if state[r].toggle_s == now_s:
            if state[r].up:
                _break(fleet, r, now_s)
            else:
                state[r].up = True
                _reconsider(fleet, r, now_s)
            _toggle_again(fleet, r, now_s)
            return
    if now_s - run.last_arrival_s >= LONGEST_LULL_S:
        run.tick_s = inf
        return
    _switch(fleet, now_s)
    run.tick_s = now_s + run.interval_s


@jit_apart
def _toggle_again(fleet: Fleet, r: int, now_s: float) -> None:
    run, state, times_s = fleet.changes[0], fleet.state, fleet.times_s
    state[r].toggles += 1
    if now_s - run.last_arrival_s >= LONGEST_LULL_S:
        state[r].toggle_s = inf
    elif state[r].toggles >= times_s.shape[1]:
        run.short = 1
    else:
        state[r].toggle_s = now_s + times_s[r, state[r].toggles]


@jit
def _leave_line(fleet: Fleet, s: int, now_s: float) -> None:
    to, run, reps, seqs = fleet.settings[0], fleet.changes[0], fleet.reps, fleet.seqs
    r = seqs[s].place
    if r == NONE:
        _remove(seqs, s)
        run.backlogged -= 1
        return
    blocked = _head(reps[r], seqs) == s
    _remove(seqs, s)
    reps[r].queued -= 1
    reps[r].load -= 1
    if blocked:
        _cut(to, reps[r], seqs, now_s)
