"""Machine code: where the compiled engine keeps it for the next process. Answers without loading numba."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from string import hexdigits
from time import time
from typing import TYPE_CHECKING

from tco.policies.caching.remembering import RememberingCache
from tco.scenario.server import server_of
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.scenario.tiers.managed_api import ManagedApi

if TYPE_CHECKING:
    from tco.scenario import Scenario
    from tco.scenario.tiers import Tier

KERNELS = ("jit", "rings", "batch", "fleet", "delayed", "changing", "calls", "workers", "lines", "lookups")
SOURCES = (
    *(("tco.sim.compiled.kernels", f"{name}.py") for name in KERNELS),
    ("tco.serving", "step_time.py"), ("tco.serving", "batching.py"), ("tco.policies.dispatch", "shortest_of_two.py"),
    ("tco.policies", "token_bucket.py"), ("tco.policies", "backoff.py"), ("tco.scenario.tiers", "micro_batch.py"),
    ("tco.policies.caching", "remembering.py"),
)  # fmt: skip
UNUSED_S = 60 * 86_400.0  # after which the code of another version is dropped
FOLDER = "NUMBA_CACHE_DIR"  # numba's own variable; whoever sets it is asked nothing


def place() -> Path:
    """Return the folder for machine code, by what it was made from and where that lies.

    numba looks at the file of a function only, and does not find what was made from the same file in another place.
    """
    if kept := os.environ.get(FOLDER):
        return Path(kept)
    text = b"".join((files(package) / name).read_bytes() for package, name in SOURCES) + str(files("tco")).encode()
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    return Path(home) / "tco" / sha256(text).hexdigest()[:16]


@cache
def can_be_kept() -> bool:
    """Say whether a file can be written there; if not, everything is compiled anew in every process."""
    try:
        place().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place()):
            return True
    except OSError:
        return False


def set_up() -> bool:
    """Point numba at the folder; say whether there is one."""
    if can_be_kept():
        if FOLDER not in os.environ:
            _tidy(place())
        os.environ[FOLDER] = str(place())
        if "numba" in sys.modules:  # loaded by somebody else, it has read its variables
            sys.modules["numba"].config.CACHE_DIR = str(place())
    return can_be_kept()


def _tidy(mine: Path) -> None:
    """Note that a folder is in use, and drop those of other versions that nobody has used for long."""
    with suppress(OSError):  # another process may be at the same; there is no harm in an old folder
        os.utime(mine)
        for other in mine.parent.iterdir():
            is_code = len(other.name) == len(mine.name) and set(other.name) <= set(hexdigits) and other.is_dir()
            if is_code and other != mine and time() - other.stat().st_mtime > UNUSED_S:
                rmtree(other)


def entries_of(scenario: Scenario) -> set[str]:
    """Name the functions by which kernels are entered that a scenario needs, as numba names their files."""
    found = {entry for tier in scenario.tiers.values() if (entry := _entry_of(tier)) is not None}
    caches = (option.cache for option in scenario.options.values())
    if any(cache is not None and isinstance(cache.policy, RememberingCache) for cache in caches):
        found.add("lookups.run_lookups")
    return found


def _entry_of(tier: Tier) -> str | None:
    kind = tier.kind_name()
    if isinstance(tier, GpuFleet):
        if tier.failures is not None or not tier.scaling.is_fixed:
            return "changing.run_changing"
        return "delayed.run_delayed" if server_of(tier).first_token_overhead_steps else "fleet.run_fleet"
    if isinstance(tier, ManagedApi):
        return None if tier.is_plain else "calls.run_calls"
    return {
        "serverless": "workers.run_workers", "micro_batch": "lines.run_batches", "edge": "lines.run_devices",
    }.get(kind)  # fmt: skip


def wait(scenario: Scenario) -> str | None:
    """Say what must be compiled before a scenario can be simulated; None where code is there, or never will be."""
    entries = entries_of(scenario)
    if find_spec("numba") is None or not entries:
        return None
    if not can_be_kept():
        return f"compiling in every process, some seconds each: no file can be kept in {place()}"
    kept = {path.name.partition("-")[0] for path in place().rglob("*.nbi")}
    return None if entries <= kept else "compiling for the first use, some ten seconds a kind of tier"
