"""Our own trace field (RFC 5321 section 4.4).

It says where the message came from and by which protocol, and that it is ours (mark.py), and no more: no `for` clause,
which would tell one recipient of another, and no account. What the client chose (its greeting) cannot break out of its
place.
"""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from ..envelope import Envelope
from ..moment import header_date
from ..session import Session
from .mark import Marks

_DOMAIN = re.compile(r"(?=.{1,255}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*\Z")
_LITERAL = re.compile(r"\[(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]\Z")
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
"""As ipaddress writes it, which takes twenty times as long to read it."""
_MAX_GREETING = 100


def received_field(session: Session, marks: Marks, ref: str, at: datetime, envelope: Envelope) -> bytes:
    """The whole field, folded to lines of at most 78 octets where its words allow, with its final CRLF.

    marks: our own name and mark. at: when the message came, with a time zone.
    """
    date = header_date(at)
    lines = (
        f"Received: from {_origin(session)}",
        f"by {marks.name} with {protocol(session, envelope)}",
        f"id {ref}",
        f"{marks.comment(ref, date)}; {date}",
    )
    return "\r\n\t".join(lines).encode("ascii", "replace") + b"\r\n"


def protocol(session: Session, envelope: Envelope) -> str:
    """The `with` word: RFC 3848, and RFC 6531 section 4.3 for messages submitted with SMTPUTF8."""
    if not session.extended:
        return "SMTP"
    family = "UTF8SMTP" if envelope.parameter(b"SMTPUTF8") is not None else "ESMTP"
    return family + ("S" if session.secure else "") + ("A" if session.account is not None else "")


def address_literal(peer: str) -> str:
    """A peer's address as `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3), else "unknown"."""
    if _IPV4.fullmatch(peer):
        return f"[{peer}]"
    try:
        address = ip_address(peer.strip("[]").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return f"[{address.ipv4_mapped}]" if address.ipv4_mapped else f"[IPv6:{address}]"
    return f"[{address}]"


def _origin(session: Session) -> str:
    """Extended-Domain: the greeting where it is one, else the address with the greeting in a comment."""
    literal = address_literal(session.peer)
    if _DOMAIN.match(session.greeting) or _LITERAL.match(session.greeting):
        space = " " if len(session.greeting) + len(literal) < 55 else "\r\n\t"
        return f"{session.greeting}{space}({literal})"
    harmless = re.sub(r"[^A-Za-z0-9.:_-]", "?", session.greeting[:_MAX_GREETING])
    return f"{literal}\r\n\t(greeting {harmless})" if harmless else literal
