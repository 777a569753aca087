"""The simulation as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.capacity.async_nights import at
from tco.capacity.experiment import Experiment
from tco.capacity.figures import OptionFigures, Percentiles, difference
from tco.report.document import Column, Document, Table, Text
from tco.report.engine_notes import engines_told
from tco.report.numbers import counted, few, seconds, share_used
from tco.sim.statistics import Interval
from tco.units import SECONDS_PER_HOUR

UNKNOWN = "n/a"
LEAST_LOST = 0.0005  # share of requests without an answer that a table of tenths of per cents shows


def simulation_document(found: Experiment) -> Document:
    """Write the simulation for people."""
    sections: list[Text | Table] = [_end_to_end(found), _first_token(found), _tiers(found), _outcomes(found)]
    if sum(not entry.overloaded for entry in found.figures) > 1:
        sections.append(_differences(found))
    if found.saturations:
        sections.append(_saturation(found))
    if found.question.stretch is not None and any(entry.jobs for entry in found.figures):
        sections.append(_jobs(found))
    sections += [Text(sentence, "lead") for sentence in _overloads(found)]
    sections += [Text(note, "note") for note in _notes(found)]
    return Document(found.scenario.name, _load(found), tuple(sections))


def _load(found: Experiment) -> str:
    """Say which load was simulated."""
    month, stretch = found.month, found.question.stretch
    asked = "as asked" if found.question.rate_rps is not None else f"busiest hour of {month.label}"
    if stretch is None:
        return f"Simulated at {month.peak_rps:.4g} req/s, {asked}."
    return (
        f"Simulated {counted(stretch.hours, 'hour')} from {at(stretch.from_hour)} at {found.figures[0].rate_rps:.4g} "
        f"req/s on average; fleets sized for {month.peak_rps:.4g} req/s, {asked}."
    )


def _carried(entry: OptionFigures) -> str:
    """Say whether the load is carried, and at what price in requests that got no answer."""
    if entry.overloaded:
        return "overload"
    lost = sum(entry.outcome_shares[name] for name in ("rejected", "failed", "timed_out"))
    return "carried" if lost < LEAST_LOST else f"{lost:.1%} unanswered"


def _end_to_end(found: Experiment) -> Table:
    columns = (
        Column("End to end", numeric=False), Column("p50"), Column("p95"), Column("95 % interval"), Column("p99"),
        Column("Goodput req/s"), Column("In SLO"), Column("Tokens/s"), Column("Load", numeric=False),
    )  # fmt: skip
    rows = tuple(
        (
            entry.option, *_times(entry.e2e), _number(entry.goodput_rps), _share(entry.within_share),
            _number(entry.output_tokens_per_s), _carried(entry),
        )
        for entry in found.figures
    )  # fmt: skip
    return Table("", columns, rows)


def _first_token(found: Experiment) -> Table:
    columns = (
        Column("First token", numeric=False), Column("p50"), Column("p95"), Column("95 % interval"), Column("p99"),
        Column("TPOT p50"), Column("p95"), Column("Replications"), Column("Requests"),
    )  # fmt: skip
    rows = tuple(
        (
            entry.option, *_times(entry.ttft), _each(entry.tpot.p50), _each(entry.tpot.p95),
            str(entry.replications), f"{entry.requests:,}",
        )
        for entry in found.figures
    )  # fmt: skip
    return Table("", columns, rows)


def _tiers(found: Experiment) -> Table:
    columns = (
        Column("Option: tier", numeric=False), Column("Replicas"), Column("Answers"), Column("Used"), Column("Busy"),
        Column("Inside"), Column("Waiting"), Column("Wait"), Column("p95"), Column("TTFT"), Column("Tokens/s"),
    )  # fmt: skip
    rows = tuple(
        (
            f"{entry.option}: {tier.tier}", "-" if tier.replicas is None else str(tier.replicas),
            f"{tier.served_share:.1%}", _percent(tier.load.used_share), _percent(tier.busy_share),
            _number(tier.inside), _number(tier.waiting), seconds(tier.wait_mean_s),
            _each(tier.e2e.p95), _each(tier.ttft.p95), _number(tier.output_tokens_per_s),
        )
        for entry in found.figures
        for tier in entry.tiers
    )  # fmt: skip
    return Table("", columns, rows)


def _outcomes(found: Experiment) -> Table:
    names = list(found.figures[0].outcome_shares)
    columns = (Column("How requests ended", numeric=False), *(Column(name.replace("_", " ")) for name in names))
    rows = tuple((entry.option, *(f"{entry.outcome_shares[name]:.2%}" for name in names)) for entry in found.figures)
    return Table("", columns, rows)


def _jobs(found: Experiment) -> Table:
    columns = (
        Column("Async calls", numeric=False), Column("came"), Column("held"), Column("answered"), Column("too late"),
        Column("p50"), Column("p95"), Column("p99"),
    )  # fmt: skip
    rows = tuple(
        (
            entry.option, f"{jobs.calls:,}", f"{jobs.held:,}", f"{jobs.answered:,}", f"{jobs.missed:,}",
            _hours(jobs.e2e.p50), _hours(jobs.e2e.p95), _hours(jobs.e2e.p99),
        )
        for entry in found.figures
        if (jobs := entry.jobs) is not None
    )  # fmt: skip
    return Table("", columns, rows)


def _differences(found: Experiment) -> Table:
    first, *others = (entry for entry in found.figures if not entry.overloaded)
    columns = (
        Column(f"p95 against {first.option}", numeric=False), Column("difference"), Column("95 % interval"),
        Column("variance cut by pairing"),
    )  # fmt: skip
    rows = []
    for entry in others:
        paired = difference(entry, first)
        if paired is None:
            rows.append((entry.option, UNKNOWN, UNKNOWN, UNKNOWN))
            continue
        ratio = UNKNOWN if paired.variance_ratio is None else f"{paired.variance_ratio:.2g} x"
        rows.append((entry.option, _signed(paired.difference.estimate), _bounds(paired.difference, _signed), ratio))
    return Table("", columns, tuple(rows))


def _saturation(found: Experiment) -> Table:
    columns = (
        Column("Highest rate", numeric=False), Column("holds req/s"), Column("fails req/s"),
        Column("Used there", numeric=False), Column("Binds", numeric=False),
    )  # fmt: skip
    rows = tuple(
        (
            entry.option, UNKNOWN if entry.holds_rps is None else _rate(entry.holds_rps),
            "none found" if entry.fails_rps is None else _rate(entry.fails_rps),
            ", ".join(f"{tier} {share:.0%}" for tier, share in entry.used_shares.items()) or "-",
            "; ".join(entry.binds) or "no limit known",
        )
        for entry in found.saturations
    )  # fmt: skip
    return Table("", columns, rows)


def _overloads(found: Experiment) -> list[str]:
    return [
        f"{entry.option} is overloaded: {'; '.join(load.describe() for load in entry.overloaded)}. "
        "The queue grows as long as this lasts, so no latency is shown."
        for entry in found.figures
        if entry.overloaded
    ]


def _notes(found: Experiment) -> list[str]:
    notes = [
        "Latencies are those of interactive, answered requests after the warm-up; further intervals are in the JSON. "
        "Used is arrivals over capacity; busy is the time in which a replica does any work at all; p95 and "
        "TTFT of a tier are 95th percentiles. Waiting is n/a where a tier does not tell when service begins.",
    ]
    fleets = [
        f"{entry.option}: {', '.join(f'{tier} {count}' for tier, count in entry.replicas.items())}"
        for entry in found.figures
        if entry.replicas
    ]
    if fleets:
        notes.append(f"Replicas: {'; '.join(fleets)}.")
    notes += [f"{option}: no fleet size reaches {'; '.join(words)}." for option, words in found.missed.items() if words]
    notes += _precision(found)
    notes += _windows(found)
    notes += engines_told((entry.option, entry.engines) for entry in found.figures)
    if found.trace is not None:
        notes.append(
            f"Every row of {found.trace.name} was replayed once; the intervals come from batches of that one run."
        )
    if found.saturations:
        notes.append(
            "Highest rate: the p95's themselves keep the SLO at the rate that holds; windows there last five minutes "
            "or 60,000 requests, so a rate within a few per cent of a tier's capacity may fail in a longer peak."
        )
    return notes


def _windows(found: Experiment) -> Iterator[str]:
    """Say what the figures leave out where async calls have a window."""
    scenario = found.scenario
    for option in (entry.option for entry in found.figures):
        for name, tier in scenario.tiers_of(option).items():
            window = getattr(tier, "async_window", None)
            if window is None:
                continue
            seen = "" if found.question.stretch else " --hours 48 shows them wait and run."
            yield (
                f"{option}: async calls of {name} begin from {window.from_hour:g} to {window.to_hour:g} only, and are "
                f"left out of its load and waits; answers are due within {window.deadline_hours:g} h.{seen}"
            )


def _precision(found: Experiment) -> Iterator[str]:
    wanted = found.question.stop.precision
    for entry in found.figures:
        if entry.precision_reached is False and wanted is not None:
            widths = [
                f"{name} +-{half:.1%}" if half is not None else f"{name} unknown"
                for name, times in (("p95", entry.e2e), ("p95 TTFT", entry.ttft))
                if times.p95 is not None
                for half in [times.p95.relative_half_width]
            ]
            yield (
                f"{entry.option}: the precision asked for, +-{wanted:.1%}, was not reached within {entry.requests:,} "
                f"requests ({', '.join(widths)}); allow more with --max-requests or --replications."
            )


def _times(times: Percentiles) -> tuple[str, str, str, str]:
    bounds = UNKNOWN if times.p95 is None else _bounds(times.p95, seconds)
    return _each(times.p50), _each(times.p95), bounds, _each(times.p99)


def _each(interval: Interval | None) -> str:
    return seconds(None if interval is None else interval.estimate)


def _hours(interval: Interval | None) -> str:
    if interval is None or interval.estimate < SECONDS_PER_HOUR:
        return _each(interval)
    return f"{interval.estimate / SECONDS_PER_HOUR:.1f} h"


def _bounds(interval: Interval, write: Any) -> str:
    if interval.low is None and interval.high is None:
        return UNKNOWN
    low = "?" if interval.low is None else write(interval.low)
    return f"{low} to {'?' if interval.high is None else write(interval.high)}"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{seconds(abs(value))}"


def _share(interval: Interval | None) -> str:
    return UNKNOWN if interval is None else f"{interval.estimate:.1%}"


def _percent(share: float | None) -> str:
    return "-" if share is None else share_used(share)


def _rate(rate_rps: float) -> str:
    return f"{rate_rps:,.0f}" if rate_rps >= 1000 else f"{rate_rps:.4g}"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else few(value)
