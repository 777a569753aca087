"""Errors: what can go wrong, each carrying what a person needs to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


MAX_TOLD = 50  # two screens; who has more faults mends the first ones and looks again


class TcoError(Exception):
    """Base of every error that `tco` raises on purpose; `exit_code` is what the command returns."""

    exit_code = 1


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with an input file, at a place a person can go to (line and column count from 1)."""

    line: int
    column: int
    key: str
    message: str
    hint: str | None = None

    def describe(self, file: str) -> str:
        """Render as `file:line:col: key: message`, with the hint on a line of its own.

        >>> print(Fault(3, 5, "seed", "'x' is not a whole number", "write 1").describe("a.yaml"))
        a.yaml:3:5: seed: 'x' is not a whole number
            hint: write 1
        """
        key = f"{self.key}: " if self.key else ""
        hint = f"\n    hint: {self.hint}" if self.hint else ""
        return f"{file}:{self.line}:{self.column}: {key}{self.message}{hint}"


class ScenarioError(TcoError):
    """The scenario or the arguments are wrong; holds every fault found, in file order, and tells the first of them."""

    exit_code = 2

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))
        told = [fault.describe(file) for fault in self.faults[:MAX_TOLD]]
        more = len(self.faults) - len(told)
        super().__init__("\n".join([*told, f"... and {more:,} more"] if more else told))


class BookError(ScenarioError):
    """A price book is wrong; holds every fault found, as for a scenario."""


class UsageError(TcoError):
    """A command's argument is wrong in a way that has no place in a file."""

    exit_code = 2


class CatalogError(TcoError):
    """A name that the catalog does not hold."""

    exit_code = 2


class InfeasibleError(TcoError):
    """No plan satisfies the limits."""

    exit_code = 3


class SimulationError(TcoError):
    """A law of the simulation was broken: a defect in `tco`, never the user's fault."""


def suggestion(found: str, known: Iterable[str]) -> str | None:
    """Name the nearest known word, or None when nothing is near.

    >>> suggestion("by_dificulty", ["static", "by_difficulty"])
    "did you mean 'by_difficulty'?"
    >>> suggestion("zebra", ["static"]) is None
    True
    """
    near = get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else None
