"""By sensitivity: what must not leave own hardware has a policy of its own."""

from __future__ import annotations

from typing import Literal

from tco.policies.routing import RoutingPolicy
from tco.policies.routing.branching import AnyRouter, Branching, Choose, ChooseMany, by_label
from tco.policies.view import View


class BySensitivity(Branching):
    """One policy for classes that are marked `sensitive`, one for the others."""

    kind: Literal["by_sensitivity"] = "by_sensitivity"
    sensitive: AnyRouter
    """Policy of sensitive classes; its tiers are on own hardware."""
    otherwise: AnyRouter
    """Policy of the other classes."""

    def branches(self) -> dict[str, RoutingPolicy]:
        """Return both policies."""
        return {"sensitive": self.sensitive, "otherwise": self.otherwise}

    def branches_for(self, request_class: str, *, sensitive: bool) -> tuple[str, ...]:
        """Name the one that the class takes."""
        del request_class
        return ("sensitive" if sensitive else "otherwise",)

    def start_choosing(self, view: View) -> Choose:
        """Look at the mark."""
        return lambda _request, request_class: "sensitive" if view.sensitive(request_class) else "otherwise"

    def choose_many(self, view: View) -> ChooseMany:
        """Look once at each class."""
        return by_label(self, view)
