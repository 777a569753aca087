"""A managed inference platform: workers that start on demand and stop when idle, paid by the token or the second."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from pydantic import Field

from tco import catalog
from tco.fields import NonNegative, Positive
from tco.plugin import together
from tco.scenario.prices import GpuSecondPrice, Latency, TokenPrice
from tco.scenario.server import Served, ServerRef, server_of
from tco.scenario.tiers import Tier
from tco.serving.latency import Quantiles
from tco.serving.step_time import Server


class Serverless(Tier):
    """Workers between a floor and a cap; a request that finds no free place waits for one, or for a cold start."""

    kind: Literal["serverless"] = "serverless"
    latency: Latency | None = None
    """Catalog name of a measured latency of a warm worker, or inline quantiles; either this or `server`."""
    server: ServerRef | None = None
    """Catalog name of a measured server that each worker is, or inline step times; either this or `latency`."""
    requests_per_worker: Annotated[int, Field(ge=1, le=65_536)]
    """Requests that one worker serves at the same time."""
    gpus_per_worker: Annotated[int, Field(ge=1, le=1024)] | None = None
    """GPUs of one worker whose `latency` is given, 1 when left out; a `server` knows its own."""
    cold_start: Quantiles
    """Time from asking for a worker to its first request: machine, image, weights."""
    min_workers: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Workers that are kept warm whatever happens; 0 scales to zero."""
    max_workers: Annotated[int, Field(ge=1, le=10_000)]
    """Most workers at the same time."""
    idle_timeout_s: NonNegative
    """How long a worker without requests is kept before it stops, seconds."""
    max_queue_requests: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Most requests that wait, for a start or for a place; further ones are rejected. None: no limit."""
    queue_timeout_s: Positive | None = None
    """Longest wait before service, after which a request gives up; seconds. None: requests wait for ever."""
    token_price: TokenPrice | None = None
    """What tokens or requests cost, or `included_in: contract`; either this or `gpu_price`."""
    gpu_price: GpuSecondPrice | None = None
    """What a GPU costs while its worker lives, by the hour or by the second; either this or `token_price`."""
    start_is_billed: bool = True
    """Whether the GPU is paid from the moment it is asked for, or only once its worker is warm."""

    @together("latency", "server")
    def _one_of_latency_and_server(self) -> None:
        self._one_of("latency", "server")

    @together("token_price", "gpu_price")
    def _one_of_the_prices(self) -> None:
        self._one_of("token_price", "gpu_price")

    @together("min_workers", "max_workers")
    def _workers_in_order(self) -> None:
        if self.min_workers > self.max_workers:
            raise ValueError(f"min_workers {self.min_workers} is above max_workers {self.max_workers}")

    @together("max_queue_requests", "min_workers", "max_workers")
    def _somebody_waits_for_a_start(self) -> None:
        if self.max_queue_requests == 0 and self.max_workers > self.min_workers:
            raise ValueError(
                f"max_queue_requests 0 lets nobody wait for a start, so that max_workers {self.max_workers} is never "
                f"reached from min_workers {self.min_workers}"
            )

    @together("start_is_billed", "token_price", "gpu_price")
    def _starts_are_billed_by_the_second(self) -> None:
        if not self.start_is_billed and self.gpu_price is None and self.token_price is not None:
            raise ValueError("start_is_billed false speaks of GPU-seconds, but token_price is given, not gpu_price")

    @together("requests_per_worker", "server")
    def _server_runs_the_requests(self) -> None:
        if self.server is None:
            return
        server = catalog.servers()[self.server] if isinstance(self.server, str) else self.server
        if self.requests_per_worker > server.max_sequences:
            raise ValueError(
                f"requests_per_worker {self.requests_per_worker} is above the server's max_sequences "
                f"{server.max_sequences}"
            )

    @together("gpus_per_worker", "server")
    def _server_knows_its_gpus(self) -> None:
        if self.server is not None and self.gpus_per_worker is not None:
            raise ValueError(
                f"gpus_per_worker {self.gpus_per_worker} is given beside a server, which knows its own GPUs"
            )

    def _one_of(self, first: str, second: str) -> None:
        given = [name for name in (first, second) if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"both {first} and {second} are" if given else f"neither {first} nor {second} is"
            raise ValueError(f"{found} given; allowed: one of them")

    @property
    def replica(self) -> Server | None:
        """Step times of one worker, looked up; None where a latency is given."""
        return None if self.server is None else server_of(cast("Served", self))

    @property
    def gpus(self) -> int:
        """GPUs of one worker."""
        replica = self.replica
        return (self.gpus_per_worker or 1) if replica is None else replica.gpus_per_replica

    @property
    def slots(self) -> int:
        """Requests that all workers together serve at the same time."""
        return self.max_workers * self.requests_per_worker

    @property
    def follows_load(self) -> bool:
        """Cost and latency follow the load of every hour, not only that of the busiest."""
        return True

    @property
    def settle_s(self) -> float:
        """A change of load is over when the workers that it started have been let go."""
        return self.cold_start.p95_s + self.idle_timeout_s
