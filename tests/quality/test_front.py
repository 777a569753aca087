"""The front of real routers comes out of the simulation, as docs/validation-quality.md says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data/routing/routellm_mixtral_gpt4_correctness.csv"


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_file(), reason="../shared/data is not here")
def test_simulated_routers_are_as_good_as_the_data_say():
    """Within a point of success, all thirty; and the page quotes what the script prints."""
    command = [sys.executable, "docs/derivations/quality_routing.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ") and "%" in line]
    page = (ROOT / "docs/validation-quality.md").read_text(encoding="utf-8")

    assert 30 == len(rows)
    assert 1.0 > max(abs(float(line.split("|")[-2])) for line in rows)
    assert all(row in page for row in rows)
    assert re.search(r"worst difference 0\.\d points", done.stdout)
