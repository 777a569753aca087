"""Compiled engine: feed-forward graphs as recurrences over arrays, tier after tier, with the answers of the other one.

Tiers are served in the order in which the option names them: all visits to one at once, then all to the next. That is
right as long as nobody goes back to a tier that was served already, and nothing that is decided depends on how full a
tier is. Chances are those of the other engine, request by request, so both give the same stamps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tco.demand.prompts import who_retrieves, workload_of
from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.policies.caching import Found
from tco.policies.caching.fixed import FixedHitShare
from tco.scenario import Scenario
from tco.scenario.options import Option
from tco.serving.latency import Quantiles
from tco.sim.compiled.placed import PlacedTier
from tco.sim.compiled.tiers import Served, Visits, delays_s, serve
from tco.sim.result import FurtherVisit, SimulationResult
from tco.sim.run_view import RunView
from tco.sim.stations import StationBooks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class NotFeedForwardError(Exception):
    """A request went back to a tier that was served already."""


def reason_against(scenario: Scenario, option: str) -> str | None:
    """Say why an option needs the other engine; None where this one gives the same answers.

    Args:
        scenario: the scenario.
        option: name of the option.
    """
    chosen = scenario.options[option]
    if chosen.router.depends_on_load:
        return f"router of kind {chosen.router.kind_name()}"
    if chosen.cache is not None and not isinstance(chosen.cache.policy, FixedHitShare):
        return f"cache of kind {chosen.cache.policy.kind_name()}"
    return None


def simulate(
    scenario: Scenario, option: str, workload: Workload, rate_rps: float, replicas: dict[str, int] | None = None
) -> SimulationResult:
    """Simulate one option at one load until the last request has left, as `tco.sim.engine.simulate` does.

    Raises:
        NotFeedForwardError: when a request goes back to a tier that was served already.
    """
    run = _Run(scenario, option, workload, rate_rps, replicas or {})
    run.before_tiers()
    run.through_tiers()
    return run.result()


@dataclass
class _Way:
    """Requests on their way to a tier, in parts that were sent together."""

    parts: list[tuple[Ints, Floats, Ints, Ints]] = field(default_factory=list)

    def visits(self, output_tokens: Ints) -> Visits:
        """Put them in order of time."""
        nobody = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64)
        request, entered_s, tokens, attempt = (np.concatenate(each) for each in zip(nobody, *self.parts, strict=True))
        order = np.argsort(entered_s, kind="stable")  # who comes at the same moment keeps the order of sending
        request = request[order]
        return Visits(request, entered_s[order], tokens[order], output_tokens[request], attempt[order])


class _Run:
    """One simulation: stamps of all requests, filled tier by tier."""

    def __init__(
        self, scenario: Scenario, name: str, workload: Workload, rate_rps: float, replicas: dict[str, int]
    ) -> None:
        self.scenario, self.name, self.rate_rps = scenario, name, rate_rps
        self.option: Option = scenario.options[name]
        self.workload = workload = workload_of(self.option, workload)
        self.config = scenario.tiers_of(name)
        self.replicas = {
            tier: replicas.get(tier, getattr(config, "min_replicas", 1))
            for tier, config in self.config.items()
            if config.owns_fleet
        }
        n = len(workload)
        self.labels: list[int] | None = None  # of the requests' classes, as a list, once somebody asks one by one
        self.view = RunView(scenario, workload, {})
        self.arrived_s = np.array(workload.arrivals_s(rate_rps))
        self.now_s = self.arrived_s.copy()
        self.cached = np.zeros(n, np.bool_)
        self.false_hits = np.zeros(n, np.bool_)
        self.reached_s: dict[str, Floats] = {}
        self.books: dict[str, StationBooks] = {}
        self.outcome = np.zeros(n, np.int8)
        self.served = np.full(n, -1, np.int16)
        self.started_s, self.first_token_s, self.finished_s = (np.full(n, np.nan) for _ in range(3))
        self.path = np.zeros(n, np.int64)  # place of each request's path in `paths`
        self.paths: dict[tuple[str, ...], int] = {(): 0}
        self.retries = np.zeros(n, np.int64)
        self.done_by: dict[str, tuple[Visits, Served]] = {}
        self.placed = self._placed()
        self.further: dict[int, list[FurtherVisit]] = {}
        self.unanswered_tries: dict[int, tuple[int, ...]] = {}
        self.cached_tokens: dict[tuple[int, int], int] = {}
        self.degraded: set[int] = set()
        self.strict = any(scenario.classes[each].sensitive for each in workload.classes)

    def _placed(self) -> dict[str, PlacedTier]:
        """Put the tiers into their regions, where the option says where they stand."""
        placement, regions = self.option.placement, self.scenario.regions
        if placement is None or regions is None:
            return {}
        found = {
            tier: PlacedTier(config, placement.tiers[tier], self.replicas.get(tier, 0), regions, self.workload)
            for tier, config in self.config.items()
        }
        self.replicas = {tier: sum(found[tier].split.values()) for tier in self.replicas}
        return found

    # ------------------------------------------------------------ before the tiers

    def before_tiers(self) -> None:
        """Pass the cache, the deciders and the vector search, in the order of `stages_of`."""
        option, workload = self.option, self.workload
        if option.cache is not None:
            self._cache()
        asks = option.router.start_asking(self.view)
        if asks is not None:
            names = workload.classes
            asked = [asks(request, names[label]) for request, label in enumerate(workload.class_index.tolist())]
            reached_s = np.full(len(workload), np.nan)
            for decider in option.router.deciders():
                mine = np.array([each == decider.name for each in asked], np.bool_) & ~self.cached
                latency = Quantiles(p50_s=decider.p50_s, p95_s=decider.p95_s)
                self.books[f"router {decider.name}"] = self._delay(mine, delays_s(latency, workload, "decider", 0))
                reached_s[mine] = self.now_s[mine]
            self.reached_s["router"] = reached_s
        if option.retrieval is not None:
            self._retrieval()

    def _delay(self, mine: NDArray[np.bool_], delay_s: Floats) -> StationBooks:
        """Hold some requests; return the books of the station."""
        entered_s = self.now_s[mine]
        self.now_s[mine] = left_s = entered_s + delay_s[mine]
        count = int(mine.sum())
        return StationBooks(count, count, 0, 0, 0, 0, 0, float((left_s - entered_s).sum()))

    def _cache(self) -> None:
        cache, workload = self.option.cache, self.workload
        assert cache is not None  # noqa: S101  # the caller looked
        allowed = np.array([self.scenario.classes[name].cacheable for name in workload.classes])
        looks = allowed[workload.class_index]
        self.books["cache"] = self._delay(looks, delays_s(cache.lookup, workload, "cache_lookup", 0))
        self.reached_s["cache"] = np.where(looks, self.now_s, np.nan)
        state = cache.policy.start(self.view, self.rate_rps)
        found = [state.look(request, 0.0) if look else Found.NOTHING for request, look in enumerate(looks.tolist())]
        self.cached = np.array([each is not Found.NOTHING for each in found], np.bool_)
        self.false_hits = np.array([each is Found.WRONG_ANSWER for each in found], np.bool_)

    def _retrieval(self) -> None:
        retrieval, workload = self.option.retrieval, self.workload
        assert retrieval is not None  # noqa: S101  # the caller looked
        retrieves = who_retrieves(retrieval, workload)
        mine = ~self.cached if retrieves is None else ~self.cached & retrieves
        searching = mine
        if retrieval.ann_cache is not None:
            index = retrieval.ann_cache
            self.books["ann"] = self._delay(mine, delays_s(index.latency, workload, "ann", 1))
            searching = mine & ~(workload.uniform_array("ann") < index.answered_share)
        self.books["retrieval"] = self._delay(searching, delays_s(retrieval.latency, workload, "retrieval", 0))
        self.reached_s["retrieval"] = np.where(mine, self.now_s, np.nan)

    # ------------------------------------------------------------ tiers

    def through_tiers(self) -> None:
        """Serve tier after tier; whoever is asked on, or falls back, goes to a later one."""
        self.route = self.option.router.start(self.view)
        self.prompt_share = self.option.router.start_prompts(self.view)
        self.fall = self.option.fallback.start(self.view) if self.option.fallback else None
        self.ways = {tier: _Way() for tier in self.config}
        self.place = {tier: place for place, tier in enumerate(self.config)}
        self.passed = -1  # place of the last tier served
        self.answers: dict[int, tuple[float, float]] = {}  # of those who are asked on: first token, end
        first = self.option.router.first_tiers(self.view, self.workload.class_index, self.workload.classes)
        if len(first) != len(self.workload):
            raise SimulationError(f"{self.name}: the router sent a request nowhere")
        places = np.fromiter(map(self.place.__getitem__, first), np.int64, len(first))
        for tier, place in self.place.items():
            mine = np.flatnonzero((places == place) & ~self.cached)
            self._send(tier, mine, self.now_s[mine], self.workload.input_tokens[mine], np.zeros(len(mine), np.int64))
        self._end_cached()
        for place, (tier, config) in enumerate(self.config.items()):
            self.passed = place
            visits = self.ways[tier].visits(self.workload.output_tokens)
            placed = self.placed.get(tier)
            served = (
                serve(config, visits, self.workload, self.replicas.get(tier, 0))
                if placed is None
                else placed.serve(visits)
            )
            self.done_by[tier] = visits, served
            if served.retries is not None:
                np.add.at(self.retries, visits.request, served.retries)
            done = served.outcome == Outcome.COMPLETED
            stays = done & (visits.attempt == 0) if not self.option.router.asks_on else np.zeros(len(visits), np.bool_)
            self._stay(tier, visits, served, stays)
            self._go_on(tier, visits, served, ~stays)

    def _send(self, tier: str, request: Ints, at_s: Floats, tokens: Ints, attempt: Ints) -> None:
        if not len(request):
            return
        if self.place[tier] <= self.passed:
            raise NotFeedForwardError(f"{self.name}: request {request[0]} goes back to {tier}")
        if self.strict:
            index = self.workload.class_index[request]
            wrong = [name for at, name in enumerate(self.workload.classes) if (index == at).any()]
            wrong = [name for name in wrong if not self.view.allows(name, tier)]
            if wrong:
                raise SimulationError(f"{self.name}: a request of class {wrong[0]}, sensitive, was sent to {tier}")
        self.ways[tier].parts.append((request, at_s, tokens, attempt))

    def _stay(self, tier: str, visits: Visits, served: Served, who: NDArray[np.bool_]) -> None:
        """Write down answers that stand at once, all together."""
        request = visits.request[who]
        self.outcome[request] = Outcome.COMPLETED
        self.served[request] = self.place[tier]
        self.started_s[request] = served.started_s[who]
        self.first_token_s[request] = served.first_token_s[who]
        self.finished_s[request] = served.left_s[who]
        self.path[request] = self.paths.setdefault((tier,), len(self.paths))
        cached = served.cached_tokens[who]
        held = cached > 0
        self.cached_tokens.update(
            zip(((each, 0) for each in request[held].tolist()), cached[held].tolist(), strict=True)
        )

    def _go_on(self, tier: str, visits: Visits, served: Served, some: NDArray[np.bool_]) -> None:
        """Write down what came of visits that may lead to others, and send on whoever goes on, as they end."""
        ended = np.arange(len(visits)) if served.ended is None else served.ended
        order = np.lexsort((ended, served.left_s))
        who = order[some[order]]
        place, whole = self.place[tier], self.workload.input_tokens
        rows = zip(
            visits.request[who].tolist(), visits.attempt[who].tolist(), visits.entered_s[who].tolist(),
            visits.input_tokens[who].tolist(), served.outcome[who].tolist(), served.started_s[who].tolist(),
            served.first_token_s[who].tolist(), served.left_s[who].tolist(), served.cached_tokens[who].tolist(),
            strict=True,
        )  # fmt: skip
        sent: dict[str, list[tuple[int, float, int, int]]] = {}
        paths = list(self.paths)
        for request, attempt, entered_s, tokens, outcome, started_s, first_s, left_s, cached in rows:
            tried = (*paths[self.path[request]], tier)
            if (code := self.paths.get(tried)) is None:
                code = self.paths[tried] = len(paths)
                paths.append(tried)
            self.path[request] = code
            label = self._label(request)
            if attempt:
                begun = None if started_s != started_s else started_s
                self.further.setdefault(request, []).append(FurtherVisit(entered_s, begun, tokens))
            else:
                self.started_s[request] = started_s
            if cached:
                self.cached_tokens[request, attempt] = cached
            if outcome == Outcome.COMPLETED:
                self.served[request] = place
                following = self.route(request, label, tried) if request not in self.degraded else None
                if following is None:
                    self._end(request, Outcome.COMPLETED, first_s, left_s)
                    continue
                self.answers[request] = first_s, left_s
            else:
                following = self._fall(request, label, tried, Outcome(outcome))
                if following is None:
                    self._without(request, Outcome(outcome), left_s)
                    continue
            again = int(whole[request])
            if request in self.answers and self.prompt_share is not None:
                again = max(round(again * self.prompt_share(request, label)), 1)
            sent.setdefault(following, []).append((request, left_s, again, attempt + 1))
        for following, calls in sent.items():
            request_of, at_s, tokens_of, attempts = zip(*calls, strict=True)
            self._send(
                following, np.array(request_of, np.int64), np.array(at_s), np.array(tokens_of, np.int64),
                np.array(attempts, np.int64),
            )  # fmt: skip

    def _label(self, request: int) -> str:
        if self.labels is None:
            self.labels = self.workload.class_index.tolist()
        return self.workload.classes[self.labels[request]]

    def _fall(self, request: int, label: str, tried: tuple[str, ...], why: Outcome) -> str | None:
        self.unanswered_tries[request] = (*self.unanswered_tries.get(request, ()), len(tried) - 1)
        if self.fall is None:
            return None
        self.degraded.add(request)
        return self.fall(request, label, tried, why)

    def _without(self, request: int, outcome: Outcome, left_s: float) -> None:
        """End a request whose last call brought nothing; an answer from before stands where there is a fallback."""
        self.degraded.discard(request)
        if request not in self.answers or self.fall is None:
            self.served[request] = -1
            self._end(request, outcome, np.nan, left_s)
            return
        self.degraded.add(request)
        self._end(request, Outcome.COMPLETED, left_s, left_s)

    def _end(self, request: int, outcome: Outcome, first_s: float, left_s: float) -> None:
        self.outcome[request] = outcome
        self.first_token_s[request] = first_s
        self.finished_s[request] = left_s

    def _end_cached(self) -> None:
        """Requests that the cache answered end there; note the tier that was spared."""
        self.outcome[self.cached] = Outcome.CACHED
        self.first_token_s[self.cached] = self.finished_s[self.cached] = self.now_s[self.cached]
        self.spared: dict[int, str] = {}
        for request in np.flatnonzero(self.cached).tolist():
            tried: tuple[str, ...] = ()
            while (tier := self.route(request, self._label(request), tried)) is not None:
                tried = (*tried, tier)
            self.spared[request] = tried[-1]

    # ------------------------------------------------------------ result

    def _good(self) -> NDArray[np.int8]:
        good = np.full(len(self.workload), -1, np.int8)
        for tier, place in self.place.items():
            if self.view.knows_quality(tier) and (mine := self.served == place).any():
                good[mine] = np.array(self.view.good(tier), np.int8)[mine]
        for request, tier in self.spared.items():
            known = self.view.knows_quality(tier)
            good[request] = 0 if self.false_hits[request] else int(self.view.good(tier)[request]) if known else -1
        return good

    def _tried(self) -> list[tuple[str, ...]]:
        table = np.empty(len(self.paths), object)
        table[:] = list(self.paths)
        tried: list[tuple[str, ...]] = table[self.path].tolist()
        return tried

    def result(self) -> SimulationResult:
        """Gather everything."""
        end_s = float(self.finished_s.max())
        elapsed_s = end_s - float(self.arrived_s[0])
        for tier, (visits, served) in self.done_by.items():
            placed = self.placed.get(tier)
            self.books[tier] = (
                served.books(visits, elapsed_s, end_s)
                if placed is None
                else placed.books(visits, served, elapsed_s, end_s)
            )
        order = [name for name in self.books if name not in self.config] + list(self.config)
        return SimulationResult(
            option=self.name,
            rate_rps=self.rate_rps,
            replicas=self.replicas,
            tiers=tuple(self.config),
            outcome=self.outcome,
            served_by=self.served,
            tried=self._tried(),
            known_paths=(self.path, list(self.paths)),
            retries=self.retries.astype(np.int32),
            reached_s=self.reached_s,
            started_s=self.started_s,
            arrived_s=self.arrived_s,
            first_token_s=self.first_token_s,
            finished_s=self.finished_s,
            further=self.further,
            unanswered_tries=self.unanswered_tries,
            cached_tokens=self.cached_tokens,
            degraded=np.isin(np.arange(len(self.workload)), list(self.degraded)),
            good=self._good(),
            false_hit=self.false_hits,
            books={name: self.books[name] for name in order},
            elapsed_s=elapsed_s,
            workload=self.workload,
            places={tier: placed.places() for tier, placed in self.placed.items()},
        )
