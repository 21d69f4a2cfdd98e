"""The case folders of tests/cases/judgement: what `mailguard policy try --json` says of a message.

It knows the public command and its JSON object, and nothing of what lies behind them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailguard.cli.main import main
from tests.cases import spellings

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(each for each in (ROOT / "tests" / "cases" / "judgement").iterdir() if each.is_dir())
FLOORS = {"floor-malformed", "floor-uninspectable"}


def loaded(file: Path) -> dict[str, Any]:
    found = yaml.safe_load(file.read_text())
    assert isinstance(found, dict)
    return found


def policy_of(folder: Path) -> Path:
    text = (folder / "policy.yaml").read_text()
    return folder / "policy.yaml" if text.startswith("version:") else ROOT / text.strip()


def settings_of(folder: Path, into: Path) -> list[str]:
    extra = folder / "organisation.yaml"
    if not extra.exists():
        return []
    settings = {
        "organisation": {"name": "Elm Road Surgery", "domains": ["elmroad.example"], **loaded(extra)},
        "smarthost": {"address": "127.0.0.1:2526"},
        "store": f"sqlite:///{into}/mailguard.db",
        "policies": str(policy_of(folder)),
        "notices": {"from": "mailguard@elmroad.example"},
    }
    (into / "mailguard.yaml").write_text(yaml.safe_dump(settings))
    return ["-C", str(into / "mailguard.yaml")]


def arguments_of(folder: Path, into: Path) -> list[str]:
    envelope = loaded(folder / "envelope.yaml")
    words = ["policy", "try", str(folder / "message.eml"), "--json", "--policy", str(policy_of(folder))]
    if envelope["mail_from"] is not None:
        words += ["--mail-from", envelope["mail_from"]]
    for recipient in envelope.get("rcpt", ()):
        words += ["--rcpt", recipient]
    return [*words, *settings_of(folder, into)]


def tried(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["mailguard", *words])
    status: Any
    try:
        status = main()
    except SystemExit as end:
        status = end.code
    said = capsys.readouterr()
    assert status in (0, None), said.err
    (line,) = said.out.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_is_judged_as_expected(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILGUARD_CONFIG", raising=False)
    expected = loaded(folder / "expected.yaml")
    assert set(expected) <= {"disposition", "rewrite", "facts", "visible", "matched"}
    found = tried(arguments_of(folder, tmp_path), monkeypatch, capsys)
    for key in ("disposition", "rewrite"):
        if key in expected:
            assert found[key] == expected[key], (key, found)
    facts = expected.get("facts", {})
    assert {key: found["facts"][key] for key in facts} == facts
    if "visible" in expected:
        assert sorted(found["visible"]) == sorted(expected["visible"])
    if "matched" in expected:
        matched = {rule["id"] for rule in found["rules"] if rule["matched"]}
        named = set(expected["matched"])
        assert matched - (FLOORS - named) == named


def judged(header: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A message with these header lines under a policy without rules, on its way to somebody else in Bcc."""
    rest = (
        b"Subject: Clinic\r\nDate: Thu, 12 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@elmroad.example>\r\n\r\nHello.\r\n"
    )
    (folder / "message.eml").write_bytes(b"From: jo@elmroad.example\r\n" + header + b"\r\n" + rest)
    (folder / "policy.yaml").write_text("version: 1\nrules: []\n")
    words = ["policy", "try", str(folder / "message.eml"), "--json", "--policy", str(folder / "policy.yaml")]
    return tried([*words, "--rcpt", "z@nine.example"], monkeypatch, capsys)


@pytest.mark.parametrize("header", spellings.HIDDEN, ids=repr)
def test_however_it_is_spelled_both_are_seen_or_the_message_is_held(
    header: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = judged(header, tmp_path, monkeypatch, capsys)
    assert found["disposition"] == "hold" or found["facts"]["visible_external_recipients"] >= 2, found


@pytest.mark.parametrize(("value", "people"), spellings.ORDINARY, ids=repr)
def test_what_mail_programs_write_passes_and_is_counted(
    value: bytes, people: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = judged(b"To: " + value, tmp_path, monkeypatch, capsys)
    assert (found["disposition"], found["facts"]["visible_external_recipients"]) == ("relay", people), found
