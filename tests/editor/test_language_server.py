"""Editors: the YAML language server from npm completes, explains and checks every key of a policy from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pydantic import BaseModel

from mailguard.core.policy.conditions.content import Header
from mailguard.core.policy.conditions.earlier import NumberWithin
from mailguard.core.policy.conditions.operands import Address, Domain, Number, Text
from mailguard.core.policy.conditions.same_attachment import SameAttachment
from mailguard.core.policy.conditions.structure import FindingOperand
from mailguard.core.policy.exceptions import ExceptionModel
from mailguard.core.policy.model import PolicyModel, RuleModel, Unless, When
from mailguard.core.policy.schema import policy_schema
from tests.editor.language_server import LanguageServer

ROOT = Path(__file__).resolve().parents[2]
MODELINE = "# yaml-language-server: $schema=policy.schema.json\n"
RULE = "version: 1\nrules:\n  - id: a\n"
HERE = "@"
"""Where somebody types."""
PLACES: list[tuple[type[BaseModel], str]] = [
    (PolicyModel, HERE),
    (RuleModel, "rules:\n  - @"),
    (When, f"{RULE}    when:\n      @"),
    (When, f"{RULE}    when:\n      any:\n        - @"),
    (When, f"{RULE}    when:\n      not:\n        @"),
    (Number, f"{RULE}    when:\n      visible_external_recipients:\n        @"),
    (NumberWithin, f"{RULE}    when:\n      batch_external_recipients:\n        @"),
    (SameAttachment, f"{RULE}    when:\n      same_attachment:\n        @"),
    (Number, f"{RULE}    when:\n      same_attachment:\n        people:\n          @"),
    (Text, f"{RULE}    when:\n      subject:\n        @"),
    (Header, f"{RULE}    when:\n      header:\n        @"),
    (Address, f"{RULE}    when:\n      sender_any:\n        @"),
    (Domain, f"{RULE}    when:\n      recipient_domain:\n        @"),
    (FindingOperand, f"{RULE}    when:\n      finding:\n        @"),
    (Number, f"{RULE}    when:\n      finding:\n        count:\n          @"),
    (Unless, f"{RULE}    unless:\n      @"),
    (ExceptionModel, f"{RULE}    exceptions:\n      - @"),
]
_numbers = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    folder = tmp_path_factory.mktemp("editor")
    (folder / "policy.schema.json").write_text(json.dumps(policy_schema()))
    with LanguageServer(folder) as started:
        yield started


def typed(server: LanguageServer, text: str) -> dict[str, str]:
    """What is offered where HERE stands."""
    before = (MODELINE + text).partition(HERE)[0]
    name = f"typed-{next(_numbers)}.yaml"
    server.open(name, before + "\n")
    return server.completions(name, before.count("\n"), len(before.rpartition("\n")[2]))


@pytest.mark.parametrize(
    ("model", "text"), PLACES, ids=[f"{number}-{each.__name__}" for number, (each, _) in enumerate(PLACES)]
)
def test_every_key_is_offered_with_its_description(server: LanguageServer, model: type[BaseModel], text: str) -> None:
    offered = typed(server, text)
    for name, field in model.model_fields.items():
        key = field.alias or name
        assert key in offered, (key, list(offered))
        assert (field.description or "?") in offered[key].replace("\\", "")


def test_every_model_of_the_schema_is_typed_once() -> None:
    """None is forgotten: a new one with keys of its own belongs into PLACES."""
    shapes = [shape for each in policy_schema()["$defs"].values() for shape in each.get("anyOf", [each])]
    keys = {key for shape in shapes for key in shape.get("properties", {})}
    assert keys <= {field.alias or name for model, _ in PLACES for name, field in model.model_fields.items()}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"{RULE}    action: @", {"relay", "rewrite", "hold", "reject"}),
        (f"{RULE}    mode: @", {"off", "monitor", "enforce"}),
        (f"{RULE}    rewrite: @", {"separate", "bcc"}),
        (f"{RULE}    release_as:\n      - @", {"original", "separate", "bcc", "cleaned"}),
    ],
)
def test_every_choice_is_offered(server: LanguageServer, text: str, values: set[str]) -> None:
    assert {each.strip('"') for each in typed(server, text)} >= values


def test_a_key_is_explained_with_its_example(server: LanguageServer) -> None:
    server.open("hover.yaml", f"{MODELINE}{RULE}    when: {{visible_external_recipients: {{at_least: 10}}}}\n")
    said = server.hover("hover.yaml", 4, 14)
    assert "How many different people outside the recipients could see" in said and "at_least: 10" in said


def test_what_is_shipped_has_no_problems_and_a_wrong_key_and_value_have(server: LanguageServer) -> None:
    assert server.open("default.yaml", MODELINE + (ROOT / "policies" / "default.yaml").read_text()) == []
    wrong = f"{MODELINE}{RULE}    descripe: x\n    when: {{calender: true}}\n    action: hodl\n"
    found = {(each["range"]["start"]["line"], each["message"]) for each in server.open("wrong.yaml", wrong)}
    assert (4, "Property descripe is not allowed.") in found
    assert (5, "Property calender is not allowed.") in found
    assert any(line == 6 and "reject" in message for line, message in found)
