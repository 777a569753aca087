"""Watched: what is recorded of the requests, kept, evaluated and looked at by people."""

from __future__ import annotations

from collections.abc import Iterator

from tco.demand.forecast import Month
from tco.domain import Driver, Meter
from tco.scenario import Scenario
from tco.scenario.observability import Evaluations, Observability
from tco.scenario.review import Review
from tco.units import BYTES_PER_GB, MINUTES_PER_HOUR, TOKENS_PER_MTOK

Counted = tuple[str, float, str, str, Driver]  # item, quantity, unit, basis, driver


def watched_meters(scenario: Scenario, option_name: str, months: tuple[Month, ...], month: Month) -> Iterator[Meter]:
    """Yield telemetry, evaluations and reviews of a month.

    Args:
        scenario: where they are described.
        option_name: name of the option.
        months: the demand of the whole plan: records of earlier months are still kept.
        month: the month.
    """
    option = scenario.options[option_name]
    found: dict[str, list[Counted]] = {}
    if option.observability is not None:
        found["observability"] = [*_telemetry(option.observability, months, month, option.first_month)]
    if option.review is not None:
        found["review"] = [*_review(option.review, month)]
    for block, lines in found.items():
        for item, quantity, unit, basis, driver in lines:
            yield Meter(option_name, month.index, f"options.{option_name}.{block}", item, quantity, unit, basis, driver)


def _telemetry(telemetry: Observability, months: tuple[Month, ...], month: Month, first: int) -> Iterator[Counted]:
    recorded = f"{month.requests:,.0f} requests x {telemetry.recorded_share:.6g} recorded"
    size = f"{telemetry.bytes_per_request:g} bytes"
    yield "recorded", month.requests * telemetry.recorded_share / 1000, "thousand requests", recorded, "volume"
    yield "ingested", _gb(telemetry, month), "GB", f"{recorded} x {size}", "volume"
    yield "months", 1.0, "months", "every month", "fixed"
    if telemetry.events_per_request is not None:
        millions = month.requests * telemetry.recorded_share * telemetry.events_per_request / 1e6
        yield "events", millions, "million events", f"{recorded} x {telemetry.events_per_request:g} events", "volume"
    if telemetry.seats is not None:
        yield "seats", float(telemetry.seats), "seat-months", f"{telemetry.seats} people who may look", "fixed"
    if telemetry.kept_months is not None:
        kept = [
            each for each in months if max(first, month.index - telemetry.kept_months + 1) <= each.index <= month.index
        ]
        words = f"records of {len(kept)} months, {size} each; kept for {telemetry.kept_months} months"
        yield "kept", sum(_gb(telemetry, each) for each in kept), "GB-months", words, "volume"
    if telemetry.evals is not None:
        yield from _evaluations(telemetry.evals)


def _gb(telemetry: Observability, month: Month) -> float:
    return month.requests * telemetry.recorded_share * telemetry.bytes_per_request / BYTES_PER_GB


def _evaluations(evals: Evaluations) -> Iterator[Counted]:
    samples = evals.samples_per_month
    basis = f"{evals.runs_per_month:g} runs x {evals.run_samples:,} samples"
    yield "eval_samples", samples, "samples", basis, "fixed"
    for item, tokens in (("input", evals.judge_input_tokens), ("output", evals.judge_output_tokens)):
        if tokens is not None:
            words = f"{basis} x {tokens:,} tokens"
            yield f"judge_{item}_tokens", samples * tokens / TOKENS_PER_MTOK, "Mtok", words, "fixed"


def _review(review: Review, month: Month) -> Iterator[Counted]:
    samples = review.samples(month.requests)
    basis = f"{month.requests:,.0f} requests x {review.sampled_share:.6g}"
    capped = samples < month.requests * review.sampled_share
    if capped:
        basis += f", at most {review.most_samples:,}"
    driver: Driver = "fixed" if capped else "volume"
    yield "samples", samples, "samples", basis, driver
    if review.review_minutes is not None:
        hours = samples * review.review_minutes / MINUTES_PER_HOUR
        yield "reviewer_hours", hours, "hours", f"{basis} x {review.review_minutes:g} minutes / 60", driver
