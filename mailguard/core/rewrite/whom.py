"""Whom a rewrite hides from the recipients outside, and who the sender is."""

from __future__ import annotations

from ..envelope import Envelope
from ..mail.header import BLIND_FIELDS, ORIGINATOR_FIELDS
from ..mail.message import Field, Message
from ..mail.parse import parse
from ..organisation import Organisation


def hide_from_outside(
    message: Message, envelope: Envelope, organisation: Organisation, hide_inside_above: int | None
) -> frozenset[str]:
    """Canonical addresses: everybody outside whom the header, a calendar or the envelope names, less the sender.

    Those inside are among them only where header and calendars show more than hide_inside_above of them. Trusted
    domains are outside here (DESIGN.md: exempt from the count, never from the rewrite).
    """
    visible = {mailbox.address for mailbox in message.visible}
    visible |= {address for calendar in message.calendars for address in calendar.addresses}
    blind = {address for field in message.named(*BLIND_FIELDS) for address in _shown(message, field)}
    named = visible | blind | {recipient.address for recipient in envelope.recipients}
    too_many = hide_inside_above is not None and sum(map(organisation.is_inside, visible)) > hide_inside_above
    wanted = named if too_many else {address for address in named if not organisation.is_inside(address)}
    return frozenset(wanted - senders(message, envelope, organisation))


def senders(message: Message, envelope: Envelope, organisation: Organisation) -> frozenset[str]:
    """Canonical addresses that say who sends, and so need no hiding: the reverse-path, and From and Sender.

    An address outside counts only where it is alone in its field: several are a list like any other. The organiser of
    an invitation is its sender in the same way, and so is the one attendee of an answer to one.
    """
    found = {envelope.reverse_path.address} if envelope.reverse_path else set()
    for field in message.named(*ORIGINATOR_FIELDS):
        shown = _shown(message, field)
        found |= shown if len(shown) == 1 else {address for address in shown if organisation.is_inside(address)}
    organisers = {address for calendar in message.calendars for address in calendar.organisers}
    found |= organisers if len(organisers) == 1 else set(filter(organisation.is_inside, organisers))
    return frozenset(found).union(*(calendar.parties for calendar in message.calendars))


def sender(message: Message, envelope: Envelope, organisation: Organisation) -> str | None:
    """The address that stands for the sender in To: one inside that From or Sender claims, else the reverse-path."""
    inside = [address for address in message.originators if organisation.is_inside(address)]
    if inside:
        return inside[0]
    return envelope.reverse_path.address if envelope.reverse_path else next(iter(message.originators), None)


def _shown(message: Message, field: Field) -> set[str]:
    """The addresses in a field, read as a list of recipients is."""
    return {mailbox.address for mailbox in parse(b"To:" + message.value(field) + b"\r\n").visible}
