"""Notes on trimmed prompts: what each saves a month against the untrimmed prompt."""

from __future__ import annotations

from tco.decide.trim_savings import trim_savings
from tco.pipeline import Evaluation
from tco.report.money import Money


def trim_notes(evaluation: Evaluation) -> list[str]:
    """Say of each option that trims what it trims, and what that saves."""
    notes, money = [], Money.of(evaluation.scenario)
    for name, saving in trim_savings(evaluation).items():
        trim = evaluation.scenario.options[name].trim
        parts = ", ".join(trim.parts()) if trim is not None else ""
        verb = "saves" if saving.saved_usd_per_month >= 0 else "costs"
        notes.append(
            f"{name}: trimming {parts} spares {saving.saved_mtok_per_month:,.6g} million prompt tokens a month and "
            f"{verb} {money.whole(abs(saving.saved_usd_per_month))} a month against the untrimmed prompt, fleets sized "
            "anew, mean over the plan. What it does to the answers is not modelled."
        )
    return notes
