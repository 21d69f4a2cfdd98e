"""One SASL exchange of a client's own words with the smarthost (RFC 4954 section 4), on a line that is open.

The client's responses go on byte for byte, encoded anew in base64. INVARIANT: nothing of them stands in what is raised,
logged or returned.
"""

from __future__ import annotations

import base64
import binascii
from collections import deque

from ..core.outcome import SmarthostReply
from ..core.sign_in import Credentials, SignInAnswer, SignInOutcome
from .line import Line
from .sasl import LINE_OCTETS
from .troubles import InTrouble, Trouble

COMMAND_OCTETS = 512
"""With CRLF. A first response that does not fit waits for 334 (RFC 4954 section 4, item "initial-response")."""

OAUTH_GIVES_IN = {"XOAUTH2": b"", "OAUTHBEARER": b"\x01"}
"""What a client answers to the challenge that says why it is refused; RFC 7628 section 3.2.3 has kvsep."""

_OF_THE_GUARD = frozenset({500, 502, 503, 504, 530, 538})
"""5yz that speak of the dialogue and not of who signs in: trouble of ours, not a wrong password."""


async def authenticate(line: Line, credentials: Credentials, seconds: float) -> SignInAnswer:
    """Try them once. Raises InTrouble where that cannot be done now. seconds: for each reply."""
    waiting = deque(base64.b64encode(response) for response in credentials.responses)
    if any(len(each) + 2 > LINE_OCTETS for each in waiting):
        return SignInAnswer(SignInOutcome.REFUSED)
    line.write(_command(credentials.mechanism, waiting))
    reply = await line.reply(seconds)
    challenge: bytes | None = None
    while reply.code == 334:
        if waiting:
            octets = waiting.popleft()
        elif credentials.mechanism in OAUTH_GIVES_IN and challenge is None:
            challenge = _decoded(reply.text)
            octets = base64.b64encode(OAUTH_GIVES_IN[credentials.mechanism])
        else:
            raise InTrouble(Trouble.OUT_OF_STEP)
        line.write(octets + b"\r\n")
        reply = await line.reply(seconds)
    return _answer(reply, challenge)


def _command(mechanism: str, waiting: deque[bytes]) -> bytes:
    """AUTH, with the first response where it may stand there. LOGIN's server speaks first."""
    command = b"AUTH " + mechanism.encode("ascii")
    if mechanism != "LOGIN" and waiting:
        first = waiting[0] or b"="  # RFC 4954 section 4: an initial response of no octets
        if len(command) + 1 + len(first) + 2 <= COMMAND_OCTETS:
            waiting.popleft()
            command += b" " + first
    return command + b"\r\n"


def _answer(reply: SmarthostReply, challenge: bytes | None) -> SignInAnswer:
    if reply.code == 235:
        return SignInAnswer(SignInOutcome.ACCEPTED, reply)
    if reply.code == 421:
        raise InTrouble(Trouble.UNAVAILABLE, reply)
    if 400 <= reply.code < 500:
        return SignInAnswer(SignInOutcome.UNAVAILABLE, reply)
    if reply.code in _OF_THE_GUARD:
        raise InTrouble(Trouble.NO_SIGN_IN, reply)
    if 500 <= reply.code < 600:
        return SignInAnswer(SignInOutcome.REFUSED, reply, challenge)
    raise InTrouble(Trouble.MALFORMED)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
