"""The dialogue without sockets: total on any line, one reply each, every reply with its enhanced code."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.reply import Reply
from mailguard.core.sign_in import SignInAnswer
from mailguard.smtp import replies
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.dialogue import Dialogue, Opening, Then
from mailguard.smtp.listen_settings import Limits
from mailguard.smtp.signing_in import SignInTerms
from tests.fakes import sign_in as fakes

OPENING = Opening("0" * 16, "127.0.0.1", "127.0.0.1:25", datetime(2026, 3, 12, tzinfo=UTC))
ALL = Capabilities(eight_bit=True, smtputf8=True, dsn=True)
LINE = re.compile(rb"(?:[245][0-9]{2}[ -](?:[245]\.[0-9]\.[0-9]+ )?|354 )[ -~]+")

WORDS = [
    b"MAIL FROM:",
    b"RCPT TO:",
    b"EHLO",
    b"HELO",
    b"DATA",
    b"RSET",
    b"NOOP",
    b"QUIT",
    b"VRFY",
    b"HELP",
    b" ",
    b"<>",
]
WORDS += [b"<a@in.example>", b"<b@out.example>", b'<"a b"@in.example>', b"SIZE=1", b"BODY=8BITMIME", b"NOTIFY=NEVER"]
WORDS += [b"AUTH=<>", b"SMTPUTF8", b"\xc3\xbc", b"\r", b"\n", b"\0", b"\xff", b"=", b"x"]
LINES = st.lists(
    st.one_of(st.lists(st.sampled_from(WORDS), max_size=6).map(b"".join), st.binary(max_size=20)), max_size=20
)


SIGN_IN_WORDS = [
    b"AUTH ",
    b"PLAIN",
    b"LOGIN",
    b"XOAUTH2",
    b"OAUTHBEARER",
    b" ",
    b"=",
    b"*",
    b"AGFubmEAc2VjcmV0",
    b"YW5uYQ==",
]
SIGN_IN_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [b"EHLO x", b"MAIL FROM:<a@in.example>", b"RSET", b"AUTH LOGIN", b"AUTH PLAIN AGFubmEAc2VjcmV0"]
        ),
        st.lists(st.sampled_from(SIGN_IN_WORDS), max_size=5).map(b"".join),
        st.binary(max_size=20),
    ),
    max_size=20,
)
ANSWERS = [*fakes.ANSWERS.values(), replies.SIGN_IN_SLOWED]


def dialogue(sign_in: SignInTerms | None = None, **limits: int) -> Dialogue:
    return Dialogue(OPENING, "guard.example", Limits.model_validate(limits), lambda: ALL, sign_in=sign_in)


@given(SIGN_IN_LINES, st.lists(st.sampled_from(ANSWERS), min_size=20, max_size=20), st.booleans())
def test_nobody_sends_who_was_not_accepted(lines: list[bytes], answers: list[SignInAnswer | Reply], lost: bool) -> None:
    """Any lines, any answers: one reply each, and an open transaction only after an accepted attempt."""
    terms = SignInTerms(lambda: fakes.ALL, lambda _: lost, lambda _: True, lambda _: None, in_clear=True, bound=True)
    session, accepted, failures = dialogue(terms), False, 0
    for line, given_answer in zip([b"EHLO x", *lines], [*answers, fakes.REFUSED], strict=False):
        answer = session.command(line.replace(b"\r\n", b""))
        if answer.then is Then.SIGN_IN:
            assert not accepted and session.attempt()[0].account is None
            answer = session.settle_sign_in(given_answer)
            accepted = given_answer is fakes.ACCEPTED
        if answer.then is Then.DROP:  # a browser's word is answered by nothing
            return
        failures += answer.wire.startswith(b"535")
        assert answer.wire.endswith(b"\r\n") and answer.wire.count(b"\n334") == 0
        assert not session.open or (accepted and not lost)
        assert session.session is None or (session.session.account is not None) == accepted
        assert failures <= 3 and (failures < 3 or answer.then is Then.CLOSE)
        if answer.then is Then.CLOSE:
            return


@given(LINES)
def test_any_lines_have_one_wellformed_reply_each(lines: list[bytes]) -> None:
    session = dialogue()
    for line in lines:
        line = line.replace(b"\r\n", b"")
        answer = session.command(line)
        if answer.then is Then.DROP:
            return
        *parts, end = answer.wire.split(b"\r\n")
        assert end == b"" and parts and all(LINE.fullmatch(part) for part in parts), answer
        assert all(part[3:4] == b"-" for part in parts[:-1]) and parts[-1][3:4] == b" "
        if answer.then is Then.CONTENT:
            envelope = session.envelope(eight_bit=False)
            assert envelope.recipients and all(b"\r" not in each.path.wire for each in envelope.recipients)
        if answer.then is Then.CLOSE:
            return


@given(st.sampled_from([b"\r", b"\n", b"\0"]), st.sampled_from([b"MAIL FROM:<a@in.example>", b"RSET", b"EHLO y"]))
def test_a_line_with_a_stray_octet_changes_nothing(stray: bytes, command: bytes) -> None:
    session = dialogue()
    session.command(b"EHLO x")
    session.command(b"MAIL FROM:<first@in.example>")
    for line in (command + stray, stray + command, b"NOOP" + stray + command):
        assert session.command(line).wire.startswith((b"500 5.5.2", b"500 5.5.1"))
    session.command(b"RCPT TO:<b@out.example>")
    envelope = session.envelope(eight_bit=False)
    assert envelope.reverse_path is not None and envelope.reverse_path.wire == b"first@in.example"


@pytest.mark.parametrize("name", [name for name in dir(replies) if isinstance(getattr(replies, name), Reply)])
def test_every_reply_has_an_enhanced_code_of_its_class(name: str) -> None:
    """RFC 2034 section 4; 3yz has none."""
    reply: Reply = getattr(replies, name)
    if reply.code // 100 == 3:
        assert reply.status is None
    else:
        assert reply.status is not None and reply.status[0] == str(reply.code)[0]
    assert len(f"{reply}\r\n") <= 512 and reply.text.isascii()
