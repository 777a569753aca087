"""Caching: which requests are answered without a model."""

from __future__ import annotations

from collections.abc import Callable

from tco.plugin import Plugin
from tco.policies.draws import Draws

# request number -> whether the cache answers it.
Hit = Callable[[int], bool]


class CachePolicy(Plugin):
    """Base of the cache policies."""

    def start(self, draws: Draws) -> Hit:
        """Begin a run over requests whose chances are `draws`."""
        raise NotImplementedError
