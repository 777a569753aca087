"""Engine notes: which engine simulated which option, and why that one."""

from __future__ import annotations

from collections.abc import Iterable

from tco.pipeline import Evaluation

Ran = Iterable[tuple[str, Iterable[tuple[str, str]]]]  # by option, engines and why each ran


def engine_notes(evaluation: Evaluation) -> list[str]:
    """Say for every engine which options of an evaluation ran on it and why."""
    plans = evaluation.plans.items()
    return engines_told((name, [(window.engine, window.engine_why) for window in plan.timed]) for name, plan in plans)


def engines_told(ran: Ran) -> list[str]:
    """Say for every engine which options ran on it and why, options of one reason together."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, engines in ran:
        for key in dict.fromkeys(engines):
            found.setdefault(key, []).append(name)
    told = [f"{engine} for {', '.join(names)} ({why})" for (engine, why), names in found.items()]
    return [f"Engine: {'; '.join(told)}."] if told else []
