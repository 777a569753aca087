"""JSON Schema of a scenario, for editors."""

from __future__ import annotations

import json

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tco.docstrings import field_docstrings
from tco.scenario import Scenario


class _Explained(GenerateJsonSchema):
    """A generator that describes each property by its field's docstring."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        written = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, told in field_docstrings(model).items():
            written["properties"][name]["description"] = told
        return written


def scenario_schema() -> str:
    """Write the schema as JSON text; field docstrings are its descriptions."""
    schema = Scenario.model_json_schema(schema_generator=_Explained)
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"
