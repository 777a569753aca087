"""GPU fleet: replicas with continuous batching, in one pool, or in one for prompts and one for answers."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from simpy.events import Timeout

from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.scenario.server import server_of
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.serving.batching import Sequence
from tco.serving.step_time import Server
from tco.sim.night_shift import NightShift
from tco.sim.pool import Pool, PoolSettings
from tco.sim.replica import Answer
from tco.sim.stations import HELD, Call, Station, StationBooks, Visit
from tco.units import SECONDS_PER_HOUR


class GpuFleetStation(Station):
    """A fleet of equal replicas."""

    kind: ClassVar[str] = "gpu_fleet"

    def setup(self, config: GpuFleet, workload: Workload, replicas: int) -> None:
        """Start the replicas idle."""
        self.config, self.workload = config, workload
        if config.failures is not None:
            replicas = config.paid_replicas(replicas)  # the spare ones stand in for broken ones
        self._urgent = workload.interactive.tolist() if config.interactive_first else None
        self._limited = config.max_queue_requests is not None
        everyone_alike = self._urgent is None or all(self._urgent)
        self._plain = everyone_alike and config.speculation is None and not config.prefix_cached_share
        self._luck = workload.normals("speculation") if config.speculation else None
        server = server_of(config)
        self._overhead_s, self._overhead_steps = server.first_token_overhead_s, server.first_token_overhead_steps
        split = config.disaggregation
        if split is None:
            self.pool = self._pool(self._settings(server, replicas))
            self.prefill_pool = None
        else:
            prefill = split.prefill_replicas(replicas)
            decode = replace(self._settings(server, replicas - prefill), max_queue=None, patience_s=None)
            self.pool = self._pool(decode)
            self.prefill_pool = self._pool(self._settings(server, prefill), first=replicas - prefill)
        window = config.async_window
        self._shift = NightShift(self.env, self.pool, window, workload.start_hour) if window is not None else None
        self._in_passing = window is not None and workload.week is None
        if window is not None:
            self.counts[HELD] = 0.0  # says that jobs of this tier may wait for hours, even where none did
        slowed = self._overhead_s > 0 or self._overhead_steps > 0
        self._has_features = not self._plain or self._limited or slowed or window is not None or split is not None

    def _settings(self, server: Server, replicas: int) -> PoolSettings:
        config = self.config
        failures, speculation = config.failures, config.speculation
        return PoolSettings(
            server=speculation.slowed(server) if speculation else server,
            replicas=replicas,
            scaling=config.scaling,
            grows=config.kv_reservation == "as_needed",
            per_decode=speculation.draft_tokens + 1 if speculation else 1,
            least=min(config.min_replicas, replicas),
            max_queue=config.max_queue_requests,
            patience_s=config.queue_timeout_s,
            hour_of_week=self.workload.start_hour,
            mtbf_s=failures.mtbf_hours * SECONDS_PER_HOUR if failures else None,
            mttr_s=failures.mttr_hours * SECONDS_PER_HOUR if failures else 0.0,
            recalls=config.async_window is not None,
        )

    def _pool(self, settings: PoolSettings, first: int = 0) -> Pool:
        """Make a pool; its replicas are numbered from `first` on, so that each has chances of its own."""
        streams = self.workload.streams
        choose = self.config.dispatch.start(self.workload)
        return Pool(self.env, settings, choose, lambda place: streams.generator(f"failures:{first + place}"))

    def visit(self, call: Call) -> Visit:
        """Wait in a replica until the last token."""
        return self._with_features(call) if self._has_features else self._in_one_pool(call)

    def _in_one_pool(self, call: Call) -> Visit:
        """Serve a call where all are alike and nothing is limited, without a question for each feature."""
        self.enter()
        sequence = Sequence(call.input_tokens, call.output_tokens, Answer(self.env))
        if not self.pool.fits(sequence):
            self.turn_away(call, Outcome.REJECTED)
            return
        self.pool.submit(call.request, sequence)
        yield sequence.answer
        self._end(call, sequence)

    def _with_features(self, call: Call) -> Visit:
        """Serve a call where the tier has overheads, limits, classes, a window, or a pool for prompts."""
        self.enter()
        if self._overhead_s or self._overhead_steps:
            steps_s = self._overhead_steps * (self.prefill_pool or self.pool).step_s() if self._overhead_steps else 0.0
            yield Timeout(self.env, self._overhead_s + steps_s)
        sequence = self._sequence(call)
        if not self.pool.fits(sequence) or (self._limited and (self.prefill_pool or self.pool).full()):
            self.turn_away(call, Outcome.REJECTED)
            return
        if self._shift is not None and not sequence.urgent:
            self.counts[HELD] += self._shift.take(call.request, sequence)
            yield sequence.answer
            self._end_job(call, sequence, in_time=self._shift.settle(sequence))
            return
        if self.prefill_pool is not None:
            yield from self._prefill(call.request, sequence)
        if self.prefill_pool is None or (sequence.first_token_s is not None and sequence.output_tokens > 1):
            self.pool.submit(call.request, sequence)
            yield sequence.answer
        self._end(call, sequence)

    def _sequence(self, call: Call) -> Sequence:
        request, tokens_in, tokens_out = call.request, call.input_tokens, call.output_tokens
        if self._plain:
            return Sequence(tokens_in, tokens_out, Answer(self.env))
        config = self.config
        cached = min(int(config.prefix_cached_share * tokens_in), tokens_in - 1)
        urgent = self._urgent is None or self._urgent[request]
        sequence = Sequence(tokens_in, tokens_out, Answer(self.env), urgent, cached)
        if self._luck is not None and config.speculation is not None:
            sequence.speculate(config.speculation.decode_steps(tokens_out - 1, self._luck[request]))
        return sequence

    def _prefill(self, request: int, sequence: Sequence) -> Visit:
        """Process the prompt in its own pool and move its context over; the first token appears in between."""
        split, pool = self.config.disaggregation, self.prefill_pool
        assert split is not None and pool is not None  # noqa: S101, PT018  # both or neither
        prompt = Sequence(sequence.input_tokens, 1, Answer(self.env), sequence.urgent, sequence.cached_tokens)
        pool.submit(request, prompt)
        yield prompt.answer
        if prompt.first_token_s is None:
            return
        sequence.started_s = prompt.started_s
        sequence.recomputed_tokens = prompt.recomputed_tokens
        if sequence.output_tokens > 1:
            yield Timeout(self.env, split.transfer_s(sequence.input_tokens))
        sequence.prefilled_elsewhere(prompt.first_token_s)

    def _end(self, call: Call, sequence: Sequence) -> None:
        """Write down what came of a sequence."""
        call.started_s = sequence.started_s
        if sequence.recomputed_tokens:
            self.counts["recomputed_tokens"] += sequence.recomputed_tokens
        if sequence.first_token_s is None:
            self.turn_away(call, Outcome.TIMED_OUT)
            return
        if sequence.cached_tokens:
            self.counts["prefix_cached_tokens"] += sequence.cached_tokens
            call.cached_tokens = sequence.cached_tokens
        self.leave(call)
        call.first_token_s = sequence.first_token_s

    @property
    def inside(self) -> int:
        """Requests that are here now; jobs of a window stand behind people and do not make the fleet full for them."""
        return super().inside - (len(self._shift) if self._shift is not None else 0)

    def _end_job(self, call: Call, sequence: Sequence, *, in_time: bool) -> None:
        """Write down what came of an async call; one that misses its deadline has no answer, begun or not."""
        if in_time:
            self._end(call, sequence)
            return
        self.counts["missed_deadlines"] += 1
        call.started_s = sequence.started_s
        self.turn_away(call, Outcome.TIMED_OUT)

    def busy_share(self, elapsed_s: float) -> float | None:
        """Time in which replicas worked over the time for which they were on, until the last request left.

        The run may go on for long after that, when others of the option's tiers take their time. It is None for minutes
        of one hour whose jobs were held for another: their work would be spread over the hours between.
        """
        del elapsed_s
        if self._in_passing and self.counts[HELD]:
            return None
        pools = [pool for pool in (self.pool, self.prefill_pool) if pool is not None]
        since_s = self.env.now - self._changed_s
        paid_s = sum(pool.paid_s() - since_s * pool.switched_on() for pool in pools)
        return sum(pool.busy_s() for pool in pools) / paid_s if paid_s else 0.0

    def books(self, elapsed_s: float) -> StationBooks:
        """Close the books, with what the pools counted."""
        for pool in (self.pool, self.prefill_pool):
            if pool is not None:
                if not self.config.scaling.is_fixed:
                    self.counts["replica_on_s"] += pool.paid_s()
                    self.counts["inside_s"] = self.presence_s
                for name in ("preemptions", "restarts", "failures"):
                    if counted := getattr(pool, name):
                        self.counts[name] += counted
        return super().books(elapsed_s)
