"""By request class: each class is routed by a policy of its own."""

from __future__ import annotations

from typing import Literal

from tco.fields import ClassName
from tco.policies.routing import RoutingPolicy
from tco.policies.routing.branching import AnyRouter, Branching, Choose, ChooseMany, by_label
from tco.policies.view import View

_REST = "otherwise"  # of branches; class branches have the word before their names


class ByClass(Branching):
    """A policy for each named class, and one for the rest."""

    kind: Literal["by_class"] = "by_class"
    classes: dict[ClassName, AnyRouter]
    """Request class to its policy."""
    otherwise: AnyRouter
    """Policy of the classes that are not named."""

    def branches(self) -> dict[str, RoutingPolicy]:
        """Return the policies by class."""
        return {**{f"class {name}": policy for name, policy in self.classes.items()}, _REST: self.otherwise}

    def _branch(self, request_class: str) -> str:
        return f"class {request_class}" if request_class in self.classes else _REST

    def branches_for(self, request_class: str, *, sensitive: bool) -> tuple[str, ...]:
        """Name the class's own branch."""
        del sensitive
        return (self._branch(request_class),)

    def start_choosing(self, view: View) -> Choose:
        """Look at the class."""
        del view
        return lambda _request, request_class: self._branch(request_class)

    def choose_many(self, view: View) -> ChooseMany:
        """Look once at each class."""
        return by_label(self, view)
