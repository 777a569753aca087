"""What a text names, and what is told where it names nothing."""

from __future__ import annotations

import pytest

from tco.decide.targets import Target, TargetKind, find_target
from tco.errors import UsageError

ACCOUNTS = ["serving:gpu", "serving:gpu:spot", "people:run"]
ITEMS = ["small input tokens", "small output tokens", "own GPU-hours", "total"]
KEYS = ["name", "people", "quality", "people.engineer", "tiers.small", "tiers.small.price", "tiers.own.min_replicas"]


def find(text: str) -> Target:
    """Look in a ledger and a scenario of a few names."""
    return find_target(text, ACCOUNTS, ITEMS, KEYS, "a.yaml")


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("total", TargetKind.TOTAL, "total"),
        ("serving", TargetKind.ACCOUNT, "serving"),
        ("serving:gpu", TargetKind.ACCOUNT, "serving:gpu"),
        ("SERVING:GPU:SPOT", TargetKind.ACCOUNT, "serving:gpu:spot"),
        ("people", TargetKind.ACCOUNT, "people"),
        ("Own gpu-hours", TargetKind.LINE, "own GPU-hours"),
        ("own", TargetKind.LINE, "own GPU-hours"),
        ("small in", TargetKind.LINE, "small input tokens"),
        ("people.engineer", TargetKind.KEY, "people.engineer"),
        ("tiers.small", TargetKind.KEY, "tiers.small"),
        ("quality", TargetKind.KEY, "quality"),
        ("network:egress", TargetKind.ACCOUNT, "network:egress"),
    ],
)
def test_a_text_names_one_thing(text, kind, name):
    """The total before accounts, accounts before lines, lines before keys, keys before accounts without a line."""
    assert Target(kind, name) == find(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("small", "'small' begins 2 lines of a.yaml"),
        ("small", "write one of 'small input tokens', 'small output tokens', 'tiers.small'"),
        ("serving:gpus", "'serving:gpus' is no account, line or key of a.yaml"),
        ("serving:gpus", "nearest: accounts serving:gpu"),
        ("smal input tokens", "lines small input tokens"),
        ("tiers.smal.price", "keys tiers.small.price"),
        ("min_replica", "keys tiers.own.min_replicas"),
        ("enginer", "keys people.engineer"),
        ("zebra", "write total, or an account: serving, serving:gpu, serving:gpu:spot, people, people:run"),
        ("", "write total, or an account: "),
        ("serv", "nearest: accounts serving"),
    ],
)
def test_a_text_that_names_nothing_is_told_what_is_near(text, told):
    """Accounts, lines and keys; where nothing is near, the accounts."""
    with pytest.raises(UsageError) as error:
        find(text)

    assert told in str(error.value)
