"""The naive stepper: one replica, one step at a time, written from the rule and not from the fast code."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from tco.serving.step_time import Server


@dataclass
class Job:
    """One request, stepped token by token."""

    arrived_s: float
    input_tokens: int
    output_tokens: int
    urgent: bool = True
    cached_tokens: int = 0
    decode_steps: int | None = None  # None: one for each token after the first
    prompt_done_elsewhere: bool = False
    patience_s: float = float("inf")
    processed: int = 0  # prompt (or lost context) tokens that are in the KV cache of this admission
    steps_done: int = 0  # steps that produced tokens
    ready: bool = False  # decodes in the next step
    first_token_s: float | None = None
    finished_s: float | None = None
    gave_up_s: float | None = None
    started_s: float | None = None

    @property
    def steps(self) -> int:
        """Steps that produce tokens, the one that ends the prefill included."""
        return 1 + (self.output_tokens - 1 if self.decode_steps is None else self.decode_steps)

    def tokens_after(self, steps: int) -> float:
        """Tokens produced by so many steps."""
        if steps == 0:
            return 0
        return 1 + (self.output_tokens - 1) * (steps - 1) / max(self.steps - 1, 1)

    @property
    def context(self) -> float:
        """Tokens that the sequence holds."""
        return self.input_tokens + self.tokens_after(self.steps_done)

    @property
    def after_next(self) -> float:
        """Tokens that it holds after the next step that produces some."""
        return self.input_tokens + self.tokens_after(self.steps_done + 1)

    @property
    def to_process(self) -> int:
        """Tokens to prefill before the next token."""
        return ceil(self.context - 1e-6) - self.cached_tokens - self.processed


@dataclass
class Stepper:
    """Serves jobs, in order of arrival, with one loop turn per step."""

    server: Server
    grows: bool = False
    per_decode: int = 1
    now: float = 0.0
    urgent: list[Job] = field(default_factory=list)
    later: list[Job] = field(default_factory=list)
    inside: list[Job] = field(default_factory=list)
    preemptions: int = 0
    busy_s: float = 0.0

    def run(self, jobs: list[Job]) -> None:
        """Step until everything is served."""
        pending = list(jobs)
        while pending or self.urgent or self.later or self.inside:
            while pending and pending[0].arrived_s <= self.now:
                job = pending.pop(0)
                if job.prompt_done_elsewhere:
                    job.steps_done, job.first_token_s = 1, job.arrived_s
                    job.processed = job.to_process
                (self.urgent if job.urgent else self.later).append(job)
            self.give_up()
            if not self.urgent and not self.later and not self.inside:
                if pending:
                    self.now = pending[0].arrived_s
                continue
            self.step()

    def give_up(self) -> None:
        """Let those go who waited too long for their first admission."""
        for queue in (self.urgent, self.later):
            for job in list(queue):
                if job.started_s is None and job.arrived_s + job.patience_s <= self.now:
                    queue.remove(job)
                    job.gave_up_s = job.arrived_s + job.patience_s

    def memory(self) -> float:
        """Tokens of memory that are taken during the next step."""
        if not self.grows:
            return sum(job.input_tokens + job.output_tokens for job in self.inside)
        return sum(job.after_next for job in self.inside)

    def fits(self, job: Job) -> bool:
        """Whether a job may join those inside."""
        need = job.after_next if self.grows else job.input_tokens + job.output_tokens
        return self.memory() + need <= self.server.kv_capacity_tokens + 1e-6  # sums of fractions of tokens tie exactly

    def preempt(self) -> bool:
        """Take memory from the youngest until the next step fits."""
        any_preempted = False
        while self.memory() > self.server.kv_capacity_tokens + 1e-6 and any(job.ready for job in self.inside):
            victim = next((job for job in reversed(self.inside) if not job.urgent), self.inside[-1])
            self.inside.remove(victim)
            victim.ready, victim.processed = False, 0
            (self.urgent if victim.urgent else self.later).insert(0, victim)
            any_preempted = True
            self.preemptions += 1
        return any_preempted

    def step(self) -> None:
        """Make room, lay out prompts, admit, spend the time, hand out tokens."""
        server = self.server
        preempted = self.preempt()
        room = server.step_budget_tokens - self.per_decode * sum(job.ready for job in self.inside)
        chunks: list[tuple[Job, int]] = []
        for job in [job for job in self.inside if not job.ready]:
            take = min(job.to_process, max(room, 0))
            if take:
                chunks.append((job, take))
                room -= take
        while room > 0 and not preempted and (self.urgent or self.later) and len(self.inside) < server.max_sequences:
            queue = self.urgent or self.later
            if not self.fits(queue[0]):
                break
            job = queue.pop(0)
            self.inside.append(job)
            if job.started_s is None:
                job.started_s = self.now
            if not job.to_process:
                job.ready = True
                room -= self.per_decode
                continue
            take = min(job.to_process, room)
            chunks.append((job, take))
            room -= take
        decoding = [job for job in self.inside if job.ready]
        step_s = (
            server.fixed_s(self.per_decode * len(decoding) + sum(take for _, take in chunks))
            + server.beta_s_per_prefill_token * sum(take for _, take in chunks)
            + server.gamma_s_per_sequence * len(decoding)
            + server.delta_s_per_context_token * sum(job.context for job in decoding)
        )
        self.now += step_s
        self.busy_s += step_s
        self.hand_out(decoding, chunks)

    def hand_out(self, decoding: list[Job], chunks: list[tuple[Job, int]]) -> None:
        """Give every decoding job its tokens, and a first one to whoever's prompt is done."""
        for job in decoding:
            job.steps_done += 1
        for job, take in chunks:
            job.processed += take
            if not job.to_process:
                job.ready = True
                job.steps_done += 1
                if job.first_token_s is None:
                    job.first_token_s = self.now
        for job in [job for job in self.inside if job.steps_done == job.steps]:
            job.finished_s = self.now
            self.inside.remove(job)
