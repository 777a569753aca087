"""JSON: stable keys, finite numbers only."""

from __future__ import annotations

import json
from typing import Any


def json_text(value: Any) -> str:
    r"""Write JSON with a newline at the end; refuses NaN and infinity.

    >>> json_text({"a": 1})
    '{\n  "a": 1\n}\n'
    """
    return json.dumps(value, indent=2, allow_nan=False) + "\n"
