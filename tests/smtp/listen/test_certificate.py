"""Certificate files: what is refused with which sentence, and when new ones take the place of old ones."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailguard.core.errors import SettingsError
from mailguard.smtp import certificate as certificate_module
from mailguard.smtp.certificate import Certificate, load_context, validity
from tests.smtp.listen.certificates import make_pair
from tests.smtp.listen.door import Events


def test_one_file_may_hold_both(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(pair["certificate"].read_bytes() + pair["key"].read_bytes())
    assert load_context(both, None) and load_context(**pair)
    _, ends = validity(both)
    assert timedelta(days=89) < ends - datetime.now(UTC) < timedelta(days=91)


def test_what_cannot_be_used_says_why(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    (tmp_path / "other").mkdir()
    other = make_pair(tmp_path / "other")
    text = tmp_path / "text.pem"
    text.write_text("not PEM")
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "pkey", "-in", pair["key"], "-aes256", "-passout", "pass:x", "-out", locked],
        check=True,
        capture_output=True,
    )
    for files, says in (
        ((tmp_path / "none.pem", pair["key"]), "none.pem.* cannot be read: No such file"),
        ((pair["certificate"], tmp_path / "none.key"), "none.key.* cannot be read: No such file"),
        ((tmp_path, pair["key"]), "cannot be read: Is a directory"),
        ((pair["certificate"], other["key"]), "does not fit"),
        ((text, pair["key"]), "PEM form"),
        ((pair["certificate"], text), "PEM form"),
        ((pair["certificate"], None), "PEM form"),
        ((pair["certificate"], locked), "is encrypted"),
    ):
        with pytest.raises(SettingsError, match=says):
            load_context(*files)


async def test_changed_files_are_taken_once_they_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is written before its key: in between nothing changes, and then both do."""
    events = Events()
    monkeypatch.setattr(certificate_module, "log", events)
    pair = make_pair(tmp_path)
    certificate = Certificate(**pair)
    first = certificate.context
    (tmp_path / "new").mkdir()
    new = make_pair(tmp_path / "new")
    await certificate.look()
    new["certificate"].replace(pair["certificate"])
    await certificate.look()
    assert certificate.context is first and certificate.problem is None  # it may still be being written
    await certificate.look()
    assert certificate.context is first and "does not fit" in str(certificate.problem)
    assert "does not fit" in events.fields("certificate_not_loaded")["problem"]
    new["key"].replace(pair["key"])
    await certificate.look()
    await certificate.look()
    assert certificate.context is not first and certificate.problem is None
    taken = certificate.context
    await certificate.look()
    assert certificate.context is taken  # what has not changed is not loaded again


async def test_files_that_vanish_keep_the_old_pair(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    certificate = Certificate(**pair)
    first = certificate.context
    pair["key"].unlink()
    for _ in range(2):
        await certificate.look()
    assert certificate.context is first and "cannot be read" in str(certificate.problem)


def test_an_expired_one_is_shown_and_the_log_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail programs refuse it by themselves; that the guard stops taking mail would help nobody."""
    events = Events()
    monkeypatch.setattr(certificate_module, "log", events)
    Certificate(**make_pair(tmp_path, days=-1))
    events.fields("certificate_expired")
