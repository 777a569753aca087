"""Calibration: from measured rows to a server for any row, measured set-ups first, relatives next, the roofline last.

Every level of `LEVELS` is fitted with a ridge towards the level above it, the coarsest towards the roofline. A row
is then served by its finest known level. Before that, two things are chosen by how well the rows are met: how the
group was run (`PROTOCOLS`: token budget, length of the run), and which limit holds where requests wait long before
their first token.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from tco.calibration.loops import UNLIMITED_TOKENS, Loop, trajectory
from tco.calibration.measured import MeasuredRow
from tco.calibration.setups import LEVELS, SAME, SetUp, set_up_of
from tco.serving.roofline import Deployment, pieces, server_of
from tco.serving.step_time import MeasuredRange, Server
from tco.serving.table_fit import UNCALIBRATED, Array, Factors, columns, fit_factors, step_times

RIDGES = (1.0, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3)  # by level; docs/validation-serving.md says how they were chosen
UNKNOWN_RIDGE = 0.05  # where a stand-in shapes the step, its roofline says little
POOLED = 3  # levels before this one pool set-ups: each counts like the square root of its rows

TPOT_GOAL, TTFT_GOAL, WORST = 0.06, 0.25, 3.0  # errors are judged against the goals; beyond thrice, a row is lost
LONG_WAIT_SHARE, LONG_WAIT_MS = 0.2, 2_000.0  # waits that only a limit explains
CACHE_GAIN = 2.0  # an 8-bit cache holds twice; without a measurement the roomier one, as a false limit errs by far more
HEADROOM = 1.05  # what ran without waiting shows that so much fits, and a little more


Item = TypeVar("Item")
Found = TypeVar("Found")


class Workers(Protocol):
    """Whoever does pieces of work, here or in processes."""

    def map(self, what: str, function: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
        """Apply a function to every item, in order."""


class Here:
    """Work in this process."""

    def map(self, _what: str, function: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
        """Apply a function to every item, in order."""
        return [function(item) for item in items]


class RunProtocol(NamedTuple):
    """How a group of runs was made."""

    step_budget_tokens: int = 8192
    requests_per_client: int = 10
    places_short: int = 0  # clients that find no place: engines set up for as many sequences as clients may keep one


PROTOCOLS = (
    RunProtocol(),
    RunProtocol(2048),
    RunProtocol(16_384),
    RunProtocol(8192, 2),
    RunProtocol(2048, 2),
    RunProtocol(8192, 10, 1),
)
SERIES = 1  # level of relatives that one collection ran in the same way: model, GPU and precision
PROTOCOL_GAIN = 0.95  # another protocol has to cut the loss by 5 %
LEAST_ROWS = 6  # fewer do not choose a protocol


class Limits(NamedTuple):
    """What holds requests back; None for nothing seen."""

    held_tokens: float | None = None
    max_sequences: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a calibration holds: from the least to the most that was measured."""

    concurrency: tuple[int, int]
    input_len: tuple[int, int]
    output_len: tuple[int, int]
    rows: int

    def told(self) -> MeasuredRange:
        """Return the range as a server carries it."""
        return MeasuredRange(
            least_sequences=self.concurrency[0], most_sequences=self.concurrency[1],
            least_input_tokens=self.input_len[0], most_input_tokens=self.input_len[1],
            least_output_tokens=self.output_len[0], most_output_tokens=self.output_len[1],
        )  # fmt: skip

    def holds(self, row: MeasuredRow) -> bool:
        """Say whether a row lies inside."""
        return all(
            low <= getattr(row, name) <= high
            for name in ("concurrency", "input_len", "output_len")
            for low, high in [getattr(self, name)]
        )


@dataclass(frozen=True, slots=True)
class Served:
    """How a row will be simulated.

    Attributes:
        server: its step times.
        loop: the run.
        calibration: `same set-up`, `nearest` or `roofline`.
        relation: what the calibrating rows have in common with it; empty for the roofline.
        reach: where the calibration holds; None for the roofline.
    """

    server: Server
    loop: Loop
    calibration: str
    relation: str
    reach: Reach | None


@dataclass
class Calibration:
    """Factors, protocols and limits by key of a level."""

    factors: dict[tuple[Any, ...], Factors] = field(default_factory=dict)
    protocols: dict[tuple[Any, ...], RunProtocol] = field(default_factory=dict)
    limits: dict[tuple[Any, ...], Limits] = field(default_factory=dict)
    reach: dict[tuple[Any, ...], Reach] = field(default_factory=dict)

    def serve(self, row: MeasuredRow) -> Served | None:
        """Say how to simulate a row; None when neither measurements nor the catalog know its model."""
        set_up = set_up_of(row)
        level = max((at for at, key in enumerate(set_up.relatives) if key in self.factors), default=-1)
        if level < 0 and not set_up.known:
            return None
        factors = self.factors[set_up.relatives[level]] if level >= 0 else UNCALIBRATED
        loop = loop_of(row, set_up, self.protocol(row), self.limits.get(set_up.relatives[SAME]))
        reached = set_up.relatives[min(level, SAME)] if level >= 0 else None
        return Served(
            server=calibrated_server(set_up.deployment, factors, loop),
            loop=loop,
            calibration="same set-up" if level >= SAME else "nearest" if level >= 0 else "roofline",
            relation=LEVELS[level] if level >= 0 else "",
            reach=None if reached is None else self.reach[reached],
        )

    def protocol(self, row: MeasuredRow) -> RunProtocol:
        """Return how a row's group was run."""
        collection = (row.origin, row.backend)
        series = (*collection, *set_up_of(row).relatives[SERIES])
        return self.protocols.get(series) or self.protocols.get(collection) or PROTOCOLS[0]


def loop_of(row: MeasuredRow, set_up: SetUp, protocol: RunProtocol, limits: Limits | None) -> Loop:
    """Return the run that stands for a row.

    The batch reserves prompt and answer; engines admit while the context at hand fits, half the answer on average.
    Capacity is raised by that ratio, so that as many run at once.
    """
    held = limits.held_tokens if limits is not None else CACHE_GAIN * set_up.deployment.kv_capacity_tokens
    reserved = row.input_len + row.output_len
    capacity = UNLIMITED_TOKENS
    if held:
        capacity = int(held * reserved / (row.input_len + row.output_len / 2))
    if capacity >= row.concurrency * reserved:
        capacity = UNLIMITED_TOKENS  # the same run as without a limit
    sequences = limits.max_sequences if limits is not None else None
    if protocol.places_short and row.concurrency > protocol.places_short:
        sequences = min(sequences or row.concurrency, row.concurrency - protocol.places_short)
    return Loop(
        clients=row.concurrency,
        input_tokens=row.input_len,
        output_tokens=row.output_len,
        requests_per_client=protocol.requests_per_client,
        step_budget_tokens=protocol.step_budget_tokens,
        max_sequences=sequences if sequences is not None and sequences < row.concurrency else None,
        kv_capacity_tokens=capacity,
        length_share=row.length_share,
    )


def calibrated_server(deployment: Deployment, factors: Factors, loop: Loop) -> Server:
    """Return the server that factors make of a deployment's roofline."""
    fixed_s, prefill_s, sequence_s, context_s = step_times(pieces(deployment), factors.stretch)
    server = server_of(
        fixed_s, prefill_s, sequence_s, context_s, deployment.gpus, max(deployment.kv_capacity_tokens, 1), loop.running,
        loop.budget, factors.overhead_s, "fitted to measured closed loops, tco validate serving",
    )  # fmt: skip
    return server.model_copy(update={"first_token_overhead_steps": factors.overhead_steps})


@lru_cache(maxsize=32)
def fitted_server(rows: tuple[MeasuredRow, ...]) -> Server:
    """Fit one set-up's measurements; the server's limits are those of the loops, for the caller to replace.

    Args:
        rows: runs of one set-up.
    """
    served = calibrate(rows, Here()).serve(rows[0])
    if served is None or served.reach is None:
        raise AssertionError("a calibration serves the rows that it was fitted to")
    return served.server.model_copy(update={"measured": served.reach.told()})


def calibrate(rows: Iterable[MeasuredRow], work: Workers) -> Calibration:
    """Fit every level to measured rows; the same measurement under several names counts once."""
    distinct = list({row.measurement(): row for row in rows}.values())
    return _Fitting(distinct, work).run()


class _Fitting:
    """A calibration in the making: the rows, their set-ups and the trajectories so far."""

    def __init__(self, rows: list[MeasuredRow], work: Workers) -> None:
        self.rows, self.work = rows, work
        self.set_ups = [set_up_of(row) for row in rows]
        self.steps = [pieces(set_up.deployment) for set_up in self.set_ups]
        self.tpot_s = np.array([row.tpot_ms for row in rows]) / 1e3
        self.ttft_s = np.array([row.ttft_ms for row in rows]) / 1e3
        self.trajectories: dict[Loop, tuple[Array, Array]] = {}
        self.found = Calibration()
        self.groups: list[dict[tuple[Any, ...], list[int]]] = [defaultdict(list) for _ in LEVELS]
        for number, set_up in enumerate(self.set_ups):
            for level, key in enumerate(set_up.relatives):
                self.groups[level][key].append(number)

    def run(self) -> Calibration:
        """Choose how the runs were made and where memory ends, then fit every level of likeness."""
        self._choose_protocols()
        self._choose_limits()
        loops = [self._loop(number) for number in range(len(self.rows))]
        self._walk(loops)
        decode, first = self._columns(range(len(self.rows)), loops)
        for level, groups in enumerate(self.groups):
            for key, members in groups.items():
                prior = self.found.factors[key_above] if (key_above := self._above(level, members[0])) else UNCALIBRATED
                self.found.factors[key] = self._fit(decode, first, np.array(members), prior, level)
                self.found.reach[key] = _reach([self.rows[number] for number in members])
        return self.found

    def _above(self, level: int, member: int) -> tuple[Any, ...] | None:
        return self.set_ups[member].relatives[level - 1] if level else None

    def _fit(self, decode: Array, first: Array, members: Any, prior: Factors, level: int) -> Factors:
        weights = np.ones(len(members))
        if level < POOLED:
            sizes = [len(self.groups[SAME][self.set_ups[number].relatives[SAME]]) for number in members]
            weights = 1.0 / np.sqrt(np.array(sizes, np.float64))
        known = self.set_ups[members[0]].known
        return fit_factors(
            decode[members], first[members], self.tpot_s[members], self.ttft_s[members], weights, prior,
            RIDGES[level] if known or level else UNKNOWN_RIDGE,
        )  # fmt: skip

    def _loop(self, number: int) -> Loop:
        row, set_up = self.rows[number], self.set_ups[number]
        limits = self.found.limits.get(set_up.relatives[SAME])
        return loop_of(row, set_up, self.found.protocol(row), limits)

    def _walk(self, loops: Iterable[Loop]) -> None:
        """Walk the loops that are new, the longest first, so that no process is left with one at the end."""
        new = [loop for loop in dict.fromkeys(loops) if loop not in self.trajectories]
        new.sort(key=lambda loop: -loop.requests)
        self.trajectories.update(zip(new, self.work.map("walking closed loops", trajectory, new), strict=True))

    def _columns(self, numbers: Iterable[int], loops: Iterable[Loop]) -> tuple[Array, Array]:
        """Return the seconds of each piece per output token and before the first, shapes (n, 8)."""
        decode, first = [], []
        for number, loop in zip(numbers, loops, strict=True):
            before, after = self.trajectories[loop]
            first.append(columns(before, self.steps[number]))
            decode.append(columns(after, self.steps[number]))
        return np.array(decode), np.array(first)

    def _loss(self, members: list[int], loops: list[Loop]) -> float:
        """Fit the set-ups among some rows on their own and judge them, in units of the goals."""
        decode, first = self._columns(members, loops)
        tpot_s, ttft_s = self.tpot_s[members], self.ttft_s[members]
        total = 0.0
        by_set_up: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for place, number in enumerate(members):
            by_set_up[self.set_ups[number].relatives[SAME]].append(place)
        for places in by_set_up.values():
            at = np.array(places)
            fitted = fit_factors(
                decode[at], first[at], tpot_s[at], ttft_s[at], np.ones(len(at)), UNCALIBRATED, RIDGES[SAME]
            )
            tpot = np.abs(decode[at] @ fitted.stretch / tpot_s[at] - 1) / TPOT_GOAL
            waited_s = fitted.overhead_s + fitted.overhead_steps * tpot_s[at]
            ttft = np.abs((first[at] @ fitted.stretch + waited_s) / ttft_s[at] - 1) / TTFT_GOAL
            total += float(np.minimum(tpot, WORST).sum() + np.minimum(ttft, WORST).sum())
        return total / len(members)

    def _choose_protocols(self) -> None:
        """Choose for each collection's runs of an engine, and anew for each model, GPU and precision among them."""
        groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(self.rows):
            collection = (row.origin, row.backend)
            groups[collection].append(number)
            groups[(*collection, *self.set_ups[number].relatives[SERIES])].append(number)
        large = {key: members for key, members in groups.items() if len(members) >= LEAST_ROWS}

        def loops(members: list[int], protocol: RunProtocol) -> list[Loop]:
            return [loop_of(self.rows[number], self.set_ups[number], protocol, None) for number in members]

        self._walk(loop for members in large.values() for protocol in PROTOCOLS for loop in loops(members, protocol))
        for key, members in large.items():
            losses = {protocol: self._loss(members, loops(members, protocol)) for protocol in PROTOCOLS}
            best = min(PROTOCOLS, key=lambda protocol: losses[protocol])
            usual = self.found.protocol(self.rows[members[0]])
            if losses[best] < PROTOCOL_GAIN * losses[usual]:
                self.found.protocols[key] = best

    def _choose_limits(self) -> None:
        """Where requests wait long, take the limit that meets the rows best; elsewhere, what is known to fit."""
        choices = {key: self._limit_choices(members) for key, members in self.groups[SAME].items()}

        def loops(members: list[int], limits: Limits) -> list[Loop]:
            protocols = [self.found.protocol(self.rows[number]) for number in members]
            return [
                loop_of(self.rows[number], self.set_ups[number], protocol, limits)
                for number, protocol in zip(members, protocols, strict=True)
            ]

        several = {key: each for key, each in choices.items() if len(each) > 1}
        self._walk(loop for key, each in several.items() for one in each for loop in loops(self.groups[SAME][key], one))
        for key, each in choices.items():
            members = self.groups[SAME][key]
            self.found.limits[key] = (
                each[0] if len(each) == 1 else min(each, key=lambda one: self._loss(members, loops(members, one)))
            )

    def _limit_choices(self, members: list[int]) -> list[Limits]:
        rows = [self.rows[number] for number in members]
        capacity = float(self.set_ups[members[0]].deployment.kv_capacity_tokens)
        waiting = [row for row in rows if row.waiting_share >= LONG_WAIT_SHARE and row.ttft_ms >= LONG_WAIT_MS]
        if not waiting:
            seen = max(_running(row) * _context(row) for row in rows)
            return [Limits(max(CACHE_GAIN * capacity, HEADROOM * seen) if capacity else None)]
        sequences = float(np.median([_running(row) for row in waiting]))
        held = float(np.median([_running(row) * _context(row) for row in waiting]))
        shares = (0.8, 0.9, 1.0, 1.1)  # the measured mean also holds the crowd at the start and the ebb at the end
        return [
            Limits(),
            *(Limits(share * held) for share in shares),
            *(Limits(None, max(round(share * sequences), 1)) for share in shares),
            *(Limits(times * capacity) for times in (1.0, CACHE_GAIN) if capacity),
        ]


def _running(row: MeasuredRow) -> float:
    """Sequences that decode at once, by Little's law."""
    return row.concurrency * (1.0 - row.waiting_share)


def _context(row: MeasuredRow) -> float:
    """Mean context of a running sequence, tokens: half an answer is there."""
    return row.length_share * (row.input_len + row.output_len / 2)


def _reach(rows: list[MeasuredRow]) -> Reach:
    def span(name: str) -> tuple[int, int]:
        values = [getattr(row, name) for row in rows]
        return min(values), max(values)

    return Reach(span("concurrency"), span("input_len"), span("output_len"), len(rows))
