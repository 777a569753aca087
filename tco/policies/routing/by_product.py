"""By product tier: what the customer pays for decides which policy routes the request."""

from __future__ import annotations

from typing import Literal

from tco.fields import ProductName
from tco.policies.routing import RoutingPolicy
from tco.policies.routing.branching import AnyRouter, Branching, Choose
from tco.policies.view import View

_REST = "otherwise"


class ByProduct(Branching):
    """A policy for each named product tier of `traffic.product_shares`, and one for the rest."""

    kind: Literal["by_product"] = "by_product"
    products: dict[ProductName, AnyRouter]
    """Product tier to its policy."""
    otherwise: AnyRouter
    """Policy of the product tiers that are not named."""

    def branches(self) -> dict[str, RoutingPolicy]:
        """Return the policies by product tier."""
        return {**{f"product {name}": policy for name, policy in self.products.items()}, _REST: self.otherwise}

    def start_choosing(self, view: View) -> Choose:
        """Look at the customer's product tier."""
        branch = {name: f"product {name}" for name in self.products}
        chosen = [branch.get(name, _REST) for name in view.products()]
        return lambda request, _class: chosen[request]
