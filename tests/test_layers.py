"""Imports point downwards in the table of CONTRIBUTING.md, which is read here, so that table and check cannot differ.

Every import counts: inside a function, behind TYPE_CHECKING (an annotation binds two layers as tightly as a call), and
by the name of a module in a string, as plug-in folders and `tco/__init__.py` are named. Nothing is run: the source is
read. `tco/__init__.py` and `tco/__main__.py` are the front door and stand behind the last layer; of `tco` itself only
`__version__` may be imported.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FRONT_DOOR = {"tco/__init__.py", "tco/__main__.py"}
MODULE_NAME = re.compile(r"tco(\.\w+)+")

# Package to the places that may import it: a folder and what lies in it, or a file. CONTRIBUTING.md and the decisions.
HOMES = {
    "simpy": ("tco/sim/",),
    "numba": ("tco/sim/compiled/", "tco/sim/run.py"),
    "matplotlib": ("tco/report/",),
    "genai_prices": ("tco/catalog/genai.py",),
    "rich": ("tco/report/", "tco/cli/console.py"),
    "pandas": ("tco/costs/", "tco/finance/", "tco/pipeline.py", "tco/decide/", "tco/report/", "tco/cli/"),
}


@lru_cache
def layers() -> list[tuple[str, ...]]:
    """Read the places of each layer from the table, the lowest first; a place is a file or ends in a slash."""
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where does a thing go")[1]
    cells = re.findall(r"^\| `(tco/[^`]*)` \|", table, flags=re.MULTILINE)
    return [tuple(f"tco/{place.removeprefix('tco/')}" for place in cell.split()) for cell in cells]


def rank_of(path: str) -> int | None:
    """Say in which row of the table a file is, None when in no row."""
    if path in FRONT_DOOR:
        return len(layers())
    ranks = [rank for rank, places in enumerate(layers()) if any(_lies_in(path, place) for place in places)]
    return ranks[0] if ranks else None


def _lies_in(path: str, place: str) -> bool:
    return path.startswith(place) if place.endswith("/") else path == place


def sources(root: Path) -> dict[str, ast.Module]:
    """Parse every Python file of the package, by path from the root."""
    files = sorted((root / "tco").rglob("*.py"))
    return {file.relative_to(root).as_posix(): _parsed(file.read_text(encoding="utf-8")) for file in files}


_parsed = lru_cache(maxsize=None)(ast.parse)  # a copy with one planted file has all others in common


def imports(path: str, tree: ast.Module) -> Iterator[str]:
    """Name every module, or thing of a module, that a file imports, in full and wherever the import stands."""
    package = path.removesuffix(".py").split("/")[:-1]  # of `a/__init__.py`, too, this is the package a
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*home, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and MODULE_NAME.fullmatch(node.value):
            yield node.value


def file_of(name: str, files: set[str]) -> str | None:
    """Find the file that an imported name of this project lives in, the nearest that exists."""
    parts = name.split(".")
    while parts and parts[0] == "tco":
        stem = "/".join(parts)
        for file in (f"{stem}.py", f"{stem}/__init__.py"):
            if file in files:
                return file
        parts.pop()
    return None


def breaches(root: Path) -> list[str]:
    """Say every import that points upwards, and every import of a package outside its home."""
    trees = sources(root)
    found = []
    for path, tree in trees.items():
        for name in imports(path, tree):
            homes = HOMES.get(name.split(".")[0])
            if homes is not None and not any(_lies_in(path, home) for home in homes):
                found.append(f"{path} imports {name}, whose home is {' '.join(homes)}")
            target = file_of(name, set(trees))
            if target is None or name == "tco.__version__":
                continue
            own, other = rank_of(path), rank_of(target)
            if own is None or other is None or own < other:
                found.append(f"{path} imports {name}")
    return found


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the package to plant faults in."""
    shutil.copytree(ROOT / "tco", tmp_path / "tco", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_imports_point_downwards():
    """No file imports from a row below its own, and no package is imported outside its home."""
    assert [] == breaches(ROOT)


def test_every_file_is_seen_and_has_a_layer():
    """No file escapes: all that lie under tco/ are read, and each is in exactly one row of the table."""
    seen = sources(ROOT)

    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "tco").glob("**/*.py")} == set(seen)
    assert [] == [path for path in seen if rank_of(path) is None]
    for path in set(seen) - FRONT_DOOR:
        assert [path] == [path for places in layers() if any(_lies_in(path, place) for place in places)]


def test_the_table_names_only_what_exists():
    """A row whose folder is gone would leave a hole in the order."""
    places = [place for row in layers() for place in row]

    assert "tco/units.py" == places[0]
    assert "tco/cli/" == places[-1]
    assert [] == [place for place in places if not (ROOT / place).exists()]


PLANTED = [
    ("tco/units.py", "import tco", "tco/units.py imports tco"),
    ("tco/units.py", "import tco.not_there", "tco.not_there"),  # counts as tco itself, the front door
    ("tco/units.py", "from tco.policies import draws", "tco/units.py imports tco.policies.draws"),
    ("tco/sim/engine.py", "from tco.costs.ledger import price_meters", "tco.costs.ledger.price_meters"),
    ("tco/sim/engine.py", "def late():\n    from tco import capacity", "tco.capacity"),
    ("tco/arrivals/poisson.py", "if TYPE_CHECKING:\n    from tco.scenario import Scenario", "tco.scenario.Scenario"),
    ("tco/policies/caching/fixed.py", "from ...sim import engine", "tco.sim.engine"),
    ("tco/costs/__init__.py", "from .. import decide", "tco.decide"),
    ("tco/catalog/__init__.py", "import tco.demand.forecast", "tco.demand.forecast"),
    ("tco/report/numbers.py", "import_module('tco.cli.console')", "tco.cli.console"),
    ("tco/decide/vary.py", "from tco import Scenario", "tco.Scenario"),
    ("tco/new_layer.py", "from tco.units import SUFFIXES", "tco/new_layer.py imports tco.units.SUFFIXES"),
    ("tco/capacity/sizing.py", "import simpy.events", "whose home is tco/sim/"),
    ("tco/decide/compare.py", "def late():\n    import matplotlib.pyplot as plt", "whose home is tco/report/"),
    ("tco/cli/check.py", "from rich.console import Console", "whose home is tco/report/"),
    ("tco/capacity/meters.py", "import pandas as pd", "whose home is tco/costs/"),
]


@pytest.mark.parametrize(("path", "line", "told"), PLANTED)
def test_a_planted_import_is_caught(copy, path, line, told):
    """Upward imports are told in every form that Python has, and so are packages outside their home."""
    file = copy / path
    file.write_text((file.read_text(encoding="utf-8") if file.exists() else "") + f"\n{line}\n", encoding="utf-8")
    found = breaches(copy)

    assert 1 == len(found)
    assert told in found[0]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tco/cli/check.py", "from tco import __version__, catalog"),
        ("tco/cli/console.py", "import rich"),
        ("tco/report/bundle.py", "from ..decide import vary"),
        ("tco/errors.py", "from tco import units"),
        ("tco/units.py", "text = 'tco.cli is not imported by being talked about'"),
    ],
)
def test_what_is_allowed_is_not_told(copy, path, line):
    """Downward imports, those within a row, the version, and words about a module pass."""
    with (copy / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")

    assert [] == breaches(copy)
