"""Meanwhile: until an option is built, another one serves in its place, and is paid in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tco.domain import Meter
from tco.scenario import Scenario

ONE_OFF = ("build", "recruiting", "ramp")  # what was spent to set up the option that stands in is spent already


def with_stand_ins(scenario: Scenario, meters: dict[str, list[Meter]]) -> list[Meter]:
    """Replace what an option would use before it serves by what the option uses that runs meanwhile.

    Args:
        scenario: the scenario; every option that stands in for another is among its options.
        meters: by option, in the scenario's order.

    Returns:
        The meters of all options. Those that stand in carry the name of the option that is built, and say so; their
        subject is still the block of the scenario that they come from.
    """
    return [meter for name in meters for meter in _of(scenario, name, meters)]


def _of(scenario: Scenario, name: str, meters: dict[str, list[Meter]]) -> Iterator[Meter]:
    option = scenario.options[name]
    if option.meanwhile is None:
        yield from meters[name]
        return
    for meter in meters[option.meanwhile]:
        if meter.month < option.first_month and not _set_up(option.meanwhile, meter):
            yield replace(meter, option=name, basis=f"as {option.meanwhile} until built: {meter.basis}")
    for meter in meters[name]:
        if meter.month >= option.first_month or meter.subject == f"options.{name}.people":
            yield meter


def _set_up(option: str, meter: Meter) -> bool:
    """Say whether a meter is of setting up an option, which was done before it stood in."""
    one_off = meter.subject == f"options.{option}.people" and meter.item in ONE_OFF
    return one_off or meter.subject == f"options.{option}.migration"
