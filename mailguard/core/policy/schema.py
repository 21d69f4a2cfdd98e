"""The JSON Schemas of policy files and of their tests (draft 2020-12): a description and an example for every key."""

from __future__ import annotations

from typing import Any

from ..document import load_document
from .model import PolicyModel
from .trial import TrialsModel

SCHEMA_ID = "https://mailguard.example/policy-1.json"
TESTS_SCHEMA_ID = "https://mailguard.example/policy-tests-1.json"
_ONE_OR_SEVERAL = {"MessageModel": ("rcpt", "to", "cc", "bcc", "attach"), "TeamModel": ("senders",)}
_NULL_IS_A_VALUE = {"Expectation": ("rewrite", "delay")}


def policy_schema() -> dict[str, Any]:
    """The schema that editors check policy files with. What only loading can see (patterns, ids) it does not hold."""
    schema = PolicyModel.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    for name in ("Text", "Address", "Domain"):
        definitions[name] = {"anyOf": [{"type": "string"}, _list_of_text(), definitions[name]]}
    _one_or_many(definitions)
    for key, declaration in definitions["When"]["properties"].items():
        declaration["examples"] = [load_document(each.encode(), key).value for each in declaration["examples"]]
    return _whole(schema, SCHEMA_ID, "mailguard policy")


def trials_schema() -> dict[str, Any]:
    """The schema that editors check files of policy tests with. Which rules there are it does not know."""
    schema = TrialsModel.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    for name, keys in _ONE_OR_SEVERAL.items():
        for key in keys:
            # One of them may be written without a list.
            declaration = definitions[name]["properties"][key]
            several = {each: declaration.pop(each) for each in ("type", "items", "minItems") if each in declaration}
            one = several["items"]
            declaration["anyOf"] = [*one.get("anyOf", [one]), several]
    # As it is written, not as ISO 8601 has it.
    definitions["EarlierModel"]["properties"]["ago"]["default"] = "1h"
    nullable = [definitions[name]["properties"][key] for name, keys in _NULL_IS_A_VALUE.items() for key in keys]
    whole = _whole(schema, TESTS_SCHEMA_ID, "mailguard policy tests")
    for declaration in nullable:
        value = {key: declaration.pop(key) for key in ("type", "enum", "pattern") if key in declaration}
        declaration["anyOf"] = [value, {"type": "null"}]
    return whole


def _whole(schema: dict[str, Any], identifier: str, title: str) -> dict[str, Any]:
    for definition in schema["$defs"].values():
        definition.pop("title", None)
        _tidy(definition)
    _tidy(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": identifier,
        "title": title,
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
