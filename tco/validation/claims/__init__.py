"""Claims: published claims about the cost of serving language models, each played as a scenario. One file a claim.

A claim's scenario holds its inputs; what the model gives is read from the evaluation of that scenario and of variations
of it, never worked out beside it where a scenario can say it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from tco.decide.advice import Numbers
from tco.decide.compare import compare
from tco.decide.sweep import plain
from tco.decide.vary import Value, find_path, with_values
from tco.errors import UsageError, suggestion
from tco.pipeline import evaluate
from tco.plugin import plugins_in
from tco.scenario import Scenario
from tco.scenario.loader import load_scenario

Verdict = Literal["follows", "holds when", "does not follow"]
Changes = Mapping[str, Value]  # dotted path of a key of the scenario, what it is instead
PACKAGE = "tco.validation.claims"


@dataclass(frozen=True, slots=True)
class Finding:
    """What the model makes of a claim.

    Attributes:
        claim: number in the brief, such as `C5`.
        says: what is claimed.
        inputs: what the claim rests on, and what had to be assumed.
        gives: what the model gives, a sentence each.
        verdict: whether the claim follows from its inputs.
        why: under which condition it holds, or why it does or does not follow.
        scenario: file of the scenario.
        figures: what `gives` rests on, by names that end in a unit.
    """

    claim: str
    says: str
    inputs: str
    gives: tuple[str, ...]
    verdict: Verdict
    why: str
    scenario: str
    figures: dict[str, float] = field(default_factory=dict)


class Play:
    """A claim's scenario, to be evaluated as it is and with keys changed."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._plain = plain(scenario)

    def with_prices(self, usd_per_request: Mapping[str, float]) -> Play:
        """Return the same play with managed APIs at flat prices per request, by the tier's name."""
        values = {**self._plain, "tiers": dict(self._plain["tiers"])}
        for tier, usd in usd_per_request.items():
            price = {"request_usd_per_request": usd, "source": "varied", "source_date": "2026-11-23"}
            values["tiers"][tier] = {**values["tiers"][tier], "price": price}
        return Play(Scenario.model_validate(values))

    def changed(self, changes: Changes | None = None, options: tuple[str, ...] = ()) -> Scenario:
        """Return the scenario with keys changed and, where options are named, with these only."""
        point = {find_path(name, self._plain): value for name, value in (changes or {}).items()}
        values: dict[str, Any] | None = with_values(self._plain, point)
        if values is None:
            raise UsageError(f"changes of {', '.join(changes or ())} leave shares that exceed 1")
        if options:
            values["options"] = {name: values["options"][name] for name in options}
        return Scenario.model_validate(values)

    def numbers(self, changes: Changes | None = None, options: tuple[str, ...] = ()) -> Numbers:
        """Evaluate and compare the scenario, changed."""
        evaluation = evaluate(self.changed(changes, options))
        return Numbers(evaluation, compare(evaluation))


class Claim:
    """Base of the claims; `kind` is the number in the brief.

    Attributes:
        says: what is claimed.
        inputs: what it rests on, and what the scenario assumes beyond.
        file: its scenario.
        slow: whether judging it takes more than a few seconds.
    """

    kind: ClassVar[str]
    says: ClassVar[str]
    inputs: ClassVar[str]
    file: ClassVar[str]
    slow: ClassVar[bool] = False

    def judge(self, play: Play) -> Finding:
        """Play the scenario and hold the claim against it."""
        raise NotImplementedError

    def found(self, verdict: Verdict, why: str, gives: tuple[str, ...], figures: dict[str, float]) -> Finding:
        """Put the claim beside what the model gives."""
        return Finding(self.kind, self.says, self.inputs, gives, verdict, why, self.file, figures)


def known_claims() -> dict[str, type[Claim]]:
    """Return every claim by its number, in the order of the brief."""
    return dict(sorted(plugins_in(PACKAGE).items(), key=lambda entry: int(entry[0][1:])))


def chosen_claims(names: list[str]) -> dict[str, type[Claim]]:
    """Return the claims of these numbers, or all.

    Raises:
        UsageError: for a number that no claim has.

    >>> list(chosen_claims(["c3", "C1"]))
    ['C1', 'C3']
    """
    known, wanted = known_claims(), [name.upper() for name in names]
    for name in wanted:
        if name not in known:
            hint = suggestion(name, known)
            raise UsageError(
                f"'{name}' is not a claim; known: {', '.join(known)}" + (f"\n    hint: {hint}" if hint else "")
            )
    return {name: claim for name, claim in known.items() if not wanted or name in wanted}


def judge_claims(
    claims: Mapping[str, type[Claim]], folder: Path, told: Callable[[str, int, int], None] | None = None
) -> tuple[Finding, ...]:
    """Judge claims by the scenarios of a folder.

    Args:
        claims: by number.
        folder: holds their scenarios.
        told: told before each claim which one it is, how many are done, and how many there are.

    Raises:
        ScenarioError: when a scenario is missing or wrong.
    """
    found = []
    for done, (name, claim) in enumerate(claims.items()):
        if told is not None:
            told(name, done, len(claims))
        found.append(claim().judge(Play(load_scenario(folder / claim.file).scenario)))
    return tuple(found)


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as stable keys."""
    return {
        "claim": finding.claim,
        "says": finding.says,
        "inputs": finding.inputs,
        "gives": list(finding.gives),
        "verdict": finding.verdict,
        "why": finding.why,
        "scenario": finding.scenario,
        "figures": finding.figures,
    }
