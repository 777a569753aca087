"""The reports that are kept are what the shipped scenarios produce today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tco.decide.compare import compare
from tco.pipeline import evaluate_months
from tco.report.bundle import comparison_files
from tco.scenario.loader import load_scenario
from tests.comparing import first_difference

ROOT = Path(__file__).parents[1]
REPORTS = sorted(path.name for path in (ROOT / "reports").iterdir() if path.is_dir())


def test_a_difference_is_found_and_rounding_is_not():
    """The comparison itself bites."""
    assert first_difference("a,1.0000000000001,b", "a,1.0,b") is None
    assert first_difference("a,1.001,b", "a,1.0,b") is not None
    assert first_difference("a,1.0,b", "a,1.0,c") is not None
    assert first_difference("a,1.0", "a,1.0,2") is not None


def test_every_scenario_has_a_report():
    """A scenario at the top of scenarios/ has a folder of its name in reports/."""
    scenarios = {path.stem for path in (ROOT / "scenarios").glob("*.yaml")}

    assert scenarios == set(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
def test_report_is_what_the_scenario_produces(name):
    """Regenerate with: tco compare scenarios/NAME.yaml --out reports/NAME."""
    loaded = load_scenario(ROOT / "scenarios" / f"{name}.yaml")
    evaluation = evaluate_months(loaded)

    files = comparison_files(evaluation, compare(evaluation), loaded.lines())

    kept = ROOT / "reports" / name
    assert set(files) == {path.name for path in kept.iterdir()}
    for file, content in files.items():
        if isinstance(content, str) or file.endswith(".svg"):
            text = content if isinstance(content, str) else content.decode()
            assert first_difference(text, (kept / file).read_text()) is None, file
        else:
            assert content[:8] == b"\x89PNG\r\n\x1a\n", file
