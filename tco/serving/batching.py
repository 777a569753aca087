"""Continuous batching of one replica: a clockless state machine that skips from change to change.

At every step boundary the replica makes room for the tokens that the running sequences are about to add, then admits
waiting requests, urgent ones first and otherwise in order, while the step's token budget, the number of sequences and
the KV cache allow. A step runs each decoding sequence for one token (or one speculated run of tokens) and spends what
is left of its budget on prompts (chunked prefill). While nobody joins or leaves, the step times form an arithmetic
series, so the replica sleeps to the next change instead of stepping token by token. `tests/sim/naive.py` steps token
by token; both give the same stamps.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from heapq import heapify, heappop, heappush
from math import ceil
from typing import Any

from tco.serving.step_time import Server, steps_to_reach, stretch_s

ROUNDING = 1e-6  # tokens; far below one, far above the rounding of a sum of fractions


class Sequence:
    """One request at one replica.

    Attributes:
        input_tokens: prompt length.
        output_tokens: answer length, at least 1.
        urgent: whether a person waits; urgent sequences are admitted first and preempted last.
        held: tokens of context that the sequence brings into its next prefill, or holds since its last one.
        rate: tokens that one decode step adds; 1 without speculation.
        steps_left: steps that still produce tokens, the one that finishes the prefill included.
        prefill_left: tokens still to be processed before the next token; 0 where another replica did that.
        cached_tokens: tokens of the prompt that the prefix cache holds, which are never processed.
        started_s: first admission; None before.
        first_token_s: end of the step that finished the prompt; None before.
        finish_step: step of the replica in which the last token appears.
        rank: place in the order of admissions.
        recomputed_tokens: tokens whose context was lost and processed again.
        answer: what its request waits for; the batch does not touch it.
        request: number of its request, for whoever hands it on; the batch does not touch it.
    """

    __slots__ = (
        "answer", "cached_tokens", "finish_step", "first_token_s", "held", "input_tokens", "output_tokens",
        "prefill_left", "rank", "rate", "recomputed_tokens", "request", "started_s", "steps_left", "urgent",
    )  # fmt: skip

    def __init__(
        self, input_tokens: int, output_tokens: int, answer: Any = None, urgent: bool = True, cached_tokens: int = 0
    ) -> None:
        self.input_tokens = self.held = input_tokens
        self.output_tokens = self.steps_left = output_tokens
        self.prefill_left = input_tokens - cached_tokens
        self.cached_tokens = cached_tokens
        self.urgent = urgent
        self.rate: float = 1
        self.started_s: float | None = None
        self.first_token_s: float | None = None
        self.finish_step = self.rank = self.recomputed_tokens = self.request = 0
        self.answer = answer

    def __lt__(self, _other: Sequence) -> bool:
        return False  # the heap keeps sequences with the same last step in any order; they leave together

    def speculate(self, decode_steps: int) -> None:
        """Let the tokens after the first take fewer steps, each adding equally many tokens."""
        self.steps_left = 1 + decode_steps
        self.rate = (self.output_tokens - 1) / decode_steps if decode_steps else 1

    def prefilled_elsewhere(self, first_token_s: float) -> None:
        """Note that another replica processed the prompt and produced the first token."""
        self.first_token_s = first_token_s
        self.held += 1
        self.steps_left -= 1
        self.prefill_left = 0

    def restart(self) -> None:
        """Begin anew, as after a failure of the replica."""
        self.recomputed_tokens += self.held - self.cached_tokens - self.prefill_left
        self.held, self.prefill_left = self.input_tokens, self.input_tokens - self.cached_tokens
        self.steps_left = 1 + round((self.output_tokens - 1) / self.rate)
        self.first_token_s = None


class Batch:
    """The running batch of one replica and the queue before it.

    Use: `join` a sequence; when `busy` is False call `plan(now)`; sleep until `ends_s`; call `finish()` there, which
    returns the sequences that are done, then `plan` again. A `join` during a stretch calls `cut(now)`, which moves
    `ends_s` to the next step boundary when the newcomer can be admitted there.

    Args:
        server: step times and limits.
        grows: whether memory is taken token by token, so that a sequence may be preempted and recomputed when memory
            runs short; else prompt and answer are reserved at admission.
        per_decode: tokens of the step's budget that a decoding sequence takes; more than 1 where it speculates.
    """

    __slots__ = (
        "_chunks",
        "_first_step_s",
        "_steps",
        "alpha",
        "beta",
        "budget",
        "busy",
        "context",
        "decoding",
        "delta",
        "ends_s",
        "fixed_s",
        "gamma",
        "grows",
        "growth",
        "kv_capacity",
        "kv_reserved",
        "later",
        "max_sequences",
        "per_decode",
        "preemptions",
        "prefill_tokens",
        "prefilling",
        "ranks",
        "started_s",
        "steps_done",
        "waiting",
    )  # fmt: skip

    def __init__(self, server: Server, grows: bool = False, per_decode: int = 1) -> None:
        self.alpha = server.alpha_s
        # by tokens of the step; None where alpha holds for every step, which most replicas run
        self.fixed_s = lru_cache(maxsize=None)(server.fixed_s) if server.fixed_s_by_tokens else None
        self.beta = server.beta_s_per_prefill_token
        self.gamma = server.gamma_s_per_sequence
        self.delta = server.delta_s_per_context_token
        self.budget = server.step_budget_tokens
        self.per_decode = per_decode
        self.max_sequences = server.max_sequences
        self.kv_capacity = server.kv_capacity_tokens
        self.grows = grows
        self.waiting: deque[Sequence] = deque()  # urgent
        self.later: deque[Sequence] = deque()  # not urgent
        self.busy = False
        self.started_s = self.ends_s = 0.0
        self.steps_done = self.ranks = self.preemptions = 0
        self._empty()

    def _empty(self) -> None:
        """Forget everything that was admitted."""
        self.prefilling: deque[Sequence] = deque()
        self.decoding: list[tuple[int, Sequence]] = []  # heap by finish_step
        self.context: float = 0  # tokens of context that the decoding sequences hold
        self.growth: float = 0  # tokens that a step adds to it
        self.kv_reserved: float = 0  # tokens set aside: for prompts under way, or (unless it grows) whole sequences
        self.prefill_tokens = 0  # per step of the stretch
        self._chunks: list[Sequence] = []  # prompts that end with the stretch
        self._steps = 0
        self._first_step_s = 0.0

    def load(self) -> int:
        """Count the sequences here, waiting or running."""
        return len(self.waiting) + len(self.later) + len(self.prefilling) + len(self.decoding)

    def queued(self) -> int:
        """Count the sequences that wait for admission."""
        return len(self.waiting) + len(self.later)

    def fits(self, sequence: Sequence) -> bool:
        """Say whether the sequence could ever run here, alone."""
        return sequence.input_tokens + sequence.output_tokens <= self.kv_capacity

    def plan(self, now_s: float) -> bool:
        """Admit what can be admitted and lay out the next stretch of equal steps; False when idle."""
        decoding = self.decoding
        preempted = self.grows and self._make_room()
        steps = 0
        if self.prefilling or ((self.waiting or self.later) and not preempted):
            room = self.budget - self.per_decode * len(decoding)
            steps = self._lay_prefill(room, now_s, may_admit=not preempted)
        running = len(decoding)
        if running:
            to_next_end = decoding[0][0] - self.steps_done
            steps = min(steps, to_next_end) if steps else to_next_end
            if self.grows:
                steps = 1 if preempted else min(steps, int((self._free() - self.context) / self.growth + ROUNDING))
        elif not self.prefill_tokens:
            self.busy = False
            return False
        self._steps = steps
        prefill, delta = self.prefill_tokens, self.delta
        fixed_s = self.alpha if self.fixed_s is None else self.fixed_s(self.per_decode * running + prefill)
        self._first_step_s = first_s = fixed_s + self.beta * prefill + self.gamma * running + delta * self.context
        self.started_s = now_s
        self.ends_s = now_s + (first_s if steps == 1 else stretch_s(first_s, delta * self.growth, steps))
        self.busy = True
        return True

    def _free(self) -> float:
        """Tokens of the KV cache that nobody set aside."""
        return self.kv_capacity - self.kv_reserved

    def _lay_prefill(self, room: int, now_s: float, may_admit: bool) -> int:
        """Spend the budget that decoding leaves on prompts, oldest first; return the steps this can repeat."""
        self._chunks = []
        laid = 0
        position = 0
        while room > laid:
            if position == len(self.prefilling):
                if not may_admit or not (self.waiting or self.later) or (admitted := self._admit(now_s)) is None:
                    break
                if not admitted.prefill_left:  # its prompt was processed elsewhere
                    room -= self.per_decode
                    continue
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

    def head(self) -> Sequence | None:
        """Return the sequence that is admitted next."""
        queue = self.waiting or self.later
        return queue[0] if queue else None

    def _admit(self, now_s: float) -> Sequence | None:
        """Admit the next sequence if it fits; return it."""
        queue = self.waiting or self.later
        if not queue or len(self.decoding) + len(self.prefilling) >= self.max_sequences:
            return None
        sequence = queue[0]
        if self.grows:
            need = self._need(sequence)
            free = self.kv_capacity - self.kv_reserved - self.context - self.growth
        else:
            need = sequence.input_tokens + sequence.output_tokens
            free = self.kv_capacity - self.kv_reserved
        if need > free + ROUNDING:
            return None
        queue.popleft()
        self.ranks = sequence.rank = self.ranks + 1
        if sequence.started_s is None:
            sequence.started_s = now_s
        if not sequence.prefill_left:
            if not self.grows:
                self.kv_reserved += need
            self._decode(sequence)
            return sequence
        self.kv_reserved += need
        self.prefilling.append(sequence)
        return sequence

    def _need(self, sequence: Sequence) -> float:
        """Tokens of memory that admission asks for."""
        if not self.grows:
            return sequence.input_tokens + sequence.output_tokens
        return sequence.held + (1 if sequence.first_token_s is None else sequence.rate)

    def _decode(self, sequence: Sequence) -> None:
        """Let a sequence decode from the next step on."""
        self.context += sequence.held
        self.growth += sequence.rate
        sequence.finish_step = self.steps_done + sequence.steps_left
        heappush(self.decoding, (sequence.finish_step, sequence))

    def _make_room(self) -> bool:
        """Preempt sequences, the youngest first, until every running one can add its tokens; say whether any was."""
        before = self.preemptions
        while self.context + self.growth > self._free() + ROUNDING:
            inside = [*self.prefilling, *(sequence for _, sequence in self.decoding)]
            self._preempt(max(inside, key=lambda sequence: (not sequence.urgent, sequence.rank)))
        return self.preemptions > before

    def _preempt(self, sequence: Sequence) -> None:
        """Take a sequence's memory; it waits before all others of its kind and is processed again."""
        self.preemptions += 1
        if sequence.finish_step:
            self.decoding.remove((sequence.finish_step, sequence))
            heapify(self.decoding)
            sequence.held = self._holds(sequence)
            sequence.steps_left = sequence.finish_step - self.steps_done
            sequence.finish_step = 0
            self._forget(sequence)
        else:
            self.prefilling.remove(sequence)
            self.kv_reserved -= self._need(sequence)
        again = ceil(sequence.held - ROUNDING) - sequence.cached_tokens  # whole tokens, also where they are speculated
        sequence.recomputed_tokens += again - sequence.prefill_left
        sequence.prefill_left = again
        (self.waiting if sequence.urgent else self.later).appendleft(sequence)

    def _holds(self, sequence: Sequence) -> Any:
        """Tokens of context that a decoding sequence holds now."""
        done = sequence.steps_left - (sequence.finish_step - self.steps_done)
        return sequence.held + sequence.rate * done

    def _forget(self, sequence: Sequence) -> None:
        """Take a sequence that no longer decodes out of the sums."""
        if not self.decoding:  # sums of fractions would keep a rounding error
            self.context = self.growth = 0
            return
        self.context -= sequence.held
        self.growth -= sequence.rate

    def join(self, sequence: Sequence) -> None:
        """Queue a sequence."""
        (self.waiting if sequence.urgent else self.later).append(sequence)

    def withdraw(self, sequence: Sequence) -> bool:
        """Take a sequence that was never admitted out of the queue; say whether it was there."""
        if sequence.started_s is not None:
            return False
        (self.waiting if sequence.urgent else self.later).remove(sequence)
        return True

    def evict(self) -> list[Sequence]:
        """Take everything out, as a failure does: what ran, in the order of admission, then what waited."""
        inside = sorted([*self.prefilling, *(sequence for _, sequence in self.decoding)], key=lambda each: each.rank)
        for sequence in inside:
            sequence.finish_step = 0
            sequence.restart()
        everyone = [*inside, *self.waiting, *self.later]
        self.waiting.clear()
        self.later.clear()
        self._empty()
        self.busy = False
        return everyone

    def cut(self, now_s: float) -> bool:
        """Shorten the stretch to the first step boundary not before `now_s`, if the next sequence can join there."""
        if self._steps == 1 or self.prefill_tokens or (sequence := self.head()) is None:
            return False  # the boundary is the stretch's end, or the budget is spent
        running = len(self.decoding)
        if running >= self.max_sequences or self.per_decode * running >= self.budget:
            return False
        growth_s = self.delta * self.growth
        steps = steps_to_reach(now_s - self.started_s, self._first_step_s, growth_s)
        if steps >= self._steps:
            return False
        used = self.context + self.growth * (steps + 1) if self.grows else 0
        if self._need(sequence) > self.kv_capacity - self.kv_reserved - used + ROUNDING:
            return False
        self._steps = steps
        self.ends_s = self.started_s + stretch_s(self._first_step_s, growth_s, steps)
        return True

    def finish(self, now_s: float) -> list[Sequence]:
        """End the stretch at `now_s`; return the sequences that are complete."""
        steps, decoding, grows = self._steps, self.decoding, self.grows
        self.steps_done = done = self.steps_done + steps
        self.context += self.growth * steps
        complete: list[Sequence] = []
        while decoding and decoding[0][0] <= done:
            sequence = heappop(decoding)[1]
            total = sequence.input_tokens + sequence.output_tokens
            self.context -= total
            self.growth -= sequence.rate
            if not grows:
                self.kv_reserved -= total
            complete.append(sequence)
        if not decoding:  # sums of fractions would keep a rounding error
            self.context = self.growth = 0
        if self.prefill_tokens:
            self._end_prefill(steps, now_s, complete)
        return complete

    def _end_prefill(self, steps: int, now_s: float, complete: list[Sequence]) -> None:
        spent, grows = self.prefill_tokens * steps, self.grows
        for sequence in self._chunks:
            spent -= sequence.prefill_left
            self.prefilling.popleft()
            if grows:
                self.kv_reserved -= self._need(sequence)
            sequence.prefill_left = 0
            sequence.steps_left -= 1
            if sequence.first_token_s is None:
                sequence.first_token_s = now_s
                sequence.held += 1
            else:
                sequence.held += sequence.rate  # type: ignore[assignment]  # fractions only where tokens are speculated
            if sequence.steps_left:
                self._decode(sequence)
                continue
            complete.append(sequence)
            if not grows:
                self.kv_reserved -= sequence.input_tokens + sequence.output_tokens
        if spent:
            self.prefilling[0].prefill_left -= spent
        self.prefill_tokens = 0
        self._chunks = []
