"""Arguments that several commands read in the same way: an option of the scenario, a month of its plan."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tco.scenario import Scenario
    from tco.scenario.loader import LoadedScenario


class EngineName(StrEnum):
    """What simulates."""

    AUTO = "auto"
    SIMPY = "simpy"
    COMPILED = "compiled"


Engine = Annotated[
    EngineName | None,
    typer.Option(help="What simulates, in place of the scenario's simulation.engine; both give the same answers."),
]


EveryRequest = Annotated[
    bool | None,
    typer.Option(
        "--every-request/--windows",
        help="Simulate every request of the plan, or windows that stand for it; in place of the scenario's "
        "simulation.coverage. Left out: every request where that takes some ten seconds.",
        show_default=False,
    ),
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes for every request; every core when left out.")]


def simulating(
    loaded: LoadedScenario, engine: EngineName | None = None, every_request: bool | None = None
) -> LoadedScenario:
    """Return the scenario with another engine or coverage; as it is where neither is asked for."""
    asked: dict[str, str] = {}
    if engine is not None:
        asked["engine"] = engine.value
    if every_request is not None:
        asked["coverage"] = "every_request" if every_request else "windows"
    simulation = loaded.scenario.simulation.model_copy(update=asked)
    return replace(loaded, scenario=loaded.scenario.model_copy(update={"simulation": simulation}))


def option_of(text: str, scenario: Scenario, argument: str = "--option") -> str:
    """Return an option by its name.

    Args:
        text: what was given.
        scenario: the scenario.
        argument: where it was given, for the message.

    Raises:
        UsageError: naming the nearest option.
    """
    from tco.errors import UsageError, suggestion

    known = tuple(scenario.options)
    if text not in known:
        hint = suggestion(text, known)
        told = f"{argument}: '{text}' is not an option of the scenario; defined: {', '.join(known)}"
        raise UsageError(f"{told}\n    hint: {hint}" if hint else told)
    return text


def month_of(text: str, scenario: Scenario) -> int:
    """Read a month counted from 1, or a calendar month; return it counted from 0.

    Raises:
        UsageError: naming the months of the plan.
    """
    from tco.demand.forecast import month_label  # NumPy is not needed for --help
    from tco.errors import UsageError

    labels = [month_label(scenario.start, index) for index in range(scenario.horizon_months)]
    if text in labels:
        return labels.index(text)
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= len(labels):
        raise UsageError(f"--month: '{text}'; allowed: 1 to {len(labels)}, or {labels[0]} to {labels[-1]}")
    return number - 1
