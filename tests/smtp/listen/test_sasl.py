"""The four mechanisms as tables, and on any octets: total, and no secret in anything that can be printed."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.reply import Reply
from mailguard.core.sign_in import Credentials
from mailguard.smtp import replies
from mailguard.smtp.sasl import LINE_OCTETS, MECHANISMS, Challenge, Exchange

SECRET = b"hunter2-hunter2"
XOAUTH2 = b"user=anna@elmroad.example\x01auth=Bearer ya29.token\x01\x01"
BEARER = b"n,a=anna@elmroad.example,\x01host=mail.example\x01port=587\x01auth=Bearer ya29.token\x01\x01"


def play(mechanism: str, *responses: bytes, initial: bool = True) -> Challenge | Credentials | Reply:
    """The last step of an exchange of these responses, base64 put on."""
    exchange = Exchange(mechanism)
    lines = [b64encode(each) for each in responses]
    step = exchange.begin((lines.pop(0) or b"=") if initial else None)
    for line in lines:
        assert isinstance(step, Challenge), step
        step = exchange.respond(line)
    return step


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize(
    ("mechanism", "responses", "account"),
    [
        ("PLAIN", [b"\0anna\0" + SECRET], "anna"),
        ("PLAIN", [b"anna\0anna\0" + SECRET], "anna"),
        ("PLAIN", ["\0änna@elmroad.example\0pässword".encode()], "änna@elmroad.example"),
        ("LOGIN", [b"anna", SECRET], "anna"),
        ("LOGIN", [b"anna", b"p\xe4ssword\x7f"], "anna"),
        ("XOAUTH2", [XOAUTH2], "anna@elmroad.example"),
        ("OAUTHBEARER", [BEARER], "anna@elmroad.example"),
        ("OAUTHBEARER", [b"y,a=a=2Cb=3Dc,\x01auth=bearer t\x01\x01"], "a,b=c"),
    ],
)
def test_whole_credentials(mechanism: str, responses: list[bytes], account: str, initial: bool) -> None:
    assert play(mechanism, *responses, initial=initial) == Credentials(mechanism, account, tuple(responses))


def test_the_challenges() -> None:
    assert Exchange("PLAIN").begin(None) == Challenge(b"")
    assert Challenge(b"").wire() == b"334 \r\n"  # RFC 4954 section 4: the space stays
    login = Exchange("LOGIN")
    first, second = login.begin(None), login.respond(b64encode(b"anna"))
    assert isinstance(first, Challenge) and first.wire() == b"334 VXNlcm5hbWU6\r\n"  # MS-XLOGIN 2.2.2
    assert isinstance(second, Challenge) and second.wire() == b"334 UGFzc3dvcmQ6\r\n"


def test_login_takes_an_initial_response_as_the_name() -> None:
    """RFC 4954 says 501; Outlook, and others, send it (MS-XLOGIN 2.2.2)."""
    assert Exchange("LOGIN").begin(b64encode(b"anna")) == Challenge(b"Password:")


@pytest.mark.parametrize(
    ("mechanism", "responses", "reply"),
    [
        ("PLAIN", [b"director\0anna\0" + SECRET], replies.ACTING_FOR_ANOTHER),
        ("PLAIN", [b"\0\0" + SECRET], replies.SIGN_IN_REFUSED),
        ("PLAIN", [b"\0anna\0"], replies.SIGN_IN_REFUSED),
        ("PLAIN", [b""], replies.RESPONSE_MALFORMED),
        ("PLAIN", [b"anna\0" + SECRET], replies.RESPONSE_MALFORMED),
        ("PLAIN", [b"\0anna\0a\0b"], replies.RESPONSE_MALFORMED),
        ("PLAIN", [b"\0anna\0\xff"], replies.RESPONSE_MALFORMED),
        ("PLAIN", [b"\0\xff\0" + SECRET], replies.RESPONSE_MALFORMED),
        ("PLAIN", [b"\0an\nna\0" + SECRET], replies.SIGN_IN_REFUSED),
        ("PLAIN", ["\0an\u202ena\0x".encode()], replies.SIGN_IN_REFUSED),
        ("PLAIN", [b"\0" + b"a" * 1025 + b"\0" + SECRET], replies.SIGN_IN_REFUSED),
        ("LOGIN", [b"", SECRET], replies.SIGN_IN_REFUSED),
        ("LOGIN", [b"anna", b""], replies.SIGN_IN_REFUSED),
        ("LOGIN", [b"anna", b"a\0b"], replies.RESPONSE_MALFORMED),
        ("LOGIN", [b"an\0na", SECRET], replies.SIGN_IN_REFUSED),
        ("XOAUTH2", [b"user=\x01auth=Bearer x\x01\x01"], replies.SIGN_IN_REFUSED),
        ("XOAUTH2", [b"user=anna\x01auth=Bearer \x01\x01"], replies.SIGN_IN_REFUSED),
        ("XOAUTH2", [b"user=anna\x01auth=Basic x\x01\x01"], replies.RESPONSE_MALFORMED),
        ("XOAUTH2", [b"user=anna\x01auth=Bearer x\x01"], replies.RESPONSE_MALFORMED),
        ("XOAUTH2", [b"user=anna\x01auth=Bearer x\r\ny\x01\x01"], replies.RESPONSE_MALFORMED),
        ("OAUTHBEARER", [b"n,,\x01auth=Bearer x\x01\x01"], replies.ACCOUNT_NOT_NAMED),
        ("OAUTHBEARER", [b"n,a=,\x01auth=Bearer x\x01\x01"], replies.ACCOUNT_NOT_NAMED),
        ("OAUTHBEARER", [b"p=tls-unique,a=anna,\x01auth=Bearer x\x01\x01"], replies.RESPONSE_MALFORMED),
        ("OAUTHBEARER", [b"n,a=anna,\x01host=x\x01\x01"], replies.RESPONSE_MALFORMED),
        ("OAUTHBEARER", [b"n,a=anna,\x01auth=Bearer x\x01auth=Bearer y\x01\x01"], replies.RESPONSE_MALFORMED),
        ("OAUTHBEARER", [b"n,a=anna,\x01a=director\x01auth=Bearer x\x01\x01"], replies.RESPONSE_MALFORMED),
        ("OAUTHBEARER", [b"n,a=anna,\x01auth=Bearer x\x01User=director\x01\x01"], replies.RESPONSE_MALFORMED),
        ("OAUTHBEARER", [b"n,a=anna,\x01AUTH=Bearer y\x01auth=Bearer x\x01\x01"], replies.RESPONSE_MALFORMED),
        ("OAUTHBEARER", [b"n,a=an=2cna,\x01auth=Bearer x\x01\x01"], replies.RESPONSE_MALFORMED),
    ],
)
def test_what_cannot_be_tried(mechanism: str, responses: list[bytes], reply: Reply) -> None:
    assert play(mechanism, *responses) == reply


@pytest.mark.parametrize(
    "text", [b"=AAA", b"AAA=BBB", b"AAAA=", b"AAA", b"A===", b"AB==", b"AAA A", b"AAAA ", b"A-_A", b"\xff", b"AAAA\n"]
)
def test_base64_is_strict(text: bytes) -> None:
    """RFC 4954 section 4; AB== has bits that stand for nothing (RFC 4648 section 3.5)."""
    exchange = Exchange("PLAIN")
    exchange.begin(None)
    assert exchange.respond(text) == Exchange("PLAIN").begin(text) == replies.NOT_BASE64


def test_cancelled_and_too_long() -> None:
    for mechanism in MECHANISMS:
        exchange = Exchange(mechanism)
        exchange.begin(None)
        assert exchange.respond(b"*") == replies.SIGN_IN_CANCELLED
        assert exchange.respond(b"A" * (LINE_OCTETS - 1)) == replies.RESPONSE_TOO_LONG


def test_a_token_as_long_as_a_line_may_be() -> None:
    token = b"t" * 9_100
    step = play("XOAUTH2", b"user=anna\x01auth=Bearer " + token + b"\x01\x01", initial=False)
    assert isinstance(step, Credentials) and step.responses[0].count(b"tt") == 4_550


LINES = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=60).map(b64encode),
    st.lists(
        st.sampled_from([b"\0", b"\x01", b"anna", b"user=", b"auth=Bearer ", b"n,a=", b",", b"="]), max_size=8
    ).map(lambda parts: b64encode(b"".join(parts))),
)


@given(st.sampled_from(list(MECHANISMS)), st.one_of(st.none(), LINES), st.lists(LINES, max_size=3))
def test_total_on_any_octets(mechanism: str, initial: bytes | None, lines: list[bytes]) -> None:
    exchange = Exchange(mechanism)
    step = exchange.begin(initial)
    for line in lines:
        if not isinstance(step, Challenge):
            break
        step = exchange.respond(line)
    if isinstance(step, Credentials):
        assert step.account and step.account.isprintable() and all(step.responses)
    elif isinstance(step, Reply):
        assert step.code in (500, 501, 535) and step.text.isascii()


@given(st.binary(min_size=1, max_size=40).map(b64encode))
def test_no_secret_in_a_repr_or_a_reply(secret: bytes) -> None:
    text = secret.decode()
    for mechanism, responses in {
        "PLAIN": [b"\0somebody\0" + secret],
        "LOGIN": [b"somebody", secret],
        "XOAUTH2": [b"user=somebody\x01auth=Bearer %b\x01\x01" % secret],
        "OAUTHBEARER": [b"n,a=somebody,\x01auth=Bearer %b\x01\x01" % secret],
    }.items():
        step = play(mechanism, *responses)
        assert isinstance(step, Credentials) and step.responses == tuple(responses)
        assert repr(step) == f"Credentials(mechanism='{mechanism}')" and str(step) == repr(step)
        refusal = play(mechanism, *responses[:-1], b"!" + responses[-1] + b"\0\0\xff")
        assert not isinstance(refusal, Reply) or len(text) < 8 or text not in repr(refusal)
