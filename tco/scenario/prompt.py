"""Prompt anatomy: what a prompt is made of, and how an option trims the parts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.fields import Share
from tco.lengths import MAX_TOKENS, LengthDistribution
from tco.plugin import Frozen, SelectedByKind, together

Lengths = Annotated[LengthDistribution, SelectedByKind("tco.lengths")]
PARTS = ("system", "history", "context", "user")


class Prompt(Frozen):
    """A prompt by its parts, each with a length of its own; parts that are left out are not there."""

    system: Lengths | None = None
    """Instructions that open every prompt."""
    history: Lengths | None = None
    """Earlier turns of the conversation."""
    context: Lengths | None = None
    """Retrieved text. Where an option has a `retrieval` block it counts only for the requests that retrieve."""
    user: Lengths
    """What the user asks."""

    def parts(self) -> dict[str, LengthDistribution]:
        """Return the parts that are there, by name."""
        return {name: lengths for name in PARTS if (lengths := getattr(self, name)) is not None}


class PartTrim(Frozen):
    """How much of a part is kept: a share, at most so many tokens, or the lesser of both."""

    kept_share: Share | None = None
    """Share of the part's tokens that is kept; rounded to whole tokens."""
    max_tokens: Annotated[int, Field(ge=0, le=MAX_TOKENS)] | None = None
    """Most tokens of the part that are kept."""

    @together("kept_share", "max_tokens")
    def _says_something(self) -> None:
        if self.kept_share is None and self.max_tokens is None:
            raise ValueError("nothing is trimmed; allowed: kept_share, max_tokens, or both")


class Trim(Frozen):
    """Parts of the prompt that an option shortens, of the classes whose prompts are given by parts."""

    system: PartTrim | None = None
    """Instructions."""
    history: PartTrim | None = None
    """Earlier turns."""
    context: PartTrim | None = None
    """Retrieved text."""
    user: PartTrim | None = None
    """What the user asks."""

    def parts(self) -> dict[str, PartTrim]:
        """Return what is trimmed, by part."""
        return {name: trim for name in PARTS if (trim := getattr(self, name)) is not None}
