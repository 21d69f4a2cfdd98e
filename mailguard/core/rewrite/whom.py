"""Whom a rewrite hides from the recipients outside, and who the sender is."""

from __future__ import annotations

from collections.abc import Iterator

from ..envelope import Envelope
from ..mail.message import Message
from ..mail.parse import parse
from ..organisation import Organisation
from .relay import BLIND


def hide_from_outside(
    message: Message, envelope: Envelope, organisation: Organisation, hide_inside_above: int | None
) -> frozenset[str]:
    """Canonical addresses: everybody outside whom the header or the envelope names as a recipient, less the sender.

    Those inside are among them only where the header shows more than hide_inside_above of them. Trusted domains are
    outside here (DESIGN.md: exempt from the count, never from the rewrite).
    """
    visible = {mailbox.address for mailbox in message.visible}
    named = visible | {recipient.address for recipient in envelope.recipients} | set(_blind(message))
    too_many = hide_inside_above is not None and sum(map(organisation.is_inside, visible)) > hide_inside_above
    wanted = named if too_many else {address for address in named if not organisation.is_inside(address)}
    return frozenset(wanted - senders(message, envelope, organisation))


def senders(message: Message, envelope: Envelope, organisation: Organisation) -> frozenset[str]:
    """Canonical addresses that say who sends, and so need no hiding: the reverse-path, and From and Sender.

    Of those in From and Sender that are outside only a single one counts: several are a list like any other.
    """
    outside = {address for address in message.originators if not organisation.is_inside(address)}
    claimed = {address for address in message.originators if organisation.is_inside(address)}
    if len(outside) == 1:
        claimed |= outside
    return frozenset(claimed | ({envelope.reverse_path.address} if envelope.reverse_path else set()))


def sender(message: Message, envelope: Envelope, organisation: Organisation) -> str | None:
    """The address that stands for the sender in To: one inside that From or Sender claims, else the reverse-path."""
    inside = [address for address in message.originators if organisation.is_inside(address)]
    if inside:
        return inside[0]
    return envelope.reverse_path.address if envelope.reverse_path else next(iter(message.originators), None)


def _blind(message: Message) -> Iterator[str]:
    """The addresses in Bcc fields: they were never to be seen, whether the envelope has them or not."""
    for field in message.named(*BLIND):
        for mailbox in parse(b"To:" + message.value(field) + b"\r\n").visible:
            yield mailbox.address
