"""JSON Schema of a scenario, for editors."""

from __future__ import annotations

import json

from tco.scenario import Scenario


def scenario_schema() -> str:
    """Write the schema as JSON text; field docstrings are its descriptions."""
    schema = Scenario.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"
