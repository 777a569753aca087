"""Meters: the physical quantities that each option uses in each month."""

from __future__ import annotations

from collections.abc import Iterator

from tco.capacity.contract import contract_meters
from tco.capacity.load_levels import paid_workers
from tco.capacity.provisioned import provisioned_meters
from tco.capacity.purchase import Held, fleets_held, purchase_meters
from tco.capacity.sizing import FleetPlan
from tco.capacity.staff import exit_meters, migration_meters, staff_meters
from tco.capacity.watched import watched_meters
from tco.capacity.window import Window
from tco.demand.forecast import Month, week_profile
from tco.domain import Meter
from tco.scenario import Scenario
from tco.scenario.options import Retrieval
from tco.scenario.tiers import FleetTier
from tco.scenario.tiers.edge import Edge
from tco.scenario.tiers.serverless import Serverless
from tco.sim.stations import HELD
from tco.units import BYTES_PER_GB, HOURS_PER_MONTH, MONTHS_PER_YEAR, SECONDS_PER_HOUR, TOKENS_PER_MTOK, WEEKS_PER_YEAR

# Endings of counts that depend on the load's shape, or on which hour a window shows, so that no multiple is true.
NOT_WITH_VOLUME = ("_s", "_starts", "_deadlines", HELD)


def read_meters(scenario: Scenario, plan: FleetPlan, months: tuple[Month, ...]) -> list[Meter]:
    """Read every meter of an option, month by month.

    Args:
        scenario: the scenario.
        plan: the option's fleets and the windows that stand for its months.
        months: the demand.

    Returns:
        Meters in order of month, those of contracts and purchases after the others and on beyond the horizon, as long
        as something is still owed or written off; a quantity that is zero is left out only where nothing could be used.
    """
    meters: list[Meter] = []
    held = fleets_held(scenario, plan, months)
    for month in months:
        meters += _tiers(scenario, plan, month, held)
        meters += _before_tiers(scenario, plan, month)
        meters += _answers(plan, month, scenario)
        meters += _extras(scenario, plan.option, month)
        meters += watched_meters(scenario, plan.option, months, month)
        meters += staff_meters(scenario, plan.option, month.index)
        meters += migration_meters(scenario, plan.option, month.index)
    leaving = scenario.options[plan.option].exit
    if leaving is not None and leaving.at_end:
        meters += exit_meters(scenario, plan.option, months[-1].index)
    bound = [*contract_meters(scenario, plan, months), *provisioned_meters(scenario, plan, months)]
    return [*meters, *bound, *purchase_meters(scenario, plan, held)]


def _tiers(scenario: Scenario, plan: FleetPlan, month: Month, held: list[dict[str, Held]]) -> Iterator[Meter]:
    window = plan.billed(month, week_profile(scenario.traffic))
    for name, tier in scenario.tiers_of(plan.option).items():
        seen, subject = window.tiers[name], f"tiers.{name}"
        per_request = {
            "input_tokens": (seen.input_tokens_per_request / TOKENS_PER_MTOK, "Mtok"),
            "output_tokens": (seen.output_tokens_per_request / TOKENS_PER_MTOK, "Mtok"),
            "requests": (seen.visits_per_request, "requests"),
        }
        per_request |= {
            item: _counted(item, each)
            for item, each in seen.counts_per_request.items()
            if not item.endswith(NOT_WITH_VOLUME)
        }
        for item, (each, unit) in per_request.items():
            yield _volume(plan.option, month, subject, item, each, unit, window)
        if isinstance(tier, FleetTier):
            yield _gpu_hours(plan, month, name, tier, held[month.index][name])
        if isinstance(tier, Edge):
            yield from _edge(plan.option, month, subject, tier)
        if isinstance(tier, Serverless) and tier.gpu_price is not None:
            yield _gpu_seconds(scenario, plan, month, name, tier)


def _gpu_seconds(scenario: Scenario, plan: FleetPlan, month: Month, name: str, tier: Serverless) -> Meter:
    window = plan.window(month.index)
    each = window.tiers[name].counts_per_request["paid_worker_s"]
    if plan.whole_months:
        return _volume(plan.option, month, f"tiers.{name}", "gpu_seconds", each * tier.gpus, "GPU-seconds", window)
    week = week_profile(scenario.traffic)
    workers = paid_workers(plan.levels, name, tier.min_workers).mean_over_week(month.mean_rps, week)
    rates = [window.rate_rps for window in plan.levels]
    basis = (
        f"{workers:.6g} workers paid on average over the hours of the week x {tier.gpus} GPUs x "
        f"{HOURS_PER_MONTH:g} h x {SECONDS_PER_HOUR:g}, from {len(rates)} load levels of {rates[0]:.3g} to "
        f"{rates[-1]:.3g} req/s"
    )
    seconds = workers * tier.gpus * HOURS_PER_MONTH * SECONDS_PER_HOUR
    return Meter(plan.option, month.index, f"tiers.{name}", "gpu_seconds", seconds, "GPU-seconds", basis, "volume")


def _gpu_hours(plan: FleetPlan, month: Month, name: str, tier: FleetTier, held: Held) -> Meter:
    basis = f"{held.hours.basis}, sized for {month.peak_rps:.4g} req/s"
    quantity = held.hours.replica_hours * tier.gpus
    return Meter(plan.option, month.index, f"tiers.{name}", "gpu_hours", quantity, "GPU-hours", basis)


def _edge(option: str, month: Month, subject: str, tier: Edge) -> Iterator[Meter]:
    hours, basis = tier.devices * HOURS_PER_MONTH, f"{tier.devices} devices x {HOURS_PER_MONTH:g} h"
    yield Meter(option, month.index, subject, "device_hours", hours, "device-hours", basis)
    if tier.releases_per_year > 0:
        years = tier.releases_per_year * tier.release_engineer_weeks / WEEKS_PER_YEAR / MONTHS_PER_YEAR
        basis = (
            f"{tier.releases_per_year:g} releases a year x {tier.release_engineer_weeks:g} engineer-weeks / "
            f"{WEEKS_PER_YEAR:g} / {MONTHS_PER_YEAR}"
        )
        yield Meter(option, month.index, subject, "releases", years, "engineer-years", basis)


def _counted(item: str, each: float) -> tuple[float, str]:
    """Give a station's own count its unit, which is the last word of its name; tokens are counted in millions."""
    unit = item.rpartition("_")[2]
    return (each / TOKENS_PER_MTOK, "Mtok") if unit == "tokens" else (each, unit)


def _before_tiers(scenario: Scenario, plan: FleetPlan, month: Month) -> Iterator[Meter]:
    option, window = scenario.options[plan.option], plan.billed(month, week_profile(scenario.traffic))
    if option.cache is not None:
        subject = f"options.{plan.option}.cache"
        lookups = window.lookups_per_request
        tokens = window.lookup_tokens_per_request / TOKENS_PER_MTOK
        yield _volume(plan.option, month, subject, "lookups", lookups / 1000, "thousand lookups", window)
        yield _volume(plan.option, month, subject, "embedding_tokens", tokens, "Mtok", window)
        yield _stored(plan.option, month, subject, option.cache.size_gb)
    if option.retrieval is not None:
        yield from _retrieval(plan.option, option.retrieval, month, window)


def _retrieval(name: str, retrieval: Retrieval, month: Month, window: Window) -> Iterator[Meter]:
    """Count the queries that reach the database, what it stores, and what the index in memory takes."""
    subject = f"options.{name}.retrieval"
    queries = window.retrievals_per_request * retrieval.queries_per_request / 1000
    yield _volume(name, month, subject, "queries", queries, "thousand queries", window)
    yield _stored(name, month, subject, retrieval.storage_gb)
    if (index := retrieval.ann_cache) is None:
        return
    basis = f"{index.memory_gb:g} GB x {index.replicas} replicas kept all month"
    gb = index.memory_gb * index.replicas
    yield Meter(name, month.index, subject, "ann_memory", gb, "GB-months", basis)
    if index.operations_engineer_fte > 0:
        years = index.operations_engineer_fte / MONTHS_PER_YEAR
        basis = f"{index.operations_engineer_fte:g} engineers / {MONTHS_PER_YEAR}"
        yield Meter(name, month.index, subject, "ann_operations", years, "engineer-years", basis)


def _answers(plan: FleetPlan, month: Month, scenario: Scenario) -> Iterator[Meter]:
    """Count what the business pays for wrong answers, and what deciding costs."""
    option, window = scenario.options[plan.option], plan.billed(month, week_profile(scenario.traffic))
    for decider in option.router.deciders():
        each = window.decisions_per_request[decider.name]
        subject = f"options.{plan.option}.router"
        yield _volume(plan.option, month, subject, decider.name, each, "decisions", window)
    egress = option.placement.egress if option.placement is not None else None
    if egress is not None:
        each = window.answer_tokens_per_request * egress.bytes_per_token / BYTES_PER_GB
        yield _volume(plan.option, month, f"options.{plan.option}.placement", "egress", each, "GB", window)
    if scenario.quality.bad_answer is not None and window.bad_answers_per_request is not None:
        each = window.bad_answers_per_request
        yield _volume(plan.option, month, "quality.bad_answer", "bad_answers", each, "answers", window)


def _volume(option: str, month: Month, subject: str, item: str, each: float, unit: str, window: Window) -> Meter:
    basis = f"{month.requests:,.0f} requests x {each:.6g} {unit} each, {simulated(window)}"
    return Meter(option, month.index, subject, item, month.requests * each, unit, basis, "volume")


def _extras(scenario: Scenario, option: str, month: Month) -> Iterator[Meter]:
    """Count what fees are charged by; overhead on serving needs no count of its own."""
    for name, extra in scenario.options[option].extras.items():
        subject = f"options.{option}.extras"
        if extra.fee_usd_per_month is not None:
            yield Meter(option, month.index, subject, f"month/{name}", 1.0, "months", "every month")
        if extra.fee_usd_per_request is not None:
            basis = f"{month.requests:,.0f} requests of the option"
            yield Meter(option, month.index, subject, f"request/{name}", month.requests, "requests", basis, "volume")


def simulated(window: Window) -> str:
    """Say what a count by the request rests on."""
    week = f" at {window.loads} loads of the week" if window.loads > 1 else ""
    return f"mean of {window.requests:,} simulated{week}"


def _stored(option: str, month: Month, subject: str, gb: float) -> Meter:
    return Meter(option, month.index, subject, "storage", gb, "GB-months", f"{gb:g} GB kept all month")
