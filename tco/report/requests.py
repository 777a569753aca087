"""Requests: the telemetry of a run, one row a request, written row by row however many there are.

The contract: what served a request, its tokens, its cost, every stamp, every decision, and whether it went well.
Unknown is an empty cell, never 0. The columns `arrival_s, input_tokens, output_tokens` make the file a trace that
`--trace` replays.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain, islice
from math import isnan
from pathlib import Path
from typing import IO, Any

from tco.costs.request_tokens import TokenCost, token_costs
from tco.domain import Outcome
from tco.errors import UsageError
from tco.report.formats.csv import csv_cell
from tco.scenario import Scenario
from tco.sim.result import STAGES, SimulationResult

COLUMNS: dict[str, str] = {
    "option": "name of the option",
    "request": "number of the request in its option; the same number is the same request in every option",
    "class": "request class",
    "latency_class": "interactive or async",
    "measured": "false in the warm-up, which the latency figures leave out",
    "arrival_s": "arrival",
    "input_tokens": "prompt tokens of the request",
    "output_tokens": "answer tokens of the request, also where no answer came",
    "cached_input_tokens": "prompt tokens found in a prompt or prefix cache, in all answered calls; empty: none was",
    "cached": "whether the semantic cache answered",
    "tried": "tiers tried, in order, with > between them",
    "served_by": "tier whose answer counts; empty for none",
    "outcome": "how it ended",
    "retries": "how often its calls were sent again",
    "degraded": "whether a fallback answered, not the tier that was meant",
    "false_hit": "whether the cache gave the answer to another question",
    "complexity": "how hard the request is, 0 to 1",
    "good": "whether the answer is good; empty where nobody knows",
    "cache_s": "end of the cache lookup; empty without one",
    "routed_s": "end of the decision who answers; empty without one",
    "retrieval_s": "end of the retrieval; empty without one",
    "started_s": "begin of service at the first tier; empty where the tier does not tell",
    "first_token_s": "first token of the answer that counts",
    "finished_s": "end",
    "ttft_s": "from arrival to the first token",
    "e2e_s": "from arrival to the end, of answered requests",
    "token_cost_usd": "price of its own tokens at the tiers that answered it; empty where a tier is paid by time",
    "within_slo": "answered within the latency SLO (the success proxy); empty where it sets no limit",
}
TYPES: dict[str, type] = {
    **dict.fromkeys(("request", "input_tokens", "output_tokens", "cached_input_tokens", "retries"), int),
    **dict.fromkeys(("measured", "cached", "within_slo", "degraded", "false_hit", "good"), bool),
    **{name: float for name in COLUMNS if name.endswith(("_s", "_usd", "complexity"))},
}
SUFFIXES = (".csv", ".parquet")
BLOCK = 20_000  # rows that are held at once

Row = tuple[Any, ...]


def request_rows(scenario: Scenario, result: SimulationResult) -> Iterator[Row]:
    """Yield the rows of a run, columns as in `COLUMNS`; None for what is not known."""
    workload, names = result.workload, result.workload.classes
    classes = [(name, scenario.classes[name].latency_class) for name in names]
    costs = token_costs(scenario, result.tiers)
    within = result.within(scenario.slo.e2e_p95_s, scenario.slo.ttft_p95_s)
    missing = [None] * len(result)
    columns = zip(
        workload.class_index.tolist(),
        workload.measured.tolist(),
        result.arrived_s.tolist(),
        workload.input_tokens.tolist(),
        workload.output_tokens.tolist(),
        result.tried,
        result.served_by.tolist(),
        result.outcome.tolist(),
        result.retries.tolist(),
        result.degraded.tolist(),
        result.false_hit.tolist(),
        workload.complexity(),
        result.good.tolist(),
        *(result.reached_s[name].tolist() if name in result.reached_s else missing for name in STAGES),
        result.started_s.tolist(),
        result.first_token_s.tolist(),
        result.finished_s.tolist(),
        missing if within is None else within.tolist(),
        strict=True,
    )
    for request, cells in enumerate(columns):
        (index, measured, arrived, tokens_in, tokens_out, tried, server, outcome, retries, degraded, false_hit,
         complexity, good, cache, routed, retrieval, started, first, finished, fine) = cells  # fmt: skip
        name, latency_class = classes[index]
        answered = outcome in (Outcome.COMPLETED, Outcome.CACHED)
        first = _known(first)
        calls = _paid_calls(result, request, tried, tokens_in)
        yield (
            result.option, request, name, latency_class, measured, arrived, tokens_in, tokens_out,
            sum(call.cached_tokens for call in calls) if calls else None,
            outcome == Outcome.CACHED, ">".join(tried), result.tiers[server] if server >= 0 else None,
            Outcome(outcome).name.lower(), retries, degraded, false_hit, complexity, None if good < 0 else good == 1,
            _known(cache), _known(routed), _known(retrieval), _known(started), first, finished,
            None if first is None else first - arrived, finished - arrived if answered else None,
            _cost_usd(costs, calls, tokens_out, latency_class == "async"), fine,
        )  # fmt: skip


def _known(value: float | None) -> float | None:
    return None if value is None or isnan(value) else value


@dataclass(frozen=True, slots=True)
class _PaidCall:
    """A call that was answered: the tier, the prompt that it got, and what of it a prompt cache held."""

    tier: str
    input_tokens: int
    cached_tokens: int


def _paid_calls(result: SimulationResult, request: int, tried: tuple[str, ...], tokens_in: int) -> list[_PaidCall]:
    """List the calls that were answered; a tier that gave no answer charges nothing."""
    if not tried:
        return []
    prompts = [tokens_in, *(visit.input_tokens for visit in result.further.get(request, ()))]
    lost, cached = result.unanswered_tries.get(request, ()), result.cached_tokens
    return [
        _PaidCall(tier, prompt, cached.get((request, place), 0) if cached else 0)
        for place, (tier, prompt) in enumerate(zip(tried, prompts, strict=True))
        if place not in lost
    ]


def _cost_usd(
    costs: dict[str, TokenCost | None], calls: list[_PaidCall], tokens_out: int, is_async: bool
) -> float | None:
    """Add up what the calls cost."""
    total = 0.0
    for call in calls:
        cost = costs[call.tier]
        if cost is None:
            return None
        total += cost.of(call.input_tokens, tokens_out, call.cached_tokens, is_async)
    return total


def write_requests(path: Path, rows: Iterable[Row]) -> int:
    """Write telemetry as CSV, or as Parquet where the name ends so; whole or not at all.

    Args:
        path: file to write; its folder has to exist.
        rows: rows with the columns `COLUMNS`.

    Returns:
        How many rows were written.

    Raises:
        UsageError: for another suffix, a folder that cannot be written, or Parquet without pyarrow.
    """
    check_name(path)
    write = _write_csv if path.suffix.lower() == ".csv" else _write_parquet
    with _renamed_when_whole(path) as stream:
        return write(stream, rows)


def check_name(path: Path) -> None:
    """Refuse a name that cannot be written, before an hour is spent on what should go into it.

    Raises:
        UsageError: for a suffix of no known format, a folder that is not there, or Parquet without pyarrow.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--requests: '{path.name}' ends in '{path.suffix}'; allowed: {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise UsageError(f"--requests: '{path.parent}' is not a folder; allowed: a file in a folder that is there")
    if path.is_dir():
        raise UsageError(f"--requests: '{path}' is a folder; allowed: a file")
    if path.suffix.lower() == ".parquet" and find_spec("pyarrow") is None:
        raise UsageError(
            "--requests: Parquet needs pyarrow, which is not installed\n"
            "    hint: pip install 'tco[parquet]', or name a file that ends in .csv"
        )


@contextmanager
def _renamed_when_whole(path: Path) -> Iterator[IO[bytes]]:
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"--requests: {path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise UsageError(f"--requests: {path} cannot be written: {error.strerror}") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _write_csv(stream: IO[bytes], rows: Iterable[Row]) -> int:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = iter(rows)
    count = 0
    while block := list(islice(rows, BLOCK)):
        writer.writerows(zip(*_csv_columns(block), strict=True))
        count += len(block)
    text.flush()
    text.detach()
    return count


def _csv_columns(block: list[Row]) -> Iterator[Iterable[Any]]:
    """Turn rows into columns of cells; numbers and None are cells as they are, which saves a third of the writing."""
    for name, column in zip(COLUMNS, zip(*block, strict=True), strict=True):
        if TYPES.get(name) in (int, float):
            yield column
        else:
            cells = {value: csv_cell(value) for value in set(column)}
            yield [cells[value] for value in column]


def _write_parquet(stream: IO[bytes], rows: Iterable[Row]) -> int:
    import pyarrow as pa  # optional; check_name has seen that it is there
    import pyarrow.parquet as pq

    kinds = {int: pa.int64(), bool: pa.bool_(), float: pa.float64(), str: pa.string()}
    schema = pa.schema([(name, kinds[TYPES.get(name, str)]) for name in COLUMNS])
    rows = iter(rows)
    count = 0
    with pq.ParquetWriter(stream, schema) as writer:
        while block := list(islice(rows, BLOCK)):
            columns = [list(column) for column in zip(*block, strict=True)]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(block)
    return count


def all_rows(scenario: Scenario, results: Iterable[SimulationResult]) -> Iterator[Row]:
    """Chain the rows of several options; each result is dropped once its rows are written."""
    return chain.from_iterable(request_rows(scenario, result) for result in results)
