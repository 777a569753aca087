"""Server: what a GPU fleet's `server` key may hold, and the step times that it stands for."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from pydantic import Tag

from tco import catalog
from tco.plugin import SelectedByKind
from tco.scenario.references import known, name_or_figures, name_or_inline
from tco.scenario.servers import StepModel
from tco.scenario.servers.explicit import Explicit
from tco.serving.facts import PrecisionFacts
from tco.serving.step_time import Server

_OF_OTHER_KINDS = {"kind", "model", "gpu", "path"}  # keys that bare coefficients do not have


def _branch(value: Any) -> str | None:
    of_kind = isinstance(value, StepModel) or (isinstance(value, dict) and not _OF_OTHER_KINDS.isdisjoint(value))
    return "of_kind" if of_kind else name_or_inline(value)


ServerRef = Annotated[
    Annotated[str, known("a measured server", catalog.servers), Tag("name")]
    | Annotated[Explicit, Tag("inline")]
    | Annotated[StepModel, SelectedByKind("tco.scenario.servers"), Tag("of_kind")],
    name_or_figures(_branch),
]


class Served(Protocol):
    """A tier that has a server."""

    @property
    def server(self) -> str | StepModel:
        """Name or model of the server."""


def server_of(tier: Served) -> Server:
    """Return the step times and the room of one replica of a tier, wherever the scenario takes them from."""
    return catalog.servers()[tier.server] if isinstance(tier.server, str) else tier.server.resolve()


def precision_of(tier: Served) -> PrecisionFacts | None:
    """Return the number format of a tier's weights; None when the scenario does not state it."""
    if isinstance(tier.server, str):
        return catalog.precision(catalog.server_precision(tier.server))
    return tier.server.weights_precision()
