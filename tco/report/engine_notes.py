"""Engine notes: which engine simulated the options, and why."""

from __future__ import annotations

from tco.pipeline import Evaluation


def engine_notes(evaluation: Evaluation) -> list[str]:
    """Say for every engine which options ran on it and why, options of one reason together."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, plan in evaluation.plans.items():
        for key in dict.fromkeys((window.engine, window.engine_why) for window in plan.timed):
            found.setdefault(key, []).append(name)
    told = [f"{engine} for {', '.join(names)} ({why})" for (engine, why), names in found.items()]
    return [f"Engine: {'; '.join(told)}."] if told else []
