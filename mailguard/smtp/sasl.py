"""The server's side of PLAIN (RFC 4616), LOGIN (MS-XLOGIN), XOAUTH2 (Google, Microsoft) and OAUTHBEARER (RFC 7628).

A state machine without I/O: responses in, challenges out, and at the end whole Credentials or a refusal.

It collects and never tries: whether the secret is right is guard.ports.SignIn's to say. docs/decisions/sign-in.md.

INVARIANT: total on any octets. INVARIANT: what comes out as Credentials has a name of UTF-8 without control characters
and a secret that is not empty. INVARIANT: no secret stands in a repr or in a refusal.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..core.reply import Reply
from ..core.sign_in import Credentials
from . import replies

LINE_OCTETS = 12_288
"""Longest AUTH command or response, with its CRLF (RFC 4954 section 4)."""

ACCOUNT_OCTETS = 1024
"""Longest account name; RFC 4616 section 2 asks for 255."""

CHALLENGE_OCTETS = 9_000
"""Longest challenge of a smarthost that is handed on: with base64 it stays below LINE_OCTETS."""

Reader = Callable[[tuple[bytes, ...]], "tuple[bytes, bytes]"]


class _Unfit(Exception):
    """What the client said cannot be tried. reply: why. It holds nothing of what was said."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the client is asked, base64 undone."""

    octets: bytes

    def wire(self) -> bytes:
        """RFC 4954 section 4: the space stays where nothing is asked."""
        return b"334 " + base64.b64encode(self.octets) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """asks: the challenge before each response. read: (name, secret) of all responses, as octets."""

    asks: tuple[bytes, ...]
    read: Reader


class Exchange:
    """One attempt of one mechanism, from the AUTH command to Credentials or a refusal. Over after either."""

    __slots__ = ("_mechanism", "_name", "_responses")

    def __init__(self, name: str) -> None:
        """name: a key of MECHANISMS."""
        self._name = name
        self._mechanism = MECHANISMS[name]
        self._responses: tuple[bytes, ...] = ()

    def begin(self, initial: bytes | None) -> Challenge | Credentials | Reply:
        """initial: the initial response in base64, b"=" where it is empty; None where the client sent none."""
        if initial is None:
            return Challenge(self._mechanism.asks[0])
        return self._take(b"" if initial == b"=" else initial)

    def respond(self, line: bytes) -> Challenge | Credentials | Reply:
        """line: what the client answered to the last challenge, without its CRLF."""
        if len(line) + 2 > LINE_OCTETS:
            return replies.RESPONSE_TOO_LONG
        return replies.SIGN_IN_CANCELLED if line == b"*" else self._take(line)

    def _take(self, text: bytes) -> Challenge | Credentials | Reply:
        try:
            self._responses = (*self._responses, _decoded(text))
            if len(self._responses) < len(self._mechanism.asks):
                return Challenge(self._mechanism.asks[len(self._responses)])
            return self._credentials()
        except _Unfit as unfit:
            return unfit.reply

    def _credentials(self) -> Credentials:
        responses, self._responses = self._responses, ()
        name, secret = self._mechanism.read(responses)
        if not name or not secret:
            raise _Unfit(replies.SIGN_IN_REFUSED)
        return Credentials(self._name, _account(name), responses)


def _decoded(text: bytes) -> bytes:
    """RFC 4954 section 4, RFC 4648 section 3: the alphabet, the padding and the unused bits, and nothing else."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Unfit(replies.NOT_BASE64) from None
    if base64.b64encode(octets) != text:
        raise _Unfit(replies.NOT_BASE64)
    return octets


def _account(name: bytes) -> str:
    if len(name) > ACCOUNT_OCTETS:
        raise _Unfit(replies.SIGN_IN_REFUSED)
    text = _utf8(name)
    if not text.isprintable():
        raise _Unfit(replies.SIGN_IN_REFUSED)
    return text


def _utf8(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise _Unfit(replies.RESPONSE_MALFORMED) from None


def _plain(responses: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """RFC 4616 section 2: [authzid] NUL authcid NUL passwd, UTF-8. To act for somebody else is not offered."""
    parts = responses[0].split(b"\0")
    if len(parts) != 3:
        raise _Unfit(replies.RESPONSE_MALFORMED)
    acts_as, name, secret = parts
    _utf8(secret)
    if acts_as not in (b"", name):
        raise _Unfit(replies.ACTING_FOR_ANOTHER)
    return name, secret


def _login(responses: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """No charset was ever said for it, so that a password of old programs may be any octets but NUL."""
    name, secret = responses
    if b"\0" in secret:
        raise _Unfit(replies.RESPONSE_MALFORMED)
    return name, secret


_TOKEN = rb"[Bb][Ee][Aa][Rr][Ee][Rr] (?P<token>[!-~]*)"
_XOAUTH2 = re.compile(rb"user=(?P<name>[^\x00\x01]*)\x01auth=" + _TOKEN + rb"\x01\x01")
# RFC 7628 section 3.1: gs2-header, then key=value pairs, each with ^A behind it, and ^A. No channel binding is known.
# One name and one token: a second one, in any case, may be what the smarthost goes by.
_PAIR = rb"(?:(?!(?i:auth|a|user|authzid|authcid)=)[A-Za-z]+=[^\x00\x01]*\x01)*"
_OAUTHBEARER = re.compile(
    rb"[ny],(?:a=(?P<name>[^\x00\x01,=]*(?:=(?:2C|3D)[^\x00\x01,=]*)*))?,\x01"
    + _PAIR
    + rb"auth="
    + _TOKEN
    + rb"\x01"
    + _PAIR
    + rb"\x01"
)


def _xoauth2(responses: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    found = _XOAUTH2.fullmatch(responses[0])
    if found is None:
        raise _Unfit(replies.RESPONSE_MALFORMED)
    return found["name"], found["token"]


def _oauthbearer(responses: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """The name is asked for although RFC 7628 makes it optional: limits and `own_address_only` go by it."""
    found = _OAUTHBEARER.fullmatch(responses[0])
    if found is None:
        raise _Unfit(replies.RESPONSE_MALFORMED)
    if not found["name"]:
        raise _Unfit(replies.ACCOUNT_NOT_NAMED)
    return found["name"].replace(b"=2C", b",").replace(b"=3D", b"="), found["token"]


MECHANISMS: Mapping[str, Mechanism] = {
    "PLAIN": Mechanism((b"",), _plain),
    "LOGIN": Mechanism((b"Username:", b"Password:"), _login),
    "XOAUTH2": Mechanism((b"",), _xoauth2),
    "OAUTHBEARER": Mechanism((b"",), _oauthbearer),
}
"""In the order in which they are announced: programs that take the first one know PLAIN best."""
