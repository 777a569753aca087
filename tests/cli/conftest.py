"""How the tests of the command line call it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tco.cli import run

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "scenarios/document-analysis.yaml"


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def tco(monkeypatch, capsys) -> Callable[..., Answer]:
    """Run a command in this process, as the console script does."""

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["tco", *map(str, arguments)])
        code = run()
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


@pytest.fixture
def scenario(tmp_path) -> Path:
    """A shipped scenario, cut to two months and few requests, so that it is evaluated in no time."""
    text = SHIPPED.read_text(encoding="utf-8").replace("horizon_months: 36", "horizon_months: 2")
    text += "simulation: {window_requests: 300}\n"
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def hopeless(scenario) -> Path:
    """The same with a limit that no option keeps."""
    text = scenario.read_text(encoding="utf-8").replace("e2e_p95_s: 90", "e2e_p95_s: 0.001")
    path = scenario.with_name("hopeless.yaml")
    path.write_text(text, encoding="utf-8")
    return path
