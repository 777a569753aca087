"""Ways: requests that are on their way to a tier, sent from several places, in the order in which they come."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tco.demand.workload import Workload
from tco.sim.compiled.served import Visits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Way:
    """Requests on their way to a tier, in parts that were sent together."""

    parts: list[tuple[Ints, Floats, Ints, Ints]] = field(default_factory=list)

    def visits(self, workload: Workload, everybody: Ints, ready_s: Floats) -> Visits:
        """Put them in order of time.

        Of those who come at the same moment, the ones that have waited nowhere come by their number, with what was
        refused at once between them; then the others in the order of sending.

        Args:
            workload: all requests.
            everybody: the array of their numbers that is sent where all are, shape (requests,).
            ready_s: when each request was through with what stands before the tiers, shape (requests,).
        """
        if len(self.parts) == 1:
            request, entered_s, tokens, attempt = self.parts[0]
        else:
            nobody = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64)
            request, entered_s, tokens, attempt = (
                np.concatenate(each) for each in zip(nobody, *self.parts, strict=True)
            )
        if (entered_s[1:] < entered_s[:-1]).any():
            order = np.argsort(entered_s, kind="stable")
            if (entered_s[order[1:]] == entered_s[order[:-1]]).any():
                at_once = np.where(entered_s == ready_s[request], request, len(ready_s))
                order = np.lexsort((at_once, entered_s))
            request, entered_s, tokens, attempt = request[order], entered_s[order], tokens[order], attempt[order]
        answers = workload.output_tokens if request is everybody else workload.output_tokens[request]
        return Visits(request, entered_s, tokens, answers, attempt)
