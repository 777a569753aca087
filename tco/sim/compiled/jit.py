"""Just-in-time compilation, kept on disk for the next process where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from tco.sim.machine_code import set_up

_Function = TypeVar("_Function", bound=Callable[..., Any])

IS_KEPT = set_up()

import numba  # noqa: E402  # reads its variables when it is loaded
from numba.extending import register_jitable  # noqa: E402


def jit(function: _Function) -> _Function:
    """Compile a function on its first call."""
    compiled: Any = numba.njit(cache=IS_KEPT, nogil=True, error_model="numpy")(function)
    return cast(_Function, compiled)


def shared(function: _Function) -> _Function:
    """Let compiled code call a plain function of another layer, which stays as it is for everybody else."""
    return register_jitable(function)
