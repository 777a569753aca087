"""Units: every suffix that a name in this project may end in, and what it means in words.

One table serves the check of field names, the axis labels and the table heads.
"""

from __future__ import annotations

HOURS_PER_MONTH = 730.0  # 8 760 / 12, the convention cloud bills use
HOURS_PER_DAY = 24
HOURS_PER_WEEK = 168
SECONDS_PER_HOUR = 3600.0
SECONDS_PER_MINUTE = 60.0
MINUTES_PER_HOUR = 60.0
MONTHS_PER_YEAR = 12
WEEKS_PER_YEAR = 52.0
TOKENS_PER_MTOK = 1_000_000.0
BYTES_PER_GB = 1e9  # clouds bill by decimal or binary GB; the difference is 7 %

SUFFIXES: dict[str, str] = {
    "_usd_per_mtok": "USD per million tokens",
    "_usd_per_gpu_hour": "USD per GPU-hour",
    "_usd_per_1k_queries": "USD per thousand queries",
    "_usd_per_1k_lookups": "USD per thousand lookups",
    "_usd_per_gb": "USD per GB",
    "_bytes_per_token": "bytes per token",
    "_usd_per_gb_month": "USD per GB-month",
    "_usd_per_month": "USD per month",
    "_usd_per_gpu_s": "USD per GPU-second",
    "_usd_per_device_hour": "USD per device-hour",
    "_usd_per_year": "USD per year",
    "_usd_per_request": "USD per request",
    "_usd_per_server": "USD per server",
    "_usd_per_kwh": "USD per kWh",
    "_usd_per_kw_month": "USD per kW and month",
    "_usd_per_sample": "USD per sample",
    "_usd_per_1k_requests": "USD per thousand requests",
    "_usd_per_unit_hour": "USD per unit of throughput and hour",
    "_usd_per_unit_month": "USD per unit of throughput and month",
    "_usd_per_unit": "USD per unit of the plan's currency",
    "_usd_per_seat_month": "USD per seat and month",
    "_usd_per_1m_events": "USD per million events",
    "_usd_per_1m_dimensions_month": "USD per million dimensions and month",
    "_usd_per_week": "USD per week",
    "_usd_per_hour": "USD per hour",
    "_minutes": "minutes",
    "_samples": "samples",
    "_kw": "kW",
    "_ratio": "ratio",
    "_usd": "USD",
    "_fraction_per_month": "fraction per month",
    "_fraction_per_year": "fraction per year",
    "_fraction": "fraction",
    "_share": "share of 1",
    "_shares": "shares that sum to 1",
    "_s_per_prefill_token": "seconds per prefill token",
    "_s_per_request": "seconds per request",
    "_s_per_token": "seconds per token",
    "_s_per_sequence": "seconds per sequence",
    "_s_per_context_token": "seconds per context token",
    "_flop_per_s": "floating-point operations per second",
    "_bytes_per_s": "bytes per second",
    "_bytes_per_sequence": "bytes per sequence",
    "_bytes": "bytes",
    "_parameters": "parameters",
    "_layers": "layers",
    "_heads": "heads",
    "_size": "values wide",
    "_experts": "routed experts per layer",
    "_experts_per_token": "routed experts per token",
    "_s_per_input_token": "seconds per input token",
    "_s": "seconds",
    "_utilisation": "share of capacity in use",
    "_rps": "requests per second",
    "_requests_per_month": "requests per month",
    "_per_month": "per month",
    "_per_year": "per year",
    "_tokens_per_s": "tokens per second",
    "_per_minute": "per minute",
    "_per_request": "per request",
    "_per_worker": "per worker",
    "_workers": "workers",
    "_tokens": "tokens",
    "_steps": "steps",
    "_units": "units of throughput",
    "_requests": "requests",
    "_replicas": "replicas",
    "_sequences": "sequences",
    "_months": "months",
    "_weeks": "weeks",
    "_fte": "full-time engineers",
    "_gb": "GB",
    "_hours": "hours",
    "_hour": "hour of the day",
    "_cv": "coefficient of variation",
    "_per_complexity": "per unit of complexity",
    "_complexity": "complexity, 0 to 1",
    "_complexities": "complexities, 0 to 1",
    "_thresholds": "thresholds, 0 to 1",
    "_usd_per_answer": "USD per answer",
    "_usd_per_server_hour": "USD per server-hour",
    "_entries": "entries",
    "_questions": "questions",
    "_share_per_day": "share of 1 per day",
    "_days": "days",
    "_exponent": "exponent of a power law",
    "_threshold": "threshold, 0 to 1",
}


def unit_of(name: str) -> str | None:
    """Say which unit a name carries, by its longest known suffix.

    >>> unit_of("discount_fraction_per_year")
    'fraction per year'
    >>> unit_of("seed") is None
    True
    """
    matches = [suffix for suffix in SUFFIXES if f"_{name}".endswith(suffix)]
    return SUFFIXES[max(matches, key=len)] if matches else None
