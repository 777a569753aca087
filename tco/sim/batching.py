"""Continuous batching of one replica: a clockless state machine that skips from change to change.

At every step boundary the replica admits waiting requests, first come first served, while the step's token budget,
the number of sequences and the KV cache allow. A step runs each decoding sequence for one token and spends what is
left of its budget on prompts (chunked prefill). While nobody joins or leaves, the step times form an arithmetic
series, so the replica sleeps to the next change instead of stepping token by token. `tests/sim/naive.py` steps token
by token; both give the same stamps.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Any

from tco.serving.step_time import Server, steps_to_reach, stretch_s


class Sequence:
    """One request at one replica.

    Attributes:
        input_tokens: prompt length.
        output_tokens: answer length, at least 1.
        first_token_s: end of the step that finished the prompt; None before.
        finish_step: step of the replica in which the last token appears.
        prefill_left: prompt tokens not yet processed.
        answer: what its request waits for; the batch does not touch it.
    """

    __slots__ = ("answer", "finish_step", "first_token_s", "input_tokens", "output_tokens", "prefill_left")

    def __init__(self, input_tokens: int, output_tokens: int, answer: Any = None) -> None:
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.prefill_left = input_tokens
        self.first_token_s: float | None = None
        self.finish_step = 0
        self.answer = answer

    def __lt__(self, _other: Sequence) -> bool:
        return False  # the heap keeps sequences with the same last step in any order; they leave together


class Batch:
    """The running batch of one replica and the queue before it.

    Use: `join` a sequence; when `busy` is False call `plan(now)`; sleep until `ends_s`; call `finish()` there, which
    returns the sequences that are done, then `plan` again. A `join` during a stretch calls `cut(now)`, which moves
    `ends_s` to the next step boundary when the newcomer can be admitted there.
    """

    __slots__ = (
        "_chunks", "_first_step_s", "_steps", "alpha", "beta", "budget", "busy", "context", "decoding", "delta",
        "ends_s", "gamma", "kv_capacity", "kv_reserved", "max_sequences", "prefill_tokens", "prefilling",
        "started_s", "steps_done", "waiting",
    )  # fmt: skip

    def __init__(self, server: Server) -> None:
        self.alpha = server.alpha_s
        self.beta = server.beta_s_per_prefill_token
        self.gamma = server.gamma_s_per_sequence
        self.delta = server.delta_s_per_context_token
        self.budget = server.step_budget_tokens
        self.max_sequences = server.max_sequences
        self.kv_capacity = server.kv_capacity_tokens
        self.waiting: deque[Sequence] = deque()
        self.prefilling: deque[Sequence] = deque()
        self.decoding: list[tuple[int, Sequence]] = []  # heap by finish_step
        self.context = 0  # tokens of context that the decoding sequences hold
        self.kv_reserved = 0
        self.steps_done = 0
        self.busy = False
        self.started_s = self.ends_s = 0.0
        self.prefill_tokens = 0  # per step of the stretch
        self._chunks: list[Sequence] = []  # prompts that end with the stretch
        self._steps = 0
        self._first_step_s = 0.0

    def load(self) -> int:
        """Count the sequences here, waiting or running."""
        return len(self.waiting) + len(self.prefilling) + len(self.decoding)

    def fits(self, sequence: Sequence) -> bool:
        """Say whether the sequence could ever run here, alone."""
        return sequence.input_tokens + sequence.output_tokens <= self.kv_capacity

    def plan(self, now_s: float) -> bool:
        """Admit what can be admitted and lay out the next stretch of equal steps; False when idle."""
        running = len(self.decoding)
        steps = self._lay_prefill(self.budget - running) if self.prefilling or self.waiting else 0
        if not running and not self.prefill_tokens:
            self.busy = False
            return False
        if running:
            to_next_end = self.decoding[0][0] - self.steps_done
            steps = min(steps, to_next_end) if steps else to_next_end
        self._steps = steps
        self._first_step_s = (
            self.alpha + self.beta * self.prefill_tokens + self.gamma * running + self.delta * self.context
        )
        self.started_s = now_s
        self.ends_s = now_s + stretch_s(self._first_step_s, self.delta * running, steps)
        self.busy = True
        return True

    def _lay_prefill(self, room: int) -> int:
        """Spend the budget that decoding leaves on prompts, oldest first; return the steps this can repeat."""
        self._chunks = []
        laid = 0
        position = 0
        while room > laid:
            if position == len(self.prefilling) and not self._admit():
                break
            sequence = self.prefilling[position]
            take = min(sequence.prefill_left, room - laid)
            laid += take
            if take < sequence.prefill_left:  # the budget is spent inside this prompt
                break
            self._chunks.append(sequence)
            position += 1
        self.prefill_tokens = laid
        if self._chunks or not laid:
            return 1 if laid else 0
        # One long prompt takes whole budgets: repeat them until the step that would finish it.
        return (self.prefilling[0].prefill_left - 1) // laid

    def _admit(self) -> bool:
        if not self.waiting or len(self.decoding) + len(self.prefilling) >= self.max_sequences:
            return False
        sequence = self.waiting[0]
        need = sequence.input_tokens + sequence.output_tokens
        if self.kv_reserved + need > self.kv_capacity:
            return False
        self.kv_reserved += need
        self.prefilling.append(self.waiting.popleft())
        return True

    def join(self, sequence: Sequence) -> None:
        """Queue a sequence."""
        self.waiting.append(sequence)

    def cut(self, now_s: float) -> bool:
        """Shorten the stretch to the first step boundary not before `now_s`, if the newcomer can join there."""
        if self._steps == 1 or len(self.waiting) > 1 or self.prefill_tokens:
            return False  # the boundary is the stretch's end, or those before block, or the budget is spent
        sequence = self.waiting[0]
        running = len(self.decoding)
        if running >= self.max_sequences or running >= self.budget:
            return False
        if self.kv_reserved + sequence.input_tokens + sequence.output_tokens > self.kv_capacity:
            return False
        growth = self.delta * running
        steps = steps_to_reach(now_s - self.started_s, self._first_step_s, growth)
        if steps >= self._steps:
            return False
        self._steps = steps
        self.ends_s = self.started_s + stretch_s(self._first_step_s, growth, steps)
        return True

    def finish(self, now_s: float) -> list[Sequence]:
        """End the stretch at `now_s`; return the sequences that are complete."""
        steps, decoding = self._steps, self.decoding
        self.steps_done = done = self.steps_done + steps
        self.context += len(decoding) * steps
        complete: list[Sequence] = []
        while decoding and decoding[0][0] <= done:
            complete.append(heappop(decoding)[1])
        for sequence in complete:
            self.context -= sequence.input_tokens + sequence.output_tokens
        if self.prefill_tokens:
            self._end_prefill(steps, now_s, complete)
        for sequence in complete:
            self.kv_reserved -= sequence.input_tokens + sequence.output_tokens
        return complete

    def _end_prefill(self, steps: int, now_s: float, complete: list[Sequence]) -> None:
        spent = self.prefill_tokens * steps
        for sequence in self._chunks:
            spent -= sequence.prefill_left
            sequence.prefill_left = 0
            sequence.first_token_s = now_s
            self.prefilling.popleft()
            if sequence.output_tokens == 1:
                complete.append(sequence)
                continue
            self.context += sequence.input_tokens + 1
            sequence.finish_step = self.steps_done + sequence.output_tokens - 1
            heappush(self.decoding, (sequence.finish_step, sequence))
        if spent:
            self.prefilling[0].prefill_left -= spent
        self.prefill_tokens = 0
        self._chunks = []
