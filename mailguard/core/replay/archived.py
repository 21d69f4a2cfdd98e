"""What a message of an archive does not say any more, as far as it can be told: its envelope, its time, a name for it.

An archive keeps messages without their envelopes. The sender is who Return-Path names, else From; the recipients are
all that the message still names as such. Pure and total.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..envelope import Envelope
from ..mail.message import Message
from ..mail.search import find_addresses
from ..policy.trial import assumed_envelope

DELIVERED_TO = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to")
"""Fields in which servers keep whom they delivered to: Postfix, qmail and Gmail, Exim, fetchmail."""
EARLIEST_YEAR, LATEST_YEAR = 1971, 9000
REFERENCE_DIGITS = 12


def archived_envelope(message: Message) -> Envelope:
    """The envelope that the message may have had."""
    assumed = assumed_envelope(message, _return_path(message), None)
    named = {each.address: None for each in assumed.recipients}
    for field in message.named(*DELIVERED_TO):
        named |= dict.fromkeys(found.address for found in find_addresses(message.value(field)))
    if len(named) == len(assumed.recipients):
        return assumed
    return assumed_envelope(message, _return_path(message), list(named))


def _return_path(message: Message) -> str | None:
    """RFC 5321 section 4.4: the last server writes it at the top. "" is the null path, None where there is none."""
    for field in message.named("return-path")[:1]:
        value = message.value(field)
        if value.strip() == b"<>":
            return ""
        found = find_addresses(value)
        if found:
            return found[0].address
    return None


def archived_time(message: Message, delivered: datetime | None) -> datetime | None:
    """When it was sent by its Date field, else when it was delivered; None where neither is known."""
    for field in message.named("date")[:1]:
        written = time_in(message.value(field).decode("ascii", "replace"))
        if written is not None:
            return written
    return delivered


def time_in(text: str) -> datetime | None:
    """The date-time of RFC 5322 section 3.3, its obsolete forms and that of ctime, in UTC. None where it is none."""
    try:
        found = parsedate_to_datetime(" ".join(text.split())[:100])
        if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
            return None
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def reference_of(message: Message) -> str:
    """Twelve hexadecimal digits that name a message without telling anything of it: a hash of its Message-ID.

    Of its octets where it has none. `mailguard policy replay --list` and `policy diff` print it beside the position.
    """
    value = next((message.value(field).strip() for field in message.named("message-id")), b"")
    return hashlib.sha256(value or message.raw).hexdigest()[:REFERENCE_DIGITS]
