"""Kinds of one's own on the command line: `policy try` and `test` find them, `check` and `policy check` judge them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

KINDS = r"""
version: 1
identifiers:
  - {id: housing_reference, describe: housing references, matches: 'HR\d{7}', headings: [housing reference]}
"""
POLICY = """
version: 1
rules:
  - id: housing-list
    describe: Housing references would leave.
    when: {finding: {kind: %s, count: {at_least: 5}}, envelope_external_recipients: {at_least: 1}}
    action: hold
"""
ROWS = "\n".join(f"HR{1_000_000 + 7_919 * n}; void since 1{n % 9} March" for n in range(12))
MESSAGE = f"From: jo@elmroad.example\nTo: anna@council.example\nSubject: Voids\n\nHousing reference; note\n{ROWS}\n"


@pytest.fixture
def housing(settings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.write_text(settings.read_text() + "inspection: {kinds: kinds.yaml}\n")
    (settings.parent / "kinds.yaml").write_text(KINDS)
    (settings.parent / "policies" / "policy.yaml").write_text(POLICY % "housing_reference")
    (settings.parent / "message.eml").write_text(MESSAGE)
    monkeypatch.chdir(settings.parent)
    return settings.parent


def test_policy_try_finds_them_in_the_text_of_a_message(run: Any, housing: Path) -> None:
    (decision,) = run("policy", "try", str(housing / "message.eml"), "--json").items()
    assert (decision["disposition"], decision["findings"]) == (
        "hold",
        [
            {
                "detector": "people",
                "kind": "housing_reference",
                "where": "the message text, table 1, column A",
                "count": 12,
                "summary": "the message text, table 1 has 12 housing references",
                "hidden": False,
            }
        ],
    )
    ran = run("policy", "try", str(housing / "message.eml"), "--explain")
    assert "the message carries 12 values of the kind housing reference" in ran.out and "HR1" not in ran.out


def test_policy_test_finds_them_too(run: Any, housing: Path) -> None:
    lines = ["tests:", "  - name: a list of voids", "    message:", "      to: anna@council.example", "      text: |"]
    lines += [f"        {line}" for line in MESSAGE.split("\n\n", 1)[1].splitlines()]
    lines += ["    expect: {disposition: hold, rules: [housing-list]}"]
    (housing / "policies" / "tests").mkdir()
    (housing / "policies" / "tests" / "voids.yaml").write_text("\n".join(lines) + "\n")
    ran = run("policy", "test")
    assert (ran.status, ran.out) == (0, "1 test, 0 failed.\n")


@pytest.mark.parametrize("command", [("check",), ("policy", "try", "message.eml")])
def test_a_broken_file_is_told_by_line_and_column(run: Any, housing: Path, command: tuple[str, ...]) -> None:
    (housing / "kinds.yaml").write_text(KINDS.replace("headings", "heading"))
    ran = run(*command)
    assert ran.status != 0
    said = ran.out + ran.err
    assert "kinds.yaml:4:" in said and "heading" in said and '"headings"' in said


def test_a_missing_file_is_told(run: Any, housing: Path) -> None:
    (housing / "kinds.yaml").unlink()
    ran = run("policy", "try", "message.eml")
    assert ran.status != 0 and "kinds.yaml" in ran.err


def test_policy_check_warns_of_a_kind_that_nothing_finds(run: Any, housing: Path) -> None:
    policy = housing / "policies" / "policy.yaml"
    # It warns of a rule without tests, too: tests/cli/test_policy_tests.py.
    assert "nothing finds the kind" not in run("policy", "check").out
    policy.write_text(POLICY % "[people_rows, nhs_numbers, housing_referenc]")
    ran = run("policy", "check", "--json")
    (item,) = ran.items()
    assert (ran.status, item["valid"]) == (0, True)
    of_kinds = [each for each in item["warnings"] if not each["message"].startswith("no test shows")]
    assert [(each["line"], each["message"], each["suggestion"]) for each in of_kinds] == [
        (4, 'nothing finds the kind "nhs_numbers" that rule "housing-list" asks for', '"nhs_number"'),
        (4, 'nothing finds the kind "housing_referenc" that rule "housing-list" asks for', '"housing_reference"'),
    ]
    assert 'did you mean "nhs_number"?' in run("policy", "check").out


def test_check_counts_them_and_notes_an_unknown_kind(run: Any, housing: Path) -> None:
    (housing / "policies" / "policy.yaml").write_text(POLICY % "nhs_numbers")
    found = list(run("check", "--json").items())
    kinds = [each for each in found if each.get("part") == "kinds"]
    assert [each["ok"] for each in kinds] == [True] and "1 of your own" in kinds[0]["sentence"]
    assert any("nothing finds the kind" in str(each) for each in found)


def test_the_tests_of_the_example_pass(run: Any) -> None:
    examples = Path(__file__).resolve().parents[2] / "policies" / "examples"
    policy = examples / "people-in-texts.yaml"
    ran = run("policy", "test", str(examples / "tests" / policy.name), "--policy", str(policy))
    assert (ran.status, ran.out) == (0, "5 tests, 0 failed.\n")
    assert "warning" not in run("policy", "check", str(policy)).out
