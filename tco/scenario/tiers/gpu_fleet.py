"""Own or rented GPUs that serve an open-weight model with continuous batching."""

from __future__ import annotations

from math import comb
from typing import Annotated, Literal

from pydantic import Field

from tco.fields import NonNegative, Positive, Share
from tco.plugin import Frozen, SelectedByKind, together
from tco.policies.dispatch import DispatchPolicy
from tco.policies.dispatch.least_loaded import LeastLoaded
from tco.policies.scaling import ScalingPolicy
from tco.policies.scaling.fixed import Fixed
from tco.scenario.async_window import AsyncWindow
from tco.scenario.server import ServerRef, server_of
from tco.scenario.tiers import FleetTier
from tco.serving.speculation import Speculation
from tco.serving.step_time import Server


class Failures(Frozen):
    """How often a replica breaks, and for how long; what runs on it begins anew elsewhere."""

    mtbf_hours: Positive
    """Mean time of one replica between failures, hours."""
    mttr_hours: Positive
    """Mean time to repair or replace it, hours."""


class Disaggregation(Frozen):
    """Separate replicas for prompts and for answers."""

    prefill_share: Annotated[Share, Field(gt=0, lt=1)]
    """Share of the replicas that process prompts; rounded, at least one of each kind."""
    transfer_s_per_context_token: NonNegative
    """Time to move a prompt's context to the replica that answers, seconds per prompt token."""
    transfer_latency_s: NonNegative = 0.0
    """Time that a move takes however short the prompt is, seconds."""

    def prefill_replicas(self, replicas: int) -> int:
        """Say how many of the replicas process prompts.

        >>> Disaggregation(prefill_share=0.25, transfer_s_per_context_token=0.0).prefill_replicas(6)
        2
        """
        return min(max(round(self.prefill_share * replicas), 1), replicas - 1)

    def transfer_s(self, prompt_tokens: int) -> float:
        """Seconds that the context of a prompt is under way."""
        return self.transfer_latency_s + self.transfer_s_per_context_token * prompt_tokens


class GpuFleet(FleetTier):
    """A fleet of equal replicas, as many as the SLO needs in the month's busiest hour."""

    kind: Literal["gpu_fleet"] = "gpu_fleet"
    server: ServerRef
    """Catalog name of a measured server (model, GPU, precision), inline step-time coefficients, or another kind of
    step-time model."""
    spare_replicas: Annotated[int, Field(ge=0, le=1024)] = 0
    """Replicas beyond those that the SLO needs, which are paid for and serve when others are broken."""
    dispatch: Annotated[DispatchPolicy, SelectedByKind("tco.policies.dispatch")] = LeastLoaded()
    """Which replica takes the next request."""
    interactive_first: bool = True
    """Whether requests with a person waiting are admitted before async ones, and preempted after them."""
    kv_reservation: Literal["whole", "as_needed"] = "whole"
    """Memory of a request: prompt and answer reserved at admission (whole), or taken token by token, where the youngest
    requests are preempted and recomputed when memory runs short (as_needed, as vLLM does)."""
    prefix_cached_share: Annotated[Share, Field(lt=1)] = 0.0
    """Share of each prompt that the prefix cache already holds, so that it is not processed again."""
    max_queue_requests: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Most requests that wait for admission, all replicas together; further ones are rejected. None: no limit."""
    queue_timeout_s: Positive | None = None
    """Longest wait for admission, after which a request gives up; seconds. None: requests wait for ever."""
    speculation: Speculation | None = None
    """Speculative decoding; none when left out."""
    disaggregation: Disaggregation | None = None
    """Separate prefill and decode replicas; none when left out."""
    failures: Failures | None = None
    """Failures of replicas; none are simulated when left out."""
    scaling: Annotated[ScalingPolicy, SelectedByKind("tco.policies.scaling")] = Fixed()
    """How many replicas are on: all of them, by the hour of the week, or by load."""

    async_window: AsyncWindow | None = None
    """Hours of the day in which async calls are served, on what people leave idle; at any hour when left out."""

    @together("async_window", "interactive_first")
    def _jobs_stand_behind_people(self) -> None:
        if self.async_window is not None and not self.interactive_first:
            raise ValueError(
                f"interactive_first is false and async_window opens at hour {self.async_window.from_hour:g}: a day's "
                "jobs would stand in line before people; allowed: interactive_first true"
            )

    @together("async_window", "max_queue_requests")
    def _jobs_do_not_fill_the_queue(self) -> None:
        if self.async_window is not None and self.max_queue_requests is not None:
            raise ValueError(
                f"max_queue_requests {self.max_queue_requests} with async_window: the jobs of a day, let go at hour "
                f"{self.async_window.from_hour:g}, would fill the queue and turn people away; allowed: one of the two"
            )

    @together("async_window", "disaggregation")
    def _idle_hours_are_those_of_one_pool(self) -> None:
        if self.async_window is not None and self.disaggregation is not None:
            raise ValueError(
                f"disaggregation with prefill_share {self.disaggregation.prefill_share:g} and async_window from hour "
                f"{self.async_window.from_hour:g}: what two pools leave idle is not known; allowed: one of the two"
            )

    @together("async_window", "scaling")
    def _idle_replicas_stay_on(self) -> None:
        if self.async_window is not None and self.scaling.kind_name() == "target":
            raise ValueError(
                f"scaling of kind 'target' with async_window from hour {self.async_window.from_hour:g}: it switches "
                "off the idle replicas that the window fills; allowed: fixed, schedule"
            )

    @together("disaggregation", "min_replicas")
    def _prompts_and_answers_have_a_replica_each(self) -> None:
        if self.disaggregation is not None and self.min_replicas < 2:
            raise ValueError(
                f"min_replicas {self.min_replicas} with disaggregation; prompts and answers need a replica each, so at "
                "least 2"
            )

    @together("disaggregation", "scaling")
    def _disaggregation_stays_on(self) -> None:
        if self.disaggregation is not None and not self.scaling.is_fixed:
            raise ValueError(f"scaling of kind '{self.scaling.kind_name()}' with disaggregation; allowed: fixed")

    @together("speculation", "server")
    def _budget_covers_drafts(self) -> None:
        if self.speculation is None or isinstance(self.server, str):
            return
        per_step = (self.speculation.draft_tokens + 1) * self.server.max_sequences
        if per_step > self.server.step_budget_tokens:
            raise ValueError(
                f"{self.server.max_sequences} sequences with {self.speculation.draft_tokens} drafted tokens each "
                f"need {per_step} tokens a step, above step_budget_tokens {self.server.step_budget_tokens}"
            )

    @property
    def held_in_one_region_by(self) -> str | None:
        """Spares stand in for broken replicas of one place, jobs fill one fleet's idle hours, its pools are split."""
        keys = ("failures", "async_window", "disaggregation")
        return next((key for key in keys if getattr(self, key) is not None), None)

    def paid_replicas(self, sized: int) -> int:
        """Add the spare ones to those that the busiest hour needs."""
        return sized + self.spare_replicas

    def up_fraction(self, sized: int) -> float | None:
        """Return the share of time in which at least the sized replicas are up, as stated, or from their failures.

        Replicas break independently of each other; as many of sized + spare must be up.
        """
        if self.availability_fraction is not None or self.failures is None:
            return self.availability_fraction
        up = self.failures.mtbf_hours / (self.failures.mtbf_hours + self.failures.mttr_hours)
        total = self.paid_replicas(sized)
        return sum(comb(total, n) * up**n * (1 - up) ** (total - n) for n in range(sized, total + 1))

    @property
    def replica(self) -> Server:
        """Step times of one replica, looked up."""
        return server_of(self)
