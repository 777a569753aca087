"""References: a name that the catalog knows, or the figures themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import AfterValidator, BaseModel, Discriminator
from pydantic_core import PydanticCustomError

from tco.errors import suggestion


def known(what: str, names: Callable[[], Iterable[str]]) -> AfterValidator:
    """Accept the names that a book holds; a wrong one is answered with the nearest."""

    def check(name: str) -> str:
        book = tuple(names())
        if name not in book:
            hint = suggestion(name, book)
            raise PydanticCustomError(
                "unknown_name",
                "'{found}' is not {what} of the catalog; known: {names}",
                {"found": name, "what": what, "names": _short(book), "hint": hint},
            )
        return name

    return AfterValidator(check)


def _short(names: tuple[str, ...], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def name_or_inline(value: Any) -> str | None:
    """Tell a name from figures; None for neither."""
    if isinstance(value, str):
        return "name"
    return "inline" if isinstance(value, dict | BaseModel) else None


def name_or_figures(which: Callable[[Any], str | None]) -> Discriminator:
    """Choose the branch of a union by `which`, with a message for what is neither name nor figures."""
    return Discriminator(
        which,
        custom_error_type="name_or_inline",
        custom_error_message="allowed: a catalog name, or a mapping of figures with their source",
    )


NAME_OR_INLINE = name_or_figures(name_or_inline)


def or_figures_with(key: str, model: type[BaseModel], tag: str) -> Discriminator:
    """Choose as `NAME_OR_INLINE` does, with one more branch, `tag`, for figures that have a key which only it has."""

    def which(value: Any) -> str | None:
        is_it = isinstance(value, model) or (isinstance(value, dict) and key in value)
        return tag if is_it else name_or_inline(value)

    return name_or_figures(which)
