"""What stands around every notice and report: who it is from and to, and the header fields that say so.

INVARIANT: what a frame holds goes into header fields, so it is printable, and ASCII but for an international address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from . import words
from .compose import mailbox, plain_field, text_field, whole_field
from .legible import legible
from .moment import header_date

MARK_FIELD = "X-Mailguard-Notice"
LONGEST_VALUE = 320
"""In octets: a path of RFC 5321 section 4.5.3.1.3 fits, and the line stays well below 998."""

_MESSAGE_ID = re.compile(rb"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@:\[\]\"\\-]{1,250}>")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every notice. sender, to: addresses as they are written in a field, without brackets.

    at: when it is written, in the organisation's time zone. message_id, in_reply_to: with angle brackets; the latter as
    the original has it, left out where it is malformed. mark: proves to the guard that the notice is its own.
    boundary: characters that occur in no text, from the caller's randomness. console: where people sign in to decide,
    an origin (RFC 6454) from the settings; empty where there is no console.
    """

    organisation: str
    sender: str
    contact: str | None
    to: str
    at: datetime
    message_id: str
    mark: str
    boundary: str
    in_reply_to: bytes | None = None
    international: bool = False
    console: str = ""


def well_formed_message_id(value: bytes | None) -> str | None:
    """The one message identifier that a Message-ID field holds; None where there is none or it could be misread."""
    stripped = (value or b"").strip(b" \t\r\n")
    return stripped.decode("ascii") if _MESSAGE_ID.fullmatch(stripped) and stripped.count(b"@") == 1 else None


def opening_fields(frame: Frame, subject: str, *, submitted: str, replies: bool = True) -> bytes:
    """The header fields of CONSOLE.md 3 and RFC 3834 section 3.1, up to where the fields of MIME begin.

    subject: made legible already. submitted: of RFC 3834 section 5, auto-replied or auto-generated. replies: whether an
    answer goes to the contact. ValueError where the frame holds something that cannot stand in a header.
    """
    _check(frame)
    name = words.SENDER_NAME.format(organisation=legible(frame.organisation, 100))
    fields = [
        whole_field("Date", header_date(frame.at)),
        whole_field("Message-ID", frame.message_id),
        plain_field("From", mailbox(name, frame.sender)),
        whole_field("To", frame.to),
    ]
    if frame.contact and replies:
        fields.append(whole_field("Reply-To", frame.contact))
    fields.append(text_field("Subject", subject))
    if (original := well_formed_message_id(frame.in_reply_to)) is not None:
        fields += [whole_field("In-Reply-To", original), whole_field("References", original)]
    fields += [
        whole_field("Auto-Submitted", submitted),
        whole_field("X-Auto-Response-Suppress", "All"),
        whole_field(MARK_FIELD, frame.mark),
        whole_field("MIME-Version", "1.0"),
    ]
    return b"".join(fields)


def who_to_ask(frame: Frame) -> str:
    """The sentence that says where questions go: to the contact by replying, else to a person of the organisation."""
    if frame.contact:
        return words.REPLY_TO_CONTACT.format(contact=frame.contact)
    return words.ASK_SOMEBODY.format(organisation=legible(frame.organisation, 100))


def _check(frame: Frame) -> None:
    for value in (frame.sender, frame.to, frame.contact or "", frame.message_id, frame.mark, frame.boundary):
        international = frame.international and value == frame.to
        if not value.isprintable() or not (value.isascii() or international) or len(value.encode()) > LONGEST_VALUE:
            raise ValueError("a field of a notice would hold something that it cannot hold")
