"""Journeys: requests on their way from tier to tier, all visits to one tier at once, in the order of the tiers."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from tco.demand.prompts import workload_of
from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.policies.routing import Some
from tco.scenario import Scenario
from tco.scenario.options import Option
from tco.sim.answer_time import few_values
from tco.sim.compiled.front import Front
from tco.sim.compiled.kernels.rings import COMPLETED, SPILLED
from tco.sim.compiled.later import Later, cached_tokens, further_visits, unanswered_tries
from tco.sim.compiled.order import tier_order
from tco.sim.compiled.placed import PlacedTier
from tco.sim.compiled.pools import Spill
from tco.sim.compiled.served import Served, Visits
from tco.sim.compiled.spilling import Spilling, spilling
from tco.sim.compiled.tiers import serve, serve_or_spill
from tco.sim.compiled.ways import Way
from tco.sim.result import SimulationResult
from tco.sim.run_view import RunView

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
NOWHERE = -1
EVERYWHERE = slice(None)


class NotCompiledError(Exception):
    """A run that the compiled engine turns out not to know.

    Attributes:
        why: what it does not know, for the user.
    """

    why = ""


class NotFeedForwardError(NotCompiledError):
    """A request went back to a tier that was served already."""

    why = "requests go back to a tier that was served before"


class Journeys:
    """One simulation: stamps of all requests, filled tier by tier.

    Args:
        scenario: the scenario.
        name: the option.
        workload: the requests.
        rate_rps: mean arrival rate, requests per second.
        replicas: of fleet tiers; those that are not named get their minimum.
        hits: who is answered by a cache that remembers, and who of them wrongly; None where hits are drawn.
    """

    def __init__(
        self,
        scenario: Scenario,
        name: str,
        workload: Workload,
        rate_rps: float,
        replicas: dict[str, int],
        hits: tuple[Flags, Flags] | None = None,
    ) -> None:
        self.scenario, self.name, self.rate_rps = scenario, name, rate_rps
        self.option: Option = scenario.options[name]
        self.workload = workload = workload_of(self.option, workload)
        self.config = scenario.tiers_of(name)
        self.tiers = tuple(self.config)
        self.replicas = {
            tier: replicas.get(tier, getattr(config, "min_replicas", 1))
            for tier, config in self.config.items()
            if config.owns_fleet
        }
        n = len(workload)
        self.view = RunView(scenario, workload, {})
        self.everybody = Some(np.arange(n), workload.class_index, workload.classes)
        self.arrived_s = workload.arrival_array_s(rate_rps)
        self.front = Front(scenario, self.option, workload, self.view, self.everybody, self.arrived_s.copy(), hits)
        self.outcome = np.zeros(n, np.int8)
        self.served = np.full(n, -1, np.int16)
        self.started_s, self.first_token_s, self.finished_s = (np.full(n, np.nan) for _ in range(3))
        self.has_answer, self.degraded = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        self.path = np.zeros(n, np.int64)  # place of each request's path in `paths`
        self.paths: dict[tuple[str, ...], int] = {(): 0}
        self.retries = np.zeros(n, np.int32)
        self.done_by: dict[str, tuple[Visits, Served]] = {}
        self.placed = self._placed()
        self.first_unanswered = np.full(n, -1)
        self.unanswered: list[tuple[Ints, Ints]] = []  # requests, and how many tiers they had tried before
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

    def before_tiers(self) -> None:
        """Pass what stands before the tiers."""
        self.front.pass_all()

    def through_tiers(self) -> None:
        """Serve tier after tier; whoever is asked on, or falls back, goes to a later one."""
        router = self.option.router
        self.route, self.prompt_shares = router.start_many(self.view), router.prompt_shares(self.view)
        self.fall = self.option.fallback.start(self.view) if self.option.fallback else None
        self.ways = {tier: Way() for tier in self.tiers}
        self.place = {tier: place for place, tier in enumerate(self.tiers)}
        self.routed = np.array([*(self.place[tier] for tier in router.tiers()), NOWHERE])  # by the router's own places
        order = tier_order(self.option, self.tiers)
        self.turn = [order.index(tier) for tier in self.tiers]  # of each tier, by its place
        self.passed = NOWHERE  # turn of the last tier served
        self.spilling = spilling(router, self.view, self.everybody, self.place, self.replicas)
        first = self._route(self.everybody, ())
        if (first < 0).any():
            raise SimulationError(f"{self.name}: the router sent a request nowhere")
        self._end_cached(first)
        for place in range(len(self.tiers)):
            mine = first == place if not self.front.cached.any() else (first == place) & ~self.front.cached
            request = self.everybody.request if mine.all() else np.flatnonzero(mine)
            at = self._at(request)
            self._send(place, request, self.front.now_s[at], self.workload.input_tokens[at], None)
        for turn, tier in enumerate(order):
            self.passed, config = turn, self.config[tier]
            visits = self.ways[tier].visits(self.workload, self.everybody.request, self.front.now_s)
            placed = self.placed.get(tier)
            if self.spilling is not None and tier in self.spilling.first:
                visits, served = self._spill(self.spilling, tier, visits, first)
            elif placed is None:
                served = serve(config, visits, self.workload, self.replicas.get(tier, 0))
            else:
                served = placed.serve(visits)
            self.done_by[tier] = visits, served
            if served.retries is not None:
                np.add.at(self.retries, visits.request, served.retries.astype(np.int32))
            self._go_on(self.place[tier], visits, served)

    def _spill(self, spills: Spilling, tier: str, visits: Visits, first: Ints) -> tuple[Visits, Served]:
        """Serve who finds room at a tier, and send the others on as if they had never come to it.

        Whom the cache answers only looks, for the tier whose answer it would have got.
        """
        probes = np.flatnonzero(self.front.cached & (first == self.place[tier]) & (spills.at >= 0))
        way, nothing = Way(), np.zeros(len(probes), np.int64)
        way.parts = [(visits.request, visits.entered_s, visits.input_tokens, visits.attempt)]
        way.parts.append((probes, self.front.now_s[probes], self.workload.input_tokens[probes], nothing))
        whole = way.visits(self.workload, self.everybody.request, self.front.now_s)
        probing = self.front.cached[whole.request]
        may = (whole.attempt == 0) & (first[whole.request] == self.place[tier])
        full = Spill(np.where(may, spills.at[whole.request], NOWHERE), probing)
        served = serve_or_spill(self.config[tier], whole, self.workload, self.replicas[tier], full)
        spilled = served.outcome == SPILLED
        self.spared[whole.request[spilled & probing]] = spills.to[whole.request[spilled & probing]]
        gone = whole.at(np.flatnonzero(spilled & ~probing))
        to = spills.to[gone.request]
        for place in few_values(to):
            there = gone.at(np.flatnonzero(to == place))
            self._send(place, there.request, there.entered_s, there.input_tokens, there.attempt)
        stay = np.flatnonzero(~spilled & ~probing)
        return whole.at(stay), served.at(stay)

    def _at(self, request: Ints) -> Ints | slice:
        """Return where some requests stand in arrays of all; a slice for everybody, which takes no look at each."""
        return EVERYWHERE if request is self.everybody.request else request

    def _route(self, some: Some, tried: tuple[str, ...]) -> Ints:
        """Ask the router where some go next, by the option's places of tiers."""
        return np.asarray(self.routed[self.route(some, tried)])

    def _send(self, place: int, request: Ints, at_s: Floats, tokens: Ints, attempt: Ints | None) -> None:
        if not len(request):
            return
        tier = self.tiers[place]
        if self.turn[place] <= self.passed:
            raise NotFeedForwardError(f"{self.name}: request {request[0]} goes back to {tier}")
        if self.strict:
            index = self.workload.class_index[request]
            wrong = [name for at, name in enumerate(self.workload.classes) if (index == at).any()]
            wrong = [name for name in wrong if not self.view.allows(name, tier)]
            if wrong:
                raise SimulationError(f"{self.name}: a request of class {wrong[0]}, sensitive, was sent to {tier}")
        tries = np.zeros(len(request), np.int64) if attempt is None else attempt
        self.ways[tier].parts.append((request, at_s, tokens, tries))

    def _go_on(self, place: int, visits: Visits, served: Served) -> None:
        """Write down what came of the visits to a tier, and send on whoever goes on, as they end."""
        request, done = visits.request, served.outcome == COMPLETED
        at, all_done = self._at(request), bool(done.all())
        self._walk_on(self.tiers[place], at)
        if visits.attempt.any():
            first = visits.attempt == 0
            self.started_s[request[first]] = served.started_s[first]
        else:
            self.started_s[at] = served.started_s
        if all_done and not self.option.router.asks_on:
            self.served[at] = place
            self._stand(at, served, EVERYWHERE)
            return
        whole = Some(request, self.workload.class_index[at], self.workload.classes)
        following = np.full(len(request), NOWHERE)
        asked = done & ~self.degraded[request]
        if self.option.router.asks_on:
            for tried, mine in self._by_path(request, asked):
                following[mine] = self._route(whole.of(mine), tried)
        if not all_done:
            following[~done] = self._fall(visits, served.outcome, ~done)
        self.served[request[done]] = place
        stands = done & (following == NOWHERE)
        self._stand(request[stands], served, stands)
        asks_on = done & (following != NOWHERE)
        if asks_on.any():
            self.has_answer[request[asks_on]] = True
        self._without(request, served, ~done & (following == NOWHERE))
        if (following != NOWHERE).any():
            self._send_on(whole, visits, served, following)

    def _walk_on(self, tier: str, at: Ints | slice) -> None:
        """Add a tier to the paths of some requests."""
        known = list(self.paths)
        if len(known) == 1:  # nobody has been anywhere
            self.path[at] = self.paths.setdefault((tier,), 1)
            return
        codes = self.path[at]
        table = np.zeros(len(known), np.int64)
        for code in np.flatnonzero(np.bincount(codes, minlength=len(known))).tolist():
            table[code] = self.paths.setdefault((*known[code], tier), len(self.paths))
        self.path[at] = table[codes]

    def _by_path(self, request: Ints, chosen: Flags) -> list[tuple[tuple[str, ...], Flags]]:
        """Part some of the requests by the tiers that they tried."""
        codes, known = self.path[request], list(self.paths)
        counts = np.bincount(codes[chosen], minlength=len(known))
        return [(known[code], chosen & (codes == code)) for code in np.flatnonzero(counts).tolist()]

    def _fall(self, visits: Visits, outcome: NDArray[np.int8], failed: Flags) -> Ints:
        """Say where requests go that got no answer; what they get from then on is less than was meant."""
        request = visits.request[failed]
        self.unanswered.append((request, visits.attempt[failed]))
        self.first_unanswered[request] = np.where(
            self.first_unanswered[request] < 0, visits.attempt[failed], self.first_unanswered[request]
        )
        found = np.full(len(request), NOWHERE)
        if self.fall is None:
            return found
        self.degraded[request] = True
        labels, whys = self.workload.class_index[request], outcome[failed]
        for tried, mine in self._by_path(request, np.ones(len(request), np.bool_)):
            for label in few_values(labels[mine]):
                for why in few_values(whys[mine]):
                    tier = self.fall(self.workload.classes[label], tried, Outcome(why))
                    if tier is not None:
                        found[mine & (labels == label) & (whys == why)] = self.place[tier]
        return found

    def _stand(self, ends: Ints | slice, served: Served, who: Flags | slice) -> None:
        """End requests whose answer stands, by their places among all and among those served."""
        self.outcome[ends] = Outcome.COMPLETED
        self.first_token_s[ends], self.finished_s[ends] = served.first_token_s[who], served.left_s[who]

    def _without(self, request: Ints, served: Served, who: Flags) -> None:
        """End requests whose last call brought nothing; an answer from before stands where there is a fallback."""
        if not who.any():
            return
        ends, left_s = request[who], served.left_s[who]
        stands = self.has_answer[ends] & (self.fall is not None)
        self.degraded[ends] = stands
        self.served[ends[~stands]] = -1
        self.outcome[ends] = np.where(stands, Outcome.COMPLETED, served.outcome[who])
        self.first_token_s[ends], self.finished_s[ends] = np.where(stands, left_s, np.nan), left_s

    def _send_on(self, whole: Some, visits: Visits, served: Served, following: Ints) -> None:
        """Send requests on in the order in which their calls ended, each with the part of its prompt that is due."""
        who = np.flatnonzero(following != NOWHERE)
        ended = who if served.ended is None else served.ended[who]
        who = who[np.lexsort((ended, served.left_s[who]))]
        some = Some(whole.request[who], whole.label[who], whole.classes)
        tokens = self.workload.input_tokens[some.request]
        if self.prompt_shares is not None:
            cut = np.maximum(np.rint(tokens * self.prompt_shares(some)).astype(np.int64), 1)
            tokens = np.where(self.has_answer[some.request], cut, tokens)
        for place in few_values(following[who]):
            mine = following[who] == place
            sent = who[mine]
            self._send(place, some.request[mine], served.left_s[sent], tokens[mine], visits.attempt[sent] + 1)

    def _end_cached(self, first: Ints) -> None:
        """Requests that the cache answered end there; note the tier whose answer they would have got."""
        cached = self.front.cached
        self.spared = np.full(len(self.workload), NOWHERE)
        if not cached.any():
            return
        self.outcome[cached] = Outcome.CACHED
        self.first_token_s[cached] = self.finished_s[cached] = self.front.now_s[cached]
        groups: list[tuple[Flags, tuple[str, ...]]] = [
            (cached & (first == place), (tier,)) for place, tier in enumerate(self.tiers)
        ]
        while groups:
            mine, tried = groups.pop()
            request = np.flatnonzero(mine)
            if not len(request):
                continue
            some = Some(request, self.workload.class_index[request], self.workload.classes)
            following = self._route(some, tried)
            self.spared[request] = self.place[tried[-1]]
            for place in few_values(following[following != NOWHERE]):
                further = np.zeros(len(mine), np.bool_)
                further[request[following == place]] = True
                groups.append((further, (*tried, self.tiers[place])))

    # ------------------------------------------------------------ result

    def answered_s(self) -> Floats:
        """Return when a model answered each request; infinite where none did."""
        return np.where(self.outcome == COMPLETED, self.finished_s, np.inf)

    def ranks(self) -> Ints:
        """Return the order in which a tier's calls ended; a step of a batch may end several at the same moment."""
        found = np.arange(len(self.workload))
        for visits, served in self.done_by.values():  # as they were served: whoever went on is in a later tier as well
            found[visits.request] = np.arange(len(visits)) if served.ended is None else served.ended
        return found

    def _good(self) -> NDArray[np.int8]:
        good = np.full(len(self.workload), -1, np.int8)
        known = [place for place, tier in enumerate(self.tiers) if self.view.knows_quality(tier)]
        answer = np.where(self.front.cached, self.spared, self.served) if known else self.served
        for place in known:
            if (mine := answer == place).any():
                good[mine] = self.view.good_array(self.tiers[place])[mine]
        good[self.front.false_hits] = 0
        return good

    def result(self) -> SimulationResult:
        """Gather everything."""
        end_s = float(self.finished_s.max())
        elapsed_s = end_s - float(self.arrived_s[0])
        books, visited = dict(self.front.books), list(self.done_by.values())
        for tier in self.tiers:
            visits, served = self.done_by[tier]
            placed = self.placed.get(tier)
            books[tier] = (
                served.books(visits, elapsed_s, end_s)
                if placed is None
                else placed.books(visits, served, elapsed_s, end_s)
            )
        return SimulationResult(
            option=self.name,
            rate_rps=self.rate_rps,
            replicas=self.replicas,
            tiers=self.tiers,
            outcome=self.outcome,
            served_by=self.served,
            path=self.path,
            known_paths=list(self.paths),
            retries=self.retries,
            reached_s=self.front.reached_s,
            started_s=self.started_s,
            arrived_s=self.arrived_s,
            first_token_s=self.first_token_s,
            finished_s=self.finished_s,
            further=Later(partial(further_visits, visited)),
            unanswered_tries=Later(partial(unanswered_tries, self.unanswered)),
            cached_tokens=Later(partial(cached_tokens, visited)),
            degraded=self.degraded,
            good=self._good(),
            false_hit=self.front.false_hits,
            first_unanswered=self.first_unanswered,
            books=books,
            elapsed_s=elapsed_s,
            workload=self.workload,
            places={tier: placed.places() for tier, placed in self.placed.items()},
        )
