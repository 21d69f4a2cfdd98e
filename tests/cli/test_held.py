"""mailguard held, outbox, audit, explain and data without a service: on a real store that the command opens itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mailguard.serve.control import system_user

from .conftest import Run, hold, on_store, queue

REF = "MG-7Q4K-2F"
OTHER = "MG-8Q4K-2F"
FIELDS = [
    "ref",
    "received_at",
    "sender",
    "subject",
    "reason",
    "rules",
    "state",
    "delivery",
    "due_at",
    "version",
]


def test_held_list_prints_the_fields_of_the_interface_one_object_a_line(run: Run, settings: Path) -> None:
    hold(settings, REF)
    hold(settings, OTHER)
    ran = run("-C", str(settings), "held", "list", "--json")
    assert ran.status == 0
    assert [list(item) for item in ran.items()] == [FIELDS, FIELDS]
    assert {item["ref"] for item in ran.items()} == {REF, OTHER}
    assert ran.items()[0]["state"] == "held"
    assert ran.items()[0]["received_at"] == "2026-11-20T09:00:00+00:00"
    assert ran.err == ""


def test_held_list_for_people(run: Run, settings: Path) -> None:
    hold(settings, REF)
    ran = run("held", "list", "-C", str(settings))
    assert ran.status == 0
    head, line = ran.out.splitlines()
    assert head.split()[:2] == ["REF", "STATE"]
    assert line.startswith(REF) and "2 people in To would see each other's addresses" in line
    assert "\x1b" not in ran.out


def test_a_subject_cannot_steer_the_terminal(run: Run, settings: Path) -> None:
    hold(settings, REF, subject="\x1b[2J\u202egnp.exe\r\nX")
    for arguments in (("held", "list"), ("held", "show", REF)):
        ran = run("-C", str(settings), *arguments)
        assert "\x1b" not in ran.out and "\u202e" not in ran.out
        assert "\\u001b[2J\\u202egnp.exe" in ran.out


def test_held_list_by_state(run: Run, settings: Path) -> None:
    hold(settings, REF)
    hold(settings, OTHER)
    assert run("-C", str(settings), "held", "reject", OTHER, "--note", "no").status == 0
    assert [item["ref"] for item in run("-C", str(settings), "held", "list", "--open", "--json").items()] == [REF]
    rejected = run("-C", str(settings), "held", "list", "--state", "rejected", "--json").items()
    assert [item["ref"] for item in rejected] == [OTHER]
    assert run("-C", str(settings), "held", "list", "--state", "nonsense").status == 2


def test_a_look_at_a_held_message_is_in_the_ledger(run: Run, settings: Path) -> None:
    hold(settings, REF)
    shown = run("-C", str(settings), "held", "show", REF, "--json", "--by", "Sam Patel").items()[0]
    assert shown["recipients"] == ["ada@mailbox.example", "ben@post.example"]
    assert shown["decision"]["visible"] == ["ada@mailbox.example", "ben@post.example"]
    entries = run("-C", str(settings), "audit", "list", "--json").items()
    viewed = [entry for entry in entries if entry["kind"] == "content_viewed"]
    assert [(entry["ref"], entry["actor"], entry["system_user"]) for entry in viewed] == [
        (REF, "Sam Patel", system_user(os.getuid()))
    ]


MESSAGE = (
    b"From: reception@elmroad.example\r\nTo: ada@mailbox.example\r\nSubject: =?utf-8?q?Flu=1B[2J_clinic?=\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Dear Ada\r\n\r\n\x1b]0;owned\x07\xe2\x80\xae9 am\r\n--b\r\n"
    b'Content-Type: text/csv; name="li\x1bst.csv"\r\n\r\nada,1\r\n--b--\r\n'
)


def test_the_text_of_a_held_message_is_shown_and_cannot_steer_the_terminal(run: Run, settings: Path) -> None:
    hold(settings, REF, raw=MESSAGE)
    ran = run("-C", str(settings), "held", "show", REF, "--text")
    assert ran.status == 0, ran
    for line in (
        "  From: reception@elmroad.example",
        "  To: ada@mailbox.example",
        "  Subject: Flu\\u001b[2J clinic",
        "  Dear Ada",
        "  \\u001b]0;owned\\u0007\\u202e9 am",
        "It also carries 1:",
    ):
        assert line in ran.out.splitlines(), line
    assert "text/csv, about 5 bytes" in ran.out
    assert not {"\x1b", "\x07", "\u202e"} & set(ran.out)


def test_the_text_of_a_held_message_as_fields(run: Run, settings: Path) -> None:
    hold(settings, REF)
    shown = run("-C", str(settings), "held", "show", REF, "--text", "--json").items()[0]["message"]
    assert list(shown) == ["fields", "text", "text_from", "shortened", "others"]
    assert [field["name"] for field in shown["fields"]] == ["From", "To", "Subject", "Date"]
    assert (shown["text"], shown["text_from"], shown["shortened"], shown["others"]) == (
        "Hello",
        "text/plain",
        False,
        [],
    )
    assert "message" not in run("-C", str(settings), "held", "show", REF, "--json").items()[0]


def test_html_that_was_stripped_is_said_to_be(run: Run, settings: Path) -> None:
    hold(settings, REF, raw=b"Content-Type: text/html\r\n\r\n<img src='http://tracker.example/1'><p>Hello\r\n")
    out = run("-C", str(settings), "held", "show", REF, "--text").out
    assert "taken out of HTML" in out and "\n  Hello\n" in out and "tracker" not in out


def test_a_look_at_the_text_is_in_the_ledger_as_such(run: Run, settings: Path) -> None:
    hold(settings, REF)
    run("-C", str(settings), "held", "show", REF)
    run("-C", str(settings), "held", "show", REF, "--text", "--by", "Sam Patel")
    entries = run("-C", str(settings), "audit", "list", "--json").items()
    viewed = [(entry["actor"], entry.get("what")) for entry in entries if entry["kind"] == "content_viewed"]
    assert viewed == [(system_user(os.getuid()), None), ("Sam Patel", "text")]


def test_release_acts_and_says_that_nothing_leaves_without_a_service(run: Run, settings: Path) -> None:
    hold(settings, REF)
    ran = run("-C", str(settings), "held", "release", REF, "--as", "separate", "--reason", "checked", "--json")
    assert ran.status == 0
    assert ran.items()[0]["state"] == "releasing"
    assert "not running" in ran.err
    rows = run("-C", str(settings), "outbox", "list", "--json").items()
    copies = [row for row in rows if row["kind"] == "copy"]
    assert sorted(row["recipients"] for row in copies) == [["ada@mailbox.example"], ["ben@post.example"]]


def test_whoever_comes_second_gets_5(run: Run, settings: Path) -> None:
    hold(settings, REF)
    assert run("-C", str(settings), "held", "reject", REF, "--note", "no").status == 0
    for decision in (("release", REF, "--as", "original", "--reason", "yes"), ("reject", REF, "--note", "no")):
        ran = run("-C", str(settings), "held", *decision)
        assert ran.status == 5
        assert ran.out == "" and "already" in ran.err and "rejected" in ran.err


def test_another_version_gets_5(run: Run, settings: Path) -> None:
    version = hold(settings, REF).version
    ran = run("-C", str(settings), "held", "reject", REF, "--note", "no", "--if-version", str(version + 1))
    assert ran.status == 5


def test_one_person_cannot_approve_twice_whatever_by_says(run: Run, settings: Path) -> None:
    hold(settings, REF, approvals=2)
    release = ("held", "release", REF, "--as", "original", "--reason", "checked")
    first = run("-C", str(settings), *release, "--by", "Sam", "--json")
    assert (first.status, first.items()[0]["state"]) == (0, "approved_once")
    second = run("-C", str(settings), *release, "--by", "Alex")
    assert second.status == 4
    assert "another person" in second.err


def test_a_release_that_is_not_possible_is_not_allowed(run: Run, settings: Path) -> None:
    hold(settings, REF)
    ran = run("-C", str(settings), "held", "release", REF, "--as", "cleaned", "--reason", "checked")
    assert ran.status == 4
    ran = run("-C", str(settings), "held", "release", REF, "--as", "original", "--reason", "  ")
    assert ran.status == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("held", "show", "MG-2222-22"),
        ("held", "show", "nonsense"),
        ("held", "release", "MG-2222-22", "--as", "bcc", "--reason", "x"),
        ("held", "reject", "MG-2222-22", "--note", "x"),
        ("outbox", "retry", "MG-2222-22"),
        ("outbox", "drop", "MG-2222-22", "--reason", "x"),
        ("explain", "MG-2222-22"),
    ],
)
def test_an_unknown_reference_is_2(run: Run, settings: Path, arguments: tuple[str, ...]) -> None:
    hold(settings, REF)
    ran = run("-C", str(settings), *arguments)
    assert ran.status == 2
    assert ran.out == "" and ran.err.count("\n") == 1


def test_a_reference_may_be_written_in_small_letters(run: Run, settings: Path) -> None:
    hold(settings, REF)
    assert run("-C", str(settings), "held", "show", REF.lower(), "--json").items()[0]["ref"] == REF


def test_outbox_retry_and_drop(run: Run, settings: Path) -> None:
    queue(settings, REF)
    row = run("-C", str(settings), "outbox", "list", "--json").items()[0]
    assert (row["ref"], row["kind"], row["attempts"], row["last_reply"]) == (REF, "copy", 0, None)
    assert run("-C", str(settings), "outbox", "retry", REF, "--json").items() == [{"ref": REF, "retried": 1}]
    dropped = run("-C", str(settings), "outbox", "drop", REF, "--reason", "ada@mailbox.example left", "--json")
    assert dropped.items() == [{"ref": REF, "dropped": 1}]
    ran = run("-C", str(settings), "outbox", "list")
    assert (ran.status, ran.out, ran.err) == (0, "", "Nothing waits to be delivered.\n")
    kinds = [entry["kind"] for entry in run("-C", str(settings), "audit", "list", "--json").items()]
    assert kinds[-2:] == ["outbox_retried", "outbox_dropped"]


def test_the_reason_of_a_drop_is_only_in_the_evidence(run: Run, settings: Path) -> None:
    queue(settings, REF)
    run("-C", str(settings), "outbox", "drop", REF, "--reason", "ada@mailbox.example left", "--by", "Sam")
    ran = run("-C", str(settings), "audit", "list", REF, "--json")
    assert "ada@" not in ran.out
    records = on_store(settings, lambda parts: parts.store.evidence.read(REF))
    assert {"by": "Sam", "reason": "ada@mailbox.example left"} in [dict(record) for record in records]


def test_explain_gives_rules_values_policy_and_what_happened(run: Run, settings: Path) -> None:
    hold(settings, REF)
    run("-C", str(settings), "held", "reject", REF, "--note", "no", "--by", "Sam")
    found = run("-C", str(settings), "explain", REF, "--json").items()[0]
    assert found["decision"]["rules"][0]["values"] == {"visible_external_recipients": 2}
    assert found["policy"] == {
        "revision": "sha256:tested",
        "files": ["policy.yaml"],
        "describe": {"visible-list": "Ten or more people outside would see each other."},
    }
    happened = [entry["kind"] for entry in found["happened"]]
    assert happened[:2] == ["message_held", "release_rejected"]
    text = run("-C", str(settings), "explain", REF).out
    for part in (
        "hold, separate",
        "2 people in To would see",
        "sha256:tested",
        "Ten or more",
        "release rejected",
        "Sam",
        "malformed: no",
    ):
        assert part in text
    assert "?     visible_external_recipients: {at_least: 10}, found 2" in text, "this decision has no trail"
    assert "; another is in force now" in text
    assert "two ways" not in text and "{'" not in text and '{"' not in text and "hash" not in text


def test_audit_list_verify_and_export(run: Run, settings: Path, tmp_path: Path) -> None:
    hold(settings, REF)
    entries = run("-C", str(settings), "audit", "list", "--json").items()
    assert list(entries[0])[:6] == ["ledger", "sequence", "at", "kind", "ref", "hash"]
    assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
    verified = run("-C", str(settings), "audit", "verify", "--json")
    assert (verified.status, verified.items()[0]["whole"]) == (0, True)
    export = tmp_path / "ledger.jsonl"
    assert run("-C", str(settings), "audit", "export", "-o", str(export)).status == 0
    assert export.stat().st_mode & 0o777 == 0o600
    assert run("audit", "verify", str(export)).status == 0
    key = verified.items()[0]["public_key"]
    assert run("audit", "verify", str(export), "--key", key).status == 0
    assert run("audit", "verify", str(export), "--key", "00" * 32).status == 1
    assert run("audit", "verify", str(export), "--key", "beef").status == 2


def test_a_changed_export_is_a_finding_and_an_unreadable_one_wrong_usage(
    run: Run, settings: Path, tmp_path: Path
) -> None:
    hold(settings, REF)
    export = tmp_path / "ledger.jsonl"
    run("-C", str(settings), "audit", "export", "-o", str(export))
    lines = export.read_text().splitlines()
    export.write_text("\n".join([*lines[:1], *lines[2:]]) + "\n")
    ran = run("audit", "verify", str(export))
    assert "entries" in ran.out and "witnessed" not in ran.out
    assert ran.status == 1
    assert "NOT whole" in ran.out
    assert run("audit", "verify", str(tmp_path / "none")).status == 2
    assert run("-C", str(settings), "audit", "export", "-o", str(tmp_path / "none" / "x")).status == 2


def test_an_export_that_fails_leaves_the_old_one(run: Run, settings: Path, tmp_path: Path) -> None:
    export = tmp_path / "ledger.jsonl"
    export.write_text("old")
    assert run("-C", str(settings), "audit", "export", "-o", str(export)).status == 3
    assert export.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if "ledger" in path.name] == ["ledger.jsonl"]


def test_what_a_purge_would_remove_is_shown_first(run: Run, settings: Path) -> None:
    hold(settings, REF)
    (shown,) = run("-C", str(settings), "data", "purge", "--show", "--json").items()
    assert (shown["held"], shown["evidence"]) == (0, 0)
    said = run("-C", str(settings), "data", "purge", "--show").out
    assert "held messages that were decided before" in said and ": 0 would be removed" in said
    assert "closed breaches in the register: kept for good (retention.breaches)" in said
    with settings.open("a") as more:
        more.write("retention: {near_misses: 1d}\n")
    assert run("-C", str(settings), "data", "purge", "--show", "--json").items()[0]["near_misses"] == 0
    assert "near misses in the register: 0 would be removed" in run("-C", str(settings), "data", "purge", "--show").out
    assert run("-C", str(settings), "held", "list").status == 0 and REF in run("-C", str(settings), "held", "list").out


def test_data_purge_and_migrate(run: Run, settings: Path) -> None:
    hold(settings, REF)
    ran = run("-C", str(settings), "data", "purge", "--json")
    assert ran.status == 0
    assert all(isinstance(count, int) for count in ran.items()[0].values())
    ran = run("-C", str(settings), "data", "migrate")
    assert (ran.status, ran.out) == (0, "The store is up to date.\n")


def test_a_store_that_another_process_owns_is_3(run: Run, settings: Path) -> None:
    hold(settings, REF)

    async def act(_: object) -> None:
        import asyncio

        for arguments in (("held", "list"), ("data", "migrate"), ("status",)):
            ran = await asyncio.to_thread(run, "-C", str(settings), *arguments)
            assert ran.status == 3, ran
            assert json.dumps(ran.err).count("\\n") == 1

    on_store(settings, act)


def test_without_a_store_there_is_nothing_to_ask(run: Run, settings: Path) -> None:
    ran = run("-C", str(settings), "held", "list")
    assert ran.status == 3
    assert "mailguard serve" in ran.err
    assert not (settings.parent / "mailguard.db").exists()
