"""Published claims beside what the model gives, as a document."""

from __future__ import annotations

from tco.report.document import Column, Document, Table, Text
from tco.validation.claims import Finding

OVERVIEW = (Column("Claim", numeric=False), Column("Verdict", numeric=False), Column("Why", numeric=False))
LEGEND = (
    "Follows: the claim's own inputs give its result. Holds when: they leave something open, and it holds under the "
    "condition told. Does not follow: its own inputs, or today's prices, give something else."
)


def claims_document(findings: tuple[Finding, ...]) -> Document:
    """Write the findings for people: an overview, then each claim with its inputs and what the model gives."""
    rows = tuple((each.claim, each.verdict, each.why) for each in findings)
    counts = {verdict: sum(each.verdict == verdict for each in findings) for verdict in ("follows", "holds when")}
    lead = (
        f"Of {len(findings)} claims {counts['follows']} follow, {counts['holds when']} hold under a condition and "
        f"{len(findings) - sum(counts.values())} do not follow."
    )
    sections: tuple[Text | Table, ...] = (
        Text(lead, "lead"),
        Table("", OVERVIEW, rows),
        Text(LEGEND, "note"),
        *map(_claim, findings),
    )
    return Document(
        "Published claims", "What the model gives; `tco validate claims --out docs/claims.md` writes this.", sections
    )


def _claim(finding: Finding) -> Table:
    """Lay out one claim; its number and what it says are the head."""
    rows = [("Inputs", finding.inputs)]
    rows += [("The model gives" if place == 0 else "", told) for place, told in enumerate(finding.gives)]
    rows += [("Verdict", finding.verdict), ("Why", finding.why), ("Scenario", finding.scenario)]
    return Table("", (Column(finding.claim, numeric=False), Column(finding.says, numeric=False)), tuple(rows))
