"""A scenario with every kind of line that an explanation has to tell apart, small enough to be evaluated at once."""

from __future__ import annotations

from pathlib import Path

from tco.scenario.loader import LoadedScenario, load_scenario

TEXT = """\
name: Asked
question: Where does every figure come from?
start: 2026-12
horizon_months: 6
seed: 3
traffic:
  requests_per_month: 2000000
  growth_fraction_per_month: 0.05
  arrivals: {kind: poisson}
classes:
  chat: {share: 1.0, input_tokens: {kind: constant, tokens: 500}, output_tokens: {kind: constant, tokens: 100}}
slo: {e2e_p95_s: 60}
simulation: {window_requests: 200}
tiers:
  llama-3:
    kind: managed_api
    price: {input_usd_per_mtok: 1.0, output_usd_per_mtok: 2.125, source: quote 17, source_date: 2026-10-01}
    latency: mid-2024
  llama-3.1:
    kind: managed_api
    price: openai/gpt-6.1-terra
    latency: mid-2024
  mixed:
    kind: gpu_fleet
    server: llama-3.1-8b/h100-sxm/bf16
    price: runpod/h100-sxm/on-demand
    purchase:
      kind: mix
      reserved:
        - gpus: 1
          term_months: 3
          upfront_share: 0.5
          price: {gpu_hour_usd_per_gpu_hour: 2.0, source: contract 4, source_date: 2026-10-01}
  bought:
    kind: gpu_fleet
    server: llama-3.1-8b/h100-sxm/bf16
    purchase:
      kind: owned
      server: {server_usd_per_server: 24000, source: quote 18, source_date: 2026-10-01}
      gpus_per_server: 1
      life_months: 24
      residual_share: 0
      power_kw: 1.3
      pue_ratio: 1.3
      energy: {energy_usd_per_kwh: 0.12, source: our utility, source_date: 2026-10-01}
      colocation: null
prices:
  paths:
    - {account: "serving:api", change_fraction_per_year: -0.2, reviewed_every_months: 3, source: a guess}
people: {engineer: {loaded_year_usd_per_year: 240000, source: our payroll, source_date: 2026-10-01}}
finance: {discount_fraction_per_year: 0.08}
options:
  api:
    router: {kind: static, shares: {llama-3: 0.5, llama-3.1: 0.5}}
    people: {build_engineer_weeks: 2, run_engineer_fte: 0.1}
    cache:
      policy: {kind: fixed, hit_share: 0.1}
      lookup: {p50_s: 0.02, p95_s: 0.05}
      embedding: openai/text-embedding-3-small
      price: upstash/redis-payg
      storage_gb: 2
  fleet:
    router: {kind: static, shares: {mixed: 0.5, bought: 0.5}}
    people: {run_engineer_fte: 0.5}
"""


def asked(folder: Path, text: str = TEXT) -> LoadedScenario:
    """Write the scenario to a file and load it."""
    path = folder / "asked.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


def line_of(words: str, text: str = TEXT) -> int:
    """Return the line in which words stand first, counted from 1."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)
