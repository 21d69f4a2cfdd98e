"""Changes of fields as edits of the raw bytes, with the signatures that they break, and names for the decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..mail.header import BLIND_FIELDS
from ..mail.message import Field, Message
from .content import Content, Edit, merge
from .fields import Change
from .relay import relay, remove
from .signatures import ARC, DKIM, broken

MOST_EDITS = 64
"""A copy with more shares one edit that spans them instead, so that thousands of copies stay small."""


def splice(
    message: Message,
    changed: Sequence[Change],
    top: bytes,
    also: Iterable[str] = (),
    forged: Sequence[Field] = (),
    body: Sequence[str] = (),
) -> tuple[tuple[str, ...], tuple[Edit, ...]]:
    """The names of all changes and the edits that make them, relay's among them.

    also: names of fields that change beside these (To, where a slot is filled). forged: fields to remove (relay.py).
    body: names of what changes in the body, by edits of somebody else; a signature over it goes.
    """
    removed = {field.start for field in forged}
    changed = [change for change in changed if change.field.start not in removed]
    leaving = {field.name for field in (*message.named(*BLIND_FIELDS), *forged)}
    names = {change.field.name for change in changed} | leaving | set(also)
    done = {change.field.start for change in changed}
    gone = [field for field in broken(message, names, body=bool(body)) if field.start not in done]
    edits = merge(relay(message, top, forged), [_edit(change) for change in changed], [remove(field) for field in gone])
    signatures = [_signature(field.name) for field in gone]
    recorded = [*also, *body, *(change.name for change in changed), *relay_names(message, forged), *signatures]
    return tuple(dict.fromkeys(recorded)), edits


def relay_names(message: Message, forged: Sequence[Field] = ()) -> tuple[str, ...]:
    """What relay changes, as names for the decision."""
    blind = [f"{field.name}-removed" for field in message.named(*BLIND_FIELDS)]
    return tuple(dict.fromkeys([*blind, *(["forged-received-removed"] if forged else [])]))


def condense(message: Message, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The same change in one edit, where they are many."""
    if len(edits) <= MOST_EDITS:
        return tuple(edits)
    start, end = edits[0].start, edits[-1].end
    moved = tuple(Edit(edit.start - start, edit.end - start, edit.replacement) for edit in edits)
    return (Edit(start, end, Content(bytes(message.raw[start:end]), moved).to_bytes()),)


def _edit(change: Change) -> Edit:
    field = change.field
    return remove(field) if change.body is None else Edit(field.value_start, field.end, change.body)


def _signature(name: str) -> str:
    return "arc-removed" if name in ARC else f"{name}-removed" if name == DKIM else name
