"""`tco explain` shows how requests flow through an option."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import ROOT

FALLBACK = ROOT / "scenarios/levers/fallback.yaml"


def test_explain_prints_and_draws_it(tco, tmp_path):
    """Tree, rows and chart agree; an unknown option is told with the nearest."""
    told = tco("explain", FALLBACK, "--option", "chain", "--out", tmp_path)
    steps = json.loads(tco("explain", FALLBACK, "--option", "chain", "--format", "json").out)["steps"]

    assert 0 == told.code
    assert "└─ cloud" in told.out
    assert "answered by fallback" in (tmp_path / "flow.svg").read_text(encoding="utf-8")
    assert pytest.approx(1.0) == sum(step["share"] for step in steps if step["is_end"])
    assert 2 == tco("explain", FALLBACK, "--option", "chian").code
    assert "did you mean 'chain'" in tco("explain", FALLBACK, "--option", "chian").err
    assert "has 3 options" in tco("explain", FALLBACK).err
