"""Tells a Postfix that trusts us who the client is: XCLIENT (its access rules apply to the client) or XFORWARD (its log
names the client). Postfix's XCLIENT_README and XFORWARD_README; values are xtext (RFC 3461 section 4).

XCLIENT takes the server back to its greeting and stays for the whole connection, so EHLO is said again and what it
announces then counts. It is one command: a second one takes back what the first said of HELO, PROTO and LOGIN, and
Postfix refuses it anyway, for the connection then comes from somebody else. XFORWARD is said before each message, in
full, in as many commands as it needs.

INVARIANT: only attributes that the server announced are named, and no command has more than 512 octets.
INVARIANT: after a failure the line is not fit for mail, unless this returned: it may carry an earlier client's name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Literal

from ..core.outcome import SmarthostReply
from ..core.session import Session
from ..logs import logger
from .line import Line
from .reply_reader import MAX_TEXT_CHARACTERS
from .smarthost_capabilities import read_ehlo
from .troubles import InTrouble, Trouble

log = logger("smarthost")

UNKNOWN = b"[UNAVAILABLE]"
LINE_OCTETS = 512
"""RFC 5321 section 4.5.3.1.4, with CRLF: both pages forbid longer commands."""
VALUE_OCTETS = 255

Told = tuple[str, str, bool, str | None]
"""What makes one client another for the server: address, greeting, protocol, account."""


def told_of(session: Session | None) -> Told | None:
    """None for what the guard sends by itself: the server is then told of nobody, and sees the guard."""
    return None if session is None else (session.peer, session.greeting, session.extended, session.account)


async def introduce(
    line: Line, way: Literal["xclient", "xforward"], session: Session | None, hostname: str, seconds: float
) -> None:
    """Tell the server of the session's client, and mark the line with it. Raises InTrouble. hostname: for EHLO."""
    if way == "xforward":
        await _forward(line, session, seconds)
    elif session is not None:
        await _become(line, session, hostname, seconds)


async def _become(line: Line, session: Session, hostname: str, seconds: float) -> None:
    if "ADDR" not in line.capabilities.xclient:
        raise InTrouble(Trouble.NO_XCLIENT)
    until = asyncio.get_running_loop().time() + seconds
    reply = await _ask(line, xclient_command(session, line.capabilities.xclient), until)
    if reply.code != 220:
        raise InTrouble(Trouble.UNAVAILABLE if reply.code == 421 else Trouble.XCLIENT, reply)
    reply = await _ask(line, f"EHLO {hostname}\r\n".encode("ascii", "replace"), until)
    if reply.code != 250:
        raise InTrouble(Trouble.UNAVAILABLE if reply.code == 421 else Trouble.EHLO, reply)
    if len(reply.text) >= MAX_TEXT_CHARACTERS:  # cut off: an extension could be missing
        raise InTrouble(Trouble.TOO_LONG)
    line.capabilities = read_ehlo(reply.text)
    line.told = told_of(session)


async def _forward(line: Line, session: Session | None, seconds: float) -> None:
    """A refusal only leaves the server's log without the client, but a used line may still carry an earlier one."""
    until = asyncio.get_running_loop().time() + seconds
    for command in xforward_commands(session, line.capabilities.xforward):
        reply = await _ask(line, command, until)
        if reply.code == 421 or not 200 <= reply.code < 600:
            raise InTrouble(Trouble.UNAVAILABLE if reply.code == 421 else Trouble.MALFORMED, reply)
        if reply.code >= 300:
            if line.messages:
                raise InTrouble(Trouble.XFORWARD, reply)
            log.warning("client_not_told", cause=f"XFORWARD is refused with {reply.code}")
            return


async def _ask(line: Line, command: bytes, until: float) -> SmarthostReply:
    line.write(command)
    return await line.reply(until - asyncio.get_running_loop().time())


def xclient_command(session: Session, announced: Sequence[str]) -> bytes:
    """With CRLF. The name and the port are unknown: nobody asked the DNS, and a balancer may stand between.

    What makes the line too long is left unknown, the greeting before the account.
    """
    values = _of_client(session) | {"LOGIN": _xtext(session.account)}
    for name in ("HELO", "LOGIN"):
        commands = list(_commands(b"XCLIENT", values, announced))
        if len(commands) < 2:
            break
        values[name] = UNKNOWN
    return next(_commands(b"XCLIENT", values, announced), b"XCLIENT\r\n")


def xforward_commands(session: Session | None, announced: Sequence[str]) -> list[bytes]:
    """Commands with CRLF. Without a session everything that an earlier message may have said is taken back."""
    values = _of_client(session) if session else dict.fromkeys(("NAME", "ADDR", "PORT", "PROTO", "HELO"), UNKNOWN)
    values |= {"IDENT": _xtext(session.identifier if session else None), "SOURCE": b"REMOTE" if session else b"LOCAL"}
    return list(_commands(b"XFORWARD", values, announced))


def _of_client(session: Session) -> dict[str, bytes]:
    return {
        "NAME": UNKNOWN,
        "ADDR": _address(session.peer),
        "PORT": UNKNOWN,
        "PROTO": b"ESMTP" if session.extended else b"SMTP",
        "HELO": _xtext(session.greeting),
    }


def _address(peer: str) -> bytes:
    """Without brackets, IPv6 with its prefix; an IPv4 address in IPv6 clothes (a dual-stack socket) as what it is."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return f"{'IPV6:' if isinstance(address, IPv6Address) else ''}{address}".encode("ascii")


def _xtext(text: str | None) -> bytes:
    octets = (text or "").encode("utf-8")
    if not octets or len(octets) > VALUE_OCTETS:
        return UNKNOWN
    return b"".join(bytes([each]) if 33 <= each <= 126 and each not in b"+=" else b"+%02X" % each for each in octets)


def _commands(verb: bytes, values: Mapping[str, bytes], announced: Sequence[str]) -> Iterator[bytes]:
    """As few commands as the length of a line allows."""
    words = [verb]
    for name, value in values.items():
        if name not in announced:
            continue
        word = b"%b=%b" % (name.encode("ascii"), value)
        if len(verb) + len(word) + 3 > LINE_OCTETS:
            word = b"%b=%b" % (name.encode("ascii"), UNKNOWN)
        if len(b" ".join([*words, word])) + 2 > LINE_OCTETS:
            yield b" ".join(words) + b"\r\n"
            words = [verb]
        words.append(word)
    if len(words) > 1:
        yield b" ".join(words) + b"\r\n"
