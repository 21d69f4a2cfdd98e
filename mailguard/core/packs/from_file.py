"""What a file of a message says by itself: whom it names, what was found in its attachments, and which message it is.
Pure.
"""

from __future__ import annotations

import hashlib
import re

from ..envelope import Envelope
from ..mail.header import BLIND_FIELDS, LISTED_FIELDS, ORIGINATOR_FIELDS
from ..mail.message import Message
from ..mail.parse import parse
from ..observation import Observation
from ..subject import subject_of
from .exposure import Form
from .facts import Known
from .gaps import of_file, of_unread

MOST_ABOVE = 40
"""Fields on top of a message that servers may have put there after it was checked."""
_PEOPLE = ORIGINATOR_FIELDS | LISTED_FIELDS | BLIND_FIELDS
_LINE_END = re.compile(rb"\r\n|\n")


def contents_of(raw: bytes) -> dict[str, memoryview]:
    """SHA-256 in hex -> content: every message that a file can be a copy of, what the file is by itself first.

    Line ends are those of SMTP, and the last line has one, as the guard got it. A copy that was delivered has fields
    above (Received, Return-Path, Delivered-To: RFC 5321 section 4.4), so it counts without the first ones too: what has
    the hash of a decision is that message, octet for octet.
    """
    whole = _LINE_END.sub(b"\r\n", raw)
    whole = whole if whole.endswith(b"\r\n") else whole + b"\r\n"
    starts = [0, *(field.end for field in parse(whole).fields[:MOST_ABOVE])]
    views = [*(memoryview(whole)[start:] for start in starts), memoryview(raw)]
    return {hashlib.sha256(each).hexdigest(): each for each in views}


def is_mail(message: Message) -> bool:
    """Whether it says who wrote it, or to whom: what says neither is no message, and would show nobody to anybody."""
    return bool(message.named(*_PEOPLE))


def known_of_file(seen: Observation, envelope: Envelope, content_sha256: str, *, envelope_given: bool) -> Known:
    """seen: with the inspections of its attachments. envelope_given: somebody said who its recipients were."""
    unread = sum(each.uninspectable is not None for each in seen.inspections.values())
    path = envelope.reverse_path
    return Known(
        subject=subject_of(seen.message),
        recipients=tuple(each.address for each in envelope.recipients),
        visible=seen.visible,
        senders=tuple(dict.fromkeys([*([path.address] if path else []), *seen.originators])),
        form=Form.ORIGINAL,
        counts={name: each for name, each in seen.facts.items() if type(each) is int},
        findings=tuple(each.to_json() for each in seen.findings),
        inventory=tuple(each.to_json() for each in seen.inventory),
        content_sha256=content_sha256,
        gaps=(*of_file(envelope_given=envelope_given), *((of_unread(unread),) if unread else ())),
        from_file=True,
    )
