"""Claims are judged once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tco.validation.claims import Finding, judge_claims, known_claims

CLAIMS = Path(__file__).parents[2] / "scenarios/claims"


@cache
def judged(number: str) -> Finding:
    """What the model makes of a claim."""
    (found,) = judge_claims({number: known_claims()[number]}, CLAIMS)
    return found
