"""A command loads what it needs and no more: the packages are asserted, not the seconds (docs/decisions/0002)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, SHIPPED

SLOW = {"pandas", "matplotlib", "scipy", "numba", "numpy", "simpy", "genai_prices", "httpx2"}
COMMANDS = ("check", "compare", "explain", "fit", "prices", "schema", "sweep")


def loaded_by(*arguments: str) -> set[str]:
    """Run a command in a process of its own and name the top-level packages that Python reports as imported."""
    command = [sys.executable, "-X", "importtime", "-m", "tco", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_version_loads_nothing_but_itself():
    """Not even the parser of arguments."""
    loaded = loaded_by("--version")

    assert set() == loaded & (SLOW | {"typer", "pydantic", "yaml", "rich"})


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_only_the_parser_of_arguments(arguments):
    """A person who asks how to use it does not wait for the models."""
    loaded = loaded_by(*arguments)

    assert {"typer"} == loaded & (SLOW | {"typer", "pydantic", "yaml", "rich"})


@pytest.mark.parametrize("arguments", [["check", str(SHIPPED)], ["schema"]])
def test_reading_a_scenario_needs_no_arithmetic(arguments):
    """Checking takes the models and the YAML reader; nothing is computed."""
    loaded = loaded_by(*arguments)

    assert "pydantic" in loaded
    assert set() == loaded & SLOW


def test_the_probe_sees_what_is_loaded(scenario):
    """A comparison does need the slow packages, so they can be seen; charts only where files are asked for."""
    loaded = loaded_by("compare", str(scenario))

    assert {"pandas", "numpy", "simpy"} <= loaded
    assert "matplotlib" not in loaded
