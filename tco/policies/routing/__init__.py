"""Routing: which tier answers a request, and whether its answer is good enough to stop there.

A policy may hold others: by class, by product, by sensitivity, for the two arms of a test. They nest in YAML as they
do here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from tco.fields import IsoDate, Name, Positive, Source, UnitPrice
from tco.plugin import Frozen, Plugin, together
from tco.policies.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

# (request number, class name, tiers tried so far, which all answered) -> the next tier, or None when the last answer
# stands.
Route = Callable[[int, str, tuple[str, ...]], str | None]
# (request number, class name) -> the decider that is asked before the first tier, by name; None when none is.
Asks = Callable[[int, str], str | None]
# (request number, class name) -> the share of the prompt that goes to a further tier.
PromptShare = Callable[[int, str], float]
PromptPart = Annotated[float, Field(gt=0, le=1)]


class Some(NamedTuple):
    """Some requests that are decided about together; arrays have shape (some,).

    Attributes:
        request: their numbers.
        label: place in `classes` of each one's class.
        classes: names of the request classes.
    """

    request: Ints
    label: Ints
    classes: tuple[str, ...]

    def of(self, chosen: NDArray[np.bool_]) -> Some:
        """Keep some of them."""
        return Some(self.request[chosen], self.label[chosen], self.classes)

    def one_by_one(self) -> Iterator[tuple[int, str]]:
        """Give number and class name of each."""
        for request, label in zip(self.request.tolist(), self.label.tolist(), strict=True):
            yield request, self.classes[label]


# The same three for many at once. Place in `tiers()` of each one's next tier, -1 where the last answer stands; place in
# `deciders()`, -1 where nobody is asked; shares of the prompt.
RouteMany = Callable[[Some, tuple[str, ...]], "Ints"]
AskMany = Callable[[Some], "Ints"]
PromptShares = Callable[[Some], "NDArray[np.float64]"]


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

    def start_many(self, view: View) -> RouteMany:
        """Begin a run, to decide about many requests at once as the decision function of `start` does one by one."""
        import numpy as np  # not at the top: `tco check` does without it

        route, places = self.start(view), {tier: place for place, tier in enumerate(self.tiers())}

        def many(some: Some, tried: tuple[str, ...]) -> Ints:
            found = (route(request, name, tried) for request, name in some.one_by_one())
            return np.array([-1 if tier is None else places[tier] for tier in found], np.int64)

        return many

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

    def hops(self) -> tuple[tuple[str, str], ...]:
        """Name pairs of tiers of which the second may get a request that the first answered, or had no room for."""
        return ()

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

    def ask_many(self, view: View) -> AskMany | None:
        """Begin to ask deciders for many requests at once; None where there is none."""
        import numpy as np

        asks, places = self.start_asking(view), {decider.name: place for place, decider in enumerate(self.deciders())}
        if asks is None:
            return None

        def many(some: Some) -> Ints:
            found = (asks(request, name) for request, name in some.one_by_one())
            return np.array([-1 if name is None else places[name] for name in found], np.int64)

        return many

    def prompt_shares(self, view: View) -> PromptShares | None:
        """Begin to cut the prompts of many further calls at once; None where whole prompts are sent."""
        import numpy as np

        share = self.start_prompts(view)
        return None if share is None else lambda some: np.array([share(*each) for each in some.one_by_one()])
