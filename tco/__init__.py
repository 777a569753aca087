"""tco: plan what serving language models costs, whether it meets the SLO, and when building beats buying.

The public names are loaded on first use, so that `tco --version` does not pay for NumPy and pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tco.pipeline import Evaluation, evaluate
    from tco.scenario import Scenario
    from tco.scenario.loader import load_scenario
    from tco.sim.run import simulate

__version__ = "0.1.0"

__all__ = ["Evaluation", "Scenario", "evaluate", "load_scenario", "simulate"]

_HOME = {
    "Evaluation": "tco.pipeline",
    "evaluate": "tco.pipeline",
    "Scenario": "tco.scenario",
    "load_scenario": "tco.scenario.loader",
    "simulate": "tco.sim.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tco' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
