"""The claims' scenarios and docs/claims.md are complete, and are what the model gives today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tco.report.claims import claims_document
from tco.report.formats.markdown import markdown
from tco.validation.claims import known_claims
from tests.claims.judging import CLAIMS, judged
from tests.comparing import first_difference

DOCUMENT = Path(__file__).parents[2] / "docs/claims.md"
VERDICTS = ("follows", "holds when", "does not follow")
QUICK = [name for name, claim in known_claims().items() if not claim.slow]
SLOW = [name for name, claim in known_claims().items() if claim.slow]


def sections(text: str) -> dict[str, str]:
    """Cut the document into the tables of the claims, by number."""
    blocks = [block for block in text.split("\n\n") if re.match(r"\| C\d+ \|", block)]
    return {block.split(" ")[1]: block.strip() for block in blocks}


def told(number: str) -> str:
    """The table of one claim as the model gives it today."""
    return sections(markdown(claims_document((judged(number),))))[number]


def test_every_claim_of_the_brief_is_judged():
    """C1 to C16, each with a scenario of its own, and no scenario without a claim."""
    assert [f"C{number}" for number in range(1, 17)] == list(known_claims())
    assert {claim.file for claim in known_claims().values()} == {path.name for path in CLAIMS.glob("*.yaml")}
    assert all(claim.file.startswith(f"c{int(name[1:]):02}-") for name, claim in known_claims().items())


@pytest.mark.parametrize("path", sorted(CLAIMS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_scenario_opens_with_the_claim(path):
    """The claim, its inputs and what to look at, in this order."""
    header = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    marks = [
        next(n for n, line in enumerate(header) if line.startswith(f"# {word}"))
        for word in ("Claim C", "Inputs: ", "Look at: ")
    ]

    assert marks == sorted(marks)


def test_the_document_has_every_claim_with_its_verdict():
    """In the overview and in a table of its own."""
    text = DOCUMENT.read_text(encoding="utf-8")
    overview = dict(re.findall(r"^\| (C\d+) \| (follows|holds when|does not follow) \|", text, flags=re.MULTILINE))

    assert list(known_claims()) == list(overview) == list(sections(text))
    for number, block in sections(text).items():
        assert f"| Verdict | {overview[number]} |" in block
        assert overview[number] in VERDICTS


@pytest.mark.parametrize("number", QUICK)
def test_a_quick_claim_stands_there_as_judged(number):
    """Write it with: tco validate claims --out docs/claims.md."""
    assert first_difference(told(number), sections(DOCUMENT.read_text(encoding="utf-8"))[number]) is None


@pytest.mark.slow
@pytest.mark.parametrize("number", SLOW)
def test_a_slow_claim_stands_there_as_judged(number):
    """The same for those that search or saturate."""
    assert first_difference(told(number), sections(DOCUMENT.read_text(encoding="utf-8"))[number]) is None


def test_a_changed_figure_is_noticed():
    """The comparison bites."""
    assert first_difference(told("C2").replace("$54,000", "$54,100"), told("C2")) is not None
