"""Two tiers of which answers are known to be good or bad, and runs of an option over them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tco.demand.workload import draw_workload
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tests.laws.build import chat, fixed, flat_api, scene

WEAK_USD, STRONG_USD = 0.0005, 0.02
ORDER = ["weak", "strong"]
COUNT = 5000


def falling(half: float, steepness: float, **changes: Any) -> dict[str, Any]:
    """A logistic curve."""
    return {"kind": "logistic", "half_complexity": half, "steepness_per_complexity": steepness, "source": "made up",
            **changes}  # fmt: skip


def level(share: float) -> dict[str, Any]:
    """The same chance for all."""
    return {"kind": "fixed", "success_share": share, "source": "made up"}


def classifier(edge: float = 0.5, **changes: Any) -> dict[str, Any]:
    """Guess which of two levels."""
    return {"kind": "classifier", "tiers_in_order": ORDER, "level_complexities": [edge], **changes}


def cascade(threshold: float, auc: float = 0.8, **changes: Any) -> dict[str, Any]:
    """Ask on below a threshold."""
    return {"kind": "cascade", "tiers_in_order": ORDER, "confidence_thresholds": [threshold], "auc_fraction": auc,
            **changes}  # fmt: skip


def split(weak: float) -> dict[str, Any]:
    """Split at random."""
    return {"kind": "static", "shares": {"weak": weak, "strong": round(1 - weak, 9)}}


def built(routers: dict[str, Any], *, weak: Any = None, strong: Any = None, **changes: Any) -> Scenario:
    """Two priced tiers, one option a router."""
    tiers = {
        "weak": flat_api(WEAK_USD, quality=weak or falling(0.5, 6.0)),
        "strong": flat_api(STRONG_USD, quality=strong or falling(0.9, 6.0)),
    }
    options = {name: {"router": router, "people": {}} for name, router in routers.items()}
    lengths = {"input_tokens": fixed(1000), "output_tokens": fixed(50)}
    return scene(tiers, options, count=COUNT, **{"classes": {"chat": chat(**lengths)}, **changes})


def run(scenario: Scenario, option: str) -> SimulationResult:
    """Simulate an option over the scenario's requests."""
    return simulate(scenario, option, draw_workload(scenario), 1.0)


def share_of(result: SimulationResult, tier: str) -> float:
    """Share of requests that a tier answered for good."""
    return float(np.mean(np.array(result.tiers)[result.served_by] == tier))
