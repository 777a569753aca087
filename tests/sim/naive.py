"""The naive stepper: one replica, one step at a time, written from the rule and not from the fast code."""

from __future__ import annotations

from dataclasses import dataclass

from tco.serving.step_time import Server


@dataclass
class Job:
    """One request, stepped token by token."""

    arrived_s: float
    input_tokens: int
    output_tokens: int
    prefilled: int = 0
    generated: int = 0
    admitted: bool = False
    first_token_s: float | None = None
    finished_s: float | None = None


def step_through(server: Server, jobs: list[Job]) -> None:
    """Serve jobs, in order of arrival, with one loop turn per step."""
    now = 0.0
    queue: list[Job] = []
    inside: list[Job] = []
    pending = list(jobs)
    while pending or queue or inside:
        while pending and pending[0].arrived_s <= now:
            queue.append(pending.pop(0))
        if not queue and not inside:
            now = pending[0].arrived_s
            continue
        decoding = [job for job in inside if job.generated]
        budget = server.step_budget_tokens - len(decoding)
        chunks: list[tuple[Job, int]] = []
        for job in [job for job in inside if not job.generated]:
            take = min(job.input_tokens - job.prefilled, budget)
            if take:
                chunks.append((job, take))
                budget -= take
        while queue and budget and len(inside) < server.max_sequences:
            reserved = sum(job.input_tokens + job.output_tokens for job in inside)
            if reserved + queue[0].input_tokens + queue[0].output_tokens > server.kv_capacity_tokens:
                break
            job = queue.pop(0)
            inside.append(job)
            take = min(job.input_tokens, budget)
            chunks.append((job, take))
            budget -= take
        now += (
            server.alpha_s
            + server.beta_s_per_prefill_token * sum(take for _, take in chunks)
            + server.gamma_s_per_sequence * len(decoding)
            + server.delta_s_per_context_token * sum(job.input_tokens + job.generated for job in decoding)
        )
        for job in decoding:
            job.generated += 1
        for job, take in chunks:
            job.prefilled += take
            if job.prefilled == job.input_tokens:
                job.generated = 1
                job.first_token_s = now
        for job in [job for job in inside if job.generated == job.output_tokens]:
            job.finished_s = now
            inside.remove(job)
