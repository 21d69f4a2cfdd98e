"""Mail read from a real server: Dovecot, over TLS."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailguard.core.errors import ArchiveUnreachable, NotAllowed, SettingsError
from mailguard.replay import imap
from mailguard.replay.archive import Reader, Unreadable
from mailguard.replay.imap import ImapFolder, address_in
from tests.cli.conftest import run  # noqa: F401
from tests.cli.test_policy_replay import RULES, letter
from tests.peers.authority import Authority
from tests.peers.dovecot_imap import DovecotImap
from tests.ports import free_port

PASSWORD = "pass wörd"
LETTERS = [letter(number, 12 if number % 3 == 0 else 1, 2).replace(b"\n", b"\r\n") for number in range(1, 101)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def dovecot(authority: Authority) -> Iterator[DovecotImap]:
    folder = Path(tempfile.mkdtemp(prefix="dc", dir="/tmp"))
    with DovecotImap(folder, authority, {"jo@elmroad.example": PASSWORD}) as running:
        running.deliver("jo@elmroad.example", "Gesendet &AOQ-", [*LETTERS, b"Subject: big\r\n\r\n" + b"x" * 300_000])
        yield running
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))


def address(dovecot: DovecotImap, folder: str = "Gesendet%20%C3%A4") -> str:
    return f"imaps://jo%40elmroad.example@localhost:{dovecot.port}/{folder}"


def test_every_message_is_read_in_order_and_none_is_marked(dovecot: DovecotImap) -> None:
    with ImapFolder(address_in(address(dovecot)), PASSWORD, 200_000) as folder:
        assert folder.weight == 101
        reader = Reader()
        places = list(folder.places())
        assert [reader.read(place) for place in places[:100]] == LETTERS
        assert [place.position for place in folder.places(98)] == [99, 100, 101]
        with pytest.raises(Unreadable, match="larger"):
            reader.read(places[100])
        reader.close()
    assert places[0].delivered is not None
    with ImapFolder(address_in(address(dovecot)), PASSWORD, 200_000) as folder:
        _, data = folder._server.search(None, "SEEN")
        assert data == [b""]


def test_the_command_reads_it_with_a_password_from_a_file_or_the_environment(
    dovecot: DovecotImap,
    run: Any,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "policy.yaml").write_text(RULES % 10)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    asked = ("policy", "replay", address(dovecot), "--policy", str(tmp_path / "policy.yaml"), "--json")
    ran = run(*asked, "--password-file", str(tmp_path / "password"), "--show")
    (found,) = ran.items()
    assert (found["messages"], found["hold"], found["unreadable"]) == (101, 33, 0)
    assert found["found"][0]["subject"] == "Secret plan 3"
    assert run(*asked).status == 2
    monkeypatch.setenv("MAILGUARD_IMAP_PASSWORD", PASSWORD)
    assert run(*asked).status == 0
    monkeypatch.setenv("MAILGUARD_IMAP_PASSWORD", "wrong")
    ran = run(*asked)
    assert (ran.status, "does not let this user in" in ran.err, "wrong" in ran.err) == (4, True, False)


def test_what_is_not_there(dovecot: DovecotImap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match='no folder "Nothing"'):
        ImapFolder(address_in(address(dovecot, "Nothing")), PASSWORD, 1000)
    with pytest.raises(NotAllowed):
        ImapFolder(address_in(address(dovecot)), "wrong", 1000)
    with pytest.raises(ArchiveUnreachable, match="cannot be reached"):
        ImapFolder(address_in(f"imaps://jo@localhost:{free_port()}/Sent"), PASSWORD, 1000)
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "other").ca_file))
    with pytest.raises(ArchiveUnreachable, match="certificate is not trusted"):
        ImapFolder(address_in(address(dovecot)), PASSWORD, 1000)


@pytest.mark.parametrize(
    "text",
    ["imap://jo@mail.example/Sent", "imaps://jo:secret@mail.example/Sent", "imaps://mail.example/Sent", "imaps://jo@/Sent",
     "imaps://jo@mail.example/", "imaps://jo@mail.example:x/Sent", "imaps://jo@mail.example/a%0D%0Ab"],
)  # fmt: skip
def test_what_is_no_address_or_holds_a_secret_is_refused(text: str) -> None:
    assert imap.is_address(text)
    with pytest.raises(SettingsError) as raised:
        address_in(text)
    assert "secret" not in str(raised.value)
