"""Closed loop: a number of clients ask one replica, each again as soon as it is answered, as benchmarks do.

`run_closed_loop` goes through the engine and the fleet's station and gives times; `calibration/loops.py` counts the
same run without a clock.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tco.calibration.loops import Loop, loop_lengths, loop_streams
from tco.demand.workload import Workload
from tco.domain import Outcome
from tco.scenario import Scenario
from tco.scenario.servers.explicit import Explicit
from tco.serving.step_time import Server
from tco.sim.engine import Clients, simulate

OPTION = "loop"


def loop_workload(loop: Loop) -> Workload:
    """Draw the requests of a run; arrival times are the clients' business."""
    inputs, outputs = loop_lengths(loop)
    count = loop.requests
    return Workload(
        unit_arrivals=np.zeros(count),
        classes=("requests",),
        class_index=np.zeros(count, np.int64),
        input_tokens=inputs,
        output_tokens=outputs,
        interactive=np.ones(count, np.bool_),
        measured=np.ones(count, np.bool_),
        streams=loop_streams(),
    )


def run_closed_loop(server: Server, loop: Loop) -> tuple[float, float]:
    """Simulate a run with the engine; return mean time to first token and per output token, seconds.

    The server's limits are replaced by the loop's.
    """
    limits = {
        "max_sequences": loop.running,
        "step_budget_tokens": loop.budget,
        "kv_capacity_tokens": loop.kv_capacity,
    }
    workload = loop_workload(loop)
    scenario = fleet_scenario(server.model_copy(update=limits))
    result = simulate(scenario, OPTION, workload, 1.0, {"fleet": 1}, Clients(loop.clients))
    answered = result.outcome == Outcome.COMPLETED
    decode_s = (result.finished_s - result.first_token_s)[answered] / (workload.output_tokens[answered] - 1)
    return float(result.ttft_s(answered).mean()), float(decode_s.mean())


def fleet_scenario(server: Server, kv_reservation: str = "whole") -> Scenario:
    """Put a server behind a scenario that asks nothing else; its one option is `OPTION`, its one tier `fleet`.

    Args:
        server: step times and limits.
        kv_reservation: how the fleet hands out memory, `whole` or `as_needed`.
    """
    plain = _plain_scenario()
    changes = {"server": Explicit(**server.model_dump()), "kv_reservation": kv_reservation}
    return plain.model_copy(update={"tiers": {"fleet": plain.tiers["fleet"].model_copy(update=changes)}})


@lru_cache
def _plain_scenario() -> Scenario:
    dated = {"source": "not used: times alone are asked for", "source_date": "2026-11-24"}
    length = {"kind": "constant", "tokens": 1}
    server = {
        "gpus_per_replica": 1, "alpha_s": 1.0, "beta_s_per_prefill_token": 0.0, "gamma_s_per_sequence": 0.0,
        "delta_s_per_context_token": 0.0, "kv_capacity_tokens": 1, "max_sequences": 1, "source": "replaced",
    }  # fmt: skip
    people = {"engineer": {"loaded_year_usd_per_year": 1.0, **dated}}
    price = {"gpu_hour_usd_per_gpu_hour": 1.0, **dated}
    lengths_of = {"input_tokens": length, "output_tokens": length}
    return Scenario.model_validate({
        "name": "closed loop", "question": "How long do answers take at this concurrency?", "start": "2026-12",
        "horizon_months": 1, "traffic": {"requests_per_month": 1.0, "arrivals": {"kind": "poisson"}},
        "classes": {"requests": {"share": 1.0, "latency_class": "interactive", **lengths_of}},
        "tiers": {"fleet": {"kind": "gpu_fleet", "server": server, "price": price}},
        "options": {OPTION: {"router": {"kind": "static", "shares": {"fleet": 1.0}}, "people": {}}},
        "slo": {}, "finance": {"discount_fraction_per_year": 0.0}, "people": people, "simulation": {},
    })  # fmt: skip
