"""The JSON Schema of a policy file (draft 2020-12), with a description and an example for every key."""

from __future__ import annotations

from typing import Any

from ..document import load_document
from .model import PolicyModel

SCHEMA_ID = "https://mailguard.example/policy-1.json"


def policy_schema() -> dict[str, Any]:
    """The schema that editors check policy files with. What only loading can see (patterns, ids) it does not hold."""
    schema = PolicyModel.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    for name in ("Text", "Address", "Domain"):
        definitions[name] = {"anyOf": [{"type": "string"}, _list_of_text(), definitions[name]]}
    _one_or_many(definitions)
    for key, declaration in definitions["When"]["properties"].items():
        declaration["examples"] = [load_document(each.encode(), key).value for each in declaration["examples"]]
    for definition in definitions.values():
        definition.pop("title", None)
        _tidy(definition)
    _tidy(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "mailguard policy",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _list_of_text() -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "minItems": 1}


def _one_or_many(definitions: dict[str, Any]) -> None:
    """A list of texts may be written as one text (operands.py `Words`)."""
    for definition in definitions.values():
        for shape in definition.get("anyOf", [definition]):
            for key in ("is", "ends_with", "kind", "sender_team", "recipients"):
                if key in shape.get("properties", {}):
                    shape["properties"][key]["anyOf"] = [{"type": "string"}, _list_of_text()]


def _tidy(definition: dict[str, Any]) -> None:
    """Absent is not the same as null: a key that is written has a value. Names of Python classes go: editors show
    titles.
    """
    for shape in definition.get("anyOf", [definition]):
        shape.pop("title", None)
        for declaration in shape.get("properties", {}).values():
            declaration.pop("title", None)
            if declaration.get("default", 0) is None:
                del declaration["default"]
            choices = [choice for choice in declaration.get("anyOf", []) if choice != {"type": "null"}]
            if len(choices) == 1:
                del declaration["anyOf"]
                declaration.update({key: value for key, value in choices[0].items() if key not in declaration})
            elif choices:
                declaration["anyOf"] = choices
