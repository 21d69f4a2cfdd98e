"""The two rewrites that keep people outside from seeing each other: bcc and separate copies (DESIGN.md "Rewriting").

They splice the header, and `separate` the parts of an invitation. What they promise: in no copy can a recipient read,
anywhere in the header, and of an invitation anywhere at all, the address of somebody who is hidden from them, and every
octet that did not have to change is the one that was judged. What cannot be done so is CannotRewrite, and the message
is held. Other bodies stay as they are: one that names a hidden person cannot be rewritten (contents.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from ..envelope import Envelope, Recipient
from ..errors import CannotRewrite, FormDoesNotFit
from ..mail.message import Field, Mailbox, Message
from ..organisation import Organisation
from . import sentences
from .content import Edit, merge
from .contents import check_contents
from .copies import Copy, Rewritten
from .fields import Change, changes, items
from .invitation.check import check_copy
from .invitation.parts import InvitationParts
from .items import fits
from .malformed import check_before
from .obstacles import check_parts
from .relay import relay
from .search import Hidden, hidden
from .slot import Slot, find_slot
from .splice import condense, relay_names, splice
from .verify import is_mailbox, verify
from .whom import hide_from_outside, sender


def bcc(
    message: Message,
    envelope: Envelope,
    organisation: Organisation,
    *,
    hide_inside_above: int | None,
    top: bytes,
    forged: Sequence[Field] = (),
) -> Rewritten:
    """One copy for all, in which no address outside can be seen.

    Addresses inside stay, unless the header shows more than hide_inside_above of them. Where To loses everybody, the
    sender's own address takes their place. top: what goes above it (top.py). forged: Received fields to remove
    (mark.py). CannotRewrite: its text is a sentence for the reviewer. FormDoesNotFit for an invitation, whose attendees
    would still see each other.
    """
    if any(calendar.invites for calendar in message.calendars):
        raise FormDoesNotFit(sentences.CALENDAR_BCC)
    concealed = _checked(message, envelope, organisation, hide_inside_above)
    check_contents(message, envelope, organisation, concealed)
    changed = changes(message, concealed)
    if not _loses_everybody(message, changed):
        names, edits = splice(message, changed, top, forged=forged)
        _verify(message, edits, concealed)
        as_written = edits == relay(message, top, forged)
        return Rewritten((Copy(envelope.recipients, edits, as_written),), names)
    own = _sender(message, envelope, organisation)
    slot, changed = find_slot(message, changed)
    names, edits = splice(message, changed, top, ("to",), forged)
    edits = merge([slot.filled(own.encode())], edits)
    _verify(message, edits, concealed, expected=frozenset({own}))
    return Rewritten((Copy(envelope.recipients, edits),), names)


def separate(
    message: Message,
    envelope: Envelope,
    organisation: Organisation,
    *,
    hide_inside_above: int | None,
    top: bytes,
    forged: Sequence[Field] = (),
) -> Rewritten:
    """A copy for each recipient outside, with that recipient alone in To beside those inside; one copy for all inside.

    Those inside get the message as written, less Bcc. The copies share all edits but one, so that the cost is linear in
    the number of recipients. Arguments and errors as for bcc.
    """
    concealed = _checked(message, envelope, organisation, hide_inside_above)
    as_written = relay(message, top, forged)
    inside = tuple(each for each in envelope.recipients if organisation.is_inside(each.address))
    for_inside = (Copy(inside, as_written, as_written=True),) if inside else ()
    outside = _by_address(each for each in envelope.recipients if not organisation.is_inside(each.address))
    if _nothing_to_hide(message, concealed, outside):
        copies = tuple(Copy(each, as_written, as_written=True) for each in outside.values())
        return Rewritten((*copies, *for_inside), relay_names(message, forged))
    parts = InvitationParts(message, concealed, outside)
    if not any(calendar.invites for calendar in message.calendars):
        check_contents(message, envelope, organisation, concealed)
    changed = changes(message, concealed)
    slot, changed = find_slot(message, changed)
    names, common = splice(message, changed, top, ("to",), forged, parts.names)
    copies = _copies(message, concealed, outside, slot, common, parts)
    for copy in (*copies[:1], *copies[1:][-1:]):
        address = frozenset({copy.recipients[0].address})
        _verify(message, copy.edits, concealed, allowed=address, expected=address)
    return Rewritten((*copies, *for_inside), names)


def _checked(message: Message, envelope: Envelope, organisation: Organisation, hide_inside_above: int | None) -> Hidden:
    """Whom to hide, once it is known that the message can be rewritten at all."""
    concealed = hidden(hide_from_outside(message, envelope, organisation, hide_inside_above))
    check_before(message)
    check_parts(message, concealed)
    return concealed


def _verify(
    message: Message,
    edits: Sequence[Edit],
    concealed: Hidden,
    *,
    allowed: frozenset[str] = frozenset(),
    expected: frozenset[str] = frozenset(),
) -> None:
    """The header, and of a message with a calendar all of it."""
    header = [edit for edit in edits if edit.end <= message.body_start]
    verify(message, header, concealed, allowed=allowed, expected=expected)
    if message.calendars:
        check_copy(message, edits, concealed, allowed=allowed)


def _loses_everybody(message: Message, changed: Sequence[Change]) -> bool:
    """Whether a To field goes and none is left, or, where there was none, the last list of recipients does."""
    gone = {change.field.start for change in changed if change.body is None}
    fields = {field.start for field in message.named("to")} or {mailbox.field_start for mailbox in message.visible}
    return bool(fields) and fields <= gone


def _sender(message: Message, envelope: Envelope, organisation: Organisation) -> str:
    own = sender(message, envelope, organisation)
    if own is None or not is_mailbox(own.encode(), own):
        raise CannotRewrite(sentences.NO_SENDER)
    return own


def _by_address(recipients: Iterable[Recipient]) -> dict[str, tuple[Recipient, ...]]:
    """Recipients by canonical address: one named twice gets one copy."""
    found: dict[str, tuple[Recipient, ...]] = {}
    for recipient in recipients:
        found[recipient.address] = (*found.get(recipient.address, ()), recipient)
    return found


def _nothing_to_hide(message: Message, concealed: Hidden, outside: Mapping[str, object]) -> bool:
    """Whether nobody outside gets the message, or one alone who stands in To already and sees nobody else outside."""
    in_to = {mailbox.address for mailbox in message.visible if mailbox.field == "to"}
    return not outside or (len(outside) == 1 and concealed.addresses <= outside.keys() & in_to)


def _copies(
    message: Message,
    concealed: Hidden,
    outside: Mapping[str, tuple[Recipient, ...]],
    slot: Slot,
    common: tuple[Edit, ...],
    parts: InvitationParts,
) -> tuple[Copy, ...]:
    """The common edits stand in every copy as the same objects; only the slot is filled for each."""
    at = bisect_right(common, (slot.start, slot.end), key=lambda edit: (edit.start, edit.end))
    before, after = condense(message, common[:at]), condense(message, common[at:])
    written = _as_written(message)
    seen_by_all = {mailbox.address for mailbox in message.visible if mailbox.field == "to"} - concealed.addresses
    copies = []
    for address, recipients in outside.items():
        own = () if address in seen_by_all else (slot.filled(_item(recipients[0], written.get(address), concealed)),)
        copies.append(Copy(recipients, (*before, *own, *after, *parts.edits(recipients[0]))))
    return tuple(copies)


def _as_written(message: Message) -> dict[str, bytes]:
    """Each address that stands alone in an item of a list, and that item; the one in To where there are several."""
    by_field: dict[int, list[Mailbox]] = {}
    for mailbox in sorted(message.visible, key=lambda mailbox: mailbox.field != "to"):
        by_field.setdefault(mailbox.field_start, []).append(mailbox)
    found: dict[str, bytes] = {}
    for mailboxes in by_field.values():
        for item, shown in items(message, mailboxes):
            if len({mailbox.address for mailbox in shown}) == 1:
                found.setdefault(shown[0].address, item)
    return found


def _item(recipient: Recipient, written: bytes | None, concealed: Hidden) -> bytes:
    """How a recipient stands in its own copy: as the message has it, else as the envelope has it."""
    for item in (written, recipient.path.wire):
        if item and fits(item, len("To: ")) and _names_alone(item, recipient.address, concealed):
            return item
    raise CannotRewrite(sentences.NO_COPY)


def _names_alone(item: bytes, address: str, concealed: Hidden) -> bool:
    return concealed.found_in(item) <= {address} and is_mailbox(item, address)
