"""Purchase: from the replicas that a fleet keeps on to committed hours, interruptible hours, and servers bought.

Commitments and servers reach beyond the plan: their meters go on until the last of them is over, so that what is still
owed, or not yet written off, can be shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from tco.capacity.scaling import FleetHours, fleet_hours
from tco.capacity.sizing import FleetPlan
from tco.demand.forecast import Month, month_index, week_profile
from tco.domain import Meter
from tco.scenario import Scenario
from tco.scenario.purchase.mix import Mix, Reserved
from tco.scenario.purchase.owned import Owned
from tco.scenario.tiers import FleetTier
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.units import HOURS_PER_MONTH, MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Held:
    """A fleet in one month.

    Attributes:
        replicas: those paid for at the busiest hour, spares included.
        hours: for how long they are on.
    """

    replicas: int
    hours: FleetHours


NOTHING = Held(0, FleetHours(0.0, (0,), "not built yet"))


def fleets_held(scenario: Scenario, plan: FleetPlan, months: tuple[Month, ...]) -> list[dict[str, Held]]:
    """Say for every month what each fleet of an option keeps on, by the tier's name; nothing until it serves."""
    first = scenario.options[plan.option].first_month
    tiers = {name: tier for name, tier in scenario.tiers_of(plan.option).items() if isinstance(tier, FleetTier)}
    return [
        {
            name: _held(scenario, plan, month, name, tier) if month.index >= first else NOTHING
            for name, tier in tiers.items()
        }
        for month in months
    ]


def _held(scenario: Scenario, plan: FleetPlan, month: Month, name: str, tier: FleetTier) -> Held:
    sized = plan.replicas[month.index][name]
    if isinstance(tier, GpuFleet):
        window, week = plan.window(month.index), week_profile(scenario.traffic)
        return Held(tier.paid_replicas(sized), fleet_hours(tier, name, sized, window, month.peak_rps, week))
    basis = f"{sized} replicas x {tier.gpus} GPUs x {HOURS_PER_MONTH:g} h"
    return Held(sized, FleetHours(sized * HOURS_PER_MONTH, (sized,), basis))


def purchase_meters(scenario: Scenario, plan: FleetPlan, held: list[dict[str, Held]]) -> list[Meter]:
    """Read the meters of every fleet whose GPUs are not simply rented on demand, in order of month."""
    meters: list[Meter] = []
    first = scenario.options[plan.option].first_month
    for name, tier in scenario.tiers_of(plan.option).items():
        if not isinstance(tier, FleetTier) or tier.purchase is None:
            continue
        fleet = [month[name] for month in held]
        if isinstance(tier.purchase, Mix):
            found = _mixed(tier.purchase, tier.gpus, fleet, scenario.start, first)
        elif isinstance(tier.purchase, Owned):
            found = _owned(tier.purchase, [ceil(each.replicas * tier.gpus) for each in fleet], first)
        else:
            raise NotImplementedError(tier.purchase.kind_name())
        lines = [
            Meter(plan.option, month, f"purchase.{name}", item, quantity, unit, basis, priced_month=priced)
            for month, item, quantity, unit, basis, priced in found
        ]
        meters += sorted(lines, key=lambda meter: meter.month)
    return meters


Found = tuple[int, str, float, str, str, int | None]  # month, item, quantity, unit, basis, month whose prices hold


def _mixed(mix: Mix, gpus_each: int, fleet: list[Held], start: str, first: int) -> Iterator[Found]:
    """Commit, then share what is left between spot and on demand."""
    committed = [0.0] * len(fleet)
    for place, block in enumerate(mix.reserved):
        for signed in _signings(block, len(fleet), start, first):
            last = signed + block.term_months
            yield from _commitment(block, place, signed)
            for month in range(signed, min(last, len(fleet))):
                committed[month] += block.gpus
    for month, each in enumerate(fleet):
        total = each.hours.replica_hours * gpus_each
        covered = each.hours.covered_hours(committed[month] / gpus_each) * gpus_each
        rest = max(total - covered, 0.0)
        words = f"{each.hours.basis}; less {covered:,.6g} GPU-hours on {committed[month]:g} reserved GPUs"
        share = mix.spot.share if mix.spot is not None else 0.0
        if mix.spot is not None:
            lost = mix.spot.restart_hours / mix.spot.between_interruptions_hours
            yield month, "spot_hours", rest * share, "GPU-hours", f"{words}; {share:.4g} of the rest", None
            lost_words = (
                f"{rest * share:,.6g} spot GPU-hours / {mix.spot.between_interruptions_hours:g} h between "
                f"interruptions x {mix.spot.restart_hours:g} h"
            )
            yield month, "spot_lost_hours", rest * share * lost, "GPU-hours", lost_words, None
        yield month, "on_demand_hours", rest * (1.0 - share), "GPU-hours", f"{words}; {1 - share:.4g} of the rest", None


def _signings(block: Reserved, horizon: int, start: str, built: int) -> Iterator[int]:
    """Yield the months in which a commitment is signed: once, or again and again until the plan ends."""
    first = built if block.from_month is None else max(month_index(start, block.from_month), built)
    step = block.term_months if block.renews else horizon + 1
    yield from range(first, horizon, step)


def _commitment(block: Reserved, place: int, signed: int) -> Iterator[Found]:
    """Lay out one term: what is used up month by month, what is paid at signing and what month by month."""
    hours = block.gpus * HOURS_PER_MONTH
    basis = (
        f"{block.gpus} GPUs x {HOURS_PER_MONTH:g} h, used or not; {block.term_months} months from month {signed + 1}"
    )
    if block.upfront_share > 0:
        paid = hours * block.term_months * block.upfront_share
        upfront = f"{basis}; {block.upfront_share:.4g} of the term at signing"
        yield signed, f"upfront_hours/{place}/{signed}", paid, "GPU-hours", upfront, signed
    for month in range(signed, signed + block.term_months):
        yield month, f"reserved_hours/{place}/{signed}", hours, "GPU-hours", basis, signed


def _owned(owned: Owned, gpus: list[int], first: int) -> Iterator[Found]:
    """Buy whole servers when the fleet outgrows those that are alive; write off, feed and house each for its life."""
    needed = [ceil(count / owned.gpus_per_server) + owned.spare_servers for count in gpus]
    needed[:first] = [0] * min(first, len(needed))  # spares neither
    bought = servers_bought(needed, owned.life_months)
    for month, count in bought.items():
        why = (
            f"{_many(needed[month], 'server')} of {_many(owned.gpus_per_server, 'GPU')} for {_many(gpus[month], 'GPU')}"
        )
        if owned.spare_servers:
            why += f" and {owned.spare_servers} spare"
        end = month + owned.life_months
        yield month, f"bought/{month}", count, "servers", why, month
        yield end, f"sold/{month}", -count, "servers", f"bought in month {month + 1}, at the end of their life", month
        for at in range(month, end):
            words = (
                f"{_many(count, 'server')} bought in month {month + 1}, 1/{owned.life_months} of their life each month"
            )
            yield at, f"written_off/{month}", count / owned.life_months, "servers", words, month
    for month in range(len(gpus)):
        alive = sum(count for at, count in bought.items() if at <= month < at + owned.life_months)
        yield month, "alive", float(alive), "server-months", f"{_many(alive, 'server')} all month", None
        if owned.power_kw is not None:
            running = f"{_many(alive, 'server')} x {owned.power_kw:g} kW"
            yield month, "space", alive * owned.power_kw, "kW-months", running, None
        if owned.power_kw is not None and owned.pue_ratio is not None:
            mean = f"{running} x {owned.mean_power_share:g} x PUE {owned.pue_ratio:g} x {HOURS_PER_MONTH:g} h"
            kwh = alive * owned.power_kw * owned.mean_power_share * owned.pue_ratio * HOURS_PER_MONTH
            yield month, "energy", kwh, "kWh", mean, None
        if owned.operations is not None:
            hours = f"{_many(alive, 'server')} x {HOURS_PER_MONTH:g} h"
            yield month, "operations", alive * HOURS_PER_MONTH, "server-hours", hours, None
        for at, count in bought.items():
            if owned.support_fraction_per_year > 0 and at <= month < at + owned.life_months:
                quantity = count * owned.support_fraction_per_year / MONTHS_PER_YEAR
                each_year = f"{owned.support_fraction_per_year:.4g} of their price a year"
                words = f"{_many(count, 'server')} x {each_year} / {MONTHS_PER_YEAR}"
                yield month, f"support/{at}", quantity, "servers", words, at


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def servers_bought(needed: list[int], life_months: int) -> dict[int, int]:
    """Say how many servers are bought in which month, so that as many as are needed are alive; none is sold early.

    >>> servers_bought([1, 1, 3, 2, 2, 2], 4)
    {0: 1, 2: 2}
    >>> servers_bought([2, 2, 2, 2, 2], 2)
    {0: 2, 2: 2, 4: 2}
    """
    bought: dict[int, int] = {}
    for month, count in enumerate(needed):
        alive = sum(many for at, many in bought.items() if at > month - life_months)
        if count > alive:
            bought[month] = count - alive
    return bought
