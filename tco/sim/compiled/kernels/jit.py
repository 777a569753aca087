"""Just-in-time compilation, kept on disk for the next process where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any, TypeVar, cast

from tco.processes import interrupts_put_off
from tco.sim.machine_code import set_up

_Function = TypeVar("_Function", bound=Callable[..., Any])

IS_KEPT = set_up()

import numba  # noqa: E402  # reads its variables when it is loaded
from numba.core.cpu import CPUTargetOptions  # noqa: E402
from numba.extending import register_jitable  # noqa: E402

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
if hasattr(CPUTargetOptions, "_nrt"):  # references are not counted: kernels make no array, and four fifths of the time
    OPTIONS["_nrt"] = False  # of a kernel that passes its arrays from function to function went into counting


def kernel(function: _Function) -> _Function:
    """Compile a function that plain Python calls, on its first call; it works on arrays that it is given."""
    compiled: Any = numba.njit(**OPTIONS, cache=IS_KEPT)(function)
    is_loaded = False

    @wraps(function)
    def enter(*arguments: Any) -> Any:
        nonlocal is_loaded
        if is_loaded:
            return compiled(*arguments)
        with interrupts_put_off(_is_called_by_llvm):
            found = compiled(*arguments)
        is_loaded = True
        return found

    return cast(_Function, enter)


def _is_called_by_llvm(frame: FrameType | None) -> bool:
    """Say whether Python code runs inside a callback of LLVM, through which no exception goes: it is printed and lost.

    Compilation and loading spend nearly all their time in LLVM, so that an interrupt mostly comes to light there.
    """
    while frame is not None:
        if frame.f_code.co_name.startswith("_raw_object_cache"):
            return True
        frame = frame.f_back
    return False


def jit(function: _Function) -> _Function:
    """Compile a function of a kernel into whatever calls it."""
    compiled: Any = numba.njit(**OPTIONS, forceinline=True)(function)
    return cast(_Function, compiled)


def jit_apart(function: _Function) -> _Function:
    """Compile a function of a kernel that is called seldom, or from many places, once and not into its callers."""
    compiled: Any = numba.njit(**OPTIONS)(function)
    return cast(_Function, compiled)


def shared(function: _Function) -> _Function:
    """Let compiled code call a plain function of another layer, which stays as it is for everybody else."""
    return register_jitable(function)
