"""Stages: what a request passes before its first tier: a cache that may answer it, deciders, vector search.

A stage is a station with a rule about who goes there. Adding one means a class here and a line in `stages_of`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tco.demand.prompts import who_retrieves
from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.policies.caching import Found
from tco.policies.routing import Asks
from tco.scenario.options import Option
from tco.serving.latency import Quantiles
from tco.sim.clock import Clock
from tco.sim.run_view import RunView
from tco.sim.stations import Call, Station, Visit
from tco.sim.stations.delay import Delay, DelayStation


class Stage:
    """Base of the stages.

    Attributes:
        name: name in the result's stamps.
        stations: stations of the stage, by the name of their books.
    """

    name: str
    stations: dict[str, Station]

    def wants(self, call: Call) -> bool:
        """Say whether a request passes this stage."""
        del call
        return True

    def keeps_data(self, call: Call) -> bool:
        """Say whether a request that passes stays on own hardware."""
        raise NotImplementedError

    def visit(self, call: Call) -> Visit:
        """Pass a request; the call's outcome is `CACHED` when nothing further has to be done."""
        raise NotImplementedError

    def ended(self, call: Call) -> None:
        """Take note that a request has got its answer, in whatever way."""


class CacheStage(Stage):
    """A cache in front of everything."""

    name = "cache"

    def __init__(
        self, env: Clock, option: Option, workload: Workload, view: RunView, classes: list[str], long_run_rps: float
    ) -> None:
        if option.cache is None:
            raise ValueError("the option has no cache")
        delay = Delay(latency=option.cache.lookup, purpose="cache_lookup")
        self._station = DelayStation(env, delay, workload, 0)
        self.stations = {self.name: self._station}
        self._clock = env
        self._kept = [view.cacheable(name) for name in classes] if view.some_uncacheable else None
        self._state = option.cache.policy.start(view, long_run_rps)
        self.false_hits: set[int] = set()
        self._is_own = option.cache.on_own_hardware

    def keeps_data(self, call: Call) -> bool:
        """Say whether the cache is on own hardware."""
        del call
        return self._is_own

    def wants(self, call: Call) -> bool:
        """Say whether the request's class may be cached."""
        return self._kept is None or self._kept[call.request]

    def visit(self, call: Call) -> Visit:
        """Look the request up."""
        yield from self._station.visit(call)
        found = self._state.look(call.request, self._clock.now)
        if found is Found.NOTHING:
            call.outcome, call.first_token_s = Outcome.IN_FLIGHT, None
            return
        call.outcome = Outcome.CACHED
        if found is Found.WRONG_ANSWER:
            self.false_hits.add(call.request)

    def ended(self, call: Call) -> None:
        """Keep what a model answered."""
        if call.outcome is Outcome.COMPLETED and self.wants(call):
            self._state.store(call.request, self._clock.now)


class RetrievalStage(Stage):
    """Vector search, by those who retrieve: in the index in memory where there is one, then in the database."""

    name = "retrieval"
    ann = "ann"  # name of the index's books

    def __init__(self, env: Clock, option: Option, workload: Workload) -> None:
        if option.retrieval is None:
            raise ValueError("the option has no retrieval")
        delay = Delay(latency=option.retrieval.latency, purpose="retrieval")
        self._station = DelayStation(env, delay, workload, 0)
        self.stations = {self.name: self._station}
        self._is_own = option.retrieval.on_own_hardware
        retrieves = who_retrieves(option.retrieval, workload)
        self._retrieves: list[bool] | None = None if retrieves is None else retrieves.tolist()
        self._index: DelayStation | None = None
        if (index := option.retrieval.ann_cache) is not None:
            # another attempt's variates, so that how long a look takes does not tell whether it finds something
            self._index = DelayStation(env, Delay(latency=index.latency, purpose="ann", attempt=1), workload, 0)
            self._found = [chance < index.answered_share for chance in workload.uniforms("ann")]
            self.stations = {self.ann: self._index, **self.stations}

    def keeps_data(self, call: Call) -> bool:
        """Say whether the database is on own hardware."""
        del call
        return self._is_own

    def wants(self, call: Call) -> bool:
        """Say whether the request retrieves."""
        return self._retrieves is None or self._retrieves[call.request]

    def visit(self, call: Call) -> Visit:
        """Search; what the index in memory answers does not reach the database."""
        if self._index is not None:
            yield from self._index.visit(call)
            if self._found[call.request]:
                return
        yield from self._station.visit(call)


class DeciderStage(Stage):
    """Deciders of the router, of which a request asks one or none."""

    name = "router"

    def __init__(self, env: Clock, option: Option, workload: Workload, classes: list[str], asks: Asks) -> None:
        self._asks, self._classes = asks, classes
        self._deciders = {
            decider.name: DelayStation(
                env, Delay(latency=Quantiles(p50_s=decider.p50_s, p95_s=decider.p95_s), purpose="decider"), workload, 0
            )
            for decider in option.router.deciders()
        }
        self._own = {decider.name for decider in option.router.deciders() if decider.on_own_hardware}
        self.stations = {f"router {name}": station for name, station in self._deciders.items()}

    def keeps_data(self, call: Call) -> bool:
        """Say whether the decider that is asked is on own hardware."""
        return self._asks(call.request, self._classes[call.request]) in self._own

    def wants(self, call: Call) -> bool:
        """Say whether the request's policy asks anybody."""
        return self._asks(call.request, self._classes[call.request]) is not None

    def visit(self, call: Call) -> Visit:
        """Ask."""
        name = self._asks(call.request, self._classes[call.request])
        if name is not None:
            yield from self._deciders[name].visit(call)


def stages_of(
    env: Clock, option: Option, workload: Workload, view: RunView, classes: list[str], long_run_rps: float
) -> Iterator[Stage]:
    """Make the stages of an option, in the order in which a request passes them.

    Args:
        env: the run's clock.
        option: the option.
        workload: the requests.
        view: what policies may see.
        classes: name of each request's class.
        long_run_rps: arrival rate that went before the window, requests per second.
    """
    if option.cache is not None:
        yield CacheStage(env, option, workload, view, classes, long_run_rps)
    asks = option.router.start_asking(view)
    if asks is not None:
        yield DeciderStage(env, option, workload, classes, asks)
    if option.retrieval is not None:
        yield RetrievalStage(env, option, workload)
