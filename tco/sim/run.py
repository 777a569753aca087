"""Run: one simulation, on the engine that the scenario asks for and the option allows.

Both engines give the same answers. The compiled one is quicker by far, but takes half a second to load, and does not
know every feature; the SimPy one knows all of them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from tco.demand.workload import Workload
from tco.scenario import Scenario
from tco.sim.checks import check_books
from tco.sim.engine import simulate as simulate_simpy
from tco.sim.result import SimulationResult

COMPILED, SIMPY = "compiled", "simpy"
ASKED_FOR = "asked for"
SIMPY_WORK = 40.0  # of a request that SimPy simulates, over one in compiled code
AUTO_FROM_REQUESTS = 20_000  # a window of so many; below, loading compiled code takes longer than it saves


def simulate(
    scenario: Scenario, option: str, workload: Workload, rate_rps: float, replicas: dict[str, int] | None = None
) -> SimulationResult:
    """Simulate one option at one load until the last request has left.

    Args:
        scenario: where the option and its tiers are described, and which engine is asked for.
        option: name of the option.
        workload: the requests, the same for every option.
        rate_rps: mean arrival rate, requests per second.
        replicas: replicas of each fleet tier; tiers that are not named get their minimum.

    Returns:
        One row per request and the stations' books; which engine ran, and why.

    Raises:
        SimulationError: when a request was lost or a law of the books does not hold.
    """
    engine, why = choose(scenario, option, len(workload))
    if engine == COMPILED:
        from tco.sim.compiled import NotCompiledError
        from tco.sim.compiled import simulate as simulate_compiled

        try:
            result = simulate_compiled(scenario, option, workload, rate_rps, replicas)
        except NotCompiledError as error:
            why = error.why
        else:
            check_books(result)
            return replace(result, engine=COMPILED, engine_why=why)
    return replace(simulate_simpy(scenario, option, workload, rate_rps, replicas), engine=SIMPY, engine_why=why)


def choose(scenario: Scenario, option: str, requests: int) -> tuple[str, str]:
    """Choose the engine, from what is written and from nothing else, so that a scenario always gives the same.

    Args:
        scenario: the scenario.
        option: name of the option.
        requests: how many a run has.

    Returns:
        The engine's name and why it is that one.
    """
    asked = scenario.simulation.engine
    if asked == SIMPY:
        return SIMPY, ASKED_FOR
    if asked == "auto" and requests < AUTO_FROM_REQUESTS:
        return SIMPY, f"a run has fewer than {AUTO_FROM_REQUESTS:,} requests"
    if (missing := unavailable()) is not None:
        return SIMPY, missing
    from tco.sim.compiled import reason_against

    if (against := reason_against(scenario, option)) is not None:
        return SIMPY, f"the compiled engine does not know {against}"
    return COMPILED, ASKED_FOR if asked == COMPILED else f"runs of {AUTO_FROM_REQUESTS:,} requests or more"


def work_per_request(scenario: Scenario, option: str, requests: int) -> float:
    """Say how long a request of an option takes to simulate in a run of so many, over one in compiled code."""
    simulation = scenario.simulation.model_copy(update={"engine": long_run_engine(scenario, requests)})
    engine, _ = choose(scenario.model_copy(update={"simulation": simulation}), option, requests)
    if engine != COMPILED:
        return SIMPY_WORK
    from tco.sim import compiled

    return compiled.work_per_request(scenario, option)


def long_run_engine(scenario: Scenario, requests: int) -> str:
    """Return the engine to ask for where a run of many requests is cut into pieces."""
    asked = scenario.simulation.engine
    return COMPILED if asked == "auto" and requests >= AUTO_FROM_REQUESTS else asked


@cache
def unavailable() -> str | None:
    """Say why nothing can be compiled here; None where it can."""
    try:
        from tco.sim.compiled.kernels import jit  # noqa: F401  # loads numba, after it has said where code is kept
    except Exception as error:  # whatever a foreign version raises on import: the other engine works
        return f"numba cannot be loaded ({type(error).__name__}: {error})"
    return None
