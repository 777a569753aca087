"""Step times that the user states: the four coefficients themselves."""

from __future__ import annotations

from typing import Literal

from tco.scenario.servers import StepModel
from tco.serving.step_time import Server


class Explicit(Server, StepModel):
    """Coefficients and room of one replica, as fitted or measured elsewhere."""

    kind: Literal["explicit"] = "explicit"

    def resolve(self) -> Server:
        """Return the figures as they are."""
        return self
