"""Caching: which requests are answered without a model."""

from __future__ import annotations

from enum import Enum

from tco.plugin import Plugin
from tco.policies.view import View


class Found(Enum):
    """What a look into a cache brings."""

    NOTHING = "nothing"
    ANSWER = "answer"
    WRONG_ANSWER = "wrong answer"  # to another question that looked alike


class CacheState:
    """A cache in the course of a run. Both methods are called in order of time."""

    def look(self, request: int, now_s: float) -> Found:
        """Look a request up, seconds after the run began."""
        raise NotImplementedError

    def store(self, request: int, now_s: float) -> None:
        """Keep the answer that a model has given to a request; nothing to do where hits are drawn by chance."""


class CachePolicy(Plugin):
    """Base of the cache policies."""

    @property
    def most_entries(self) -> int | None:
        """Most answers that the cache keeps; None where nothing bounds them, or the policy does not know."""
        return None

    @property
    def hits_depend_on_load(self) -> bool:
        """Whether the share of hits follows from the traffic, so that every month has its own."""
        return False

    @property
    def embeds(self) -> bool:
        """Whether every request is embedded to look it up."""
        return True

    def start(self, view: View, rate_rps: float) -> CacheState:
        """Begin a run over the requests that `view` shows.

        Args:
            view: what the policy may see.
            rate_rps: arrival rate that the cache has seen for long, requests per second: what it holds follows from it.
        """
        raise NotImplementedError
