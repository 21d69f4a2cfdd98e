"""Signatures over what the guard rewrote, verified by a second implementation (dkimpy), and what is never signed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.errors import MailguardError
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content, Edit
from mailguard.core.rewrite.copies import Copy, Rewritten
from mailguard.core.rewrite.dkim import DkimKey, keys_for, sign

from .submission import contents, hide_bcc, hide_separate, letter, naive, values

AT = datetime(2026, 3, 12, 9, 0, 5, tzinfo=UTC)
A, B, NURSE = "a@o.example", "b@p.example", "nurse@elmroad.example"
TO = b"To: a@o.example, b@p.example, nurse@elmroad.example"

_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_ED = ed25519.Ed25519PrivateKey.generate()
RSA_KEY = DkimKey(
    "elmroad.example", "guard1", "rsa-sha256", lambda octets: _RSA.sign(octets, padding.PKCS1v15(), hashes.SHA256())
)
ED_KEY = DkimKey(
    "elmroad.example", "guard2", "ed25519-sha256", lambda octets: _ED.sign(hashlib.sha256(octets).digest())
)
_PUBLIC = _RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
RECORDS = {
    b"guard1": b"v=DKIM1; k=rsa; p=" + base64.b64encode(_PUBLIC),
    b"guard2": b"v=DKIM1; k=ed25519; p=" + base64.b64encode(_ED.public_key().public_bytes_raw()),
}


class _VerifyKey:
    """Ed25519 for dkimpy, which asks PyNaCl for it; all else of the verification is dkimpy's own."""

    def __init__(self, key: bytes, encoder: object) -> None:
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

    def verify(self, octets: bytes, signature: bytes) -> None:
        self._key.verify(signature, octets)


@pytest.fixture(autouse=True, scope="module")
def nacl() -> Iterator[None]:
    fake = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=_VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(ValueError=ValueError, BadSignatureError=InvalidSignature),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dkim, "nacl", fake, raising=False)
        yield


def verified(content: bytes) -> list[bool]:
    """Of every signature, from the top; the last line ended as it is on the wire."""
    reader = dkim.DKIM(content if content.endswith(b"\r\n") else content + b"\r\n")
    return [_holds(reader, index) for index in range(len(values(content, "dkim-signature")))]


def _holds(reader: dkim.DKIM, index: int) -> bool:
    try:
        return bool(reader.verify(idx=index, dnsfunc=lambda name, timeout=5: RECORDS[name.partition(b".")[0]]))
    except dkim.ValidationError:
        return False


def signed(raw: bytes, rewritten: Rewritten, *keys: DkimKey) -> Rewritten:
    return sign(parse(raw), rewritten, keys or (RSA_KEY,), AT)


@pytest.mark.parametrize("key", [RSA_KEY, ED_KEY], ids=["rsa", "ed25519"])
def test_every_rewritten_copy_is_signed_and_verifies(key: DkimKey) -> None:
    raw = letter(TO)
    for plain in (hide_separate(raw, A, B), hide_bcc(raw, A, B)):
        rewritten = signed(raw, plain, key)
        assert rewritten.changes == (*plain.changes, "dkim-signed:elmroad.example")
        for content in contents(raw, rewritten).values():
            assert verified(content) == [True]
            assert max(map(len, content.partition(b"Received:")[0].split(b"\r\n"))) <= 78


def test_the_signature_is_all_that_is_new() -> None:
    raw = letter(TO, body=b"odd \xff  body\t\r\n\r\n\r\n. \r\n")
    plain = hide_separate(raw, A, B)
    rewritten = signed(raw, plain)
    for before, after in zip(plain.copies, rewritten.copies, strict=True):
        made = Content(raw, after.edits).to_bytes()
        assert made.startswith(b"DKIM-Signature: ") and made.endswith(Content(raw, before.edits).to_bytes())
        assert made == naive(raw, after.edits) and after.recipients == before.recipients


def test_two_keys_make_two_signatures() -> None:
    raw = letter(TO)
    rewritten = signed(raw, hide_bcc(raw, A, B), RSA_KEY, ED_KEY)
    assert verified(contents(raw, rewritten)[A]) == [True, True]
    assert rewritten.changes.count("dkim-signed:elmroad.example") == 1


def test_what_it_says() -> None:
    raw = letter(TO, b"Cc: c@o.example", b"List-Unsubscribe: <https://elmroad.example/u>")
    content = contents(raw, signed(raw, hide_separate(raw, A, B, "c@o.example")))[A]
    (value,) = values(content, "dkim-signature")
    tags = dict(tag.strip().split(b"=", 1) for tag in value.split(b";"))
    assert {name: tags[name] for name in (b"v", b"a", b"c", b"d", b"s", b"t")} == {
        b"v": b"1",
        b"a": b"rsa-sha256",
        b"c": b"relaxed/relaxed",
        b"d": b"elmroad.example",
        b"s": b"guard1",
        b"t": b"1773306005",
    }
    assert b"l" not in tags and b"i" not in tags
    covered = tags[b"h"].replace(b"\t", b"").split(b":")
    assert all(covered.count(name) == 2 for name in (b"from", b"to", b"subject", b"date", b"message-id"))
    assert all(covered.count(name) == 1 for name in (b"cc", b"reply-to", b"mime-version", b"list-unsubscribe"))
    assert b"received" not in covered and b"in-reply-to" not in covered


@pytest.mark.parametrize(
    "field", [b"From: x@y.example", b"To: x@y.example", b"Cc: x@y.example", b"Subject: x", b"Reply-To: x@y.example"]
)
def test_nobody_can_add_what_a_reader_is_shown(field: bytes) -> None:
    raw = letter(TO)
    content = contents(raw, signed(raw, hide_separate(raw, A, B)))[A]
    assert verified(field + b"\r\n" + content) == [False]


def test_a_smarthost_may_complete_date_and_message_id() -> None:
    raw = b"From: jo@elmroad.example\r\n" + TO + b"\r\n\r\nHi\r\n"
    content = contents(raw, signed(raw, hide_separate(raw, A, B)))[A]
    added = b"Message-ID: <1@relay.example>\r\nDate: Thu, 12 Mar 2026 09:00:06 +0000\r\n"
    assert verified(added + content) == [True]


@pytest.mark.parametrize("what", [b"clinic@", b"Monday", b"Flu clinic", b"1@elmroad"])
def test_a_changed_octet_breaks_it(what: bytes) -> None:
    raw = letter(TO)
    content = contents(raw, signed(raw, hide_separate(raw, A, B)))[A]
    assert verified(content.replace(what, what[:-1] + b"X")) == [False]


def test_what_leaves_as_written_is_not_signed() -> None:
    raw = letter(TO)
    plain, rewritten = hide_separate(raw, A, B, NURSE), signed(raw, hide_separate(raw, A, B, NURSE))
    assert contents(raw, rewritten)[NURSE] == contents(raw, plain)[NURSE]
    alone = hide_separate(letter(b"To: a@o.example"), A)
    assert signed(letter(b"To: a@o.example"), alone) == alone
    inside = letter(b"To: nurse@elmroad.example")
    assert signed(inside, hide_bcc(inside, NURSE)) == hide_bcc(inside, NURSE)


def test_a_broken_signature_of_theirs_goes_and_ours_comes() -> None:
    theirs = dkim.sign(
        letter(TO),
        b"guard1",
        b"elmroad.example",
        _RSA.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        ),
        include_headers=[b"from", b"to"],
    )
    raw = theirs + letter(TO)
    rewritten = signed(raw, hide_separate(raw, A, B))
    assert rewritten.changes == ("to", "dkim-signature-removed", "dkim-signed:elmroad.example")
    assert verified(contents(raw, rewritten)[A]) == [True]


@pytest.mark.parametrize(
    ("domain", "chosen"),
    [
        ("elmroad.example", ["elmroad.example"]),
        ("ELMROAD.example", ["elmroad.example"]),
        ("mail.elmroad.example", ["mail.elmroad.example"]),
        ("x.mail.elmroad.example", ["mail.elmroad.example"]),
        ("other.elmroad.example", ["elmroad.example"]),
        ("notelmroad.example", []),
        ("example", []),
    ],
)
def test_the_nearest_domain_signs(domain: str, chosen: list[str]) -> None:
    keys = [RSA_KEY, DkimKey("mail.elmroad.example", "m", "rsa-sha256", RSA_KEY.sign)]
    message = parse(f"From: jo@{domain}\r\n\r\n".encode())
    assert [key.domain for key in keys_for(message, keys)] == chosen


@pytest.mark.parametrize(
    "header",
    [
        b"From: jo@elmroad.example, amira@elmroad.example\r\n",
        b"From: jo@elmroad.example\r\nFrom: jo@elmroad.example\r\n",
        b'From: "amira@partner.example" <jo@elmroad.example>\r\n',
        b"From: The Director\r\n",
        b"Sender: jo@elmroad.example\r\n",
    ],
)
def test_from_has_to_name_exactly_one(header: bytes) -> None:
    assert keys_for(parse(header + b"\r\n"), [RSA_KEY]) == ()


@pytest.mark.parametrize("answer", [None, b"", b"short", "text" * 40])
def test_a_key_that_does_not_sign_is_an_error(answer: object) -> None:
    raw = letter(TO)
    broken = DkimKey("elmroad.example", "s", "rsa-sha256", lambda octets: answer)  # type: ignore[arg-type,return-value]
    with pytest.raises(MailguardError):
        signed(raw, hide_separate(raw, A, B), broken)


def test_an_edit_over_the_border_of_header_and_body_is_an_error() -> None:
    raw = letter(TO)
    start = parse(raw).body_start
    with pytest.raises(MailguardError):
        signed(raw, Rewritten((Copy((), (Edit(start - 4, start + 2, b"x"),)),), ()))


def test_edits_of_the_body_are_signed_and_a_shared_body_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = letter(TO)
    body = parse(raw).body_start
    plain = hide_separate(raw, A, B)
    inside = (Edit(body, body + 5, b"Dear A"), Edit(len(raw), len(raw), b"\r\nmore  \r\n\r\n"))
    copies = (plain.copies[0], Copy(plain.copies[1].recipients, (*plain.copies[1].edits, *inside)))
    hashed = []
    from mailguard.core.rewrite import dkim as ours

    monkeypatch.setattr(
        ours, "relaxed_body_sha256", lambda found, plain=ours.relaxed_body_sha256: hashed.append(1) or plain(found)
    )
    rewritten = signed(raw, Rewritten((*copies, plain.copies[0]), ()))
    assert len(hashed) == 2
    assert all(verified(Content(raw, copy.edits).to_bytes()) == [True] for copy in rewritten.copies)


_VALUES = st.lists(
    st.sampled_from(
        [b" ", b"\t", b"\r\n ", b"\r\n\t", b"word", b";", b":", b"=", b"=?utf-8?q?=C3?=", b"\xc3\xa9", b"b="]
    ),
    max_size=12,
).map(b"".join)
_FIELDS = st.lists(
    st.builds(
        lambda name, value: name + value,
        st.sampled_from([b"Subject: s", b"X-Odd:", b"references:", b"List-Id:", b"Comments: ", b"Keywords:k"]),
        _VALUES,
    ),
    max_size=6,
)
_BODIES = st.lists(
    st.sampled_from([b" ", b"\t", b"\r\n", b"\r\n\r\n", b"a", b". \r\n", b"\xff\xfe", b"word\t \r\n"]), max_size=20
).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(_FIELDS, _BODIES, st.booleans())
def test_any_header_and_body_verifies(fields: list[bytes], body: bytes, small: bool) -> None:
    lines = [b"From: jo@elmroad.example", TO, *fields]
    raw = b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body
    plain = Rewritten((Copy((), (Edit(0, 0, b"Received: x\r\n"),)),), ())
    rewritten = signed(raw, plain, ED_KEY if small else RSA_KEY)
    assert verified(Content(raw, rewritten.copies[0].edits).to_bytes()) == [True]
