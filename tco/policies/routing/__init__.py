"""Routing: which tier answers a request, and whether its answer is good enough to stop there.

A policy may hold others: by class, by product, by sensitivity, for the two arms of a test. They nest in YAML as they
do here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tco.fields import IsoDate, Name, Positive, Source, UnitPrice
from tco.plugin import Frozen, Plugin, together
from tco.policies.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# (request number, class name, tiers tried so far, which all answered) -> the next tier, or None when the last answer
# stands.
Route = Callable[[int, str, tuple[str, ...]], str | None]
# (request number, class name) -> the decider that is asked before the first tier, by name; None when none is.
Asks = Callable[[int, str], str | None]
# (request number, class name) -> the share of the prompt that goes to a further tier.
PromptShare = Callable[[int, str], float]
PromptPart = Annotated[float, Field(gt=0, le=1)]


class Decider(Frozen):
    """Something that takes time and money to choose a tier, such as a classifier."""

    name: Name = "classifier"
    """Name in the reports; deciders of one name are one and the same."""
    p50_s: Positive
    """Median time of a decision, seconds."""
    p95_s: Positive
    """95th percentile of it, seconds."""
    on_own_hardware: bool = False
    """Whether it runs on own hardware, so that sensitive requests may be shown to it."""
    decision_usd_per_request: UnitPrice
    """Price of a decision, USD."""
    source: Source
    """Where time and price come from."""
    source_date: IsoDate
    """Day on which the price was valid."""

    @together("p50_s", "p95_s")
    def _in_order(self) -> None:
        if self.p50_s > self.p95_s:
            raise ValueError(f"p50_s {self.p50_s:g} is above p95_s {self.p95_s:g}")


class RoutingPolicy(Plugin):
    """Base of the routing policies. A policy is data; `start` turns it into a decision function."""

    def start(self, view: View) -> Route:
        """Begin a run over the requests that `view` shows."""
        raise NotImplementedError

    def first_tiers(self, view: View, labels: NDArray[np.int64], names: tuple[str, ...]) -> list[str]:
        """Name the first tier of every request, as the decision function of `start` does one by one.

        Args:
            view: what the policy may see.
            labels: place in `names` of each request's class, shape (n,).
            names: names of the request classes.
        """
        route = self.start(view)
        found = [route(request, names[label], ()) for request, label in enumerate(labels.tolist())]
        return [tier for tier in found if tier is not None]

    def tiers(self) -> tuple[str, ...]:
        """Name every tier that the policy can send a request to, in the order first mentioned."""
        raise NotImplementedError

    def tiers_for(self, request_class: str, *, sensitive: bool) -> tuple[str, ...]:
        """Name every tier that the policy can send requests of a class to."""
        del request_class, sensitive  # only some policies look
        return self.tiers()

    @property
    def depends_on_load(self) -> bool:
        """Whether who is asked changes with the rate."""
        return False

    @property
    def asks_on(self) -> bool:
        """Whether a request that was answered may be sent to a further tier."""
        return True

    def relieved_tiers(self) -> tuple[str, ...]:
        """Name the tiers that are never sent more than they take."""
        return ()

    def largest_prompt_share(self, request_class: str, tier: str, *, sensitive: bool) -> float:
        """Return the largest share of its prompt that a request of a class sends to a tier; 0 where none comes."""
        return float(tier in self.tiers_for(request_class, sensitive=sensitive))

    def judged_tiers(self) -> tuple[str, ...]:
        """Name the tiers whose answers the policy judges, so that their quality must be known."""
        return ()

    def deciders(self) -> tuple[Decider, ...]:
        """List what has to be asked."""
        return ()

    def deciders_for(self, request_class: str, *, sensitive: bool) -> tuple[Decider, ...]:
        """List what may be asked about requests of a class."""
        del request_class, sensitive  # only some policies look
        return self.deciders()

    def start_asking(self, view: View) -> Asks | None:
        """Begin to ask deciders; None where there is none."""
        del view
        return None

    def start_prompts(self, view: View) -> PromptShare | None:
        """Begin to cut the prompts of further calls; None where whole prompts are sent."""
        del view
        return None
