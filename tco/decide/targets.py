"""Targets: what a person may ask about: the total, an account, a line of the ledger, a key of the scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from tco.domain import is_account
from tco.errors import UsageError

TOTAL = "total"
_NEAREST = 4  # of each sort; more is a list to read, not a hint


class TargetKind(StrEnum):
    """What sort of thing is asked about."""

    TOTAL = "total"
    ACCOUNT = "account"
    LINE = "line"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about, by its name as the ledger or the scenario writes it."""

    kind: TargetKind
    name: str


def find_target(text: str, accounts: Sequence[str], items: Sequence[str], keys: Iterable[str], where: str) -> Target:
    """Find what a text names: the total, an account, a line, a key, an account without lines, the line that it begins.

    The first of these counts. Case does not matter.

    Args:
        text: what the user wrote.
        accounts: accounts of the ledger, colon paths; what stands before a colon is an account too.
        items: lines of the ledger.
        keys: dotted keys of the scenario.
        where: file and option that were searched, for the message.

    Raises:
        UsageError: naming the nearest accounts, lines and keys.

    >>> find_target("Serving", ["serving:gpu"], [], [], "a.yaml")
    Target(kind=<TargetKind.ACCOUNT: 'account'>, name='serving')
    >>> find_target("own gpu", ["serving:gpu"], ["own GPU-hours"], [], "a.yaml").name
    'own GPU-hours'
    """
    known = {
        TargetKind.TOTAL: [TOTAL],
        TargetKind.ACCOUNT: list(dict.fromkeys(prefix for account in accounts for prefix in _prefixes(account))),
        TargetKind.LINE: list(dict.fromkeys(items)),
        TargetKind.KEY: list(keys),
    }
    for kind, names in known.items():
        if (found := _exactly(text, names)) is not None:
            return Target(kind, found)
    if is_account(text):
        return Target(TargetKind.ACCOUNT, text)
    begun = [item for item in known[TargetKind.LINE] if text and item.casefold().startswith(text.casefold())]
    if len(begun) == 1:
        return Target(TargetKind.LINE, begun[0])
    if begun:
        ends = [key for key in known[TargetKind.KEY] if key.casefold().endswith(f".{text.casefold()}")]
        several = ", ".join(f"'{name}'" for name in [*begun, *ends[:_NEAREST]])
        raise UsageError(f"'{text}' begins {len(begun)} lines of {where}\n    hint: write one of {several}")
    raise UsageError(f"'{text}' is no account, line or key of {where}\n    hint: {_nearest(text, known)}")


def _prefixes(account: str) -> Iterator[str]:
    """List an account and all that it is part of, the widest first."""
    parts = account.split(":")
    for length in range(1, len(parts) + 1):
        yield ":".join(parts[:length])


def _exactly(text: str, names: list[str]) -> str | None:
    """Return the name that a text is; letter by letter before all others."""
    if text in names:
        return text
    return next((name for name in names if name.casefold() == text.casefold()), None)


def _nearest(text: str, known: dict[TargetKind, list[str]]) -> str:
    near = {kind: _near(text, known[kind]) for kind in (TargetKind.ACCOUNT, TargetKind.LINE, TargetKind.KEY)}
    told = [f"{kind}s {', '.join(names)}" for kind, names in near.items() if names]
    if told:
        return f"nearest: {'; '.join(told)}"
    return f"write {TOTAL}, or an account: {', '.join(known[TargetKind.ACCOUNT])}"


def _near(text: str, names: list[str]) -> list[str]:
    """List names that hold the text, then those that are spelt alike, whole or in their last part."""
    wanted = text.casefold()
    if not wanted:
        return []
    holding = [name for name in names if wanted in name.casefold()]
    by_end: dict[str, list[str]] = {}
    for name in names:
        for form in {name.casefold(), name.casefold().rpartition(".")[2]}:
            by_end.setdefault(form, []).append(name)
    alike = [name for form in get_close_matches(wanted, by_end, n=_NEAREST, cutoff=0.7) for name in by_end[form]]
    return list(dict.fromkeys([*sorted(holding, key=len), *alike]))[:_NEAREST]
