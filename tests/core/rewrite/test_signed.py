"""Signed mail: the outer fields can be rewritten and real tools still verify; what cannot is stopped."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailguard.core.errors import CannotRewrite
from mailguard.core.rewrite import sentences
from mailguard.core.rewrite.opaque import Unreadable, signed_content

from .submission import contents, header, hide_bcc, hide_separate, letter

A, B = "a@o.example", "b@p.example"
ENTITY = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nYour appointment is on Monday.\r\n"
TO = b"To: a@o.example, b@p.example"


def run(*command: str, given: bytes = b"", **options: object) -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr.decode()
    return bytes(done.stdout)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smime")
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Clinic"),
        *(
            "-keyout",
            str(folder / "key"),
            "-out",
            str(folder / "cert"),
            "-addext",
            "keyUsage=digitalSignature,keyEncipherment",
        ),
    )
    return folder


def smime(keys: Path, *options: str, entity: bytes = ENTITY, tool: str = "smime") -> bytes:
    """A message whose MIME fields and body openssl made."""
    made = run(
        "openssl",
        tool,
        "-sign",
        "-signer",
        str(keys / "cert"),
        "-inkey",
        str(keys / "key"),
        "-crlfeol",
        *options,
        given=entity,
    )
    return joined(made)


def joined(entity: bytes) -> bytes:
    entity = entity.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return letter(TO).partition(b"\r\n\r\n")[0] + b"\r\n" + entity


def verified(keys: Path, content: bytes, tool: str = "smime") -> bytes:
    return run("openssl", tool, "-verify", "-CAfile", str(keys / "cert"), "-purpose", "any", given=content)


@pytest.mark.parametrize("tool", ["smime", "cms"])
@pytest.mark.parametrize(
    "options",
    [(), ("-nodetach",), ("-nodetach", "-nostream" if False else "-stream")],
    ids=["detached", "opaque", "streamed"],
)
def test_smime_still_verifies(keys: Path, tool: str, options: tuple[str, ...]) -> None:
    raw = smime(keys, *options, tool=tool)
    for rewritten in (hide_separate(raw, A, B), hide_bcc(raw, A, B)):
        for content in contents(raw, rewritten).values():
            assert b"a@o.example, b@p.example" not in content
            assert b"Your appointment is on Monday." in verified(keys, content, tool)
            assert content.partition(b"\r\n\r\n")[2] == raw.partition(b"\r\n\r\n")[2]


def test_the_check_notices_a_broken_signature(keys: Path) -> None:
    with pytest.raises(AssertionError):
        verified(keys, smime(keys).replace(b"Monday", b"Sunday"))


PROTECTED = [
    b'Content-Type: text/plain; charset=us-ascii; hp="clear"\r\nTo: a@o.example, b@p.example\r\n\r\nx\r\n',
    b'Content-Type: text/plain; protected-headers="v1"\r\nSubject: Flu clinic\r\n\r\nx\r\n',
    b"Content-Type: text/plain\r\nTo: nurse@elmroad.example\r\n\r\nx\r\n",
    b"Content-Type: text/plain\r\nContent-Description: a@o.example\r\n\r\nx\r\n",
    b"Content-Type: message/rfc822\r\n\r\nTo: a@o.example, b@p.example\r\nSubject: x\r\n\r\nx\r\n",
    b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    b"ATTENDEE:mailto:ann@o.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
]


@pytest.mark.parametrize(
    "entity", PROTECTED, ids=["hp", "protected-headers", "repeated", "description", "wrapped", "calendar"]
)
@pytest.mark.parametrize("options", [(), ("-nodetach",)], ids=["detached", "opaque"])
def test_protected_headers_stop_the_rewrite(keys: Path, entity: bytes, options: tuple[str, ...]) -> None:
    raw = smime(keys, *options, entity=entity)
    for rewrite in (hide_separate, hide_bcc):
        with pytest.raises(CannotRewrite):
            rewrite(raw, A, B)


def test_encrypted_is_rewritten(keys: Path) -> None:
    inner = run("openssl", "cms", "-encrypt", "-aes256", str(keys / "cert"), given=PROTECTED[0])
    raw = joined(inner)
    content = contents(raw, hide_separate(raw, A, B))[A]
    assert b"b@p.example" not in content
    opened = run("openssl", "cms", "-decrypt", "-recip", str(keys / "cert"), "-inkey", str(keys / "key"), given=content)
    assert opened.replace(b"\r\n", b"\n") == PROTECTED[0].replace(b"\r\n", b"\n")


def test_signed_around_encrypted_is_rewritten_and_signed_twice_is_looked_into(keys: Path) -> None:
    encrypted = run("openssl", "cms", "-encrypt", "-aes256", str(keys / "cert"), given=PROTECTED[0])
    raw = smime(keys, "-nodetach", entity=encrypted)
    assert b"b@p.example" not in header(contents(raw, hide_separate(raw, A, B))[A])
    twice = smime(
        keys,
        "-nodetach",
        entity=run(
            "openssl",
            "cms",
            "-sign",
            "-nodetach",
            "-signer",
            str(keys / "cert"),
            "-inkey",
            str(keys / "key"),
            given=PROTECTED[1],
        ),
    )
    with pytest.raises(CannotRewrite, match="repeats whom it is addressed to"):
        hide_separate(twice, A, B)


def test_what_cannot_be_read_stops_the_rewrite() -> None:
    fields = (
        TO,
        b"MIME-Version: 1.0",
        b"Content-Type: application/pkcs7-mime; smime-type=compressed-data; name=smime.p7z",
    )
    raw = letter(*fields, b"Content-Transfer-Encoding: base64", body=b"MAAwAA==\r\n")
    with pytest.raises(CannotRewrite) as raised:
        hide_separate(raw, A, B)
    assert str(raised.value) == sentences.OPAQUE


@pytest.mark.parametrize("size", range(0, 900, 37))
def test_cut_off_ber_is_unreadable_or_shorter_but_never_an_error(keys: Path, size: int) -> None:
    der = run(
        *("openssl", "cms", "-sign", "-nodetach", "-outform", "DER", "-stream", "-signer", str(keys / "cert")),
        *("-inkey", str(keys / "key")),
        given=ENTITY * 200,
    )
    assert b"Monday" in (signed_content(der) or b"")
    with contextlib.suppress(Unreadable):
        signed_content(der[:size])


def test_a_signature_alone_holds_no_message_though_certificates_follow(keys: Path) -> None:
    der = run(
        *("openssl", "cms", "-sign", "-outform", "DER", "-signer", str(keys / "cert"), "-inkey", str(keys / "key")),
        given=ENTITY,
    )
    assert signed_content(der) is None


@pytest.fixture(scope="module")
def gnupg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    home = tmp_path_factory.mktemp("gpg", numbered=True)
    home.chmod(0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""]
    run(*gpg, "--quick-generate-key", "clinic@elmroad.example", "ed25519", "sign", "never")
    yield gpg
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=20)


def pgp_mime(gnupg: list[str], entity: bytes) -> bytes:
    """RFC 3156: the first part is signed with its fields and CRLF line ends, without the last one."""
    signature = run(*gnupg, "--armor", "--detach-sign", "--textmode", given=entity).replace(b"\n", b"\r\n")
    fields = (
        TO,
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/signed; protocol="application/pgp-signature";',
        b' micalg=pgp-sha512; boundary="b1"',
    )
    return letter(
        *fields[:2],
        fields[2] + b"\r\n" + fields[3],
        body=b"--b1\r\n"
        + entity
        + b"\r\n--b1\r\nContent-Type: application/pgp-signature; name=signature.asc\r\n\r\n"
        + signature
        + b"--b1--\r\n",
    )


def test_pgp_mime_still_verifies(gnupg: list[str], tmp_path: Path) -> None:
    raw = pgp_mime(gnupg, ENTITY)
    for rewritten in (hide_separate(raw, A, B), hide_bcc(raw, A, B)):
        for content in contents(raw, rewritten).values():
            assert b"a@o.example, b@p.example" not in content
            _, signed, rest = content.split(b"--b1\r\n")
            (tmp_path / "signed").write_bytes(signed.removesuffix(b"\r\n"))
            (tmp_path / "signature").write_bytes(rest.partition(b"\r\n\r\n")[2].partition(b"--b1--")[0])
            run(*gnupg, "--verify", str(tmp_path / "signature"), str(tmp_path / "signed"))


def test_pgp_mime_with_protected_headers_stops(gnupg: list[str]) -> None:
    with pytest.raises(CannotRewrite):
        hide_separate(pgp_mime(gnupg, PROTECTED[0]), A, B)
