"""mailguard policy check, try, test, schema: results, JSON, exit statuses (INTERFACE.md "Commands")."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
LIST = ", ".join(f"p{number}@patients.example" for number in range(288))
MESSAGE = f"From: Jo <jo@elmroad.example>\nTo: jo@elmroad.example\nCc: {LIST}\nSubject: Flu clinic\n\nHello\n"
ATTACHED = """From: jo@elmroad.example
To: a@patients.example
MIME-Version: 1.0
Content-Type: application/pdf; name=a.pdf

x
"""
RULE = "version: 1\nrules:\n  - {id: %s, describe: x, when: {envelope_recipients: {at_least: 0}}, action: %s}\n"


@pytest.fixture
def message(tmp_path: Path) -> Path:
    path = tmp_path / "message.eml"
    path.write_text(MESSAGE)
    return path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_try_prints_the_one_object(run: Any, message: Path) -> None:
    ran = run("policy", "try", str(message), "--json")
    (decision,) = ran.items()
    assert ran.status == 0
    assert (decision["schema"], decision["disposition"], decision["rewrite"]) == (1, "hold", "separate")
    assert decision["facts"]["visible_external_recipients"] == 288
    assert decision["facts"]["visible_internal_recipients"] == 1
    assert len(decision["visible"]) == 289
    rule = next(rule for rule in decision["rules"] if rule["id"] == "visible-list")
    assert rule == {
        "id": "visible-list",
        "mode": "enforce",
        "action": "hold",
        "matched": True,
        "error": None,
        "reason": "288 people in Cc would see each other's addresses",
        "values": {"visible_external_recipients": 288},
    }
    assert decision["policy_revision"].startswith("sha256:")
    assert set(decision) == {
        *("schema", "disposition", "rewrite", "rules", "facts", "visible", "findings", "defects"),
        *("policy_revision", "content_sha256", "sent_sha256"),
    }


def test_try_explains_for_people(run: Any, message: Path) -> None:
    ran = run("policy", "try", str(message), "--explain")
    assert ran.status == 0
    assert ran.out.startswith("It would be held: 288 people in Cc would see each other's addresses.\n")
    assert "visible_external_recipients: {at_least: 10}, found 288" in ran.out
    assert "inside is elmroad.example" in ran.err


def test_try_explains_in_json(run: Any, message: Path) -> None:
    (decision,) = run("policy", "try", str(message), "--explain", "--json").items()
    step = {"depth": 0, "key": "visible_external_recipients", "wanted": "{at_least: 10}", "value": 288, "truth": "true"}
    assert decision["explain"][0]["steps"] == [step]


@pytest.mark.parametrize(
    ("options", "inside", "recipients"),
    [
        ((), 1, 289),
        (("--mail-from", "x@patients.example"), 288, 289),
        (("--mail-from", "<>"), 1, 289),
        (("--rcpt", "a@b.example", "--rcpt", "c@d.example"), 1, 2),
    ],
)
def test_try_without_settings(run: Any, message: Path, options: tuple[str, ...], inside: int, recipients: int) -> None:
    (decision,) = run("policy", "try", str(message), "--json", *options).items()
    assert decision["facts"]["visible_internal_recipients"] == inside
    assert decision["facts"]["envelope_recipients"] == recipients


def test_try_with_settings_takes_their_organisation_and_policy(run: Any, message: Path, settings: Path) -> None:
    for arguments in (
        ("-C", str(settings), "policy", "try", str(message)),
        ("policy", "try", str(message), "-C", str(settings)),
    ):
        (decision,) = run(*arguments, "--json").items()
        assert [rule["id"] for rule in decision["rules"]] == ["visible-list", "floor-malformed", "floor-uninspectable"]


def test_try_counts_hidden_recipients_of_bcc(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "b.eml", "From: jo@elmroad.example\nTo: a@x.example\nBcc: b@x.example, c@x.example\n\nx\n")
    (decision,) = run("policy", "try", str(path), "--json").items()
    assert decision["facts"]["envelope_recipients"] == 3
    assert decision["facts"]["visible_external_recipients"] == 1


def test_try_with_another_policy(run: Any, message: Path, tmp_path: Path) -> None:
    write(tmp_path, "p/10.yaml", RULE % ("b", "reject"))
    write(tmp_path, "p/20.yaml", RULE % ("a", "hold"))
    write(tmp_path, "p/tests/x.yaml", "broken: [")
    (decision,) = run("policy", "try", str(message), "--policy", str(tmp_path / "p"), "--json").items()
    assert [rule["id"] for rule in decision["rules"]][:2] == ["b", "a"]
    assert decision["disposition"] == "reject"


def test_try_holds_an_attachment_that_a_rule_asks_about(run: Any, tmp_path: Path) -> None:
    text = "version: 1\nrules:\n  - {id: a, describe: x, when: {finding: {kind: nhs_number}}, action: relay}\n"
    policy = write(tmp_path, "p.yaml", text)
    path = write(tmp_path, "a.eml", ATTACHED)
    (decision,) = run("policy", "try", str(path), "--policy", str(policy), "--json").items()
    assert decision["disposition"] == "hold"
    assert decision["rules"][-1]["matched"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("try", "absent.eml"),
        ("try", "."),
        ("try",),
        ("try", "{message}", "--policy", "absent.yaml"),
        ("try", "{message}", "--policy", "{broken}"),
        ("try", "{message}", "--policy", "{empty}"),
        ("try", "{message}", "--at", "noon"),
        ("try", "{message}", "--colour"),
        ("check", "absent.yaml"),
        ("check", "{empty}"),
        ("test", "absent.yaml"),
        ("test", "{broken}"),
        ("test",),
        ("replay",),
        ("-C", "absent.yaml", "check"),
    ],
)
def test_wrong_usage_and_unreadable_files_end_with_2(
    run: Any, message: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "empty").mkdir()
    broken = write(tmp_path, "broken.yaml", "version: [")
    names = {"message": message, "broken": broken, "empty": tmp_path / "empty"}
    ran = run("policy", *(each.format(**names) for each in arguments))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err


def test_check_passes_what_is_shipped(run: Any) -> None:
    ran = run("policy", "check", str(ROOT / "policies"))
    assert (ran.status, ran.out) == (0, "26 rules in 1 file, no errors.\n")
    assert run("policy", "check").status == 0


def test_check_says_where_and_what(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "p.yaml", (RULE % ("a", "hodl")).replace("describe", "descripe"))
    ran = run("policy", "check", str(path))
    assert ran.status == 1
    assert f'{path}:3:13: unknown key "descripe"\n' in ran.out
    assert '    did you mean "describe"?\n' in ran.out
    assert "      - {id: a, descripe: x" in ran.out and "\n                ^\n" in ran.out
    assert ran.out.endswith("3 errors.\n")


def test_check_in_json(run: Any, tmp_path: Path) -> None:
    good, bad = write(tmp_path, "a.yaml", RULE % ("a", "hold")), write(tmp_path, "b.yaml", RULE % ("b", "hodl"))
    (report,) = run("policy", "check", str(good), "--json").items()
    assert (report["valid"], report["rules"], report["errors"]) == (True, 1, [])
    assert all("no test shows" in each["message"] for each in report["warnings"]) and len(report["warnings"]) == 2
    ran = run("policy", "check", str(good), str(bad), "--json")
    (report,) = ran.items()
    assert (ran.status, report["valid"], report["rules"], report["revision"]) == (1, False, None, None)
    (error,) = report["errors"]
    assert (error["file"], error["line"], error["suggestion"]) == (str(bad), 3, '"hold"')


def test_check_and_try_name_the_same_revision(run: Any, message: Path, tmp_path: Path) -> None:
    policy = write(tmp_path, "p/a.yaml", RULE % ("a", "hold")).parent
    (report,) = run("policy", "check", str(policy), "--json").items()
    (decision,) = run("policy", "try", str(message), "--policy", str(policy), "--json").items()
    assert report["revision"] == decision["policy_revision"]


def test_check_asks_the_settings_whether_the_teams_are_known(run: Any, settings: Path, tmp_path: Path) -> None:
    named = (RULE % ("a", "hold")).replace("envelope_recipients: {at_least: 0}", "sender_team: [shelter]")
    path = write(tmp_path, "other/p.yaml", named)
    assert run("policy", "check", str(path)).status == 0, "without settings nobody can tell"
    ran = run("-C", str(settings), "policy", "check", str(path))
    assert ran.status == 1
    assert f'{path}:3:1: the settings have no team "shelter", so rule "a" guards nobody by it' in ran.out
    team = "teams: [{name: shelter, senders: [shelter@elmroad.example]}], domains"
    settings.write_text(settings.read_text().replace("domains", team))
    assert run("-C", str(settings), "policy", "check", str(path)).status == 0
    settings.write_text("broken: [")
    assert run("-C", str(settings), "policy", "check", str(path)).status == 0


def test_check_shows_no_control_characters(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "p.yaml", 'version: 1\nrules: [{id: "a\\e[31m", "x\\u202e": 1}]\n')
    assert "\x1b" not in run("policy", "check", str(path)).out


def test_the_tests_of_the_default_policy_pass(run: Any) -> None:
    ran = run("policy", "test", str(ROOT / "policies" / "tests" / "default.yaml"))
    assert (ran.status, ran.out) == (0, "55 tests, 0 failed.\n")


def test_tests_pass_after_init_with_its_own_settings(run: Any) -> None:
    assert run("init", ".").status == 0
    assert run("policy", "test").status == 0


def test_a_failed_test_ends_with_1_and_says_what_came_out(run: Any, tmp_path: Path) -> None:
    write(tmp_path, "p/a.yaml", RULE % ("a", "hold"))
    tests = write(
        tmp_path,
        "p/tests/t.yaml",
        "tests:\n  - {name: one, message: {to: x@y.example}, expect: {disposition: relay, rewrite: bcc, rules: [a, b]}}"
        "\n"
        "  - {name: two, message: {to: x@y.example}, expect: {disposition: hold, rewrite: null, rules: [a]}}\n",
    )
    ran = run("policy", "test", str(tests))
    assert ran.status == 1
    assert "disposition is hold, not relay" in ran.out
    assert "rewrite is none, not bcc" in ran.out
    assert 'rule "b" does not exist' in ran.out
    assert ran.out.endswith("2 tests, 1 failed.\n")
    results = run("policy", "test", str(tests), "--json").items()
    assert [bool(result["failures"]) for result in results] == [True, False]


def test_a_test_may_name_a_message_beside_it(run: Any, tmp_path: Path) -> None:
    write(tmp_path, "p/a.yaml", (ROOT / "policies" / "default.yaml").read_text())
    write(tmp_path, "p/tests/m.eml", MESSAGE)
    tests = write(
        tmp_path, "p/tests/t.yaml", "tests:\n  - {name: one, message: {eml: m.eml}, expect: {disposition: hold}}\n"
    )
    assert run("policy", "test", str(tests)).status == 0


@pytest.mark.parametrize("options", [(), ("--tests",)])
def test_schema_is_a_json_schema(run: Any, options: tuple[str, ...]) -> None:
    ran = run("policy", "schema", *options)
    assert ran.status == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.out))


@pytest.mark.parametrize("command", [(), ("check",), ("try",), ("test",), ("schema",), ("fmt",)])
def test_every_help_has_an_example(run: Any, command: tuple[str, ...]) -> None:
    ran = run("policy", *command, "--help")
    assert ran.status == 0
    assert "Example: mailguard policy" in ran.out


def test_without_a_policy_folder_the_folder_that_is_missing_has_its_whole_name(run: Any) -> None:
    ran = run("policy", "test")
    assert ran.status == 2
    assert 'no tests in "policies/tests"' in ran.err


def test_check_try_and_test_take_what_a_policy_includes(run: Any, message: Path, tmp_path: Path) -> None:
    write(tmp_path, "p/a.yaml", "version: 1\ninclude: [teams/b.yaml]\nrules: []\n")
    included = write(tmp_path, "p/teams/b.yaml", RULE % ("b", "hold"))
    write(tmp_path, "p/tests/t.yaml", "tests: [{name: x, message: {to: a@x.example}, expect: {rules: [b]}}]\n")
    for path in (tmp_path / "p", tmp_path / "p" / "a.yaml"):
        (report,) = run("policy", "check", str(path), "--json").items()
        assert report["files"] == [str(tmp_path / "p" / "a.yaml"), str(included)] and report["rules"] == 1
        (decision,) = run("policy", "try", str(message), "--policy", str(path), "--json").items()
        assert (decision["disposition"], decision["policy_revision"]) == ("hold", report["revision"])
    assert run("policy", "test", str(tmp_path / "p" / "tests" / "t.yaml")).status == 0
    included.write_text(RULE % ("b", "hodl"))
    assert f"{included}:3:" in run("policy", "check", str(tmp_path / "p")).out
    write(tmp_path, "p/a.yaml", "version: 1\ninclude: [../b.yaml]\nrules: []\n")
    ran = run("policy", "check", str(tmp_path / "p"))
    assert ran.status == 1
    assert f'{tmp_path / "p" / "a.yaml"}:2:11: "../b.yaml" is not in the folder of the policy' in ran.out
