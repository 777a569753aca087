"""Branching: the base of policies that only choose which of the policies they hold routes a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict

from tco.plugin import SelectedByKind
from tco.policies.routing import (
    AskMany,
    Asks,
    Decider,
    PromptShare,
    PromptShares,
    Route,
    RouteMany,
    RoutingPolicy,
    Some,
)
from tco.policies.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tco.policies.routing import Ints

AnyRouter = Annotated[RoutingPolicy, SelectedByKind("tco.policies.routing")]
Choose = Callable[[int, str], str]  # (request number, class name) -> the branch
ChooseMany = Callable[[Some], "Ints"]  # place in `branches()` of each


class Branching(RoutingPolicy):
    """Base of policies with branches; a subclass names them and says which one a request takes."""

    model_config = ConfigDict(defer_build=True)  # a branch may be any policy of this folder, which is still being read

    def branches(self) -> dict[str, RoutingPolicy]:
        """Return the policies held, by a name of the branch."""
        raise NotImplementedError

    def start_choosing(self, view: View) -> Choose:
        """Begin to choose branches."""
        raise NotImplementedError

    def choose_many(self, view: View) -> ChooseMany:
        """Begin to choose branches for many requests at once."""
        import numpy as np  # not at the top: `tco check` does without it

        choose, places = self.start_choosing(view), {name: place for place, name in enumerate(self.branches())}
        return lambda some: np.array([places[choose(*each)] for each in some.one_by_one()], np.int64)

    def branches_for(self, request_class: str, *, sensitive: bool) -> tuple[str, ...]:
        """Name the branches that requests of a class can take."""
        del request_class, sensitive
        return tuple(self.branches())

    def start(self, view: View) -> Route:
        """Route as the branch does."""
        choose = self.start_choosing(view)
        routes = {name: policy.start(view) for name, policy in self.branches().items()}
        return lambda request, request_class, tried: routes[choose(request, request_class)](
            request, request_class, tried
        )

    def start_many(self, view: View) -> RouteMany:
        """Route as the branches do, branch by branch."""
        import numpy as np

        choose, places = self.choose_many(view), {tier: place for place, tier in enumerate(self.tiers())}
        arms = [
            (policy.start_many(view), np.array([*(places[tier] for tier in policy.tiers()), -1]))
            for policy in self.branches().values()
        ]

        def many(some: Some, tried: tuple[str, ...]) -> Ints:
            found, branch = np.full(len(some.request), -1), choose(some)
            for arm, (route, own) in enumerate(arms):
                if (mine := branch == arm).any():
                    found[mine] = own[route(some.of(mine), tried)]  # -1 is the last of them
            return found

        return many

    def tiers(self) -> tuple[str, ...]:
        """Name the tiers of all branches."""
        return tuple(dict.fromkeys(tier for policy in self.branches().values() for tier in policy.tiers()))

    def tiers_for(self, request_class: str, *, sensitive: bool) -> tuple[str, ...]:
        """Name the tiers of the branches that the class can take."""
        branches = self.branches()
        return tuple(
            dict.fromkeys(
                tier
                for name in self.branches_for(request_class, sensitive=sensitive)
                for tier in branches[name].tiers_for(request_class, sensitive=sensitive)
            )
        )

    @property
    def depends_on_load(self) -> bool:
        """Whether any branch does."""
        return any(policy.depends_on_load for policy in self.branches().values())

    @property
    def asks_on(self) -> bool:
        """Whether any branch does."""
        return any(policy.asks_on for policy in self.branches().values())

    def hops(self) -> tuple[tuple[str, str], ...]:
        """Name those of all branches."""
        return tuple(dict.fromkeys(hop for policy in self.branches().values() for hop in policy.hops()))

    def relieved_tiers(self) -> tuple[str, ...]:
        """Name the tiers to which no branch sends more than they take."""
        policies = self.branches().values()
        relieved = dict.fromkeys(tier for policy in policies for tier in policy.relieved_tiers())
        return tuple(
            tier
            for tier in relieved
            if all(tier in policy.relieved_tiers() for policy in policies if tier in policy.tiers())
        )

    def largest_prompt_share(self, request_class: str, tier: str, *, sensitive: bool) -> float:
        """Return the largest share that any branch sends which the class can take."""
        branches = self.branches()
        return max(
            branches[name].largest_prompt_share(request_class, tier, sensitive=sensitive)
            for name in self.branches_for(request_class, sensitive=sensitive)
        )

    def judged_tiers(self) -> tuple[str, ...]:
        """Name the tiers that any branch judges."""
        return tuple(dict.fromkeys(tier for policy in self.branches().values() for tier in policy.judged_tiers()))

    def deciders(self) -> tuple[Decider, ...]:
        """List the deciders of all branches."""
        return tuple(decider for policy in self.branches().values() for decider in policy.deciders())

    def deciders_for(self, request_class: str, *, sensitive: bool) -> tuple[Decider, ...]:
        """List the deciders of the branches that the class can take."""
        branches = self.branches()
        return tuple(
            decider
            for name in self.branches_for(request_class, sensitive=sensitive)
            for decider in branches[name].deciders_for(request_class, sensitive=sensitive)
        )

    def start_asking(self, view: View) -> Asks | None:
        """Ask what the branch asks."""
        asking = {name: policy.start_asking(view) for name, policy in self.branches().items()}
        if not any(asking.values()):
            return None
        choose = self.start_choosing(view)

        def asks(request: int, request_class: str) -> str | None:
            branch = asking[choose(request, request_class)]
            return branch(request, request_class) if branch is not None else None

        return asks

    def start_prompts(self, view: View) -> PromptShare | None:
        """Cut prompts as the branch does."""
        shares = {name: policy.start_prompts(view) for name, policy in self.branches().items()}
        if not any(shares.values()):
            return None
        choose = self.start_choosing(view)

        def share(request: int, request_class: str) -> float:
            branch = shares[choose(request, request_class)]
            return branch(request, request_class) if branch is not None else 1.0

        return share

    def ask_many(self, view: View) -> AskMany | None:
        """Ask what the branches ask; deciders of one name are one."""
        import numpy as np

        asking = [policy.ask_many(view) for policy in self.branches().values()]
        if not any(asking):
            return None
        counts = [len(policy.deciders()) for policy in self.branches().values()]
        choose = self.choose_many(view)

        def many(some: Some) -> Ints:
            found, branch = np.full(len(some.request), -1), choose(some)
            for arm, ask in enumerate(asking):
                if ask is not None and (mine := branch == arm).any():
                    asked = ask(some.of(mine))
                    found[mine] = np.where(asked < 0, -1, asked + sum(counts[:arm]))
            return found

        return many

    def prompt_shares(self, view: View) -> PromptShares | None:
        """Cut prompts as the branches do."""
        import numpy as np

        shares = [policy.prompt_shares(view) for policy in self.branches().values()]
        if not any(shares):
            return None
        choose = self.choose_many(view)

        def many(some: Some) -> NDArray[np.float64]:
            found, branch = np.ones(len(some.request)), choose(some)
            for arm, share in enumerate(shares):
                if share is not None and (mine := branch == arm).any():
                    found[mine] = share(some.of(mine))
            return found

        return many


def by_label(policy: Branching, view: View) -> ChooseMany:
    """Choose branches of a policy that looks at nothing but the class."""
    import numpy as np

    choose, places = policy.start_choosing(view), {name: place for place, name in enumerate(policy.branches())}
    return lambda some: np.array([places[choose(0, name)] for name in some.classes], np.int64)[some.label]
