"""Document: what a report says, before anybody decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: heading, and whether it holds numbers (right-aligned, never cut) or names to copy."""

    heading: str
    numeric: bool = True
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of finished texts; `emphasis` names the row to point at."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    emphasis: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `role` is `lead` (the recommendation), `body` or `note`."""

    text: str
    role: str = "body"


@dataclass(frozen=True, slots=True)
class Document:
    """A titled sequence of texts and tables."""

    title: str
    subtitle: str
    sections: tuple[Text | Table, ...] = field(default=())
