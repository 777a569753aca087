"""Just-in-time compilation: numba where it works, plain Python where it does not; said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba.extending import register_jitable

_Function = TypeVar("_Function", bound=Callable[..., Any])


def jit(function: _Function) -> _Function:
    """Compile a function on its first call, and keep the machine code on disk for the next process."""
    compiled: _Function = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


def shared(function: _Function) -> _Function:
    """Let compiled code call a plain function of another layer, which stays as it is for everybody else."""
    return register_jitable(function)  # type: ignore[no-any-return]  # numba has no types
