"""Staff: engineers' time by the month, to build, run, tune, be called, learn, move in and move out."""

from __future__ import annotations

from collections.abc import Iterator

from tco.capacity.contract import months_bound
from tco.domain import Meter
from tco.scenario import Scenario
from tco.scenario.migration import Move
from tco.scenario.staffing import Staffing
from tco.units import MONTHS_PER_YEAR, WEEKS_PER_YEAR

Counted = tuple[str, float, str, str]  # item, quantity, unit, basis
YEARS = "engineer-years"


def staff_meters(scenario: Scenario, option_name: str, month: int) -> Iterator[Meter]:
    """Yield the engineers' time of a month: before the option serves, only what builds it and those who learn."""
    option = scenario.options[option_name]
    lines = [*_building(option.people, month)]
    if month >= option.first_month:
        lines += _running(option.people)
    for item, quantity, unit, basis in lines:
        yield Meter(option_name, month, f"options.{option_name}.people", item, quantity, unit, basis)


def _building(people: Staffing, month: int) -> Iterator[Counted]:
    if month < people.build_months and people.build_engineer_weeks > 0:
        years = people.build_engineer_weeks / WEEKS_PER_YEAR / people.build_months
        spread = "once" if people.build_months == 1 else f"spread over {people.build_months} months"
        yield "build", years, YEARS, f"{people.build_engineer_weeks:g} engineer-weeks / {WEEKS_PER_YEAR:g}, {spread}"
    if people.hiring is None:
        return
    hires, idle = people.hiring.hires, 1.0 - people.hiring.mean_productive_share
    if month == 0 and people.hiring.recruiting_fraction > 0:
        words = f"{hires} hires x {people.hiring.recruiting_fraction:g} of a year each"
        yield "recruiting", hires * people.hiring.recruiting_fraction, YEARS, words
    if month < people.hiring.ramp_months and idle > 0:
        words = f"{hires} hires / {MONTHS_PER_YEAR}, {idle:.4g} of it not productive yet"
        yield "ramp", hires * idle / MONTHS_PER_YEAR, YEARS, words


def _running(people: Staffing) -> Iterator[Counted]:
    if people.run_engineer_fte > 0:
        basis = f"{people.run_engineer_fte:g} engineers / {MONTHS_PER_YEAR}"
        yield "run", people.run_engineer_fte / MONTHS_PER_YEAR, YEARS, basis
    if people.tuning_fraction_per_year > 0:
        weeks = people.build_engineer_weeks * people.tuning_fraction_per_year
        basis = (
            f"{people.tuning_fraction_per_year:g} a year of {people.build_engineer_weeks:g} engineer-weeks / "
            f"{WEEKS_PER_YEAR:g} / {MONTHS_PER_YEAR}"
        )
        yield "tuning", weeks / WEEKS_PER_YEAR / MONTHS_PER_YEAR, YEARS, basis
    duty = people.on_call
    if duty is not None and duty.price is not None:
        weeks = duty.on_duty * WEEKS_PER_YEAR / MONTHS_PER_YEAR
        yield "on_call_weeks", weeks, "weeks", f"{duty.on_duty} on duty x {WEEKS_PER_YEAR:g} weeks / {MONTHS_PER_YEAR}"
    if duty is not None and duty.lost_engineer_fte > 0:
        words = f"{duty.engineers} engineers x {duty.lost_engineer_fte:g} of their time / {MONTHS_PER_YEAR}"
        yield "on_call_time", duty.engineers * duty.lost_engineer_fte / MONTHS_PER_YEAR, YEARS, words


def migration_meters(scenario: Scenario, option_name: str, month: int) -> Iterator[Meter]:
    """Yield what the way in takes, in the month in which the option begins to serve."""
    option = scenario.options[option_name]
    if option.migration is None or month != option.first_month:
        return
    lines = [*_moved(option.migration)]
    if option.migration.lump is not None:
        lines.append(("lump", 1.0, "sums", "once"))
    for item, quantity, unit, basis in lines:
        yield Meter(option_name, month, f"options.{option_name}.migration", item, quantity, unit, basis)


def exit_meters(scenario: Scenario, option_name: str, month: int) -> Iterator[Meter]:
    """Yield what the way out would take at the end of a month: work, data, and notice beyond the contract's term."""
    option = scenario.options[option_name]
    if option.exit is None:
        return
    lines = [*_moved(option.exit)]
    if option.contract is not None and option.exit.notice_months > 0:
        bound = months_bound(option.contract, option.first_month, max(month, option.first_month))
        beyond = max(option.exit.notice_months - bound, 0)
        words = f"{option.exit.notice_months} months of notice, {bound} of them within the term that runs"
        lines += [("notice", float(beyond), "months", words)] if beyond else []
    for item, quantity, unit, basis in lines:
        yield Meter(option_name, month, f"options.{option_name}.exit", item, quantity, unit, basis)


def _moved(move: Move) -> Iterator[Counted]:
    if move.engineer_weeks > 0:
        words = f"{move.engineer_weeks:g} engineer-weeks / {WEEKS_PER_YEAR:g}, once"
        yield "engineers", move.engineer_weeks / WEEKS_PER_YEAR, YEARS, words
    if move.data_gb > 0:
        yield "data", move.data_gb, "GB", f"{move.data_gb:g} GB moved, once"
