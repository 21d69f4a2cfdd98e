"""The loop mark has a key of its own from the store's: the same after a restart, still known after a rotation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mailguard.config import Settings
from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.mark import Marks
from mailguard.core.rewrite.received import received_field
from mailguard.core.session import Session
from mailguard.serve.parts import loop_marks
from mailguard.store.keys import Keyring, ensure_keys, load_keys
from tests.store.samples import rotate_key

AT = datetime(2026, 3, 12, 9, 0, 5, tzinfo=UTC)
SETTINGS = Settings.model_validate(
    {
        "organisation": {"name": "Elm Road", "domains": ["elmroad.example"]},
        "smarthost": {"address": "127.0.0.1:2526"},
        "store": "sqlite:////nowhere/mailguard.db",
        "notices": {"from": "mailguard@elmroad.example"},
        "hostname": "guard.elmroad.example",
    }
)


def marks_of(keyring: Keyring) -> Marks:
    store: Any = SimpleNamespace(keyring=keyring)
    return loop_marks(SETTINGS, store)


def field(marks: Marks) -> bytes:
    session = Session("s", "192.0.2.7", "pc7.elmroad.example", True, "127.0.0.1:2525", AT)
    return received_field(session, marks, "MG-7Q4K-2F", AT, Envelope(None, ()))


def test_a_restart_and_a_rotation_keep_marks_known(tmp_path: Path) -> None:
    before = marks_of(ensure_keys(tmp_path / "keys"))
    assert marks_of(load_keys(tmp_path / "keys")) == before
    rotate_key(tmp_path / "keys", "recipients")
    rotated = marks_of(load_keys(tmp_path / "keys"))
    assert rotated.keys[0] != before.keys[0] and rotated.keys[1:] == before.keys
    for marks in (before, rotated):
        assert rotated.examine(parse(field(marks) + b"\r\n")).came_back
    assert not before.examine(parse(field(rotated) + b"\r\n")).came_back


def test_another_stores_guard_is_somebody_else(tmp_path: Path) -> None:
    ours, theirs = (marks_of(ensure_keys(tmp_path / name)) for name in ("ours", "theirs"))
    arrival = ours.examine(parse(field(theirs) + b"\r\n"))
    assert not arrival.came_back and len(arrival.forged) == 1, "under our own name it is a forgery"


def test_the_key_itself_is_not_used(tmp_path: Path) -> None:
    keyring = ensure_keys(tmp_path / "keys")
    assert not set(marks_of(keyring).keys) & {
        octets for purpose in ("recipients", "master") for octets in keyring.all_octets(purpose)
    }
