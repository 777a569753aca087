"""Engine: walks every request of a window through an option's stations, and checks that none got lost."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray
from simpy.core import StopSimulation

from tco.demand.forecast import week_profile
from tco.demand.prompts import workload_of
from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.plugin import plugins_in
from tco.scenario import Scenario
from tco.scenario.options import Option
from tco.scenario.tiers import Tier
from tco.sim.checks import check_books
from tco.sim.clock import Clock
from tco.sim.placed import PlacedStation, split_replicas
from tco.sim.result import FurtherVisit, SimulationResult
from tco.sim.run_view import RunView
from tco.sim.stages import CacheStage, stages_of
from tco.sim.stations import Call, Station


@dataclass(frozen=True, slots=True)
class Clients:
    """A closed loop: each client sends its next request some time after its last one was answered.

    Attributes:
        count: clients that send, all from the start.
        think_s: pause before each request, seconds, shape (n,) by request number; None for no pause.
    """

    count: int
    think_s: NDArray[np.float64] | None = None


def simulate(
    scenario: Scenario,
    option: str,
    workload: Workload,
    rate_rps: float,
    replicas: dict[str, int] | None = None,
    clients: Clients | None = None,
) -> SimulationResult:
    """Simulate one option at one load until the last request has left.

    Args:
        scenario: where the option and its tiers are described.
        option: name of the option.
        workload: the requests, the same for every option.
        rate_rps: mean arrival rate, requests per second.
        replicas: replicas of each fleet tier; tiers that are not named get their minimum.
        clients: a closed loop that sends the requests in order instead of the workload's arrivals.

    Returns:
        One row per request and the stations' books.

    Raises:
        SimulationError: when a request was lost or a law of the books does not hold.
    """
    run = _Run(scenario, option, workload, rate_rps, replicas or {})
    run.start(clients)
    with _cycle_collector_paused():
        run.to_the_end()
    result = run.result()
    check_books(result)
    return result


@contextmanager
def _cycle_collector_paused() -> Iterator[None]:
    """Pause the cycle collector: a run frees almost everything by counting, and the search costs a tenth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def long_run_rps(scenario: Scenario, workload: Workload, rate_rps: float) -> float:
    """Return the rate that went before a window: where it is one busy hour, the mean of the week that led there."""
    return rate_rps if workload.week is not None else rate_rps / max(week_profile(scenario.traffic))


def _stop(_event: simpy.Event) -> None:
    raise StopSimulation(None)  # as SimPy itself ends a run; `run` returns what it carries


class Arrivals(simpy.Event):
    """One event that comes back for every request, where a time-out for each would cost a tenth of a run."""

    def __init__(self, env: Clock, arrived_s: list[float], begin: Callable[[int], None]) -> None:
        super().__init__(env)
        self._clock = env
        self._ok, self._value = True, None
        self._arrived_s, self._begin, self._request = arrived_s, begin, 0
        self._again: list[Callable[[simpy.Event], None]] = [self._come]
        self.callbacks = self._again
        env.ring(self, arrived_s[0])

    def _come(self, _event: simpy.Event) -> None:
        request = self._request
        self._begin(request)
        self._request = following = request + 1
        if following < len(self._arrived_s):
            self.callbacks = self._again
            self._clock.ring(self, self._arrived_s[following])


class Walk:
    """A request under way: a SimPy process without the two events that begin and end one.

    Nobody waits for a request as such, so those events would only cost time: a tenth of a run.
    """

    __slots__ = ("_journey",)

    def __init__(self, journey: Generator[simpy.Event, Any, None]) -> None:
        self._journey = journey
        self(None)

    def __call__(self, _event: simpy.Event | None) -> None:
        """Go on to the next event that has not happened yet."""
        for event in self._journey:
            if event.callbacks is not None:
                event.callbacks.append(self)
                return


class _Run:
    """One simulation in progress: the stations and the stamps."""

    def __init__(
        self, scenario: Scenario, name: str, workload: Workload, rate_rps: float, replicas: dict[str, int]
    ) -> None:
        self.env = Clock()
        option = scenario.options[name]
        workload = workload_of(option, workload)  # with the option's own prompts
        self.name, self.workload, self.rate_rps = name, workload, rate_rps
        tiers = scenario.tiers_of(name)
        self.replicas = {
            tier: replicas.get(tier, getattr(config, "min_replicas", 1))
            for tier, config in tiers.items()
            if config.owns_fleet
        }
        self.tiers: dict[str, Station] = {}
        for tier, config in tiers.items():
            self.tiers[tier] = self._station(scenario, option, tier, config)
        self.classes = [workload.classes[index] for index in workload.class_index.tolist()]
        self.view = RunView(scenario, workload, self.tiers)
        before_rps = long_run_rps(scenario, workload, rate_rps)
        self.stages = list(stages_of(self.env, option, workload, self.view, self.classes, before_rps))
        self.route = option.router.start(self.view)
        self.prompt_share = option.router.start_prompts(self.view)
        self.fall = option.fallback.start(self.view) if option.fallback else None
        self.strict = any(scenario.classes[name].sensitive for name in workload.classes)
        count = len(workload)
        self.outcome = [Outcome.IN_FLIGHT] * count
        self.tried: list[tuple[str, ...]] = [()] * count
        self.retries = [0] * count
        self.further: dict[int, list[FurtherVisit]] = {}
        self.unanswered_tries: dict[int, tuple[int, ...]] = {}
        self.cached_tokens: dict[tuple[int, int], int] = {}
        self.input_tokens: list[int] = workload.input_tokens.tolist()
        self.output_tokens: list[int] = workload.output_tokens.tolist()
        self.served = [-1] * count
        self.degraded: set[int] = set()
        self.spared: dict[int, str] = {}  # by request that a cache answered, the tier that would have
        self.started_s: list[float | None] = [None] * count
        self.first_token_s: list[float | None] = [None] * count
        self.finished_s: list[float | None] = [None] * count
        self.reached_s: dict[str, list[float | None]] = {stage.name: [None] * count for stage in self.stages}
        self.arrived_s = workload.arrivals_s(rate_rps)
        self.place = {tier: index for index, tier in enumerate(self.tiers)}
        self.left = count
        self.over = self.env.event()

    def _station(self, scenario: Scenario, option: Option, tier: str, config: Tier) -> Station:
        """Make a tier's station, or one in each region where it stands."""
        station = plugins_in("tco.sim.stations")[config.kind_name()]
        placement, regions = option.placement, scenario.regions
        if placement is None or regions is None:
            made: Station = station(self.env, config, self.workload, self.replicas.get(tier, 0))
            return made
        places = placement.tiers[tier]
        split = split_replicas(regions.near_shares(places), self.replicas.get(tier, 0))
        if tier in self.replicas:
            self.replicas[tier] = sum(split.values())
        stations = {region: station(self.env, config, self.workload, split[region]) for region in places}
        return PlacedStation(self.env, stations, split, regions, self.workload)

    def start(self, clients: Clients | None) -> None:
        """Let the requests come, as the workload says or as the clients of a closed loop send them."""
        if clients is None:
            Arrivals(self.env, self.arrived_s, self._begin)
            return
        numbers = iter(range(len(self.workload)))
        pauses = None if clients.think_s is None else clients.think_s.tolist()
        for _ in range(clients.count):
            self.env.process(self._client(numbers, pauses))

    def to_the_end(self) -> None:
        """Run until the last request has ended, or nothing can happen any more; stations may go on for ever."""
        self.over.callbacks.append(_stop)
        self.env.run_out()

    def _begin(self, request: int) -> None:
        Walk(self._journey(request, self.classes[request]))

    def _client(self, numbers: Iterator[int], pauses: list[float] | None) -> Generator[simpy.Event, Any, None]:
        """Send requests one after the other, each when the last one was answered and the pause is over."""
        for request in numbers:
            if pauses is not None:
                yield self.env.timeout(pauses[request])
            yield from self._journey(request, self.classes[request])

    def _journey(self, request: int, request_class: str) -> Generator[simpy.Event, Any, None]:
        """One request from arrival to its end: the stages before, then tiers until an answer stands."""
        env = self.env
        self.arrived_s[request] = env.now  # as the engine's clock has it, so that stamps are in order
        call: Call | None = None
        if self.stages:
            call = Call(request, 0, 0)
            yield from self._before_tiers(call)
            if call.outcome is Outcome.CACHED:
                self._end_cached(call, request_class)
                return
        tried: tuple[str, ...] = ()
        answer: Call | None = None  # the last one
        tier = self.route(request, request_class, tried)
        while tier is not None:
            if self.strict and not self.view.allows(request_class, tier):
                raise SimulationError(f"{self.name}: request {request}, sensitive, was sent to {tier}")
            tokens_in = self.input_tokens[request]
            if answer is not None and self.prompt_share is not None:
                tokens_in = max(round(tokens_in * self.prompt_share(request, request_class)), 1)
            call = Call(request, tokens_in, self.output_tokens[request], len(tried))
            entered_s = env.now
            yield from self.tiers[tier].visit(call)
            answered = call.outcome is Outcome.COMPLETED
            if tried:
                visit = FurtherVisit(entered_s, call.started_s, call.input_tokens)
                self.further.setdefault(request, []).append(visit)
            else:
                self.started_s[request] = call.started_s
            tried = (*tried, tier) if tried else (tier,)
            if call.retries:
                self.retries[request] += call.retries
            if call.cached_tokens:
                self.cached_tokens[request, len(tried) - 1] = call.cached_tokens
            if answered:
                answer = call
                self.served[request] = self.place[tier]
                tier = self.route(request, request_class, tried) if request not in self.degraded else None
            else:
                tier = self._fall(request, request_class, tried, call.outcome)
        self.tried[request] = tried
        self._end(call if call is not None and call is answer else self._standing(call, answer))

    def _fall(self, request: int, request_class: str, tried: tuple[str, ...], why: Outcome) -> str | None:
        """Say where a request goes that got no answer; what it gets from then on is less than was meant."""
        self.unanswered_tries[request] = (*self.unanswered_tries.get(request, ()), len(tried) - 1)
        if self.fall is None:
            return None
        self.degraded.add(request)
        return self.fall(request_class, tried, why)

    def _standing(self, last: Call | None, answer: Call | None) -> Call:
        """Return the call that counts: the last, or an answer from before where there is a fallback to it."""
        if last is None:
            raise SimulationError(f"{self.name}: the router sent a request nowhere")
        if last.outcome is not Outcome.COMPLETED:
            self.degraded.discard(last.request)
            if answer is None or self.fall is None:
                self.served[last.request] = -1
                return last
            self.degraded.add(last.request)
            answer.first_token_s = self.env.now  # it was kept back until the better one had failed
            return answer
        return last

    def _before_tiers(self, call: Call) -> Generator[simpy.Event, Any, None]:
        """Pass the stages, one of which may answer."""
        for stage in self.stages:
            if not stage.wants(call):
                continue
            if self.strict and not stage.keeps_data(call) and self.view.sensitive(self.classes[call.request]):
                raise SimulationError(f"{self.name}: request {call.request}, sensitive, was shown to {stage.name}")
            yield from stage.visit(call)
            self.reached_s[stage.name][call.request] = self.env.now
            if call.outcome is Outcome.CACHED:
                return

    def _end(self, call: Call) -> None:
        self.outcome[call.request] = call.outcome
        self.first_token_s[call.request] = call.first_token_s
        self.finished_s[call.request] = self.env.now
        for stage in self.stages:
            stage.ended(call)
        self.left -= 1
        if not self.left:
            self.over.succeed()

    def _good(self) -> NDArray[np.int8]:
        """Say of every answer whether it is good: 1, 0, or -1 where nobody knows or there is no answer."""
        good = np.full(len(self.workload), -1, np.int8)
        served = np.array(self.served)
        for tier, place in self.place.items():
            if self.view.knows_quality(tier) and (mine := served == place).any():
                good[mine] = np.array(self.view.good(tier), np.int8)[mine]
        false_hits = self._false_hits()
        for request, outcome in enumerate(self.outcome):
            if outcome is Outcome.CACHED:
                good[request] = 0 if request in false_hits else self._cached_good(request)
        return good

    def _end_cached(self, call: Call, request_class: str) -> None:
        """Note the tier whose answer the router would have got, were every tier up and had room."""
        tried: tuple[str, ...] = ()
        while (tier := self.route(call.request, request_class, tried)) is not None:
            tried = (*tried, tier)
        self.spared[call.request] = tried[-1]
        self._end(call)

    def _cached_good(self, request: int) -> int:
        """Say whether a cached answer is good: it is as good as that of the tier that was spared."""
        tier = self.spared[request]
        return int(self.view.good(tier)[request]) if self.view.knows_quality(tier) else -1

    def _first_unanswered(self) -> NDArray[np.int64]:
        first = np.full(len(self.workload), -1)
        for request, places in self.unanswered_tries.items():
            first[request] = places[0]
        return first

    def _false_hits(self) -> set[int]:
        return set().union(*(stage.false_hits for stage in self.stages if isinstance(stage, CacheStage)))

    def result(self) -> SimulationResult:
        """Gather the stamps into arrays and close the stations' books."""
        elapsed_s = self.env.now - self.arrived_s[0]
        stations = {name: station for stage in self.stages for name, station in stage.stations.items()} | self.tiers
        known: dict[tuple[str, ...], int] = {}
        path = [known.setdefault(tried, len(known)) for tried in self.tried]
        return SimulationResult(
            option=self.name,
            rate_rps=self.rate_rps,
            replicas=self.replicas,
            tiers=tuple(self.tiers),
            outcome=np.array(self.outcome, np.int8),
            served_by=np.array(self.served, np.int16),
            path=np.array(path, np.int64),
            known_paths=list(known),
            retries=np.array(self.retries, np.int32),
            reached_s={name: np.array(stamps, np.float64) for name, stamps in self.reached_s.items()},
            started_s=np.array(self.started_s, np.float64),
            arrived_s=np.array(self.arrived_s),
            first_token_s=np.array(self.first_token_s, np.float64),
            finished_s=np.array(self.finished_s, np.float64),
            further=self.further,
            unanswered_tries=self.unanswered_tries,
            cached_tokens=self.cached_tokens,
            degraded=np.isin(np.arange(len(self.workload)), list(self.degraded)),
            good=self._good(),
            first_unanswered=self._first_unanswered(),
            false_hit=np.isin(np.arange(len(self.workload)), list(self._false_hits())),
            books={name: station.books(elapsed_s) for name, station in stations.items()},
            elapsed_s=elapsed_s,
            workload=self.workload,
            places={
                tier: station.places() for tier, station in self.tiers.items() if isinstance(station, PlacedStation)
            },
        )
