"""Just-in-time compilation, kept on disk for the next process where there is a place for it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

SOURCES = (
    *(("tco.sim.compiled", f"{name}.py") for name in ("rings", "batch", "fleet", "changing")),
    ("tco.serving", "step_time.py"), ("tco.serving", "batching.py"), ("tco.policies.dispatch", "shortest_of_two.py"),
)  # fmt: skip
FOLDER = "NUMBA_CACHE_DIR"  # numba's own variable; whoever sets it is asked nothing


def _cache_folder() -> Path | None:
    """Return the folder for machine code, by what it was made from: numba looks at the file of a function only.

    None where no folder can be written; everything is then compiled anew in every process.
    """
    text = b"".join((files(package) / name).read_bytes() for package, name in SOURCES)
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    folder = Path(home) / "tco" / sha256(text).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return None


def _set_up() -> bool:
    """Point numba at the folder before it is loaded; say whether there is one."""
    if os.environ.get(FOLDER):
        return True
    folder = _cache_folder()
    if folder is not None:
        os.environ[FOLDER] = str(folder)
    return folder is not None


IS_KEPT = _set_up()

import numba  # noqa: E402  # reads its variables when it is loaded
from numba.extending import register_jitable  # noqa: E402


def jit(function: _Function) -> _Function:
    """Compile a function on its first call."""
    compiled: Any = numba.njit(cache=IS_KEPT, nogil=True, error_model="numpy")(function)
    return cast(_Function, compiled)


def shared(function: _Function) -> _Function:
    """Let compiled code call a plain function of another layer, which stays as it is for everybody else."""
    return register_jitable(function)
