"""Workers kernel: a serverless platform's workers, which start, serve and stop, as one loop over their moments.

The rules are those of `tco/sim/stations/serverless.py`; a worker that is a server runs the batch of `batch.py`.
"""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

from tco.sim.compiled.kernels.batch import _finish, _line_up, _plan
from tco.sim.compiled.kernels.calls import _drop_first, _note
from tco.sim.compiled.kernels.jit import jit, jit_apart, kernel
from tco.sim.compiled.kernels.rings import (
    COMPLETED,
    NONE,
    REJECTED,
    TIMED_OUT,
    Flags,
    Floats,
    Ints,
    _insert,
    _record,
    _remove,
)

OFF, STARTING, WARM = 0, 1, 2  # states of a worker

PLATFORM = _record(
    f8="idle_timeout_s patience_s overhead_s settle_s",
    i8="places least most max_waiting",
    b1="start_is_billed is_server",
)
"""Terms of the platform; no limit to the line: max_waiting below 0."""

WORKER = _record(f8="paid_from_s busy_from_s event_s", i8="load state since")
"""A worker: requests it serves, and when it is warm, or stops because it was idle; `since` is its rank by warmth."""

STAFF = _record(
    f8="integral_s lives_s changed_s first_s from_s from_integral_s to_s to_integral_s busy_s",
    i8="paid warm starting ranks waiting ended cold_requests cold_starts moments order submitted due used coming",
)
"""The workers together: how many are paid, warm and starting, the line, counts, and places in the tables of moments."""


class Site(NamedTuple):
    """A platform at work; arrays have shape (calls,) where nothing else is said.

    Attributes:
        platform: one row of `PLATFORM`.
        server: of a worker that is a server, one row of `SETTINGS`.
        table: its fixed times by tokens of a step.
        staff: one row of `STAFF`.
        workers: rows of `WORKER`; the first are warm and idle.
        reps: the batch of each, where workers are servers.
        seqs: calls, and one more as the mark of the line.
        heap: room for those that decode, by worker.
        moments: room for the ends of service, where no server serves.
        due: room for calls on their way into a batch.
        tally: of the batches, shape (2,).
        entered_s: when each call comes, rising.
        ttft_s: time to its first token, seconds, where no server serves.
        decode_s: time of the other tokens.
        start_s: how long a start takes that it causes.
        measured: whether it came after the warm-up.
        started_s: filled with when its service began.
        first_token_s: filled with when its first token came, where no server serves.
        left_s: filled with when it left.
        outcome: filled with how.
    """

    platform: Any
    server: Any
    table: Floats
    staff: Any
    workers: Any
    reps: Any
    seqs: Any
    heap: Any
    moments: Any
    due: Ints
    tally: Ints
    entered_s: Floats
    ttft_s: Floats
    decode_s: Floats
    start_s: Floats
    measured: Flags
    started_s: Floats
    first_token_s: Floats
    left_s: Floats
    outcome: Any


@jit
def _pay(staff: Any, now_s: float, by: int) -> None:
    staff.integral_s += staff.paid * (now_s - staff.changed_s)
    staff.changed_s = now_s
    staff.paid += by


@jit
def _watch(site: Site, call: int, now_s: float) -> None:
    """Look at an arrival, from the end of the warm-up on, and not before the first workers have settled."""
    staff = site.staff[0]
    _pay(staff, now_s, 0)
    if call == 0:
        staff.first_s = now_s
    if staff.from_s < 0 and site.measured[call] and now_s >= staff.first_s + site.platform[0].settle_s:
        staff.from_s, staff.from_integral_s = now_s, staff.integral_s
    staff.to_s, staff.to_integral_s = now_s, staff.integral_s


@jit
def _next_wake(reps: Any, count: int) -> tuple[int, float]:
    """Find which of the first replicas wakes next; at an infinite time where none does."""
    r, wake_s = 0, inf
    for place in range(count):
        if reps[place].ends_s < wake_s:
            r, wake_s = place, reps[place].ends_s
    return r, wake_s


@kernel
def run_workers(site: Site, until_s: float) -> None:
    """Serve calls that come in order of time until all have left; then let workers stop until just before a moment."""
    staff = site.staff[0]
    n = len(site.entered_s)
    while True:
        come_s = site.entered_s[staff.coming] if staff.coming < n else inf
        r, wake_s = _next_wake(site.reps, min(staff.used, len(site.reps)))
        w, event_s = _next_event(staff, site.workers)
        over_s = site.moments[0].at_s if staff.moments else inf
        give_up_s = site.entered_s[site.seqs[n].after] + site.platform[0].patience_s if staff.waiting else inf
        now_s = min(come_s, wake_s, event_s, over_s, give_up_s, _next_joining_s(site))
        if now_s == inf or (staff.ended == n and now_s >= until_s):
            return
        if now_s == come_s:
            _come(site, staff.coming, now_s)
            staff.coming += 1
        elif now_s == wake_s:
            _wake(site, r, now_s)
        elif now_s == over_s:
            _over(site, now_s)
        elif now_s == event_s:
            _change(site, w, now_s)
        elif now_s == give_up_s:
            _turn_away(site, _first_in_line(site), TIMED_OUT, now_s)
        else:
            call = site.due[staff.due]
            staff.due += 1
            _line_up(site.server[0], site.table, site.reps, site.seqs, site.heap, site.seqs[call].place, call, now_s)


@jit
def _next_event(staff: Any, workers: Any) -> tuple[int, float]:
    w, event_s = 0, inf
    for place in range(staff.used):
        if workers[place].event_s < event_s:
            w, event_s = place, workers[place].event_s
    return w, event_s


@jit
def _next_joining_s(site: Site) -> float:
    staff = site.staff[0]
    if staff.due == staff.submitted:
        return inf
    return float(site.started_s[site.due[staff.due]] + site.platform[0].overhead_s)


@jit
def _wake(site: Site, r: int, now_s: float) -> None:
    server, rep, row = site.server[0], site.reps[r], site.heap[r]
    before = site.tally[1]
    rep.busy_s += now_s - rep.began_s
    _finish(server, rep, site.seqs, row, site.tally, now_s, site.left_s, site.outcome)
    _plan(server, site.table, rep, site.seqs, row, now_s)
    for _ in range(site.tally[1] - before):
        site.staff[0].ended += 1
        _give_back(site, r, now_s)


@jit
def _over(site: Site, now_s: float) -> None:
    call = site.moments[0].call
    _drop_first(site.staff[0], site.moments)
    site.left_s[call], site.outcome[call] = now_s, COMPLETED
    site.staff[0].ended += 1
    _give_back(site, site.seqs[call].place, now_s)


@jit
def _first_in_line(site: Site) -> int:
    """Take the head out of the line; there must be one."""
    head = site.seqs[len(site.entered_s)].after
    _remove(site.seqs, head)
    site.staff[0].waiting -= 1
    return int(head)


@jit
def _turn_away(site: Site, call: int, outcome: int, now_s: float) -> None:
    site.staff[0].ended += 1
    site.outcome[call], site.left_s[call] = outcome, now_s


@jit
def _come(site: Site, call: int, now_s: float) -> None:
    to, seqs = site.platform[0], site.seqs
    _watch(site, call, now_s)
    if to.is_server and seqs[call].input_tokens + seqs[call].output_tokens > site.server[0].kv_capacity:
        _turn_away(site, call, REJECTED, now_s)
        return
    w = _with_room(site)
    if w != NONE:
        _take(site.workers, w, now_s)
        _serve(site, call, w, now_s)
    elif 0 <= to.max_waiting <= site.staff[0].waiting:
        _turn_away(site, call, REJECTED, now_s)
    else:
        _insert(seqs, call, seqs[len(site.entered_s)].before)
        site.staff[0].waiting += 1
        _start_if_needed(site, call, now_s)


@jit
def _with_room(site: Site) -> int:
    """Find the fullest warm worker with a free place, the one that has been warm for longest of several."""
    best, workers = NONE, site.workers
    for w in range(site.staff[0].used):
        if workers[w].state == WARM and workers[w].load < site.platform[0].places:
            fuller = best == NONE or workers[w].load > workers[best].load
            if fuller or (workers[w].load == workers[best].load and workers[w].since < workers[best].since):
                best = w
    return best


@jit
def _take(workers: Any, w: int, now_s: float) -> None:
    if workers[w].load == 0:
        workers[w].busy_from_s = now_s
        workers[w].event_s = inf
    workers[w].load += 1


@jit_apart
def _serve(site: Site, call: int, w: int, now_s: float) -> None:
    site.started_s[call] = now_s
    site.seqs[call].place = w
    if not site.platform[0].is_server:
        site.first_token_s[call] = now_s + site.ttft_s[call]
        _note(site.staff[0], site.moments, now_s + (site.ttft_s[call] + site.decode_s[call]), 0, call)
    elif site.platform[0].overhead_s > 0.0:
        site.due[site.staff[0].submitted] = call
        site.staff[0].submitted += 1
    else:
        _line_up(site.server[0], site.table, site.reps, site.seqs, site.heap, w, call, now_s)


@jit
def _give_back(site: Site, w: int, now_s: float) -> None:
    """Free a place: for the head of the line, else for whoever comes."""
    staff, worker = site.staff[0], site.workers[w]
    if staff.waiting:
        _serve(site, _first_in_line(site), w, now_s)
        return
    worker.load -= 1
    if worker.load == 0:
        staff.busy_s += now_s - worker.busy_from_s
        _rest(site, w, now_s)


@jit_apart
def _start_if_needed(site: Site, call: int, now_s: float) -> None:
    """Start a worker when more wait than the starting ones will take; the request's luck says how long it takes."""
    to, staff, workers = site.platform[0], site.staff[0], site.workers
    if staff.waiting > staff.starting * to.places:
        if staff.warm + staff.starting >= to.most:
            return
        w = 0
        while workers[w].state != OFF:
            w += 1
        staff.used = max(staff.used, w + 1)
        workers[w].state, workers[w].load, workers[w].paid_from_s = STARTING, 0, now_s
        workers[w].event_s = now_s + site.start_s[call]
        staff.starting += 1
        staff.cold_starts += 1
        if to.start_is_billed:
            _pay(staff, now_s, 1)
    staff.cold_requests += 1


@jit
def _change(site: Site, w: int, now_s: float) -> None:
    """Let a worker that has started begin, or one that was idle for long enough stop."""
    site.workers[w].event_s = inf
    if site.workers[w].state == STARTING:
        _begin_work(site, w, now_s)
    else:
        _stop(site, w, now_s)


@jit_apart
def _begin_work(site: Site, w: int, now_s: float) -> None:
    """Serve as many of those who wait as there is room for."""
    to, staff, worker = site.platform[0], site.staff[0], site.workers[w]
    staff.starting -= 1
    staff.warm += 1
    staff.ranks += 1
    worker.state, worker.since = WARM, staff.ranks
    if not to.start_is_billed:
        worker.paid_from_s = now_s
        _pay(staff, now_s, 1)
    while staff.waiting and worker.load < to.places:
        _take(site.workers, w, now_s)
        _serve(site, _first_in_line(site), w, now_s)
    if worker.load == 0:
        _rest(site, w, now_s)


@jit
def _rest(site: Site, w: int, now_s: float) -> None:
    """Stop a worker without requests, now or when it has been idle for long enough."""
    if site.platform[0].idle_timeout_s == 0.0:
        _stop(site, w, now_s)
    else:
        site.workers[w].event_s = now_s + site.platform[0].idle_timeout_s


@jit
def _stop(site: Site, w: int, now_s: float) -> None:
    """Let a worker go, unless the floor of warm workers needs it."""
    staff = site.staff[0]
    if staff.warm > site.platform[0].least:
        staff.warm -= 1
        site.workers[w].state = OFF
        _pay(staff, now_s, -1)
        staff.lives_s += now_s - site.workers[w].paid_from_s
