"""Whether an account that may send only as itself does so (THREATS.md T8).

Everything that names a sender counts: the reverse-path, and every mailbox in every From, Sender, Resent-From and
Resent-Sender field, in any reading. Reply-To is no claim about who sends, and a display name cannot be checked.
"""

from __future__ import annotations

from .envelope import Envelope
from .mail.address import list_mailboxes
from .mail.header import ORIGINATOR_FIELDS
from .mail.message import Message

REVERSE_PATH = "reverse-path"
SECOND_FROM = "second-from"


def claims_of_others(message: Message, envelope: Envelope, may_send_as: frozenset[str]) -> tuple[str, ...]:
    """The places that claim somebody else, without what they claim: REVERSE_PATH, names of fields, SECOND_FROM.

    may_send_as: canonical addresses. A field without a mailbox claims nobody of them. Under the null path, which
    claims nobody, From has to be there and own.
    """
    path = envelope.reverse_path
    found = dict.fromkeys([REVERSE_PATH] if path is not None and path.address not in may_send_as else [])
    header = bytes(message.raw[: message.body_start])
    for field in message.named(*ORIGINATOR_FIELDS):
        shown = {mailbox.address for mailbox in list_mailboxes(header, field)[0]}
        if not shown or not shown <= may_send_as:
            found[field.name] = None
    froms = len(message.named("from"))
    if froms > 1:
        found[SECOND_FROM] = None
    hidden = not found and not may_send_as.issuperset(message.originators)
    if hidden or (path is None and not froms):
        found["from"] = None
    return tuple(found)
