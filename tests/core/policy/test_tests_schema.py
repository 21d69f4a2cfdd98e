"""The JSON Schema of policy tests: every key is explained, and it takes what the loader takes and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mailguard.core.document import DocumentErrors, load_document, validate
from mailguard.core.policy.schema import trials_schema
from mailguard.core.policy.trial import TrialsModel

ROOT = Path(__file__).resolve().parents[3]
FILES = [path for folder in ("tests", "examples/tests") for path in sorted((ROOT / "policies" / folder).glob("*.yaml"))]
SCHEMA = trials_schema()


def keys() -> list[tuple[str, dict[str, Any]]]:
    shapes = [("file", SCHEMA), *SCHEMA["$defs"].items()]
    return [(f"{name}.{key}", entry) for name, shape in shapes for key, entry in shape.get("properties", {}).items()]


@pytest.mark.parametrize(("name", "entry"), keys(), ids=[name for name, _ in keys()])
def test_every_key_is_explained_with_an_example_that_it_takes(name: str, entry: dict[str, Any]) -> None:
    assert entry["description"].endswith((".", "mailguard policy test")) and entry["examples"]
    validator = jsonschema.Draft202012Validator({**entry, "$defs": SCHEMA["$defs"]})
    values = [*entry["examples"], *([entry["default"]] if entry.get("default") else [])]
    assert [error.message for value in values for error in validator.iter_errors(value)] == []


def test_it_is_a_schema_and_closed() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert all(shape["additionalProperties"] is False for shape in (SCHEMA, *SCHEMA["$defs"].values()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.parent.name}-{file.name}")
def test_what_is_shipped_fits(file: Path) -> None:
    assert fits(file.read_text("utf-8"))


ONE = "tests:\n  - name: a\n    message: {{{message}}}\n    expect: {{{expect}}}\n{more}"


@pytest.mark.parametrize(
    ("message", "expect", "more", "good"),
    [
        ("to: a@b.example", "disposition: relay", "", True),
        ("to: [a@b.example, {count: 3, domain: b.example}]", "rewrite: null, delay: null", "", True),
        ("to: {first: 5, count: 3, domain: b.example}", "delay: 5m", "    at: 2026-03-12T09:00:00Z\n", True),
        ("attach: {people: 3}", "rules: [x]", "    teams: [{name: a, senders: b@inside}]\n", True),
        ("to: a@b.example", "", "    earlier: [{message: {to: a@b.example}, ago: 2h, left: bcc}]\n", True),
        ("too: a@b.example", "", "", False),
        ("to: 3", "", "", False),
        ("to: {count: 3}", "", "", False),
        ("to: {count: -1, domain: b.example}", "", "", False),
        ("to: {count: 100001, domain: b.example}", "", "", False),
        ("calendar: []", "", "", False),
        ("attach: {people: 0}", "", "", False),
        ("to: a@b.example", "disposition: send", "", False),
        ("to: a@b.example", "delay: soon", "", False),
        ("to: a@b.example", "rules: x", "", False),
        ("to: a@b.example", "", "    teams: [{name: a, senders: []}]\n", False),
        ("to: a@b.example", "", "    expects: {}\n", False),
    ],
)
def test_it_takes_what_the_loader_takes(message: str, expect: str, more: str, good: bool) -> None:
    text = ONE.format(message=message, expect=expect, more=more)
    assert (loads(text), fits(text)) == (good, good)


def fits(text: str) -> bool:
    # As an editor reads it (YAML 1.2): a moment is a text.
    read = yaml.load(text, yaml.BaseLoader) if "at:" in text else yaml.safe_load(text)
    value = yaml.safe_load(text)
    for one, plain in zip(value.get("tests", ()), read.get("tests", ()), strict=True):
        if "at" in one:
            one["at"] = plain["at"]
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def loads(text: str) -> bool:
    try:
        validate(load_document(text.encode(), "a.yaml"), TrialsModel)
    except DocumentErrors:
        return False
    return True
