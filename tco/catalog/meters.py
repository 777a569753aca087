"""Meters: what a price book may price, in which unit, and in which family it stands.

A kind is a family of prices and the name of the shipped file that holds it, `data/prices/KIND.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS: dict[str, str] = {
    "api": "tokens of models behind an API",
    "gpu": "GPU-hours: on demand, spot, committed, marketplace, serverless",
    "hardware": "owned servers, their power, electricity, floor space, what they fetch when sold",
    "store": "vector databases, caches, memory",
    "network": "traffic that leaves",
    "operations": "observability, evals, labels by people",
    "people": "engineers",
}
TOKENS = ("input", "cached_input", "cache_write", "cache_write_1h", "output")
THRESHOLD = "tier_above_input_tokens"


@dataclass(frozen=True, slots=True)
class Meter:
    """What one price is for.

    Attributes:
        unit: what one unit is, such as `usd_per_mtok`.
        kind: its family.
        what: what is counted, in words.
    """

    unit: str
    kind: str
    what: str


def _token_meters() -> dict[str, Meter]:
    words = {
        "input": "prompt tokens",
        "cached_input": "prompt tokens that the vendor finds in its cache",
        "cache_write": "prompt tokens that the vendor writes into its cache",
        "cache_write_1h": "prompt tokens that the vendor keeps in its cache for an hour",
        "output": "generated tokens",
    }
    return {
        f"{batch}{meter}{tier}": Meter("usd_per_mtok", "api", f"{words[meter]}{of_batch}{of_tier}")
        for batch, of_batch in (("", ""), ("batch_", ", in a batch"))
        for tier, of_tier in (("", ""), ("_above_tier", f", where the prompt is longer than {THRESHOLD}"))
        for meter in TOKENS
    }


METERS: dict[str, Meter] = {
    **_token_meters(),
    THRESHOLD: Meter("tokens", "api", "prompt length above which every token of the call is charged otherwise"),
    "gpu_hour": Meter("usd_per_gpu_hour", "gpu", "one GPU for one hour"),
    "server": Meter("usd_per_server", "hardware", "one server, bought"),
    "gpus": Meter("gpus", "hardware", "GPUs in a server"),
    "power": Meter("kw", "hardware", "electric power of a server at full load"),
    "idle_power": Meter("share", "hardware", "power of a server without load, as a share of its power at full load"),
    "energy": Meter("usd_per_kwh", "hardware", "electricity"),
    "pue": Meter("ratio", "hardware", "power of the building per power of its servers"),
    "colocation": Meter("usd_per_kw_month", "hardware", "floor space, by the power it is let with"),
    "support": Meter("fraction_per_year", "hardware", "operations and spare parts, of the server's price"),
    "residual": Meter("share", "hardware", "what hardware fetches after `from` years, as a share of its price"),
    "query": Meter("usd_per_1k_queries", "store", "look-ups in a vector database"),
    "lookup": Meter("usd_per_1k_lookups", "store", "look-ups in a cache"),
    "storage": Meter("usd_per_gb_month", "store", "what is stored"),
    "memory": Meter("usd_per_gb_month", "store", "what is held in memory"),
    "dimensions": Meter("usd_per_1m_dimensions_month", "store", "stored vectors, by the length of each"),
    "write": Meter("usd_per_gb", "store", "what is written"),
    "minimum": Meter("usd_per_month", "store", "the least that a month costs"),
    "egress": Meter("usd_per_gb", "network", "traffic, where `from` is the month's volume so far in GB"),
    "ingest": Meter("usd_per_gb", "operations", "telemetry that is taken in"),
    "events": Meter("usd_per_1m_events", "operations", "events, spans, scores; `from` is the month's number so far"),
    "plan": Meter("usd_per_month", "operations", "the plan itself"),
    "seat": Meter("usd_per_seat_month", "operations", "one person who may look"),
    "sample": Meter("usd_per_sample", "operations", "one answer or pair of answers judged by a person"),
    "loaded_year": Meter("usd_per_year", "people", "one engineer for a year with all that the employer pays"),
}  # fmt: skip
