"""What goes above a message as it came: our Received field, and what a signed-in client left out.

Date and Message-ID are added only where somebody signed in and the field is not there (RFC 6409 sections 8.2 and 8.3):
then the guard is the submission server that owes them. One that is there stays, malformed too, and other mail gets none
(RFC 5321 section 6.4: a relay repairs nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..envelope import Envelope
from ..mail.message import Message
from ..moment import header_date
from ..session import Session
from .mark import Marks
from .received import received_field

IDENTIFIER_OCTETS = 15


@dataclass(frozen=True, slots=True)
class Top:
    """octets: whole fields, each with its final CRLF. changes: names of those besides Received, for the decision."""

    octets: bytes
    changes: tuple[str, ...] = ()


def top_of(
    message: Message, session: Session, envelope: Envelope, marks: Marks, ref: str, at: datetime, identifier: bytes
) -> Top:
    """The same for the same arguments, so that every copy, now or released later, has the same Message-ID.

    identifier: IDENTIFIER_OCTETS random octets of this message; only a signed-in session needs them. at: when it came.
    """
    added = {} if session.account is None else _missing(message, marks, at, identifier)
    received = received_field(session, marks, ref, at, envelope)
    return Top(received + b"".join(added.values()), tuple(added))


def _missing(message: Message, marks: Marks, at: datetime, identifier: bytes) -> dict[str, bytes]:
    """Name for the decision -> whole field."""
    if len(identifier) < IDENTIFIER_OCTETS:
        raise ValueError("a message identifier needs more random octets")
    name = f"<{identifier.hex()}@{marks.name}>"
    fields = {
        "date-added": ("date", f"Date: {header_date(at)}\r\n"),
        "message-id-added": ("message-id", f"Message-ID: {name}\r\n"),
    }
    return {change: text.encode("ascii") for change, (field, text) in fields.items() if not message.named(field)}
