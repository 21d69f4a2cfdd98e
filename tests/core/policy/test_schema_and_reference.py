"""Schema and reference derive from the declarations, and the committed page is what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mailguard.core.document import load_document
from mailguard.core.policy.conditions.vocabulary import CONDITIONS
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.reference import reference, written_into
from mailguard.core.policy.schema import policy_schema

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "policy.md"
FILES = [ROOT / "policies" / "default.yaml", *sorted((ROOT / "policies" / "examples").glob("*.yaml"))]


def test_the_committed_page_is_what_the_declarations_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written_into(page) == page


def properties() -> list[tuple[str, dict[str, Any]]]:
    schema = policy_schema()
    shapes = [("file", schema)]
    for name, definition in schema["$defs"].items():
        shapes += [(name, shape) for shape in definition.get("anyOf", [definition]) if "properties" in shape]
    return [(f"{name}.{key}", entry) for name, shape in shapes for key, entry in shape["properties"].items()]


@pytest.mark.parametrize(("name", "entry"), properties(), ids=[name for name, _ in properties()])
def test_every_key_operator_and_condition_is_documented(name: str, entry: dict[str, Any]) -> None:
    assert entry["description"].endswith((".", ". With action hold."))
    assert entry["examples"]
    assert all(entry[f"x-{part}"].strip() for part in ("default", "unit", "consequence"))
    assert f"| `{name.partition('.')[2]}` |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "entry"), properties(), ids=[name for name, _ in properties()])
def test_the_example_of_every_key_is_one_that_the_key_takes(name: str, entry: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator({**entry, "$defs": policy_schema()["$defs"]})
    for example in entry["examples"]:
        assert [error.message for error in validator.iter_errors(example)] == []


def test_every_row_of_the_reference_is_full() -> None:
    rows = [line for line in reference().split("\n") if line.startswith("| `")]
    assert len(rows) > 45
    for row in rows:
        cells = [cell.strip() for cell in row.replace("\\|", "/").strip("|").split("|")]
        assert len(cells) == 6 and all(cells), row


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shipped_policies_load_without_warnings_and_fit_the_schema(file: Path) -> None:
    policy = load_policy({file.name: file.read_bytes()})
    assert [each.message for each in policy.warnings if "no rule is enforced" not in each.message] == []
    jsonschema.validate(load_document(file.read_bytes(), file.name).value, policy_schema())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())


def test_examples_in_the_schema_fit_it_and_load() -> None:
    validator = jsonschema.Draft202012Validator(policy_schema())
    for condition in CONDITIONS:
        operand = yaml.safe_load(condition.example)
        rule = {"id": "a", "describe": "x", "when": {condition.key: operand}, "action": "hold"}
        assert not list(validator.iter_errors({"version": 1, "rules": [rule]})), condition.key


@pytest.mark.parametrize(
    "when",
    [
        {"calender": True},
        {"calendar": "yes"},
        {"sender": 7},
        {"subject": {"match": "x"}},
        {"all": []},
        {"size_bytes": 5},
        {"not": None},
    ],
)
def test_the_schema_refuses_what_loading_refuses(when: dict[str, Any]) -> None:
    document = {"version": 1, "rules": [{"id": "a", "describe": "x", "when": when, "action": "hold"}]}
    assert list(jsonschema.Draft202012Validator(policy_schema()).iter_errors(document))


def test_yaml_in_the_page_loads() -> None:
    text = PAGE.read_text(encoding="utf-8")
    block = text.split("    version: 1\n")[1].split("\n\n")[0]
    lines = ["version: 1", *(line[4:] for line in block.split("\n"))]
    assert load_policy({"page": "\n".join(lines).encode()}).rules


def test_every_defect_is_listed_once() -> None:
    """The parser's kinds of defect, read from its source, are the rows of the page's table."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "mailguard" / "core" / "mail").rglob("*.py")]
    kinds = {kind for text in sources for kind in re.findall(r"""(?:\.add|_flaw|Defect)\(\s*"([a-z0-9-]+)\"""", text)}
    kinds |= {"loaded-preamble", "loaded-epilogue", "message-partial", "message-external-body"}
    table = PAGE.read_text(encoding="utf-8").split("## Defects")[1].split("## Reference")[0]
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| (?:holds|noted|depends) \|$", table, re.MULTILINE)
    assert sorted(kinds) == rows
