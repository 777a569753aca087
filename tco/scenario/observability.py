"""Observability: telemetry of the requests, how long it is kept, and runs of evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, Tag

from tco import catalog
from tco.fields import NonNegative, Share, TokenCount, UnitPrice
from tco.plugin import Frozen, together
from tco.scenario.prices import InlinePrice, InlineSamplePrice, InlineTokenPrice
from tco.scenario.references import NAME_OR_INLINE, known, or_figures_with


@dataclass(frozen=True, slots=True)
class Charged:
    """What a telemetry service may charge for.

    Attributes:
        meter: meter of the price, in the catalog or inline.
        unit: its unit.
        item: the month's meter that it is multiplied by.
        words: what it is, for the ledger.
        each: how many of what the catalog's steps count are one of the meter's unit.
    """

    meter: str
    unit: str
    item: str
    words: str
    each: float = 1.0


CHARGED = (
    Charged("telemetry", "usd_per_1k_requests", "recorded", "requests recorded"),
    Charged("ingest", "usd_per_gb", "ingested", "telemetry ingested"),
    Charged("events", "usd_per_1m_events", "events", "telemetry events", 1e6),
    Charged("retention", "usd_per_gb_month", "kept", "telemetry kept"),
    Charged("platform", "usd_per_month", "months", "telemetry fee"),
    Charged("plan", "usd_per_month", "months", "telemetry plan"),
    Charged("seat", "usd_per_seat_month", "seats", "telemetry seats"),
)


class ObservabilityPrice(InlinePrice):
    """What a telemetry service charges."""

    telemetry_usd_per_1k_requests: UnitPrice
    """Price of a thousand requests that are recorded, USD."""
    ingest_usd_per_gb: UnitPrice
    """Price of a GB of records, USD."""
    platform_usd_per_month: UnitPrice
    """Fee of a month, USD."""
    retention_usd_per_gb_month: UnitPrice | None = None
    """Price of a GB that is kept for a month, USD. None: keeping is not charged apart."""


def _telemetry_names() -> tuple[str, ...]:
    return tuple(dict.fromkeys((*catalog.price_names("ingest"), *catalog.price_names("events"))))


TelemetryPrice = Annotated[
    Annotated[str, known("a telemetry service", _telemetry_names), Tag("name")]
    | Annotated[ObservabilityPrice, Tag("inline")],
    NAME_OR_INLINE,
]


JudgePrice = Annotated[
    Annotated[str, known("an API model", lambda: catalog.price_names("output")), Tag("name")]
    | Annotated[InlineTokenPrice, Tag("inline")]
    | Annotated[InlineSamplePrice, Tag("inline_sample")],
    or_figures_with("sample_usd_per_sample", InlineSamplePrice, "inline_sample"),
]


class Evaluations(Frozen):
    """Runs of a test set, judged by a model or by whoever charges per sample."""

    runs_per_month: Annotated[float, Field(gt=0, le=100_000)]
    """Runs of a month, from when the option serves."""
    run_samples: Annotated[int, Field(ge=1, le=10**9)]
    """Samples of one run."""
    price: JudgePrice
    """Catalog name of the judging model, its prices per token, or a price per sample."""
    judge_input_tokens: TokenCount | None = None
    """Prompt tokens of one judgement; needed, and allowed, where the price is per token."""
    judge_output_tokens: TokenCount | None = None
    """Tokens that the judge writes for one; needed, and allowed, where the price is per token."""

    @together("price", "judge_input_tokens", "judge_output_tokens")
    def _tokens_have_a_price(self) -> None:
        by_token = not isinstance(self.price, InlineSamplePrice)
        for name in ("judge_input_tokens", "judge_output_tokens"):
            value = getattr(self, name)
            if by_token and value is None:
                raise ValueError(f"{name} is missing; needed because the price is per token: unknown is not zero")
            if not by_token and value is not None:
                raise ValueError(f"{name} {value} is given, and the price is per sample; allowed: one of the two")

    @property
    def samples_per_month(self) -> float:
        """Samples of a month."""
        return self.runs_per_month * self.run_samples


class Observability(Frozen):
    """What is measured of the requests, so that spend does not grow unseen."""

    price: TelemetryPrice
    """Catalog name of a telemetry service, or inline prices."""
    bytes_per_request: NonNegative
    """Size of a request's record, bytes."""
    recorded_share: Share = 1.0
    """Share of the requests that is recorded."""
    events_per_request: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """Events, spans and scores of a recorded request; needed, and allowed, where the service charges by the event."""
    seats: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """People who may look; needed, and allowed, where the service charges by the seat."""
    kept_months: Annotated[int, Field(ge=1, le=120)] | None = None
    """Months for which records are kept, that of the request included; needs a price of keeping them. None: what the
    service includes."""
    evals: Evaluations | None = None
    """Runs of evaluations; none when left out."""

    @together("price", "kept_months")
    def _keeping_has_a_price(self) -> None:
        if self.kept_months is not None and not self.charges("retention", "usd_per_gb_month"):
            raise ValueError(
                f"kept_months is {self.kept_months}, and the price of keeping a GB is not known "
                "(retention_usd_per_gb_month): unknown is not zero"
            )
        inline = isinstance(self.price, ObservabilityPrice)
        if self.kept_months is None and inline and self.charges("retention", "usd_per_gb_month"):
            raise ValueError("retention_usd_per_gb_month is given without kept_months; allowed: both or neither")

    @together("price", "events_per_request", "seats")
    def _what_is_charged_is_counted(self) -> None:
        for field, meter, unit in (
            ("events_per_request", "events", "usd_per_1m_events"), ("seats", "seat", "usd_per_seat_month"),
        ):  # fmt: skip
            charged, value = self.charges(meter, unit), getattr(self, field)
            if charged and value is None:
                raise ValueError(
                    f"{field} is missing; needed because '{self.price}' charges for it: unknown is not zero"
                )
            if not charged and value is not None:
                raise ValueError(f"{field} {value:g} is given, and the service has no price for it")

    def charges(self, meter: str, unit: str) -> bool:
        """Say whether the service has a price for a meter."""
        if isinstance(self.price, str):
            return meter in catalog.meters_of(self.price)
        return getattr(self.price, f"{meter}_{unit}", None) is not None
