"""Whether the sender of a message may be told of what becomes of it, and the answer where they may not.

Pure. The reasons are what the ledger records and what the reviewers read (THREATS.md T70).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..core import words
from ..core.automatic import is_automatic, is_unread
from ..core.envelope import Envelope, Path
from ..core.frame import LONGEST_VALUE
from ..core.mail.message import Message
from ..core.organisation import Organisation
from ..core.session import Session
from .records import NewDelivery


class Reason(StrEnum):
    """Why a sender is not told."""

    LEAVES = "leaves-by-itself"
    NULL_PATH = "null-path"
    UNTRUSTED = "untrusted"
    ANOTHER = "another-sender"
    OUTSIDE = "outside"
    AUTOMATIC = "automatic"
    UNREAD = "unread-address"
    OWN = "own-notice"
    UNWRITABLE = "unwritable-address"
    NOT_ASKED = "not-asked"
    TOGETHER = "together"
    AS_BEFORE = "as-before"


EXPLAINED = {
    Reason.NULL_PATH: words.NOT_TOLD_NULL_PATH,
    Reason.UNTRUSTED: words.NOT_TOLD_UNTRUSTED,
    Reason.ANOTHER: words.NOT_TOLD_ANOTHER,
    Reason.OUTSIDE: words.NOT_TOLD_OUTSIDE,
    Reason.AUTOMATIC: words.NOT_TOLD_AUTOMATIC,
    Reason.UNREAD: words.NOT_TOLD_UNREAD,
    Reason.UNWRITABLE: words.NOT_TOLD_UNWRITABLE,
    Reason.AS_BEFORE: words.NOT_TOLD_AS_BEFORE,
}
"""For the reviewers. Of what is ours, not asked for, or told together with others they are not told."""


@dataclass(frozen=True, slots=True)
class NotTold:
    """The sender is not told, or not now. reason: a Reason. instead: what the reviewers are told.

    later: the sender may be told, but much was held at once: this one is told together with others, and its outcome as
    usual (NewHeld.notify_sender is then True).
    """

    reason: str
    instead: tuple[NewDelivery, ...] = ()
    later: bool = False


Answer = tuple[NewDelivery, ...] | NotTold


def why_not_told(
    session: Session, envelope: Envelope, message: Message, organisation: Organisation, *, own: bool
) -> Reason | None:
    """Why the sender may not be sent a notice about the message; None if they may. own: it is a notice of ours."""
    path = envelope.reverse_path
    if own:
        return Reason.OWN
    if path is None:
        return Reason.NULL_PATH
    if not session.trusted:
        return Reason.UNTRUSTED
    if session.may_send_as is not None and path.address not in session.may_send_as:
        return Reason.ANOTHER
    if not organisation.is_inside(path.address):
        return Reason.OUTSIDE
    if is_automatic(message):
        return Reason.AUTOMATIC
    if is_unread(path.address):
        return Reason.UNREAD
    return None if is_writable(path) else Reason.UNWRITABLE


def is_writable(path: Path) -> bool:
    """Whether a reverse-path can stand in a To field: printable, not too long, a mailbox with a domain."""
    try:
        text = path.wire.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.isprintable() and len(path.wire) <= LONGEST_VALUE and "@" in text
