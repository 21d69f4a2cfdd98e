"""What openssl, gpg and the standard library write: signed, encrypted and attached messages are seen as that."""

from __future__ import annotations

import base64
import csv
import email.policy
import io
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailguard.core.carried.sealed import sealed_parts
from mailguard.core.carried.walk import carried
from mailguard.core.mail.parse import parse

HEAD = b"From: jo@elm.example\r\nTo: anna@x.example\r\nSubject: Hello\r\n"
PEOPLE = [f"p{number}@patients.example" for number in range(12)]
ENTITY = (
    f'Content-Type: text/plain; charset=us-ascii; protected-headers="v1"\nTo: {", ".join(PEOPLE)}\n\n'
    "Please ask ben@y.example.\n"
).encode()


def run(*command: str, given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def sent(entity: bytes) -> bytes:
    return HEAD + entity.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smime")
    key, cert = str(folder / "key"), str(folder / "cert")
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Clinic")
    run(*made, "-keyout", key, "-out", cert)
    return folder


def signed(keys: Path, tool: str, *options: str, entity: bytes = ENTITY) -> bytes:
    return run(
        *("openssl", tool, "-sign", "-signer", str(keys / "cert"), "-inkey", str(keys / "key"), "-crlfeol", *options),
        given=entity,
    )


@pytest.mark.parametrize("tool", ["smime", "cms"])
@pytest.mark.parametrize(
    "options", [(), ("-nodetach",), ("-nodetach", "-stream")], ids=["detached", "opaque", "streamed"]
)
def test_t47_a_list_inside_what_openssl_signed_is_visible(keys: Path, tool: str, options: tuple[str, ...]) -> None:
    found = carried(parse(sent(signed(keys, tool, *options))))
    assert [mailbox.address for mailbox in found.repeated] == PEOPLE
    assert found.text == ("ben@y.example",)
    assert not found.encrypted and not found.unread


@pytest.mark.parametrize("options", [("smime", "-aes256"), ("cms", "-aes256"), ("cms", "-aes-256-gcm")], ids=" ".join)
def test_t47_what_openssl_encrypted_is_encrypted(keys: Path, options: tuple[str, ...]) -> None:
    tool, cipher = options
    entity = run("openssl", tool, "-encrypt", cipher, str(keys / "cert"), given=ENTITY)
    for made in (entity, signed(keys, tool, "-nodetach", entity=entity)):
        found = carried(parse(sent(made)))
        assert found.encrypted and not found.text and not found.unread
        assert sealed_parts(parse(sent(entity))) == ("",)
        more = base64.encodebytes(base64.b64decode(entity.partition(b"\n\n")[2]) + b"Ann Adler, 999 000 0018")
        assert sealed_parts(parse(sent(entity.partition(b"\n\n")[0] + b"\n\n" + more))) == ()


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    home = tmp_path_factory.mktemp("gpg", numbered=True)
    home.chmod(0o700)
    yield "gpg", "--homedir", str(home), "--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "x"
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=20)


def test_t47_what_gpg_encrypted_is_encrypted(gpg: tuple[str, ...]) -> None:
    armour = run(*gpg, "--armor", "--symmetric", given=ENTITY)
    inline = carried(parse(sent(b"Content-Type: text/plain\n\nHello\n" + armour)))
    mime = b"Content-Type: multipart/encrypted; protocol=application/pgp-encrypted; boundary=b\n\n--b\n"
    mime += b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\n"
    whole = carried(parse(sent(mime + armour + b"--b--\n")))
    assert inline.encrypted and whole.encrypted and not whole.unread
    assert sealed_parts(parse(sent(mime + armour + b"--b--\n"))) == ("1", "2")
    assert not sealed_parts(parse(sent(b"Content-Type: text/plain\n\nHello\n" + armour)))


def test_t44_t45_what_the_standard_library_attaches() -> None:
    inner = EmailMessage(policy=email.policy.SMTP)
    inner["From"], inner["To"], inner["Subject"] = "Cy <cy@y.example>", ", ".join(PEOPLE), "Gr\u00fc\u00dfe"
    inner.set_content("Ask dee@y.example")
    outer = EmailMessage(policy=email.policy.SMTP)
    outer["From"], outer["To"], outer["Subject"] = "jo@elm.example", "anna@x.example", "Fwd"
    outer.set_content("See \u00fcber, ben@y.example")
    outer.add_alternative("<p>See <b>ben@y.example</b></p>", subtype="html")
    outer.add_attachment(inner)
    outer.add_attachment(bytes(inner), maintype="application", subtype="octet-stream", filename="Gr\u00fc\u00dfe.eml")
    table = io.StringIO()
    csv.writer(table).writerows([("Name", "Mail"), *(("P, Q", address) for address in PEOPLE)])
    outer.add_attachment(table.getvalue().encode(), maintype="text", subtype="csv", filename="list.csv")
    found = carried(parse(bytes(outer)))
    assert [attached.recipients for attached in found.attached] == [tuple(PEOPLE)] * 2
    assert found.text == ("ben@y.example", "dee@y.example")
    assert found.contacts == tuple(PEOPLE)
    assert not found.unread
