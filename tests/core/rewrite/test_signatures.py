"""DKIM and ARC: a signature that the rewrite broke goes, with its ARC set; others stay and still verify (dkimpy)."""

from __future__ import annotations

import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.signatures import covered

from .submission import contents, hide_bcc, hide_separate, letter, values

A, B, NURSE = "a@o.example", "b@p.example", "nurse@elmroad.example"
TO = b"To: a@o.example, b@p.example, nurse@elmroad.example"


@pytest.fixture(scope="module")
def keys() -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def signed(keys: tuple[bytes, bytes], raw: bytes, *names: bytes, selector: bytes = b"s") -> bytes:
    signature: bytes = dkim.sign(raw, selector, b"elmroad.example", keys[0], include_headers=list(names))
    return signature + raw


def verifies(keys: tuple[bytes, bytes], content: bytes) -> bool:
    return bool(dkim.verify(content, dnsfunc=lambda name, timeout=5: keys[1]))


def test_one_that_covers_to_is_removed(keys: tuple[bytes, bytes]) -> None:
    raw = signed(keys, letter(TO), b"from", b"to", b"subject")
    assert verifies(keys, raw)
    for rewritten, own in ((hide_separate(raw, A, B), A), (hide_bcc(raw, A, B), A)):
        assert "dkim-signature-removed" in rewritten.changes
        assert values(contents(raw, rewritten)[own], "dkim-signature") == []


def test_one_that_does_not_stays_and_verifies(keys: tuple[bytes, bytes]) -> None:
    raw = signed(keys, letter(TO), b"from", b"subject")
    rewritten = hide_separate(raw, A, B)
    assert rewritten.changes == ("to",)
    assert all(verifies(keys, content) for content in contents(raw, rewritten).values())


def test_of_two_only_the_broken_one_goes(keys: tuple[bytes, bytes]) -> None:
    raw = signed(keys, signed(keys, letter(TO), b"from", selector=b"kept"), b"from", b"to", selector=b"gone")
    content = contents(raw, hide_separate(raw, A, B))[A]
    assert len(values(content, "dkim-signature")) == 1 and b"s=kept" in content and verifies(keys, content)


def test_the_copy_for_those_inside_keeps_its_signature(keys: tuple[bytes, bytes]) -> None:
    raw = signed(keys, letter(TO), b"from", b"to")
    assert verifies(keys, contents(raw, hide_separate(raw, A, B, NURSE))[NURSE])


def test_oversigning_counts_as_covering(keys: tuple[bytes, bytes]) -> None:
    raw = signed(keys, letter(b"Cc: a@o.example, b@p.example"), b"from", b"to")
    assert "dkim-signature-removed" in hide_separate(raw, A, B).changes


ARC = [
    b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.example; s=s; b=AA==",
    b"ARC-Message-Signature: i=1; a=rsa-sha256; d=x.example; s=s;\r\n h=from:to\r\n :subject; bh=AA==; b=AA==",
    b"ARC-Authentication-Results: i=1; x.example; none",
]


def test_a_broken_arc_set_goes_whole() -> None:
    raw = letter(*ARC, TO)
    rewritten = hide_separate(raw, A, B, NURSE)
    made = contents(raw, rewritten)
    assert rewritten.changes == ("to", "arc-removed") and b"ARC-" not in made[A] and made[NURSE].count(b"ARC-") == 3


def test_an_arc_set_over_other_fields_stays() -> None:
    raw = letter(*[field.replace(b"to\r\n ", b"date") for field in ARC], TO)
    assert contents(raw, hide_separate(raw, A, B))[A].count(b"ARC-") == 3


def test_an_arc_set_over_a_removed_dkim_signature_goes(keys: tuple[bytes, bytes]) -> None:
    arc = [field.replace(b"from:to", b"from:DKIM-Signature") for field in ARC]
    raw = signed(keys, letter(*arc, TO), b"from", b"to")
    assert hide_separate(raw, A, B).changes == ("to", "dkim-signature-removed", "arc-removed")


def test_removing_bcc_alone_breaks_what_covers_it() -> None:
    signature = b"DKIM-Signature: v=1; d=elmroad.example; h=from:bcc; b=AA=="
    raw = letter(signature, b"To: nurse@elmroad.example", b"Bcc: a@o.example")
    rewritten = hide_bcc(raw, A, NURSE)
    assert rewritten.changes == ("bcc-removed", "dkim-signature-removed")
    assert b"DKIM" not in Content(raw, rewritten.copies[0].edits).to_bytes()


def test_names_covered() -> None:
    assert covered(b" v=1; bh=x; h = From : To:\r\n\tSubject ; b=h=cc") == {"from", "to", "subject"}
    assert covered(b" v=1; b=x") == frozenset() == covered(b"")
