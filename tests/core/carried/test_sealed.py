"""What is encrypted as a whole is no attachment that cannot be read; whatever only looks like it is one."""

from __future__ import annotations

import pytest

from mailguard.core.carried.sealed import sealed_parts
from mailguard.core.mail.parse import parse

CIPHER = "-----BEGIN PGP MESSAGE-----\r\n\r\nwcBMA\r\n-----END PGP MESSAGE-----"
CONTROL = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1"
CONTENT = f"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n{CIPHER}"


def message(*parts: str, kind: str = "encrypted") -> bytes:
    head = f"From: jo@elm.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary=b\r\n\r\n"
    return (head + "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n").encode()


def test_a_message_of_pgp_is_sealed() -> None:
    assert sealed_parts(parse(message(CONTROL, CONTENT))) == ("1", "2")


@pytest.mark.parametrize(
    "other",
    [
        message(CONTROL, CONTENT, kind="mixed"),
        message(CONTROL, CONTENT, "Content-Type: application/zip; name=a.zip\r\n\r\nPK"),
        message(CONTROL),
        message(CONTROL, "Content-Type: application/octet-stream\r\n\r\nPK\3\4"),
        message(CONTROL.replace("Version: 1", "Ann Adler, 999 000 0018, 1951-02-03"), CONTENT),
        message(f"{CONTROL}\r\n{'x' * 300}", CONTENT),
        message(CONTENT, CONTROL),
        message(CONTROL, CONTENT.replace("wcBMA", "Name,NHS number\r\nAnn,9990000018")),
        message(CONTROL, CONTENT.replace("wcBMA", "QW5uIEFkbGVy")),
        message(CONTROL, f"{CONTENT}\r\nAnn Adler, 999 000 0018"),
        message(CONTROL, CONTENT.partition("-----END")[0]),
        message(CONTROL, f"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n{CONTENT}\r\n--c--"),
        b"From: jo@elm.example\r\nContent-Type: application/pkcs7-mime\r\n\r\nPK\3\4\r\n",
        b"From: jo@elm.example\r\nContent-Type: application/pkcs7-mime\r\n\r\n",
    ],
)
def test_what_only_looks_like_it_is_not(other: bytes) -> None:
    assert sealed_parts(parse(other)) == ()
