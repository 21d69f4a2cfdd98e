"""The check of a whole copy: it is parsed and decoded again, and searched for everybody who is hidden from its reader.

It trusts nothing that made the copy but the parser and the search, and searches each part twice: as it stands on the
wire, and decoded. Texts and calendars are read in every way that a reader could, all else by its octets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import CannotRewrite
from ...mail.calendar.charset import read_text
from ...mail.message import Message, Part
from ...mail.parse import parse
from ...mail.transfer import decode_transfer
from .. import sentences
from ..content import Content, Edit
from ..search import Hidden
from .reveal import shown


def check_copy(message: Message, edits: Sequence[Edit], hidden: Hidden, *, allowed: frozenset[str]) -> None:
    """CannotRewrite where somebody hidden but the allowed can be read in the body, or the structure is another one."""
    copy = parse(Content(message.raw, tuple(edits)).to_bytes())
    before, after = (
        {(defect.kind, defect.where) for defect in each.defects if defect.holds} for each in (message, copy)
    )
    if not after <= before or _shape(copy) != _shape(message):
        raise CannotRewrite(sentences.CHANGED_MEANING)
    invited = {address for calendar in copy.calendars for address in calendar.addresses}
    known = {address for calendar in message.calendars for address in calendar.addresses}
    if not invited <= (known - hidden.addresses) | allowed:
        raise CannotRewrite(sentences.CHANGED_MEANING)
    _check_body(copy, hidden, allowed)


def _check_body(copy: Message, hidden: Hidden, allowed: frozenset[str]) -> None:
    if hidden.plainly_in(bytes(copy.raw[copy.body_start :])) - allowed:
        raise CannotRewrite(sentences.BODY_LEFT_OVER)
    calendars = {calendar.part.path for calendar in copy.calendars}
    for part in copy.root.walk():
        if part.children:
            continue
        for octets, thorough in _readings(copy, part, calendars):
            found = shown(hidden, octets) if thorough else hidden.plainly_in(octets)
            if found - allowed:
                raise CannotRewrite(sentences.BODY_LEFT_OVER)


def _readings(copy: Message, part: Part, calendars: set[str]) -> Iterator[tuple[bytes, bool]]:
    """The octets of a part as texts, and whether each is to be read in every way."""
    octets = decode_transfer(copy.raw, part).octets
    thorough = part.media_type.startswith("text/") or part.path in calendars
    yield octets, thorough
    text = read_text(octets, part.parameters.get("charset")).octets if thorough else octets.replace(b"\0", b"")
    if text != octets:
        yield text, thorough
    for calendar in copy.calendars:
        if calendar.part.path == part.path:
            yield b"\n".join(line.content for line in calendar.lines), True


def _shape(message: Message) -> list[tuple[str, str]]:
    return [(part.path, part.media_type) for part in message.root.walk()]
