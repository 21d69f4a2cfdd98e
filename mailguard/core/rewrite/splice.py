"""Changes of fields as edits of the raw bytes, with the signatures that they break, and names for the decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..mail.header import BLIND_FIELDS
from ..mail.message import Message
from .content import Content, Edit, merge
from .fields import Change
from .relay import relay, remove
from .signatures import ARC, DKIM, broken

_MOST_EDITS = 64
"""A copy with more shares one edit that spans them instead, so that thousands of copies stay small."""


def splice(
    message: Message, changed: Sequence[Change], received: bytes, also: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[Edit, ...]]:
    """The names of all changes and the edits that make them, relay's among them.

    also: names of fields that change beside these (To, where a slot is filled).
    """
    blind = {field.name for field in message.named(*BLIND_FIELDS)}
    names = {change.field.name for change in changed} | blind | set(also)
    done = {change.field.start for change in changed}
    gone = [field for field in broken(message, names) if field.start not in done]
    edits = merge(relay(message, received), [_edit(change) for change in changed], [remove(field) for field in gone])
    recorded = [*also, *(change.name for change in changed), *blind_names(message), *(_signature(f.name) for f in gone)]
    return tuple(dict.fromkeys(recorded)), edits


def blind_names(message: Message) -> tuple[str, ...]:
    """What relay changes, as names for the decision."""
    return tuple(dict.fromkeys(f"{field.name}-removed" for field in message.named(*BLIND_FIELDS)))


def condense(message: Message, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The same change in one edit, where they are many."""
    if len(edits) <= _MOST_EDITS:
        return tuple(edits)
    start, end = edits[0].start, edits[-1].end
    moved = tuple(Edit(edit.start - start, edit.end - start, edit.replacement) for edit in edits)
    return (Edit(start, end, Content(bytes(message.raw[start:end]), moved).to_bytes()),)


def _edit(change: Change) -> Edit:
    field = change.field
    return remove(field) if change.body is None else Edit(field.value_start, field.end, change.body)


def _signature(name: str) -> str:
    return "arc-removed" if name in ARC else f"{name}-removed" if name == DKIM else name
