"""Prices in a scenario: a name that the catalog knows, or figures given inline with their source and date."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Protocol

from pydantic import Discriminator, Tag

from tco import catalog
from tco.catalog import Price
from tco.errors import CatalogError
from tco.fields import CostlyPrice, IsoDate, Source, UnitPrice
from tco.plugin import Frozen
from tco.scenario.references import NAME_OR_INLINE, known, name_or_figures, name_or_inline, or_figures_with
from tco.serving.latency import ApiLatency


class Stated(Protocol):
    """A block of the scenario that says where its figures come from."""

    @property
    def source(self) -> str:
        """Contract, quote or page."""
        ...

    @property
    def source_date(self) -> date:
        """Day on which the figures were valid."""
        ...


def stated_price(value: float, unit: str, block: Stated) -> Price:
    """Return a price that a block of the scenario states, with the block's provenance."""
    return Price(value, unit, block.source, block.source_date.isoformat(), "inline")


class InlinePrice(Frozen):
    """Base of prices that a scenario states itself; every price field is named after its unit."""

    source: Source
    """Contract, quote or page that the price comes from."""
    source_date: IsoDate
    """Day on which the price was valid."""

    def price(self, meter: str, unit: str) -> Price:
        """Return one of the stated prices with its provenance.

        Raises:
            CatalogError: when the scenario does not state it.
        """
        value: float | None = getattr(self, f"{meter}_{unit}", None)
        if value is None:
            raise CatalogError(f"the inline price states no '{meter}_{unit}'")
        return stated_price(value, unit, self)


class InlineTokenPrice(InlinePrice):
    """Prices of a model behind an API."""

    input_usd_per_mtok: UnitPrice
    """Price of prompt tokens, USD per million."""
    output_usd_per_mtok: UnitPrice
    """Price of generated tokens, USD per million."""
    cached_input_usd_per_mtok: UnitPrice | None = None
    """Price of prompt tokens that the vendor finds in its cache, USD per million; None: not known."""
    cache_write_usd_per_mtok: UnitPrice | None = None
    """Price of prompt tokens that the vendor writes into its cache, USD per million; None: not known."""


class InlineRequestPrice(InlinePrice):
    """A flat price per request, as some vendors and rule-of-thumb comparisons use."""

    request_usd_per_request: UnitPrice
    """Price of one request, USD."""


class IncludedPrice(Frozen):
    """No price of its own: the service is paid by the option's contract."""

    included_in: Literal["contract"]
    """What pays for it: the `contract` of every option that uses the tier."""

    def price(self, meter: str, unit: str) -> Price:
        """Return no price: there is none to multiply by.

        Raises:
            CatalogError: always.
        """
        raise CatalogError(f"'{meter}_{unit}' has no price of its own: it is included in the {self.included_in}")


class InlineDevicePrice(InlinePrice):
    """Price of an edge device or worker."""

    device_hour_usd_per_device_hour: UnitPrice
    """Price of one device for one hour, USD."""


class InlineGpuPrice(InlinePrice):
    """Price of a GPU-hour."""

    gpu_hour_usd_per_gpu_hour: UnitPrice
    """Price of one GPU for one hour, USD."""


class InlineGpuSecondPrice(InlinePrice):
    """Price of a GPU-second, as platforms quote it."""

    gpu_second_usd_per_gpu_s: UnitPrice
    """Price of one GPU for one second, USD."""


class InlineVectorPrice(InlinePrice):
    """Prices of a managed vector database."""

    query_usd_per_1k_queries: UnitPrice
    """Price of a thousand queries, USD."""
    storage_usd_per_gb_month: UnitPrice
    """Price of a GB stored for a month, USD."""
    minimum_usd_per_month: UnitPrice
    """Least that a month costs, USD."""


class InlineCachePrice(InlinePrice):
    """Prices of a managed cache."""

    lookup_usd_per_1k_lookups: UnitPrice
    """Price of a thousand lookups, USD."""
    storage_usd_per_gb_month: UnitPrice
    """Price of a GB stored for a month, USD."""


class InlineMemoryPrice(InlinePrice):
    """Price of an in-memory store."""

    memory_usd_per_gb_month: UnitPrice
    """Price of a GB of memory for a month, USD."""


class BadAnswerPrice(InlinePrice):
    """What a bad answer costs the business."""

    bad_answer_usd_per_answer: UnitPrice
    """Cost of one bad answer, USD: the support call that follows, the order that is lost."""


class InlineSamplePrice(InlinePrice):
    """What one answer costs that somebody judges."""

    sample_usd_per_sample: UnitPrice
    """Price of a sample, USD."""


class InlineEngineerPrice(InlinePrice):
    """Loaded cost of an engineer: salary, benefits, taxes, equipment."""

    loaded_year_usd_per_year: CostlyPrice
    """Cost of one engineer for one year, USD."""


class InlineServerPrice(InlinePrice):
    """Price of a server, bought."""

    server_usd_per_server: CostlyPrice
    """Price of one server with its GPUs, its network and its installation, USD."""


class InlineServerHourPrice(InlinePrice):
    """What running a server costs by the hour, beyond what is stated beside it."""

    operations_usd_per_server_hour: UnitPrice
    """Cost of one server for one hour, busy or not, USD."""


class InlineEnergyPrice(InlinePrice):
    """Price of electricity."""

    energy_usd_per_kwh: CostlyPrice
    """Price of a kWh, USD."""


class InlineColocationPrice(InlinePrice):
    """Price of housing in a data centre of someone else's."""

    colocation_usd_per_kw_month: CostlyPrice
    """Price of a kW of contracted power for a month, USD."""


def _choice(meter: str, what: str, names: Any = None) -> Any:
    return known(what, names or (lambda: catalog.price_names(meter)))


def _inline_kind(value: Any) -> str | None:
    if isinstance(value, InlineRequestPrice) or (isinstance(value, dict) and "request_usd_per_request" in value):
        return "inline_request"
    if isinstance(value, IncludedPrice) or (isinstance(value, dict) and "included_in" in value):
        return "included"
    return name_or_inline(value)


TokenPrice = Annotated[
    Annotated[str, _choice("output", "an API model"), Tag("name")]
    | Annotated[InlineTokenPrice, Tag("inline")]
    | Annotated[InlineRequestPrice, Tag("inline_request")]
    | Annotated[IncludedPrice, Tag("included")],
    name_or_figures(_inline_kind),
]
DevicePrice = Annotated[
    Annotated[InlineDevicePrice, Tag("inline")] | Annotated[InlineRequestPrice, Tag("inline_request")],
    Discriminator(
        lambda value: None if isinstance(value, str) else _inline_kind(value),
        custom_error_type="name_or_inline",
        custom_error_message="allowed: a mapping with the price of a device-hour or of a request, and its source",
    ),
]
InlineApiPrice = Annotated[
    Annotated[InlineTokenPrice, Tag("inline")] | Annotated[InlineRequestPrice, Tag("inline_request")],
    Discriminator(
        lambda value: None if isinstance(value, str) else _inline_kind(value),
        custom_error_type="name_or_inline",
        custom_error_message="allowed: a mapping with prices per token or per request, and their source",
    ),
]
EmbeddingPrice = Annotated[
    Annotated[str, _choice("input", "a model with an input price"), Tag("name")]
    | Annotated[InlineTokenPrice, Tag("inline")],
    NAME_OR_INLINE,
]
GpuPrice = Annotated[
    Annotated[str, _choice("gpu_hour", "a GPU-hour price"), Tag("name")] | Annotated[InlineGpuPrice, Tag("inline")],
    NAME_OR_INLINE,
]
GpuSecondPrice = Annotated[
    Annotated[str, _choice("gpu_hour", "a GPU-hour price"), Tag("name")]
    | Annotated[InlineGpuPrice, Tag("inline")]
    | Annotated[InlineGpuSecondPrice, Tag("inline_second")],
    or_figures_with("gpu_second_usd_per_gpu_s", InlineGpuSecondPrice, "inline_second"),
]
VectorPrice = Annotated[
    Annotated[str, _choice("query", "a vector database"), Tag("name")] | Annotated[InlineVectorPrice, Tag("inline")],
    NAME_OR_INLINE,
]
CachePrice = Annotated[
    Annotated[str, _choice("lookup", "a cache"), Tag("name")] | Annotated[InlineCachePrice, Tag("inline")],
    NAME_OR_INLINE,
]
MemoryPrice = Annotated[
    Annotated[str, _choice("memory", "a memory price"), Tag("name")] | Annotated[InlineMemoryPrice, Tag("inline")],
    NAME_OR_INLINE,
]
ServerPrice = Annotated[
    Annotated[str, _choice("server", "a server's price"), Tag("name")] | Annotated[InlineServerPrice, Tag("inline")],
    NAME_OR_INLINE,
]
EnergyPrice = Annotated[
    Annotated[str, _choice("energy", "a price of electricity"), Tag("name")]
    | Annotated[InlineEnergyPrice, Tag("inline")],
    NAME_OR_INLINE,
]
ColocationPrice = Annotated[
    Annotated[str, _choice("colocation", "a price of colocation"), Tag("name")]
    | Annotated[InlineColocationPrice, Tag("inline")],
    NAME_OR_INLINE,
]
EngineerPrice = Annotated[
    Annotated[str, _choice("loaded_year", "an engineer's loaded cost"), Tag("name")]
    | Annotated[InlineEngineerPrice, Tag("inline")],
    NAME_OR_INLINE,
]
Latency = Annotated[
    Annotated[str, _choice("", "a measured API latency", catalog.api_latencies), Tag("name")]
    | Annotated[ApiLatency, Tag("inline")],
    NAME_OR_INLINE,
]


def resolve(reference: str | InlinePrice | IncludedPrice, meter: str, unit: str) -> Price:
    """Find the unit price behind a reference.

    Args:
        reference: catalog name, or inline prices.
        meter: what is priced, such as `input` or `gpu_hour`.
        unit: unit that the caller will multiply by, such as `usd_per_mtok`; a mismatch is a defect.

    Raises:
        CatalogError: when no such price is known, or it is per another unit.
    """
    found = catalog.price(reference, meter) if isinstance(reference, str) else reference.price(meter, unit)
    if found.unit != unit:
        raise CatalogError(f"the price of '{found.name}' for '{meter}' is {found.unit}, not {unit}")
    return found
