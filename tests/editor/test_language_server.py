"""Editors: the YAML language server from npm completes, explains and checks each key of policies and their tests."""

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
from mailguard.core.policy.schema import policy_schema, trials_schema
from mailguard.core.policy.trial import (
    EarlierModel,
    Expectation,
    InventedFile,
    MessageModel,
    People,
    TeamModel,
    TrialModel,
    TrialsModel,
)
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
TESTS_MODELINE = "# yaml-language-server: $schema=policy-tests.schema.json\n"
TEST = "tests:\n  - name: a\n"
TESTS_PLACES: list[tuple[type[BaseModel], str]] = [
    (TrialsModel, HERE),
    (TrialModel, "tests:\n  - @"),
    (MessageModel, f"{TEST}    message:\n      @"),
    (People, f"{TEST}    message:\n      to:\n        @"),
    (People, f"{TEST}    message:\n      cc:\n        - @"),
    (InventedFile, f"{TEST}    message:\n      attach:\n        @"),
    (EarlierModel, f"{TEST}    earlier:\n      - @"),
    (MessageModel, f"{TEST}    earlier:\n      - message:\n          @"),
    (TeamModel, f"{TEST}    teams:\n      - @"),
    (Expectation, f"{TEST}    expect:\n      @"),
]
_numbers = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    folder = tmp_path_factory.mktemp("editor")
    (folder / "policy.schema.json").write_text(json.dumps(policy_schema()))
    (folder / "policy-tests.schema.json").write_text(json.dumps(trials_schema()))
    with LanguageServer(folder) as started:
        yield started


def typed(server: LanguageServer, text: str, modeline: str = MODELINE) -> dict[str, str]:
    """What is offered where HERE stands."""
    before = (modeline + text).partition(HERE)[0]
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


@pytest.mark.parametrize(
    ("model", "text"), TESTS_PLACES, ids=[f"{number}-{each.__name__}" for number, (each, _) in enumerate(TESTS_PLACES)]
)
def test_every_key_of_a_test_is_offered_with_its_description(
    server: LanguageServer, model: type[BaseModel], text: str
) -> None:
    offered = typed(server, text, TESTS_MODELINE)
    for name, field in model.model_fields.items():
        key = field.alias or name
        assert key in offered, (key, list(offered))
        assert (field.description or "?") in offered[key].replace("\\", "")


def test_every_model_of_tests_is_typed_once() -> None:
    assert {each.__name__ for each, _ in TESTS_PLACES} == {"TrialsModel", *trials_schema()["$defs"]}


def test_tests_that_are_shipped_have_no_problems_and_wrong_ones_have(server: LanguageServer) -> None:
    for folder in ("tests", "examples/tests"):
        for file in sorted((ROOT / "policies" / folder).glob("*.yaml")):
            name = f"{folder.replace('/', '-')}-{file.name}"
            assert server.open(name, TESTS_MODELINE + file.read_text()) == [], name
    wrong = f"{TESTS_MODELINE}{TEST}    message: {{too: a@b.example}}\n    expect: {{disposition: send}}\n"
    found = {(each["range"]["start"]["line"], each["message"]) for each in server.open("wrong-test.yaml", wrong)}
    assert (3, "Property too is not allowed.") in found
    assert any(line == 4 and "reject" in message for line, message in found)


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
