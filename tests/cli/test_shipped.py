"""What is shipped beside the code is what the code produces and accepts today."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

SCHEMA = ROOT / "scenarios/scenario.schema.json"
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))


def named_schema(scenario: Path) -> Path | None:
    """Find the schema that an editor would use: the one named in the first line."""
    first = scenario.read_text(encoding="utf-8").partition("\n")[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    return (scenario.parent / named[1]).resolve() if named else None


def quick_starts(readme: str) -> list[list[str]]:
    """List the lines of every sh block."""
    return [block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)]


def test_the_schema_file_is_what_the_command_prints(tco):
    """Run `tco schema > scenarios/scenario.schema.json` after a change of the models."""
    assert SCHEMA.read_text(encoding="utf-8") == tco("schema").out


def test_the_schema_is_a_schema_of_every_block(tco):
    """It parses, closes every block to unknown keys and explains the keys of the first level."""
    schema = json.loads(tco("schema").out)
    keys = {name: {**schema["$defs"].get(_block(key), {}), **key} for name, key in schema["properties"].items()}

    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    assert [] == [name for name, block in schema["$defs"].items() if block["additionalProperties"] is not False]
    assert [] == [name for name, key in keys.items() if not key.get("description")]


def _block(key: dict[str, str]) -> str:
    return key.get("$ref", "").rpartition("/")[2]


def test_there_are_scenarios():
    """An empty list would pass every check below."""
    assert {"support-copilot", "document-analysis"} <= {path.stem for path in SCENARIOS}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_names_the_schema(path):
    """So that an editor completes and checks it as one types."""
    assert SCHEMA == named_schema(path)


def test_every_scenario_is_fine(tco):
    """All of them in one call, as the help proposes."""
    answer = tco("check", *SCENARIOS)

    assert (0, "") == (answer.code, answer.err)
    assert len(SCENARIOS) == answer.out.count(": fine: ")


def test_a_scenario_without_the_comment_is_caught(tmp_path):
    """Below the first line, or with another word, an editor does not see it."""
    planted = tmp_path / "planted.yaml"
    for text in (
        "name: x\n",
        "# Question\n# yaml-language-server: $schema=a.json\n",
        "# yaml-language: $schema=a.json\n",
    ):
        planted.write_text(text)

        assert named_schema(planted) is None


def test_the_quick_start_is_one_block_of_two_lines():
    """The first shows a result, the second sets up and tests; .ci/run runs them as they stand."""
    (lines,) = quick_starts((ROOT / "README.md").read_text(encoding="utf-8"))

    assert 2 == len(lines)
    assert lines[0].endswith(".venv/bin/tco compare scenarios/support-copilot.yaml")
    assert lines[1].endswith(".venv/bin/python -m pytest")


def test_another_line_or_block_is_caught():
    """What the quick start must not become."""
    assert [["one"], ["two", "three"]] == quick_starts("```sh\none\n```\n\n```sh\ntwo\nthree\n```\n")
