"""Rules: a station that answers without a model."""

from __future__ import annotations

from typing import ClassVar

from tco.demand.workload import Workload
from tco.scenario.tiers.rules import Rules
from tco.sim.stations import Call, Visit
from tco.sim.stations.delay import Delay, DelayStation


class RulesStation(DelayStation):
    """Holds a request for a log-normal time; no tokens are read or written."""

    kind: ClassVar[str] = "rules"

    def setup(self, config: Rules, workload: Workload, replicas: int) -> None:  # type: ignore[override]  # another block
        """Draw every request's time up front."""
        super().setup(Delay(latency=config.latency, purpose="service"), workload, replicas)

    def visit(self, call: Call) -> Visit:
        """Answer."""
        call.input_tokens = call.output_tokens = 0
        return super().visit(call)
