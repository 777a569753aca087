"""A scenario that takes milliseconds to evaluate, for tests of how things are told rather than of the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

HEAD = """\
name: {name}
question: Which one?
start: 2026-12
horizon_months: {months}
seed: 1
traffic:
  requests_per_month: {requests}
  hour_of_week: azure-2024-conversation
  arrivals: {{kind: poisson}}
classes:
  chat:
    share: 1.0
    latency_class: {latency_class}
    input_tokens: {{kind: constant, tokens: 1000}}
    output_tokens: {{kind: constant, tokens: 100}}
slo: {{e2e_p95_s: 600}}
simulation: {{window_requests: 1000}}
tiers:
  dear: {{kind: managed_api, price: openai/gpt-6-astra, latency: frontier-2024}}
  cheap: {{kind: managed_api, price: openai/gpt-6-luna, latency: small-2024}}
people: {{engineer: us/software-engineer-p75}}
finance: {{discount_fraction_per_year: 0.08}}
options:
"""


def write_small(
    folder: Path,
    *,
    months: int = 3,
    requests: int = 10_000,
    options: Sequence[str] | Mapping[str, tuple[str, float]] = ("one", "two"),
    latency_class: str = "interactive",
    name: str = "Small",
) -> Path:
    """Write the scenario; options are names, or names with their tier (`dear`, `cheap`) and weeks of building."""
    blocks = options if isinstance(options, Mapping) else dict.fromkeys(options, ("dear", 0.0))
    text = HEAD.format(months=months, requests=requests, latency_class=latency_class, name=name)
    for option, (tier, weeks) in blocks.items():
        other = "cheap" if tier == "dear" else "dear"
        text += f"  {option}:\n    router: {{kind: static, shares: {{{tier}: 1.0, {other}: 0.0}}}}\n"
        text += f"    people: {{build_engineer_weeks: {weeks}}}\n"
    path = folder / "small.yaml"
    path.write_text(text)
    return path
