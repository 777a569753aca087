"""docs/studies.md and the studies' scenarios belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies.cash import STUDIES

DOCUMENT = Path(__file__).parents[2] / "docs/studies.md"
TESTS = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_study_is_written_up_and_tested(path):
    """Its file is named in the document, and a test plays it."""
    tests = [file.read_text(encoding="utf-8") for file in TESTS.glob("test_*.py")]

    assert f"`{path.name}`" in DOCUMENT.read_text(encoding="utf-8")
    assert any(f'"{path.stem}"' in text for text in tests)


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_study_opens_with_its_source(path):
    """What it is, where it is from, and what to look at."""
    text = path.read_text(encoding="utf-8")

    assert "\n# Study: " in text
    assert "\n# Look at: " in text


def test_there_are_three():
    """An empty list would pass every check above."""
    assert len(list(STUDIES.glob("*.yaml"))) >= 3
