"""Options: the architectures to compare. Build, buy and hybrid are the same model with other tiers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.fields import ClassName, Name, NonNegative, OptionName, Positive, Share
from tco.plugin import Frozen, SelectedByKind, together
from tco.policies.caching import CachePolicy
from tco.policies.fallback import FallbackPolicy
from tco.policies.routing import RoutingPolicy
from tco.scenario.contract import Contract
from tco.scenario.extras import Extra
from tco.scenario.migration import Exit, Migration
from tco.scenario.observability import Observability
from tco.scenario.placement import Placement
from tco.scenario.prices import CachePrice, EmbeddingPrice, MemoryPrice, VectorPrice
from tco.scenario.prompt import Trim
from tco.scenario.review import Review
from tco.scenario.staffing import Staffing
from tco.serving.latency import Quantiles
from tco.units import BYTES_PER_GB

Router = Annotated[RoutingPolicy, SelectedByKind("tco.policies.routing")]
Fallback = Annotated[FallbackPolicy, SelectedByKind("tco.policies.fallback")]
HitPolicy = Annotated[CachePolicy, SelectedByKind("tco.policies.caching")]


class SemanticCache(Frozen):
    """A cache in front of everything: a hit is answered without retrieval and without a model."""

    policy: HitPolicy
    """Which requests hit."""
    lookup: Quantiles
    """Time of embedding the request and searching the cache, paid by hits and misses."""
    embedding: EmbeddingPrice | None = None
    """Model that embeds what every request asks: the user's part where prompts are given by parts, else the prompt.
    None where the policy compares words, as `exact` does."""
    price: CachePrice
    """Where the cache is kept."""
    storage_gb: NonNegative | None = None
    """Size of the cache, GB. None: as many entries as the policy keeps at most, of `entry_bytes` each."""
    on_own_hardware: bool = False
    """Whether cache and embedding run on own hardware, so that sensitive requests may be looked up there."""
    entry_bytes: Positive | None = None
    """Size of one entry, bytes: its embedding, its question, its answer, what the store adds."""

    @together("embedding", "policy")
    def _likeness_is_measured(self) -> None:
        if self.embedding is None and self.policy.embeds:
            raise ValueError(f"embedding is missing, and the policy '{self.policy.kind_name()}' compares embeddings")

    @together("storage_gb", "entry_bytes", "policy")
    def _size_follows_from_one_thing(self) -> None:
        if self.storage_gb is not None and self.entry_bytes is not None:
            raise ValueError(f"storage_gb {self.storage_gb:g} and entry_bytes {self.entry_bytes:g} are both given")
        if self.storage_gb is None and self.entry_bytes is None:
            raise ValueError("neither storage_gb nor entry_bytes is given, so the size of the cache is not known")
        if self.entry_bytes is not None and self.policy.most_entries is None:
            raise ValueError(
                f"entry_bytes {self.entry_bytes:g} is given, but the policy keeps no stated number of entries "
                "(capacity_entries)"
            )

    @property
    def size_gb(self) -> float:
        """Size of the cache, GB: a full one, where it follows from the entries."""
        if self.storage_gb is not None:
            return self.storage_gb
        return float((self.policy.most_entries or 0) * (self.entry_bytes or 0.0) / BYTES_PER_GB)


class AnnCache(Frozen):
    """An in-memory index in front of the vector database: approximate nearest neighbours, on servers of the team's."""

    answered_share: Share
    """Share of the retrievals that it answers; their queries do not reach the database."""
    latency: Quantiles
    """Time of one look into it, paid by the retrievals that it answers and by those that go on to the database."""
    memory_gb: NonNegative
    """Memory of one replica, GB."""
    replicas: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Copies of the index, each with that much memory."""
    price: MemoryPrice
    """Catalog name of a memory price, or an inline one."""
    operations_engineer_fte: Annotated[float, Field(ge=0, le=100_000)]
    """Engineers who run it, every month; full-time equivalents. Write 0 where the team's are counted elsewhere."""


class Retrieval(Frozen):
    """Vector search before the model, for requests that the cache does not answer."""

    price: VectorPrice
    """Catalog name of a vector database, or inline prices."""
    latency: Quantiles
    """Time of one retrieval."""
    queries_per_request: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Queries that one retrieval sends."""
    storage_gb: NonNegative
    """Size of the index, GB."""
    request_share: Share = 1.0
    """Share of the requests that retrieve."""
    by_class: dict[ClassName, Share] = Field(default_factory=dict)
    """The same for request classes that differ, by name."""
    on_own_hardware: bool = False
    """Whether the database runs on own hardware, so that sensitive requests may search it."""
    ann_cache: AnnCache | None = None
    """Index in memory in front of the database; none when left out."""

    def share_of(self, request_class: str) -> float:
        """Return the share of a class's requests that retrieve."""
        return self.by_class.get(request_class, self.request_share)


class Option(Frozen):
    """One architecture."""

    description: str = ""
    """One line for the reports."""
    router: Router
    """Which tier answers a request."""
    fallback: Fallback | None = None
    """Where a request goes when a tier gives no answer. None: it ends without one."""
    cache: SemanticCache | None = None
    """Semantic cache in front; none when left out."""
    retrieval: Retrieval | None = None
    """Vector search; none when left out."""
    trim: Trim | None = None
    """Parts of the prompt that are shortened, of classes with a `prompt`; none when left out."""
    placement: Placement | None = None
    """Where the tiers stand. None: the way to them is not counted."""
    observability: Observability | None = None
    """Telemetry. None: nobody measures, and the scenario's `blind_drift` applies."""
    review: Review | None = None
    """Human review of sampled answers; none when left out."""
    contract: Contract | None = None
    """Contract with a vendor who sells the whole service; none when left out."""
    extras: Annotated[dict[Name, Extra], Field(default_factory=dict)]
    """What else it pays, by name: fees by the month or the request, and overhead on serving."""
    migration: Migration | None = None
    """The way in; nothing is to be moved when left out."""
    exit: Exit | None = None
    """The way out, which tells how far the option locks in; not counted when left out."""
    people: Staffing
    """Engineers' time; write zeros where none is needed, so that it is a statement."""
    meanwhile: OptionName | None = None
    """Option that serves, and is paid, in the months of `people.build_months`. None: this one serves from the first."""

    @together("router")
    def _deciders_of_one_name_are_one(self) -> None:
        known: dict[str, object] = {}
        for decider in self.router.deciders():
            if known.setdefault(decider.name, decider) != decider:
                raise ValueError(f"two deciders are named '{decider.name}' and differ; give one of them another name")

    @together("exit", "contract")
    def _notice_is_given_to_somebody(self) -> None:
        if self.exit is not None and self.exit.notice_months > 0 and self.contract is None:
            raise ValueError(
                f"exit has notice_months {self.exit.notice_months}, and there is no contract to give it for"
            )

    @property
    def first_month(self) -> int:
        """Month from which it serves; 0 unless another option does while it is built."""
        return 0 if self.meanwhile is None else self.people.build_months

    def regions_of(self, tier: str) -> int:
        """Count the regions in which a tier stands; 1 where nothing is said of places."""
        return len(self.placement.tiers[tier]) if self.placement is not None else 1

    def tiers(self) -> tuple[str, ...]:
        """Name every tier that a request may come to, the router's first."""
        fallback = self.fallback.tiers() if self.fallback else ()
        return tuple(dict.fromkeys((*self.router.tiers(), *fallback)))
