"""Sizing: the fewest replicas that keep the latency SLO in every month's busiest hour.

For a rate: grow all fleets together until the SLO holds or more replicas stop helping (the ample fleet); then give
back, fleet by fleet, what is not needed. A fleet must keep the SLO for the requests that visit it, in each region where
it stands, and not only for the average request, so that a tier or a region with a small share cannot drown unseen. It
must also carry the load (`throughput`), in each region: a short window would let an overloaded fleet pass. A limit that
even the ample fleet misses is replaced by what the ample fleet reaches, plus `SLACK`, and reported as missed: money
cannot buy that latency.

Months are sized by halving: where two months need the same fleet, every month between them does too, because more
load never needs fewer replicas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tco.capacity.async_nights import AsyncLoad
from tco.capacity.async_side import AsyncSide
from tco.capacity.limits import Limit, Scope, keeps, value_s
from tco.capacity.load_levels import level_rates
from tco.capacity.relief import is_relieved
from tco.capacity.throughput import replica_rps
from tco.capacity.tier_load import is_plain
from tco.capacity.vendor_load import Overload, vendor_overloads
from tco.capacity.week import blended, week_rates, weights_of
from tco.capacity.window import Window, summarise
from tco.demand.forecast import Month, week_profile
from tco.demand.workload import Workload
from tco.scenario import Scenario
from tco.scenario.tiers import FleetTier
from tco.sim.placed import carrying_replicas, worth
from tco.sim.result import SimulationResult
from tco.sim.run import simulate
from tco.sim.visits import read_visits

SLACK = 1.05  # how much slower than the ample fleet a sized one may be where the SLO itself is out of reach
LOADS_SEEN = 7  # loads from the lowest to the highest that are simulated where answers depend on the load
NO_MORE_HELP = 0.98  # doubling the fleet brings every percentile to no less than this share: it is ample

Fleet = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The fleet of one option through the horizon.

    Attributes:
        option: name of the option.
        replicas: per month, replicas of each fleet tier.
        window_of: per month, the simulated window that stands for its busiest hour (same fleet, same or next
            higher load).
        windows: every window that the plan rests on, by rate.
        missed: latency limits that no allowed fleet size reaches, in words.
        load_shares: replicas that carry the load over replicas allowed, of tiers where that is above 1.
        overloads: vendors' limits that the load of the busiest month exceeds.
        levels: windows from the quietest hour to the busiest, where a tier follows the load; else none.
        nights: windows in which async calls always wait, of fleets that serve them in certain hours.
        async_loads: per month, how close async calls come to what such a fleet's idle replicas carry.
        full_replicas_per_rps: replicas of each fleet tier that one request a second of the option keeps full; tiers of
            which that is not known, or changes with the load, are left out.
        hours_of: per month, windows of its fleet from the quietest hour to the busiest, where who answers depends on
            the load; else none.
        whole_months: whether `windows` are the months themselves, every request of them.
    """

    option: str
    replicas: tuple[dict[str, int], ...]
    window_of: tuple[int, ...]
    windows: tuple[Window, ...]
    missed: tuple[str, ...]
    load_shares: dict[str, float]
    overloads: tuple[Overload, ...] = ()
    levels: tuple[Window, ...] = ()
    nights: tuple[Window, ...] = ()
    async_loads: tuple[tuple[AsyncLoad, ...], ...] = ()
    full_replicas_per_rps: dict[str, float] = field(default_factory=dict)
    hours_of: tuple[tuple[Window, ...], ...] = ()
    whole_months: bool = False

    def window(self, month: int) -> Window:
        """Return the window that stands for a month."""
        return self.windows[self.window_of[month]]

    def billed(self, month: Month, week: list[float]) -> Window:
        """Return the window whose counts by the request are those of a month: the mean over the hours of its week.

        Args:
            month: the month.
            week: relative rate of each hour, mean 1.
        """
        window = self.window(month.index)
        if not self.hours_of:
            return window
        hours = self.hours_of[month.index]
        return blended(window, hours, weights_of([each.rate_rps for each in hours], month.mean_rps, week))

    @property
    def judged(self) -> tuple[Window, ...]:
        """Windows that are held against the SLO: the busiest hours, and quieter ones where a tier follows the load."""
        return (*self.windows, *self.levels)

    @property
    def timed(self) -> tuple[Window, ...]:
        """Windows whose latencies are held against the SLO: the judged, and nights, whose load is made up."""
        return (*self.judged, *self.nights)

    @property
    def worst(self) -> Window:
        """The window with the highest 95th percentile end to end, the one to hold against the SLO."""
        return max(self.timed, key=lambda window: window.e2e.p95_s or 0.0)


def plan_fleet(
    scenario: Scenario,
    option: str,
    workload: Workload,
    months: tuple[Month, ...],
    simulated: Callable[[], None] = lambda: None,
) -> FleetPlan:
    """Size an option's fleets for every month.

    Args:
        scenario: the scenario.
        option: name of the option.
        workload: the requests, shared by all options.
        months: the demand.
        simulated: called after each simulated window, for progress.

    Returns:
        The plan; where the SLO is out of reach, the plan says which limit.
    """
    sizer = _Sizer(scenario, option, workload, simulated)
    rates = sorted({month.peak_rps for month in months})
    cache = scenario.options[option].cache
    by_load = any(tier.answers_depend_on_load for tier in scenario.tiers_of(option).values())
    by_load |= scenario.options[option].router.depends_on_load
    by_load |= cache is not None and cache.policy.hits_depend_on_load
    if not sizer.tiers and not by_load:
        rates = rates[-1:]  # nothing queues: one load stands for all
    fleets = _fleets_by_rate(sizer, rates)
    if by_load:  # shares refused and cached are not billed, so they have to be those of the month's load
        for index in range(LOADS_SEEN):
            rate = rates[round(index * (len(rates) - 1) / (LOADS_SEEN - 1))]
            sizer.window(rate, fleets[rate])
    windows = {rate: sizer.window(rate, fleet) for rate, fleet in fleets.items() if sizer.seen(rate, fleet)}
    known = sorted(windows)
    stands_for = []
    for month in months:
        fleet = fleets.get(month.peak_rps, fleets[rates[-1]])
        fits = [rate for rate in known if rate >= month.peak_rps and fleets[rate] == fleet]
        stands_for.append(known.index(fits[0]))
    async_loads = tuple(
        sizer.jobs.loads(month.peak_rps, windows[known[at]].replicas)
        for month, at in zip(months, stands_for, strict=True)
    )
    return FleetPlan(
        option=option,
        replicas=tuple(windows[known[index]].replicas for index in stands_for),
        window_of=tuple(stands_for),
        windows=tuple(windows[rate] for rate in known),
        missed=tuple(dict.fromkeys(sizer.missed)),
        load_shares=sizer.load_shares,
        overloads=(*sizer.vendor_overloads, *_hopeless(async_loads)),
        levels=_levels(sizer, months, fleets[rates[-1]]),
        nights=_nights(sizer, [windows[rate] for rate in known]),
        async_loads=async_loads,
        full_replicas_per_rps=sizer.full_replicas_per_rps(),
        hours_of=_hours(sizer, months, [windows[known[at]].replicas for at in stands_for]),
    )


def _levels(sizer: _Sizer, months: tuple[Month, ...], fleet: Fleet) -> tuple[Window, ...]:
    """Simulate the load levels where a tier needs them, sized tiers at their largest."""
    scenario = sizer.scenario
    if not any(tier.follows_load for tier in scenario.tiers_of(sizer.option).values()):
        return ()
    rates = level_rates(months, week_profile(scenario.traffic))
    return tuple(sizer.window(rate, fleet) for rate in rates)


def _hours(sizer: _Sizer, months: tuple[Month, ...], replicas: list[dict[str, int]]) -> tuple[tuple[Window, ...], ...]:
    """Simulate every fleet at the loads of the week, where who answers depends on the load; else nothing."""
    scenario, option = sizer.scenario, sizer.scenario.options[sizer.option]
    by_load = any(tier.answers_depend_on_load for tier in scenario.tiers_of(sizer.option).values())
    week = week_profile(scenario.traffic)
    if not (by_load or option.router.depends_on_load) or max(week) == min(week):
        return ()
    fleets = [tuple(fleet.values()) for fleet in replicas]
    hours: dict[Fleet, tuple[Window, ...]] = {}
    for fleet in dict.fromkeys(fleets):
        same = [month for month, has in zip(months, fleets, strict=True) if has == fleet]
        hours[fleet] = tuple(sizer.window(rate, fleet) for rate in week_rates(same, week))
    return tuple(hours[fleet] for fleet in fleets)


def _nights(sizer: _Sizer, windows: list[Window]) -> tuple[Window, ...]:
    """Simulate each fleet where jobs always wait behind people, at the highest rate that it is for."""
    highest = {tuple(window.replicas.items()): window for window in windows}
    return tuple(found for window in highest.values() for found in sizer.nights(window.rate_rps, window.replicas))


def _hopeless(loads: tuple[tuple[AsyncLoad, ...], ...]) -> list[Overload]:
    """Name the fleets that cannot carry their jobs, in the month in which they are furthest from it."""
    worst: dict[str, AsyncLoad] = {}
    for load in sorted((load for month in loads for load in month), key=lambda load: load.load_share):
        worst[load.tier] = load
    return [Overload(load.describe(), load.load_share) for load in worst.values() if load.load_share > 1.0]


def _fleets_by_rate(sizer: _Sizer, rates: list[float]) -> dict[float, Fleet]:
    """Size the lowest and the highest rate, then halve every stretch whose ends differ."""
    fleets = {rates[0]: sizer.size(rates[0], sizer.minimum)}
    fleets[rates[-1]] = sizer.size(rates[-1], fleets[rates[0]])
    open_stretches = [(0, len(rates) - 1)]
    while open_stretches:
        low, high = open_stretches.pop()
        if fleets[rates[low]] == fleets[rates[high]]:
            fleets.update(dict.fromkeys(rates[low : high + 1], fleets[rates[high]]))
        elif high - low > 1:
            middle = (low + high) // 2
            fleets[rates[middle]] = sizer.size(rates[middle], fleets[rates[low]], fleets[rates[high]])
            open_stretches += [(low, middle), (middle, high)]
    return fleets


class _Sizer:
    """Sizes one option at one rate after another, remembering every window it simulated."""

    def __init__(self, scenario: Scenario, option: str, workload: Workload, simulated: Callable[[], None]) -> None:
        self.scenario, self.option, self.workload = scenario, option, workload
        self.simulated = simulated
        self.tiers = {name: tier for name, tier in scenario.tiers_of(option).items() if isinstance(tier, FleetTier)}
        placement = scenario.options[option].placement
        self.regions = {name: placement.tiers[name] for name in self.tiers} if placement is not None else {}
        self.minimum: Fleet = tuple(self._least(name, tier) for name, tier in self.tiers.items())
        self.maximum: Fleet = tuple(tier.max_replicas for tier in self.tiers.values())
        self.missed: list[str] = []
        self.load_shares: dict[str, float] = {}  # of tiers that cannot carry the load: needed over allowed
        self.vendor_overloads: tuple[Overload, ...] = ()  # at the highest rate
        self._loaded_rps = 0.0  # that rate
        self._windows: dict[tuple[float, Fleet], Window] = {}
        self._replicas_per_rps: list[float] = []  # of each tier, for each request a second that the option gets
        chosen = scenario.options[option]
        # who comes to a tier changes with the rate where what is too much elsewhere comes too
        self._needs_by_rate = chosen.router.depends_on_load or chosen.fallback is not None
        self.jobs = AsyncSide.of(self.tiers, week_profile(scenario.traffic))

    def _least(self, name: str, tier: FleetTier) -> int:
        """Return the fewest replicas of a tier: as stated, and one in each of its regions."""
        return max(tier.min_replicas, len(self._near_shares(name)))

    def _near_shares(self, tier: str) -> dict[str, float]:
        """Return the share of a tier's requests that each of its regions gets; all, where it is not placed."""
        regions, places = self.scenario.regions, self.regions.get(tier)
        return {tier: 1.0} if regions is None or places is None else regions.near_shares(places)

    def seen(self, rate: float, fleet: Fleet) -> bool:
        """Say whether the window was simulated."""
        return (rate, fleet) in self._windows

    def window(self, rate: float, fleet: Fleet) -> Window:
        """Simulate a window, once."""
        if (rate, fleet) not in self._windows:
            replicas = dict(zip(self.tiers, fleet, strict=True))
            result = simulate(self.scenario, self.option, self.workload, rate, replicas)
            self._windows[rate, fleet] = summarise(self.scenario, result)
            if rate >= self._loaded_rps:
                self._loaded_rps, self.vendor_overloads = rate, vendor_overloads(self.scenario, result)
            if not self._replicas_per_rps:
                self.jobs.read(result)
            if not self._replicas_per_rps or self._needs_by_rate:
                self._replicas_per_rps = [self._needed_per_rps(tier, result, name) for name, tier in self.tiers.items()]
            self.simulated()
        return self._windows[rate, fleet]

    def size(self, rate: float, low: Fleet, high: Fleet | None = None) -> Fleet:
        """Find the fewest replicas at a rate, at least `low`; `high`, when given, is known to do at a higher rate."""
        low = self._carrying(rate, low)
        ample = self._grow(rate, low if high is None else tuple(map(max, low, high)))
        targets = self._targets(self.window(rate, ample))
        fleet = ample
        gpus = [tier.gpus for tier in self.tiers.values()]
        by_gpus = sorted(range(len(fleet)), key=lambda tier: -gpus[tier])
        for tier in by_gpus:  # give back the largest servers first
            fleet = self._give_back(rate, fleet, tier, low[tier], targets)
        self._note_missed(self.window(rate, fleet))
        return fleet

    def _carrying(self, rate: float, fleet: Fleet) -> Fleet:
        """Raise a fleet until it carries the rate, or as far as allowed; note where that is not enough."""
        if not self._replicas_per_rps or self._needs_by_rate:
            self.window(rate, fleet)  # shows which requests visit which tier
        carrying = []
        for (tier, config), have, each, most in zip(
            self.tiers.items(), fleet, self._replicas_per_rps, self.maximum, strict=True
        ):
            near = self._near_shares(tier)
            share = rate * each / worth(near, most)
            if share > 1.0:
                self.load_shares[tier] = max(share, self.load_shares.get(tier, 0.0))
            enough = carrying_replicas(near.values(), rate * each / (config.planned_load_share or 1.0))
            carrying.append(self.jobs.carrying(tier, rate, max(have, min(enough, most))))
        return tuple(carrying)

    def _needed_per_rps(self, tier: FleetTier, result: SimulationResult, name: str) -> float:
        if is_relieved(self.scenario, self.option, name):
            return 0.0
        by_day = self.jobs.needed_per_rps(name)
        return _replicas_per_rps(tier, result, name) if by_day is None else by_day

    def full_replicas_per_rps(self) -> dict[str, float]:
        """Return the replicas that one request a second of the option keeps full, of tiers of which that is known."""
        if self._needs_by_rate:
            return {}
        known = zip(self.tiers.items(), self._replicas_per_rps, strict=True) if self._replicas_per_rps else ()
        return {
            name: each
            for (name, tier), each in known
            if each > 0.0 and is_plain(tier) and self.jobs.needed_per_rps(name) is None
        }

    def nights(self, rate: float, replicas: dict[str, int]) -> Iterator[Window]:
        """Simulate the hours in which people meet a queue of jobs."""
        for night in self.jobs.nights(self.workload, rate, replicas):
            result = simulate(self.scenario, self.option, night.workload, night.rate_rps, replicas)
            self.simulated()
            yield summarise(self.scenario, result)

    def _grow(self, rate: float, fleet: Fleet) -> Fleet:
        """Double every fleet until the SLO holds or the latency stops falling."""
        while not keeps(self.window(rate, fleet), self._limits()):
            bigger = tuple(min(2 * size, most) for size, most in zip(fleet, self.maximum, strict=True))
            if bigger == fleet:
                break
            before, after = self.window(rate, fleet), self.window(rate, bigger)
            helps = any(
                (value_s(after, *limit[:2]) or 0.0) < NO_MORE_HELP * (value_s(before, *limit[:2]) or 0.0)
                for limit in self._limits()
            )
            fleet = bigger
            if not helps:
                break
        return fleet

    def _give_back(self, rate: float, fleet: Fleet, tier: int, low: int, targets: list[Limit]) -> Fleet:
        """Find by halving the fewest replicas of one tier that keep the targets, the others as they are."""
        high = fleet[tier]
        while low < high:
            middle = (low + high) // 2
            trial = (*fleet[:tier], middle, *fleet[tier + 1 :])
            if keeps(self.window(rate, trial), targets):
                high = middle
            else:
                low = middle + 1
        return (*fleet[:tier], high, *fleet[tier + 1 :])

    def _limits(self) -> list[Limit]:
        slo = self.scenario.slo
        metrics = {"e2e": slo.e2e_p95_s, "ttft": slo.ttft_p95_s}
        by_load = any(tier.planned_load_share is not None for tier in self.tiers.values())
        if slo.e2e_p95_s is None and slo.ttft_p95_s is None and not by_load:
            metrics["e2e"] = 0.0  # nothing is asked: as fast as replicas can make it, within the slack
        return [
            (scope, metric, limit) for scope in self._scopes() for metric, limit in metrics.items() if limit is not None
        ]

    def _scopes(self) -> tuple[Scope, ...]:
        in_regions = [(tier, region) for tier, places in self.regions.items() if len(places) > 1 for region in places]
        return (None, *self.tiers, *in_regions)

    def _targets(self, ample: Window) -> list[Limit]:
        """Replace limits that even the ample fleet misses by what it reaches, with some slack."""
        targets = []
        for scope, metric, limit in self._limits():
            reached = value_s(ample, scope, metric)
            out_of_reach = reached is not None and reached > limit
            targets.append((scope, metric, SLACK * reached if out_of_reach and reached else limit))
        return targets

    def _note_missed(self, window: Window) -> None:
        for scope, metric, limit in self._limits():
            reached = value_s(window, scope, metric)
            if scope is None and limit > 0 and reached is not None and reached > limit:
                name = "end-to-end" if metric == "e2e" else "first-token"
                self.missed.append(f"{name} p95 {limit:g} s")


def _replicas_per_rps(tier: FleetTier, result: SimulationResult, name: str) -> float:
    """Say how many replicas of a tier carry one request a second of the option's arrivals."""
    visits = read_visits(result)[name].of(result.answered)
    if not len(visits):
        return 0.0
    return len(visits) / len(result) / replica_rps(tier, visits.lengths(result.workload.output_tokens))
