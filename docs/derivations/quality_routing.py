"""Quality: the front of cost and quality of real routers, from per-query results and from the simulation.

    python docs/derivations/quality_routing.py

The data say who answered well: RouteLLM (Apache-2.0), Mixtral 8x7B and GPT-4 on 15 091 queries of MMLU and GSM8K.
`high_school_mathematics` is left out: the strong model's 3 % there are a parse fault. Each router is worked out from
the data in closed form, and simulated with the curves and the shared luck that `tco fit quality` finds.
"""

from __future__ import annotations

import argparse
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from tco.demand.workload import draw_workload
from tco.quality.fit import QualityFit, fit_quality, quality_yaml, rank
from tco.quality.scores import read_scores
from tco.scenario import Scenario
from tco.sim.engine import simulate

NORMAL = NormalDist()
DATED = {"source": "stand-in", "source_date": "2026-11-24"}
REQUESTS = 20_000


def scenario(fit: QualityFit, routers: dict[str, Any]) -> Scenario:
    """Two APIs with the fitted curves, and an option for each router."""
    blocks = quality_yaml(fit)
    latency = {"ttft_p50_s": 0.1, "ttft_p95_s": 0.2, "tpot_p50_s": 0.01, "tpot_p95_s": 0.02, "source": "stand-in"}
    tiers = {
        name: {"kind": "managed_api", "price": {"request_usd_per_request": usd, **DATED}, "latency": latency, **part}
        for (name, part), usd in zip(blocks["tiers"].items(), (0.0005, 0.02), strict=True)
    }
    length = {"kind": "constant", "tokens": 100}
    return Scenario.model_validate(
        {
            "name": "front", "question": "?", "start": "2026-12", "horizon_months": 1, "slo": {}, "tiers": tiers,
            "traffic": {"requests_per_month": 100_000.0, "arrivals": {"kind": "poisson"}},
            "classes": {"all": {"share": 1.0, "latency_class": "interactive", "input_tokens": length,
                                "output_tokens": length, **blocks["classes"]["all"]}},
            "quality": blocks["quality"], "finance": {"discount_fraction_per_year": 0.0},
            "people": {"engineer": {"loaded_year_usd_per_year": 200_000.0, **DATED}},
            "simulation": {"window_requests": REQUESTS},
            "options": {name: {"router": router, "people": {}} for name, router in routers.items()},
        }
    )  # fmt: skip


class Data:
    """What the data say of each router, in closed form."""

    def __init__(self, groups: list[str], rows: list[tuple[float, ...]]) -> None:
        scores = np.array(rows)
        self.weak, self.strong = scores[:, 0], scores[:, 1]
        self.complexity, _ = rank(groups, scores.mean(axis=1))

    def classifier(self, edge: float, accuracy: float) -> tuple[float, float]:
        """Return the strong share and the success share of a classifier between two levels."""
        to_strong = np.where(self.complexity >= edge, accuracy, 1 - accuracy)
        return float(to_strong.mean()), float((to_strong * self.strong + (1 - to_strong) * self.weak).mean())

    def cascade(self, threshold: float, auc: float) -> tuple[float, float]:
        """Return the same for a cascade whose confidence has this AUC."""
        apart = sqrt(2) * NORMAL.inv_cdf(auc)
        limit = NORMAL.inv_cdf(threshold) + apart / 2
        on = np.where(self.weak > 0.5, NORMAL.cdf(limit - apart), NORMAL.cdf(limit))
        return float(on.mean()), float((on * self.strong + (1 - on) * self.weak).mean())

    def oracle(self) -> tuple[float, float]:
        """Return the same for a router that knows who will answer well."""
        need = (self.weak < 0.5) & (self.strong > 0.5)
        return float(need.mean()), float(np.maximum(self.weak, self.strong).mean())


def main() -> None:
    """Print the table of docs/validation-quality.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    path = parser.parse_args().data / "routing" / "routellm_mixtral_gpt4_correctness.csv"
    scores = read_scores(path, ("weak", "strong"), exclude=("high_school_mathematics",))
    fit, data = fit_quality(scores, "weak", "strong"), Data(scores.groups, scores.rows)
    order = {"tiers_in_order": ["weak", "strong"]}
    routers: dict[str, Any] = {}
    expected: dict[str, tuple[float, float]] = {}
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        routers[f"random {share:g}"] = {"kind": "static", "shares": {"weak": 1 - share, "strong": share}}
        expected[f"random {share:g}"] = (
            share, float(share * data.strong.mean() + (1 - share) * data.weak.mean()),
        )  # fmt: skip
    for accuracy in (0.5, 0.7, 0.85, 1.0):
        for edge in (0.25, 0.5, 0.75):
            name = f"classifier {accuracy:g} hard from {edge:g}"
            routers[name] = {"kind": "classifier", **order, "level_complexities": [edge], "accuracy_fraction": accuracy}
            expected[name] = data.classifier(edge, accuracy)
    for auc in (0.5, 0.7, 0.85, 0.99):
        for threshold in (0.3, 0.5, 0.7):
            name = f"cascade AUC {auc:g} threshold {threshold:g}"
            routers[name] = {"kind": "cascade", **order, "confidence_thresholds": [threshold], "auc_fraction": auc}
            expected[name] = data.cascade(threshold, auc)
    compared(scenario(fit, routers), expected, data)


def compared(built: Scenario, expected: dict[str, tuple[float, float]], data: Data) -> None:
    """Simulate every router and print it beside the data."""
    workload = draw_workload(built)
    print("| router | strong calls, data | simulated | success, data | simulated | difference, points |")
    print("|---|---|---|---|---|---|")
    worst = 0.0
    good: dict[str, Any] = {}
    for name, (share, success) in expected.items():
        result = simulate(built, name, workload, 1.0)
        asked = float(np.mean(["strong" in tried for tried in result.tried]))
        found = float((result.good == 1).mean())
        good[name] = result.good == 1
        worst = max(worst, abs(found - success))
        print(row(name, share, asked, success, found))
    weak, strong = good["random 0"], good["random 1"]
    share, success = data.oracle()
    asked, found = float((~weak & strong).mean()), float((weak | strong).mean())
    print(row("oracle by outcome", share, asked, success, found))
    print(f"\nworst difference {100 * max(worst, abs(found - success)):.1f} points of success")


def row(name: str, share: float, asked: float, success: float, found: float) -> str:
    """Write a line of the table."""
    return f"| {name} | {share:.1%} | {asked:.1%} | {success:.1%} | {found:.1%} | {100 * (found - success):+.1f} |"


if __name__ == "__main__":
    main()
