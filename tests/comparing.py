"""Compare texts that hold numbers: equal but for the last digits of a float, which differ between processors."""

from __future__ import annotations

import re
from math import isclose

_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
RELATIVE = 1e-9


def first_difference(one: str, other: str) -> str | None:
    """Return a word on the first place where two texts differ by more than rounding; None when they do not."""
    parts, others = _NUMBER.split(one), _NUMBER.split(other)
    for left, right in zip(parts, others, strict=False):
        numbers = _NUMBER.fullmatch(left) and _NUMBER.fullmatch(right)
        if left != right and not (numbers and isclose(float(left), float(right), rel_tol=RELATIVE, abs_tol=1e-12)):
            return f"{left[-80:]!r} against {right[-80:]!r}"
    return None if len(parts) == len(others) else f"{len(parts)} parts against {len(others)}"
