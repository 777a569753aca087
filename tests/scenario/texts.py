"""Two small valid scenarios, one with inline figures and one with catalog names, and how to plant faults in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tco.errors import Fault, ScenarioError
from tco.scenario.loader import load_scenario

MARK = "§"  # stands before the place at which a planted fault is to be told

INLINE = """\
name: Small
question: Which is cheapest?
start: 2026-12
horizon_months: 36
seed: 7
traffic:
  requests_per_month: 150000
  growth_fraction_per_month: 0.03
  hour_of_week: flat
  arrivals: {kind: poisson}
classes:
  chat:
    share: 0.75
    input_tokens: {kind: constant, tokens: 1000}
    output_tokens: {kind: uniform, min_tokens: 10, max_tokens: 200}
  batch:
    share: 0.25
    latency_class: async
    input_tokens: {kind: lognormal, p50_tokens: 500, p95_tokens: 2000, max_tokens: 8000}
    output_tokens: {kind: quantiles, source: measured by hand, table: [[0, 2], [0.5, 40], [1, 300]]}
slo:
  e2e_p95_s: 45
  availability_fraction: 0.99
tiers:
  api:
    kind: managed_api
    availability_fraction: 0.995
    price:
      input_usd_per_mtok: 2.5
      output_usd_per_mtok: 10
      source: our contract
      source_date: 2026-01-31
    latency: {ttft_p50_s: 0.4, ttft_p95_s: 1.2, tpot_p50_s: 0.01, tpot_p95_s: 0.03, source: our own probe}
  gpu:
    kind: gpu_fleet
    availability_fraction: 0.998
    min_replicas: 1
    price: {gpu_hour_usd_per_gpu_hour: 2.5, source: our contract, source_date: 2026-01-31}
    server:
      gpus_per_replica: 1
      alpha_s: 0.01
      beta_s_per_prefill_token: 0.00005
      gamma_s_per_sequence: 0.0002
      delta_s_per_context_token: 0.0000001
      kv_capacity_tokens: 400000
      max_sequences: 64
      source: our benchmark
people:
  engineer: {loaded_year_usd_per_year: 250000, source: our finance team, source_date: 2026-01-31}
finance:
  discount_fraction_per_year: 0.08
simulation:
  window_requests: 1000
options:
  buy:
    description: every request to the API
    router: {kind: static, shares: {api: 1.0}}
    people: {build_engineer_weeks: 1, run_engineer_fte: 0.05}
  mix:
    description: some on own GPUs
    router:
      kind: static
      shares: {api: 0.3, gpu: 0.7}
      by_class:
        batch: {gpu: 1.0}
    people: {build_engineer_weeks: 6, run_engineer_fte: 0.5}
  climb:
    router: {kind: escalation, first: gpu, then: api, escalated_share: 0.2}
    cache:
      policy: {kind: fixed, hit_share: 0.2}
      lookup: {p50_s: 0.02, p95_s: 0.05}
      embedding: {input_usd_per_mtok: 0.1, output_usd_per_mtok: 0, source: our contract, source_date: 2026-01-31}
      price:
        {lookup_usd_per_1k_lookups: 0.1, storage_usd_per_gb_month: 0.3, source: our contract, source_date: 2026-01-31}
      storage_gb: 5
    retrieval:
      price:
        query_usd_per_1k_queries: 0.1
        storage_usd_per_gb_month: 0.3
        minimum_usd_per_month: 50
        source: our contract
        source_date: 2026-01-31
      latency: {p50_s: 0.02, p95_s: 0.05}
      storage_gb: 5
    people: {}
"""

CATALOG = """\
name: Small by catalog
question: Which is cheapest?
start: 2026-12
traffic:
  requests_per_month: 150000
  hour_of_week: azure-2024-conversation
  arrivals: {kind: gamma, interarrival_cv: 1.1}
classes:
  chat:
    share: 1.0
    input_tokens: {kind: constant, tokens: 1000}
    output_tokens: {kind: constant, tokens: 200}
slo: {}
tiers:
  frontier:
    kind: managed_api
    price: openai/gpt-6-astra
    latency: frontier-2024
  own:
    kind: gpu_fleet
    server: llama-3.1-8b/h100-sxm/bf16
    price: runpod/h100-sxm/on-demand
people:
  engineer: us/software-engineer-p75
finance:
  discount_fraction_per_year: 0.08
options:
  buy:
    router: {kind: static, shares: {frontier: 1.0, own: 0.0}}
    people: {}
"""


@dataclass(frozen=True)
class Planted:
    """A scenario with a fault in it, and where the fault is: line and column counted from 1."""

    text: str
    line: int
    column: int

    @property
    def place(self) -> tuple[int, int]:
        """Line and column, as a pair."""
        return self.line, self.column


def plant(old: str, new: str, text: str = INLINE) -> Planted:
    """Replace the first `old` by `new`, whose mark says where the fault is to be told."""
    assert old in text, f"the scenario does not hold {old!r}"
    marked = text.replace(old, new, 1)
    before, _, after = marked.partition(MARK)
    return Planted(before + after, before.count("\n") + 1, len(before) - before.rfind("\n"))


def faults_in(folder: Path, text: str | bytes) -> list[Fault]:
    """Load a text; return its faults, none when it is fine."""
    path = folder / "planted.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    try:
        load_scenario(path)
    except ScenarioError as error:
        return list(error.faults)
    return []
