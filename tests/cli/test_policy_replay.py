"""mailguard policy replay and diff: results, JSON, exit statuses, and what they never print."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import hold, process, wait_for

ROOT = Path(__file__).resolve().parents[2]
HALTS = """
import os, time
from mailguard.replay.journal import Journal
flush = Journal.flush
def halting(self):
    flush(self)
    while self.path.read_bytes().count(b"\\n") > 100 and not os.path.exists({go_on!r}):
        time.sleep(0.01)
Journal.flush = halting
"""
"""After a hundred messages it waits for the one who interrupts it: a thousand are judged within a second."""
RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other.
    when: {visible_external_recipients: {at_least: %d}}
    action: hold
    rewrite: separate
  - id: watch-everything
    describe: Whatever leaves.
    when: {envelope_external_recipients: {at_least: 1}}
    action: hold
    mode: monitor
  - id: never
    describe: Nothing is like this.
    when: {malformed: true, size_bytes: {at_least: 1000000}}
    action: reject
"""

BATCH = "  - {id: batch, describe: x, when: {batch_external_recipients: {at_least: 10}}, action: hold}\n"


def letter(number: int, people: int, day: int) -> bytes:
    listed = ", ".join(f"person{each}@patients.example" for each in range(people))
    return (
        f"From: Jo <jo@elmroad.example>\nTo: {listed}\nSubject: Secret plan {number}\n"
        f"Date: {day} Mar 2026 09:00:00 +0000\nMessage-ID: <{number}@elmroad.example>\n\nHush hush {number}\n"
    ).encode()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Four messages: to 1, 12, 3 and 20 people; and an empty file."""
    folder = tmp_path / "sent"
    folder.mkdir()
    for number, (people, day) in enumerate(((1, 2), (12, 2), (3, 3), (20, 5)), 1):
        (folder / f"{number} secret plan.eml").write_bytes(letter(number, people, day))
    (folder / "5 secret plan.eml").write_bytes(b"")
    return folder


@pytest.fixture
def policies(tmp_path: Path) -> tuple[str, str]:
    """Lists of ten, lists of three."""
    for name, people in (("ten", 10), ("three", 3)):
        (tmp_path / f"{name}.yaml").write_text(RULES % people)
    return str(tmp_path / "ten.yaml"), str(tmp_path / "three.yaml")


def test_json_is_the_one_object_of_the_interface(run: Any, archive: Path, policies: tuple[str, str]) -> None:
    ran = run("policy", "replay", str(archive), "--policy", policies[0], "--json")
    (found,) = ran.items()
    assert ran.status == 0
    expected = {"messages": 5, "relay": 2, "hold": 2, "reject": 0, "rewrite": 0, "unreadable": 1}
    assert {each: found[each] for each in expected} == expected
    assert found["rules"] == {"visible-list": 2, "watch-everything": 4, "never": 0}
    assert found["days"]["2026-03-02"] == {"messages": 2, "relay": 1, "rewrite": 0, "hold": 1, "reject": 0}
    rule = found["by_rule"]["visible-list"]
    assert (rule["first"], rule["last"], rule["largest"][0]["number"]) == ("2026-03-02", "2026-03-05", 20)
    assert found["messages_per_second"] > 0
    assert found["policy_revision"].startswith("sha256:")
    assert "found" not in found


def test_people_read_how_many_on_which_days_and_nothing_of_a_message(
    run: Any, archive: Path, policies: tuple[str, str]
) -> None:
    ran = run("policy", "replay", str(archive), "--policy", policies[0], "--list")
    assert ran.status == 0
    assert "5 messages from 2026-03-02 to 2026-03-05 (4 days)" in ran.out
    assert "held: 0.5 a day, at most 1 (on 2026-03-02)" in ran.out
    assert "1: it is empty" in ran.out
    assert "20 (4), 12 (2)" in ran.out
    listed = [line.split() for line in ran.out.splitlines() if line[:1].isdigit() and "(separate)" in line]
    assert [(each[0], each[2], each[3]) for each in listed] == [
        ("2", "2026-03-02", "hold"),
        ("4", "2026-03-05", "hold"),
    ]
    for secret in ("@", "ecret", "ush", "Jo"):
        assert secret not in ran.out + ran.err
    assert "\r" not in ran.err, "a bar is for a terminal"


def test_who_asks_for_them_is_shown_senders_and_subjects(run: Any, archive: Path, policies: tuple[str, str]) -> None:
    ran = run("policy", "replay", str(archive), "--policy", policies[0], "--show")
    assert "jo@elmroad.example  Secret plan 2" in ran.out
    assert "Secret plan 1" not in ran.out
    (found,) = run("policy", "replay", str(archive), "--policy", policies[0], "--show", "--json").items()
    assert [each.get("subject") for each in found["found"]] == ["Secret plan 2", "Secret plan 4", None]
    assert found["found"][2] == {"position": 5, "ref": "", "at": None, "unreadable": "it is empty"}


def test_diff_lists_what_changes(run: Any, archive: Path, policies: tuple[str, str]) -> None:
    ran = run("policy", "diff", *policies, "--on", str(archive), "--json")
    (found,) = ran.items()
    assert ran.status == 0
    assert (found["messages"], found["changed"], found["unreadable"]) == (5, 1, 1)
    assert found["ways"] == [{"old": "relay", "new": "hold (separate)", "messages": 1}]
    (change,) = found["changes"]
    assert (change["position"], change["old"], change["new"]) == (
        3,
        {"outcome": "relay", "rewrite": None, "rule": None},
        {"outcome": "hold", "rewrite": "separate", "rule": "visible-list"},
    )
    assert (found["old"]["hold"], found["new"]["hold"]) == (2, 3)
    text = run("policy", "diff", *policies, "--on", str(archive))
    assert "1 of 5 messages from 2026-03-02 to 2026-03-05 (4 days) come out otherwise, 1 unreadable." in text.out
    assert "hold (separate) by visible-list" in text.out
    assert "ecret" not in text.out
    same = run("policy", "diff", policies[0], policies[0], "--on", str(archive))
    assert "0 of 5 messages" in same.out


def test_a_single_message_and_an_mbox(run: Any, tmp_path: Path, policies: tuple[str, str]) -> None:
    (tmp_path / "one.eml").write_bytes(letter(1, 12, 2))
    line = b"From jo@elmroad.example Mon Mar  2 09:00:00 2026\n"
    (tmp_path / "two.mbox").write_bytes(line + letter(1, 12, 2) + b"\n" + line + letter(2, 1, 2) + b"\n")
    for name, messages, holds in (("one.eml", 1, 1), ("two.mbox", 2, 1)):
        (found,) = run("policy", "replay", str(tmp_path / name), "--policy", policies[0], "--json").items()
        assert (found["messages"], found["hold"]) == (messages, holds)


@pytest.mark.parametrize("archive", ["nothing", "."])
def test_what_is_no_archive_ends_with_2(run: Any, archive: str, policies: tuple[str, str]) -> None:
    ran = run("policy", "replay", archive, "--policy", policies[0])
    assert ran.status == 2
    assert ran.out == ""
    assert f'"{archive}"' in ran.err


def test_an_interruption_ends_with_130_and_says_how_to_go_on(tmp_path: Path, policies: tuple[str, str]) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1_000):
        (folder / f"{number:04}.eml").write_bytes(letter(number, 12 if number % 10 == 0 else 1, 2))
    journal, go_on = tmp_path / "replay.journal", tmp_path / "go-on"
    (shim := tmp_path / "shim").mkdir()
    (shim / "sitecustomize.py").write_text(HALTS.format(go_on=str(go_on)))
    command = ("policy", "replay", str(folder), "--policy", policies[0], "--json")
    where = {"env": {**os.environ, "MAILGUARD_CONFIG": ""}, "cwd": tmp_path}
    halted = {**where["env"], "PYTHONPATH": f"{shim}:{ROOT}"}
    with process(*command, "--resume", str(journal), **{**where, "env": halted}) as running:
        wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 100, 120)
        running.send_signal(signal.SIGINT)
        go_on.touch()
        out, err = running.communicate(timeout=120)
    assert (running.returncode, out) == (130, "")
    assert f"--resume {journal}" in err
    judged = journal.read_bytes().count(b"\n") - 1
    assert 100 <= judged < 1_000
    with process(*command, "--resume", str(journal), **where) as running:
        out, _ = running.communicate(timeout=180)
    found = json.loads(out)
    assert (running.returncode, found["messages"], found["hold"]) == (0, 1_000, 100)
    assert not journal.exists()


def test_the_guards_own_ledger_is_judged_by_its_facts(run: Any, settings: Path, policies: tuple[str, str]) -> None:
    """The decision in it was made for two people; its record holds their number and nothing else."""
    hold(settings, "MG-7Q4K-2F")
    export, listed = settings.parent / "ledger.jsonl", settings.parent / "list.jsonl"
    assert run("-C", str(settings), "audit", "export", "-o", str(export)).status == 0
    listed.write_text(run("-C", str(settings), "audit", "list", "--json").out)
    two = settings.parent / "two.yaml"
    two.write_text((RULES % 2).split("  - id: watch")[0] + BATCH)
    for path in (export, listed):
        (found,) = run("policy", "replay", str(path), "--policy", str(two), "--json").items()
        assert (found["messages"], found["hold"], found["rules"]) == (1, 1, {"visible-list": 1, "batch": 0})
        assert found["unanswered"] == {"batch": ["batch_external_recipients"]}
    text = run("policy", "replay", str(export), "--policy", str(two)).out
    assert "batch  batch_external_recipients" in text
    (found,) = run("policy", "replay", str(export), "--policy", policies[0], "--json").items()
    assert (found["unreadable"], found["relay"]) == (1, 0), "the record does not say whether it was malformed"
    assert run("policy", "diff", *policies, "--on", str(export)).status == 2
    export.write_text("{broken")
    assert run("policy", "replay", str(export), "--policy", str(two)).status == 2
