"""A message in its own form (RFC 5322): .eml, message/rfc822, a mailbox file. Its leaves are read in their turn.

Whom it names core has counted already, with the same walk; here the parts come up that nobody there can look into.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.carried.kind import MESSAGES, Kind
from ...core.carried.walk import CUT, messages_in
from ...core.mail.decoded import decoded_octets
from ...core.mail.message import Message, Part
from ...core.mail.parse import parse
from ..budget import Budget, Uninspectable
from ..enclosed import Enclosed, Found

TYPES = MESSAGES
ENDINGS = (".eml", ".emlx", ".mht", ".mhtml")
MAILBOX_TYPES = frozenset({"application/mbox"})
MAILBOX_ENDINGS = (".mbox",)
BROKEN = "a message in it cannot be read to its end"


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Every leaf of the message."""
    return _leaves(Kind.MESSAGE, data)


def read_mailbox(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Every leaf of each message of a mailbox file."""
    return _leaves(Kind.MAILBOX, data)


def _leaves(kind: Kind, data: bytes | memoryview) -> Iterator[Found]:
    for octets in messages_in(kind, data):
        message = parse(octets)
        if any(defect.kind in CUT for defect in message.defects):
            raise Uninspectable(BROKEN)
        for part in message.root.walk():
            if not part.children:
                yield _leaf(message, part)


def _leaf(message: Message, part: Part) -> Enclosed:
    charset = part.parameters.get("charset")
    media_type = f"{part.media_type}; charset={charset}" if charset else part.media_type
    return Enclosed(decoded_octets(message, part), media_type, part.filenames)
